//! `flowc fmt` and `flowc convert`: workflows as text.

use super::{Input, Shell, Stop, and_warnings, input, print};
use crate::diagnostic::level::Levels;
use crate::pipeline::Rejected;
use crate::source::{Dialect, Sources};
use crate::syntax::{convert, flow};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

impl Shell {
    /// Lays out .flow files in place; `check` only says which are not. From stdin the result goes to stdout.
    pub(super) fn format(&self, paths: &[PathBuf], check: bool) -> Result<ExitCode, Stop> {
        let (mut worst, mut changed) = (0, 0);
        for path in paths {
            let input = Input::read(path, true).map_err(Stop::World)?;
            if input.source.dialect() != Dialect::Flow && path != Path::new("-") {
                let message = format!("{} is not a .flow file: only those have a layout", path.display());
                return Err(Stop::World(message));
            }
            let formatted = match flow::format(&input.source.text) {
                Ok(formatted) => formatted,
                Err(found) => {
                    let rejected =
                        Rejected { sources: Sources::new(input.source.clone()), diagnostics: found.sorted() };
                    let _ = self.rejected(&rejected, &input.name);
                    worst = worst.max(1);
                    continue;
                }
            };
            let same = formatted == input.source.text;
            if path == Path::new("-") && !check {
                print(&formatted);
            } else if check && !same {
                self.report.error(&format!("{} is laid out differently", input.source.name));
                worst = worst.max(1);
            } else if !same {
                write(Path::new(&input.source.name), &formatted)?;
                changed += 1;
            }
        }
        if changed > 0 {
            self.talk.say(&format!("laid out {changed} file{}", if changed == 1 { "" } else { "s" }));
        }
        Ok(ExitCode::from(worst))
    }

    /// Writes a workflow in the other dialect.
    pub(super) fn convert(&self, path: &Path, output: Option<&Path>) -> Result<(), Stop> {
        let input = Input::read(path, true).map_err(Stop::World)?;
        let from = input.source.dialect();
        let to = match output.map(|output| output.extension().and_then(|extension| extension.to_str())) {
            Some(Some("json")) => Dialect::Json,
            Some(Some("flow")) => Dialect::Flow,
            Some(_) => return Err(Stop::World("the output is a file that ends with .flow or .json".to_owned())),
            None if from == Dialect::Json => Dialect::Flow,
            None => Dialect::Json,
        };
        if to == from || output.is_some_and(|output| input::is_same_file(Path::new(&input.source.name), output)) {
            return Err(Stop::World(no_other_dialect(&input.source.name, from, to)));
        }
        let parsed = self.parse(&input)?;
        let workflow = parsed.ast.clone();
        // What has errors means nothing yet: it cannot be said in other words.
        let accepted = parsed
            .lower(&input.name, &input.files)
            .check(&Levels::default())
            .map_err(|rejected| self.rejected(&rejected, &input.name))?;
        let slug = &accepted.checked.workflow.slug;
        // JSON has no place for it.
        if to == Dialect::Json && *slug != output.map_or_else(|| input.name.clone(), input::name) {
            self.talk.say(&format!(
                "JSON takes the name of the program from its file: for it to stay `{slug}`, call the file {slug}.json"
            ));
        }
        let text = match to {
            Dialect::Flow => convert::to_flow(&workflow, from, slug),
            Dialect::Json => convert::to_json(&workflow, from),
        };
        let Some(output) = output else {
            print(&text);
            return Ok(());
        };
        write(output, &text)?;
        self.talk.say(&format!(
            "wrote {} ({} bytes, from {}){}",
            output.display(),
            text.len(),
            input.source.text.len(),
            and_warnings(&accepted.warnings)
        ));
        Ok(())
    }
}

/// A conversion would lose the comments, and gain nothing.
fn no_other_dialect(file: &str, from: Dialect, to: Dialect) -> String {
    match (from, to) {
        (Dialect::Flow, Dialect::Flow) => {
            format!("{file} is a .flow text already: `flowc fmt` lays it out; `-o NAME.json` makes JSON of it")
        }
        (Dialect::Json, Dialect::Json) => format!("{file} is JSON already: `-o NAME.flow` makes a .flow text of it"),
        _ => format!("{file} would be written over itself: give the output another name"),
    }
}

/// In one step, so that no reader sees half a file. What a symbolic link leads to is written, and the link stays.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let written = target(path).and_then(|path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        // The permissions of the file it replaces, or those of a new one.
        let like = fs::metadata(&path).map(|old| old.permissions());
        let permissions = like.or_else(|_| {
            let probe = fs::File::create(&path)?;
            probe.metadata().map(|new| new.permissions())
        })?;
        fs::set_permissions(file.path(), permissions)?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    });
    written.map_err(|error| Stop::World(format!("cannot write {}: {error}", path.display())))
}

/// The file that a path leads to, also where there is none yet.
fn target(path: &Path) -> std::io::Result<PathBuf> {
    match fs::read_link(path) {
        Ok(link) => match fs::canonicalize(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                target(&path.parent().map_or_else(|| link.clone(), |folder| folder.join(&link)))
            }
            found => found,
        },
        Err(_) => Ok(path.to_owned()),
    }
}
