//! Files of a workflow: its own text where it has a file, and what lies beside it.

use flow_compiler::files::Files;
use std::cell::RefCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The files beside a workflow; remembers which were read.
pub struct Beside {
    folder: PathBuf,
    read: RefCell<Vec<PathBuf>>,
}

impl Beside {
    pub fn new(folder: PathBuf) -> Beside {
        Beside { folder, read: RefCell::default() }
    }

    /// A file that was read elsewhere is a dependency too.
    pub fn remember(&self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut read = self.read.borrow_mut();
        if !read.contains(&path) {
            read.push(path);
        }
    }

    /// Everything that was read, as absolute paths.
    pub fn dependencies(self) -> Vec<PathBuf> {
        self.read.into_inner()
    }
}

impl Files for Beside {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        let path = self.folder.join(path);
        // A pipe may never have a writer.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err("it is no file".to_owned());
        }
        match std::fs::read(&path) {
            Ok(bytes) => {
                self.remember(&path);
                String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8 text".to_owned())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The file of a workflow: beside the file that the call stands in, else in the folder of the crate.
///
/// # Errors
/// Where it was looked for.
pub fn find(path: &str, caller: Option<&Path>) -> Result<PathBuf, String> {
    let beside = caller.and_then(Path::parent).map(|folder| folder.join(path));
    let in_crate = std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join(path));
    let places: Vec<PathBuf> = beside.into_iter().chain(in_crate).collect();
    if let Some(found) = places.iter().find(|place| place.is_file()) {
        return Ok(found.clone());
    }
    Err(format!("there is no file {path}, neither beside this one nor in the folder of the crate"))
}
