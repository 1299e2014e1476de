//! A workflow as a normal cargo project, for who wants to go on by hand.
//!
//! Comes in: a generated crate. Goes out: a folder that plain `cargo build --release` compiles, needing flowc no more.
//! Always true: nothing that was there before is overwritten.

use super::{Error, embedded};
use crate::codegen::files::GeneratedCrate;
use crate::codegen::manifest;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Writes the project into a folder that is empty or does not exist.
pub fn eject(generated: &GeneratedCrate, folder: &Path) -> Result<(), Error> {
    let occupied = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(Error::io("read", folder, &error)),
    };
    if occupied {
        return Err(Error::world(
            format!("{} is not empty", folder.display()),
            &["name a folder that is empty or does not exist yet"],
        ));
    }
    embedded::write(&folder.join("Cargo.toml"), manifest::cargo_toml(generated, embedded::LOCK).as_bytes())?;
    embedded::write(&folder.join("Cargo.lock"), manifest::cargo_lock(generated, embedded::LOCK).as_bytes())?;
    embedded::write(&folder.join(manifest::CARGO_CONFIG), manifest::cargo_config().as_bytes())?;
    embedded::write(&folder.join(".gitignore"), b"/target\n")?;
    for (path, text) in &generated.files {
        embedded::write(&folder.join(path), text.as_bytes())?;
    }
    embedded::unpack_runtime(&folder.join("runtime"))
}
