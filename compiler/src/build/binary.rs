//! A compiled workflow in the cache.
//!
//! Always true: whoever holds one has the very file that was compiled, whatever other builds do to the cache meanwhile;
//! and what the cache gives again is as rustc left it. A binary that was built stands under two names, here and where
//! the user wanted it, so that seven megabytes are not written twice; whoever changes the one in place changes both,
//! which [`Binary::open`] sees.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// The files of a compiled workflow in its folder.
pub const FILE: &str = "workflow";
const STAMP: &str = "stamp";

/// An executable file, open.
#[derive(Debug)]
pub struct Binary {
    /// Its place in the cache, where it is found as long as no other build replaces or drops it.
    pub path: PathBuf,
    file: File,
}

impl Binary {
    /// Takes what rustc has just written into a folder, and notes what it looks like. It may be moved afterwards.
    pub fn made(folder: &Path) -> io::Result<Binary> {
        let path = folder.join(FILE);
        let file = File::open(&path)?;
        fs::write(folder.join(STAMP), stamp(&file.metadata()?))?;
        Ok(Binary { path, file })
    }

    /// What an earlier build left in a folder, unless something has changed it since.
    pub fn open(folder: &Path) -> Option<Binary> {
        let path = folder.join(FILE);
        let file = File::open(&path).ok()?;
        let unchanged = fs::read_to_string(folder.join(STAMP)).ok()? == stamp(&file.metadata().ok()?);
        unchanged.then_some(Binary { path, file })
    }

    /// Gives the file another name, where the file system can. Says how large it is.
    pub fn link(&self, to: &Path) -> Option<u64> {
        fs::hard_link(&self.path, to).ok()?;
        let (own, linked) = (self.file.metadata().ok()?, fs::metadata(to).ok()?);
        if same_file(&own, &linked) {
            return Some(own.len());
        }
        // Another build has put its own binary there.
        let _ = fs::remove_file(to);
        None
    }

    /// Writes a copy, executable as this one. Says how large it is.
    pub fn copy(mut self, to: &Path) -> io::Result<u64> {
        let bytes = io::copy(&mut self.file, &mut File::create(to)?)?;
        fs::set_permissions(to, self.file.metadata()?.permissions())?;
        Ok(bytes)
    }

    /// The commands that run it, to be tried in turn: under its name, and where that has just gone, as the open file.
    pub fn commands(&self) -> Vec<Command> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd as _;
            let open = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            vec![Command::new(&self.path), Command::new(open)]
        }
        #[cfg(not(target_os = "linux"))]
        vec![Command::new(&self.path)]
    }
}

/// Changes when a file is written to or made something else than executable; not when it gets another name.
fn stamp(metadata: &Metadata) -> String {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    #[cfg(unix)]
    let mode = std::os::unix::fs::MetadataExt::mode(metadata);
    #[cfg(not(unix))]
    let mode = metadata.permissions().readonly();
    format!("{} {} {mode}\n", metadata.len(), modified.unwrap_or_default().as_nanos())
}

#[cfg(unix)]
fn same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// There is no telling, so it is copied.
#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn made(folder: &Path) -> Binary {
        fs::write(folder.join(FILE), "#!/bin/sh\necho it").unwrap();
        fs::set_permissions(folder.join(FILE), fs::Permissions::from_mode(0o755)).unwrap();
        Binary::made(folder).unwrap()
    }

    #[test]
    fn what_was_changed_under_its_other_name_is_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        assert_eq!(made(folder.path()).link(&out), Some(17));
        assert!(Binary::open(folder.path()).is_some(), "another name changes nothing");
        fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Binary::open(folder.path()).is_none(), "no longer executable");
        fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Binary::open(folder.path()).is_some());
        fs::write(&out, "something else altogether").unwrap();
        assert!(Binary::open(folder.path()).is_none(), "written to");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_binary_whose_name_has_gone_still_runs() {
        let folder = tempfile::tempdir().unwrap();
        flow_world::process::install(Path::new("/bin/true"), &folder.path().join(FILE)).unwrap();
        let binary = Binary::made(folder.path()).unwrap();
        fs::remove_file(&binary.path).unwrap();
        let [mut named, mut open] = <[Command; 2]>::try_from(binary.commands()).unwrap();
        assert!(named.status().is_err());
        assert!(open.status().unwrap().success());
    }

    #[test]
    fn a_binary_that_was_replaced_is_copied_from_the_open_file() {
        let folder = tempfile::tempdir().unwrap();
        let binary = made(folder.path());
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::write(folder.path().join(FILE), "another build's").unwrap();
        let out = folder.path().join("out");
        assert_eq!(binary.link(&out), None);
        assert!(!out.exists());
        binary.copy(&out).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "#!/bin/sh\necho it");
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o755);
    }
}
