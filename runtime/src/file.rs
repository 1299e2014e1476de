//! Files that others move, remove and replace while they are open: logs, audit trails, journals.

use std::fs::{File, Metadata};
use std::path::Path;

/// The file is still the one that has this name.
pub fn is_at(file: &File, path: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| FileIdentity::at(path) == Some(FileIdentity::of(&metadata)))
}

/// Which file it is, whatever its name. Where the system does not say that, all files are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    #[cfg(unix)]
    place: (u64, u64),
}

impl FileIdentity {
    /// `None`: there is nothing of this name. The file is not opened: closing it again would take the locks away that the
    /// process has on it.
    pub fn at(path: &Path) -> Option<FileIdentity> {
        std::fs::metadata(path).ok().map(|metadata| FileIdentity::of(&metadata))
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> FileIdentity {
        use std::os::unix::fs::MetadataExt;
        FileIdentity { place: (metadata.dev(), metadata.ino()) }
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> FileIdentity {
        FileIdentity {}
    }
}
