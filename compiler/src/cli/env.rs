//! `flowc env`: the environment variables of a workflow, and an `.env.example` for it.
//!
//! Comes in: a workflow, and everything its program would read values from here. Goes out: names, what they are used as,
//! by which nodes, and whether they are set. Always true: no value, not even a part of one.

use super::arguments::EnvOptions;
use super::{Input, Shell, Stop, print};
use crate::model::{EnvId, Variable, Workflow};
use flow_runtime::env::{Lookup, Paths, Sources};
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
        let variables = variables(&workflow);
        let mut missing = 0;
        let mut rows = vec![["NAME", "TYPE", "FOUND", "USED BY"].map(str::to_owned)];
        for (at, variable) in sorted(&workflow) {
            let known = variables.iter().find(|known| known.name == variable.name);
            let found = match known.map(|known| sources.find(known, variables)).transpose() {
                Err(error) => return Err(Stop::World(error.to_string())),
                Ok(Some(Lookup::Found(found))) => found.origin.label(),
                Ok(_) if variable.optional => "optional",
                Ok(_) => {
                    missing += 1;
                    "MISSING"
                }
            };
            let ty = workflow.use_of(at).to_string();
            rows.push([variable.name.clone(), ty, found.to_owned(), readers(&workflow, variable)]);
        }
        print(&table(&rows));
        if missing > 0 {
            self.talk.say(&format!("{missing} of {} have no value", rows.len() - 1));
        }
        Ok(ExitCode::from(if options.check && missing > 0 { 2 } else { 0 }))
    }
}

/// By name, as the program lists them.
fn sorted(workflow: &Workflow) -> Vec<(EnvId, &Variable)> {
    let mut variables: Vec<_> =
        workflow.environment.iter().enumerate().map(|(at, variable)| (EnvId(at), variable)).collect();
    variables.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    variables
}

fn readers(workflow: &Workflow, variable: &Variable) -> String {
    let names: Vec<&str> = variable.read_by.iter().map(|node| workflow.node(*node).id.value.as_str()).collect();
    names.join(", ")
}

/// As the runtime knows variables. Its tables are static; those of a command live as long as its process.
fn variables(workflow: &Workflow) -> &'static [flow_runtime::flow::Variable] {
    let variable = |variable: &Variable| flow_runtime::flow::Variable {
        name: variable.name.clone().leak(),
        secret: variable.is_secret(),
        optional: variable.optional,
        used_by: &[],
    };
    workflow.environment.iter().map(variable).collect::<Vec<_>>().leak()
}

fn table(rows: &[[String; 4]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (name, ty, found) = (width(0), width(1), width(2));
    rows.iter().fold(String::new(), |mut text, row| {
        let line = format!("{:name$}  {:ty$}  {:found$}  {}", row[0], row[1], row[2], row[3]);
        let _ = writeln!(text, "{}", line.trim_end());
        text
    })
}

/// A file to begin an `.env` with.
pub fn example(workflow: &Workflow) -> String {
    let mut text = format!("# Environment of {}. Copy to .env and fill in; never commit that file.\n", workflow.slug);
    for (at, variable) in sorted(workflow) {
        let optional = if variable.optional { ", optional" } else { "" };
        let ty = workflow.use_of(at);
        let _ = write!(text, "\n# {ty}{optional}: {}\n{}=\n", readers(workflow, variable), variable.name);
    }
    text
}
