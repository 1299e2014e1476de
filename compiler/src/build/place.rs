//! A binary gets the name its author wanted.
//!
//! Comes in: a binary of the cache. Goes out: a file.
//! Always true: under its name stands the older binary or the whole newer one, and an older one that runs is not disturbed.

use super::Error;
use super::binary::Binary;
use std::fs;
use std::path::Path;

/// Puts a binary beside its final name, then under it. Says how large it is.
pub fn place(binary: Binary, out: &Path) -> Result<u64, Error> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let beside = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .tempdir_in(folder)
        .map_err(|error| Error::io("write in", folder, &error))?;
    let placed = beside.path().join("binary");
    let bytes = match binary.link(&placed) {
        Some(bytes) => bytes,
        None => binary.copy(&placed).map_err(|error| Error::io("write", &placed, &error))?,
    };
    if !exchanged(&placed, out) {
        fs::rename(&placed, out).map_err(|error| Error::io("write", out, &error))?;
    } else if fs::remove_file(&placed).is_err() {
        // Somebody has just put a folder under the name. It is not ours to remove.
        let _ = beside.keep();
    }
    Ok(bytes)
}

/// Exchanges the names of a new and an older file. Renaming over the older one comes to the same, but ext4 begins to write the
/// new one to disk before it answers (`auto_da_alloc`), which takes as long as the rest of a build that rustc has no part in.
#[cfg(target_os = "linux")]
fn exchanged(new: &Path, old: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let is_file = |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file(old) && renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn exchanged(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::binary::FILE;
    use std::io;

    /// What stands in a folder, by name.
    fn names(folder: &Path) -> io::Result<Vec<String>> {
        let mut names: Vec<_> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    }

    fn made(folder: &Path, text: &str) -> Binary {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(FILE), text).unwrap();
        Binary::made(folder).unwrap()
    }

    #[test]
    fn a_newer_binary_takes_the_name_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, out) = (folder.path().join("cache"), folder.path().join("out/order"));
        for text in ["first", "the second"] {
            assert_eq!(place(made(&cache, text), &out).unwrap(), text.len() as u64);
            assert_eq!(fs::read_to_string(&out).unwrap(), text);
            assert_eq!(names(out.parent().unwrap()).unwrap(), ["order"]);
        }
    }

    #[test]
    fn whoever_has_the_older_binary_open_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, out) = (folder.path().join("cache"), folder.path().join("order"));
        place(made(&cache.join("1"), "first"), &out).unwrap();
        let open = fs::File::open(&out).unwrap();
        place(made(&cache.join("2"), "second"), &out).unwrap();
        assert_eq!(io::read_to_string(open).unwrap(), "first");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_replaced_and_what_it_leads_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (target, out) = (folder.path().join("target"), folder.path().join("order"));
        fs::write(&target, "somebody's").unwrap();
        std::os::unix::fs::symlink(&target, &out).unwrap();
        place(made(&folder.path().join("cache"), "new"), &out).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "new");
        assert_eq!(fs::read_to_string(&target).unwrap(), "somebody's");
        assert!(!fs::symlink_metadata(&out).unwrap().is_symlink());
    }

    #[test]
    fn a_folder_under_the_name_is_said_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("order");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("precious"), "").unwrap();
        let error = place(made(&folder.path().join("cache"), "new"), &out).unwrap_err();
        assert!(error.to_string().contains("order"), "{error}");
        assert_eq!(names(&out).unwrap(), ["precious"]);
        assert_eq!(names(folder.path()).unwrap(), ["cache", "order"]);
    }
}
