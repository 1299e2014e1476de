//! `flowc env`: the environment variables of a workflow, and an `.env.example` for it.
//!
//! Comes in: a workflow, and everything its program would read values from here. Goes out: names, what they are used as,
//! by which nodes, and whether they are set. Always true: no value, not even a part of one.

use super::arguments::EnvOptions;
use super::{Input, Shell, Stop, print};
use crate::model::{EnvId, Variable, Workflow};
use flow_runtime::env::{Listing, Paths, Sources};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

impl Shell {
    pub(super) fn env(&self, path: &Path, options: &EnvOptions) -> Result<ExitCode, Stop> {
        let input = Input::read(path, true).map_err(Stop::World)?;
        let workflow = self.check_quietly(&input)?.checked.workflow;
        if let Some(file) = &options.write {
            if file.exists() && !options.force {
                let file = file.display();
                return Err(Stop::World(format!("{file} exists already: `--force` replaces it")));
            }
            std::fs::write(file, example(&workflow))
                .map_err(|error| Stop::World(format!("cannot write {}: {error}", file.display())))?;
            self.talk.say(&format!("wrote {}", file.display()));
            return Ok(ExitCode::SUCCESS);
        }
        let paths = Paths { env_file: options.env_file.clone(), config: options.config.clone() };
        let sources = Sources::read(Path::new(""), &paths).map_err(|error| Stop::World(error.to_string()))?;
        let listing = Listing::new(variables(&workflow), &sources).map_err(|error| Stop::World(error.to_string()))?;
        print(&listing.to_string());
        let wrong = listing.wrong();
        wrong.iter().for_each(|wrong| self.talk.say(wrong));
        Ok(ExitCode::from(if options.check && wrong.is_some() { 2 } else { 0 }))
    }
}

/// By name, as the program lists them.
fn sorted(workflow: &Workflow) -> Vec<(EnvId, &Variable)> {
    let mut variables: Vec<_> =
        workflow.environment.iter().enumerate().map(|(at, variable)| (EnvId(at), variable)).collect();
    variables.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    variables
}

fn readers(workflow: &Workflow, variable: &Variable) -> Vec<String> {
    variable.read_by.iter().map(|node| workflow.node(*node).id.value.clone()).collect()
}

/// As the runtime knows variables. Its tables are static; those of a command live as long as its process.
fn variables(workflow: &Workflow) -> &'static [flow_runtime::flow::Variable] {
    let variable = |(at, variable): (EnvId, &Variable)| {
        let readers = readers(workflow, variable).into_iter().map(|name| &*name.leak()).collect::<Vec<&str>>();
        flow_runtime::flow::Variable {
            name: variable.name.clone().leak(),
            used_as: workflow.use_of(at),
            secret: variable.is_secret(),
            optional: variable.optional,
            one_line: workflow.is_in_a_line(at),
            used_by: readers.leak(),
        }
    };
    sorted(workflow).into_iter().map(variable).collect::<Vec<_>>().leak()
}

/// A file to begin an `.env` with.
pub fn example(workflow: &Workflow) -> String {
    let mut text = format!("# Environment of {}. Copy to .env and fill in; never commit that file.\n", workflow.slug);
    for (at, variable) in sorted(workflow) {
        let optional = if variable.optional { ", optional" } else { "" };
        let ty = workflow.use_of(at);
        let _ = write!(text, "\n# {ty}{optional}: {}\n{}=\n", readers(workflow, variable).join(", "), variable.name);
    }
    text
}
