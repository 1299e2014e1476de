//! `env`: which environment variables the workflow reads.

use super::arguments::EnvOptions;
use super::{Failure, show};
use crate::env::{Lookup, Sources};
use crate::flow::Workflow;
use crate::trigger::previous_secrets;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// Prints the table; with `--check`, 2 if anything is missing.
pub fn env(workflow: &'static Workflow, options: &EnvOptions) -> Result<ExitCode, Failure> {
    let sources = Sources::read(Path::new(""), &options.paths)?;
    let mut missing = 0;
    let mut rows = Vec::new();
    let previous = previous_secrets(workflow, &sources)?;
    for (variable, previous) in workflow.environment.iter().zip(previous) {
        let found = match sources.find(variable, workflow.environment)? {
            Lookup::Found(found) => found.origin.label(),
            Lookup::Nothing { .. } if variable.optional => "optional",
            Lookup::Nothing { .. } => {
                missing += 1;
                "MISSING"
            }
        };
        let secret = if variable.secret { "secret" } else { "" };
        rows.push([variable.name.to_owned(), secret.to_owned(), found.to_owned(), variable.used_by.join(", ")]);
        if previous.is_some() {
            let used_by = format!("the value before, for {}", variable.used_by.join(", "));
            rows.push([format!("{}_PREVIOUS", variable.name), "secret".to_owned(), "set".to_owned(), used_by]);
        }
    }
    show(&table(&rows));
    if missing == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let (count, are) = if missing == 1 { ("1 variable", "is") } else { (&*format!("{missing} variables"), "are") };
    eprintln!("{count} {are} missing");
    Ok(if options.check { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

fn table(rows: &[[String; 4]]) -> String {
    let heading = ["NAME", "SECRET", "FOUND", "USED BY"].map(str::to_owned);
    let rows = || std::iter::once(&heading).chain(rows);
    let width = |column: usize| rows().map(|row| row[column].len()).max().unwrap_or_default();
    let (name, secret, found) = (width(0), width(1), width(2));
    let mut text = String::new();
    for row in rows() {
        let line = format!("{:name$}  {:secret$}  {:found$}  {}", row[0], row[1], row[2], row[3]);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            ["PAYMENT_API_KEY", "secret", "process", "pay"].map(str::to_owned),
            ["LOG", "", "optional", ""].map(str::to_owned),
        ];
        assert_eq!(
            table(&rows),
            "NAME             SECRET  FOUND     USED BY\n\
             PAYMENT_API_KEY  secret  process   pay\n\
             LOG                      optional\n"
        );
    }
}
