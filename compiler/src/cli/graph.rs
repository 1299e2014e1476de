//! `flowc graph`: a workflow as a picture, in a file or on standard output.

use super::arguments::PictureFormat;
use super::{Input, Shell, Stop};
use crate::diagnostic::level::Levels;
use crate::graph::{Picture, dot, mermaid, svg};
use std::path::Path;

/// Draws whatever can be read. What is wrong is marked, and only counted on standard error: `flowc check` says it.
pub fn draw(shell: &Shell, path: &Path, no_marks: bool, levels: &Levels) -> Result<Picture, Stop> {
    let input = Input::read(path, true).map_err(Stop::World)?;
    let parsed = shell.parse(&input)?;
    let ast = parsed.ast.clone();
    let found = match parsed.lower(&input.name, &input.files).check(levels) {
        Ok(accepted) => accepted.warnings,
        Err(rejected) => rejected.diagnostics,
    };
    if !found.is_empty() {
        let name = &input.name;
        shell.talk.say(&format!("{name}: {}; `flowc check` says more", super::count(&found)));
    }
    Ok(Picture::new(&ast, &input.name, if no_marks { &[] } else { &found }))
}

/// Writes it where it is wanted.
pub fn show(picture: &Picture, format: Option<PictureFormat>, output: Option<&Path>) -> Result<(), String> {
    let text = match format.or_else(|| by_ending(output?)).unwrap_or(PictureFormat::Mermaid) {
        PictureFormat::Mermaid => mermaid::mermaid(picture),
        PictureFormat::Dot => dot::dot(picture),
        PictureFormat::Svg => svg::svg(picture),
    };
    match output {
        None => {
            super::print(&text);
            Ok(())
        }
        Some(file) => std::fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display())),
    }
}

fn by_ending(file: &Path) -> Option<PictureFormat> {
    match file.extension()?.to_str()? {
        "mmd" | "mermaid" => Some(PictureFormat::Mermaid),
        "dot" | "gv" => Some(PictureFormat::Dot),
        "svg" => Some(PictureFormat::Svg),
        _ => None,
    }
}
