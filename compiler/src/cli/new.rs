//! `flowc new`: a workflow to begin with, that checks, builds and runs as it is.

use super::{Shell, Stop};
use crate::syntax::flow;
use std::fs;
use std::path::Path;

const WORKFLOW: &str = include_str!("new/workflow.flow");
/// What the workflow in the file above is called.
const NAME: &str = "my-workflow";
const INPUT: &str = include_str!("new/input.json");
const ONE_ORDER: &str = include_str!("new/one-order.json");
const NO_ITEMS: &str = include_str!("new/no-items.json");
const WITHOUT_ITEMS: &str = include_str!("new/without-items.json");

impl Shell {
    /// Makes a folder; its last part names the workflow.
    pub(super) fn new_workflow(&self, folder: &Path) -> Result<(), Stop> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !flow::is_slug(name) {
            let message =
                format!("`{name}` cannot name a workflow: it has letters, digits, `_` and `-`, as in my-workflow");
            return Err(Stop::World(message));
        }
        if folder.exists() {
            return Err(Stop::World(format!("{} exists already", folder.display())));
        }
        let workflow = WORKFLOW.replace(NAME, name).replace("My workflow", &title(name));
        let write = || {
            fs::create_dir_all(folder.join("inputs"))?;
            fs::create_dir_all(folder.join("scenarios"))?;
            fs::write(folder.join("workflow.flow"), workflow)?;
            fs::write(folder.join("input.json"), INPUT)?;
            fs::write(folder.join("inputs/without-items.json"), WITHOUT_ITEMS)?;
            fs::write(folder.join("scenarios/one-order.json"), ONE_ORDER)?;
            fs::write(folder.join("scenarios/no-items.json"), NO_ITEMS)
        };
        write().map_err(|error| Stop::World(format!("cannot write to {}: {error}", folder.display())))?;
        let folder = folder.display();
        self.talk.say(&format!(
            "wrote {folder}/workflow.flow and what to try it with:\n  flowc check {folder}\n  flowc test {folder}\n  flowc run {folder} --input {folder}/input.json\n  flowc run {folder} --input {folder}/inputs/without-items.json"
        ));
        Ok(())
    }
}

/// `night-shift` → `Night shift`.
fn title(name: &str) -> String {
    let words: Vec<&str> = name.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    match words.join(" ") {
        // Of nothing but signs.
        title if title.is_empty() => name.to_owned(),
        title => title[..1].to_uppercase() + &title[1..],
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_title_is_made_of_the_words_of_a_name() {
        for (name, title) in [("night-shift", "Night shift"), ("x_", "X"), ("_a__b", "A b"), ("_", "_")] {
            assert_eq!(super::title(name), title);
        }
    }
}
