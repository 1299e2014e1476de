//! `env`: which environment variables the workflow reads.

use super::arguments::EnvOptions;
use super::{Failure, show};
use crate::env::{Listing, Sources};
use crate::flow::{Use, Workflow};
use crate::trigger::previous_secrets;
use std::path::Path;
use std::process::ExitCode;

/// Prints the table; with `--check`, 2 if anything is missing or cannot be meant.
pub fn env(workflow: &'static Workflow, options: &EnvOptions) -> Result<ExitCode, Failure> {
    let sources = Sources::read(Path::new(""), &options.paths)?;
    let mut listing = Listing::new(workflow.environment, &sources)?;
    for (variable, previous) in workflow.environment.iter().zip(previous_secrets(workflow, &sources)?) {
        if previous.is_some() {
            let used_by = format!("the value before, for {}", variable.used_by.join(", "));
            listing.add(&format!("{}_PREVIOUS", variable.name), Use::Secret, "set", &used_by);
        }
    }
    show(&listing.to_string());
    let Some(wrong) = listing.wrong() else { return Ok(ExitCode::SUCCESS) };
    crate::talk!("{wrong}");
    Ok(if options.check { ExitCode::from(2) } else { ExitCode::SUCCESS })
}
