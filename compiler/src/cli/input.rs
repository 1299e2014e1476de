//! The workflow and the files beside it, from disk; and where the executable goes.

use crate::diagnostic::{Diagnostics, visible};
use crate::files::Files;
use crate::source::SourceFile;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What a workflow is called in a folder.
const WORKFLOWS: [&str; 2] = ["workflow.flow", "workflow.json"];

/// No file is read beyond this: what is larger is refused by its first stage, and must not fill the memory before.
const BYTES_MAX: u64 = 64 << 20;

/// A workflow as it was found.
pub struct Input {
    /// What the program is called: the folder for `workflow.json`, else the file without its extension. A .flow text may
    /// say otherwise.
    pub name: String,
    pub source: SourceFile,
    /// What is wrong with the bytes already.
    pub found: Diagnostics,
    pub files: Beside,
}

impl Input {
    /// `path` is a file, a folder with a `workflow.flow` or `workflow.json`, or, where `stdin` allows it, `-`.
    pub fn read(path: &Path, stdin: bool) -> Result<Input, String> {
        let mut found = Diagnostics::default();
        if path == Path::new("-") {
            if !stdin {
                return Err(
                    "a workflow to compile has to be a file: only check, audit and emit read it from stdin".to_owned()
                );
            }
            let bytes = read(std::io::stdin().lock()).map_err(|error| format!("cannot read stdin: {error}"))?;
            let source = SourceFile::from_bytes("<stdin>", bytes, &mut found);
            return Ok(Input {
                name: "workflow".to_owned(),
                source,
                found,
                files: Beside { folder: PathBuf::from(".") },
            });
        }
        let file = if path.is_dir() { in_folder(path)? } else { path.to_owned() };
        let bytes = File::open(&file).and_then(read).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("there is no file {}", shown(path)),
            _ => format!("cannot read {}: {error}", shown(&file)),
        })?;
        let source = SourceFile::from_bytes(file.display().to_string(), bytes, &mut found);
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Input { name: name(&file), source, found, files: Beside { folder } })
    }
}

/// The one workflow of a folder.
fn in_folder(folder: &Path) -> Result<PathBuf, String> {
    let found: Vec<PathBuf> = WORKFLOWS.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
    let [flow, json] = WORKFLOWS;
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(format!("there is no {flow} and no {json} in {}", shown(folder))),
        _ => Err(format!("there are both {flow} and {json} in {}: name one of them", shown(folder))),
    }
}

/// A path in a message. Its name may hold what a terminal obeys.
fn shown(path: &Path) -> String {
    visible(&path.display().to_string()).into_owned()
}

/// The files beside a workflow.
pub struct Beside {
    folder: PathBuf,
}

impl Beside {
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Files for Beside {
    fn read(&self, path: &str) -> Result<Option<String>, String> {
        let path = self.folder.join(path);
        // A pipe may never have a writer.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err("it is no file".to_owned());
        }
        match File::open(path).and_then(read) {
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| "it is not UTF-8 text".to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Where the executable goes: `output` may name a folder; without it, here.
pub fn output(name: &str, output: Option<PathBuf>) -> PathBuf {
    let path = output.unwrap_or_else(|| PathBuf::from(name));
    let folder = path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if folder { path.join(name) } else { path }
}

/// Whether two paths lead to one file that is there.
pub fn is_same_file(left: &Path, right: &Path) -> bool {
    matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

/// What the program of a workflow in this file is called, if the workflow does not say otherwise.
pub fn name(file: &Path) -> String {
    let folder = || {
        let parent = std::path::absolute(file).ok()?.canonicalize().ok()?.parent()?.to_owned();
        Some(parent.file_name()?.to_string_lossy().into_owned())
    };
    let stem = || Some(file.file_stem()?.to_string_lossy().into_owned());
    let named = if WORKFLOWS.iter().any(|name| file.ends_with(name)) { folder() } else { stem() };
    named.unwrap_or_else(|| "workflow".to_owned())
}

fn read(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_named_after_its_folder_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let order = folder.path().join("order");
        std::fs::create_dir(&order).unwrap();
        std::fs::write(order.join("workflow.json"), "{}").unwrap();
        std::fs::write(order.join("night-shift.json"), "{}").unwrap();
        assert_eq!(Input::read(&order, false).unwrap().name, "order");
        assert_eq!(Input::read(&order.join("workflow.json"), false).unwrap().name, "order");
        assert_eq!(Input::read(&order.join("night-shift.json"), false).unwrap().name, "night-shift");
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| Input::read(path, false).err().unwrap();
        assert!(message(folder.path()).starts_with("there is no workflow.flow and no workflow.json in "));
        assert!(message(&folder.path().join("order.json")).ends_with("order.json"));
        assert!(message(Path::new("-")).contains("stdin"));
    }

    #[test]
    fn the_output_may_be_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(output("order", None), Path::new("order"));
        assert_eq!(output("order", Some("bin/x".into())), Path::new("bin/x"));
        assert_eq!(output("order", Some("bin/".into())), Path::new("bin/order"));
        assert_eq!(output("order", Some(folder.path().into())), folder.path().join("order"));
    }

    #[test]
    fn files_beside_the_workflow_are_read_or_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mail.html"), "<p>").unwrap();
        let beside = Beside { folder: folder.path().to_owned() };
        assert_eq!(beside.read("mail.html"), Ok(Some("<p>".to_owned())));
        assert_eq!(beside.read("other.html"), Ok(None));
    }
}
