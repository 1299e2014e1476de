//! The table of a workflow's variables, as `env` shows it.
//!
//! Comes in: variables, and the sources of their values. Goes out: names, what they are used as, where each was found, who
//! reads it. Always true: no value, not even a part of one. `flowc env` and every compiled binary print this very table.

use super::{EnvironmentError, Lookup, Sources};
use crate::flow::{Use, Variable};
use std::fmt;

const HEADING: [&str; 4] = ["NAME", "TYPE", "FOUND", "USED BY"];

pub struct Listing {
    rows: Vec<[String; 4]>,
    variables: usize,
    missing: usize,
    misfits: Vec<String>,
}

impl Listing {
    /// # Errors
    /// As [`Sources::find`].
    pub fn new(variables: &[Variable], sources: &Sources) -> Result<Listing, EnvironmentError> {
        let mut listing = Listing { rows: Vec::new(), variables: variables.len(), missing: 0, misfits: Vec::new() };
        for variable in variables {
            let found = match sources.find(variable, variables)? {
                Lookup::Found(found) => {
                    let misfit = variable.misfit(&found.value);
                    listing.misfits.extend(misfit.map(|why| format!("{} is {why}", variable.name)));
                    found.origin.label()
                }
                Lookup::Nothing { .. } if variable.optional => "optional",
                Lookup::Nothing { .. } => {
                    listing.missing += 1;
                    "MISSING"
                }
            };
            listing.add(variable.name, variable.used_as, found, &variable.used_by.join(", "));
        }
        Ok(listing)
    }

    /// A row for something that is no variable of the workflow.
    pub fn add(&mut self, name: &str, used_as: Use, found: &str, used_by: &str) {
        self.rows.push([name.to_owned(), used_as.to_string(), found.to_owned(), used_by.to_owned()]);
    }

    /// `2 of 13 variables have no value`, and which have one that cannot be meant; nothing when all is well.
    pub fn wrong(&self) -> Option<String> {
        let (missing, all) = (self.missing, self.variables);
        let have = if missing == 1 { "has" } else { "have" };
        let variables = if all == 1 { "variable" } else { "variables" };
        let missing = (missing > 0).then(|| format!("{missing} of {all} {variables} {have} no value"));
        let lines: Vec<String> = self.misfits.iter().cloned().chain(missing).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// By name.
impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<[&str; 4]> = self.rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
        rows.sort_by_key(|row| row[0]);
        rows.insert(0, HEADING);
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
        let (name, ty, found) = (width(0), width(1), width(2));
        for row in &rows {
            let line = format!("{:name$}  {:ty$}  {:found$}  {}", row[0], row[1], row[2], row[3]);
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Paths;
    use std::path::Path;

    #[test]
    fn columns_line_up_and_names_are_in_order() {
        static VARIABLES: [Variable; 3] = [
            Variable::new("PAYMENT_API_KEY", Use::Secret, &["pay"]).secret(),
            Variable::new("LOG", Use::Text, &[]).optional(),
            Variable::new("HOST", Use::Host, &["tell", "warn"]),
        ];
        let process = |name: &str| (name == "PAYMENT_API_KEY").then(|| "hunter2".into());
        let nowhere = Path::new("/no/such/folder");
        let sources = Sources::with_process(Box::new(process), nowhere, &Paths::default()).unwrap();
        let mut listing = Listing::new(&VARIABLES, &sources).unwrap();
        listing.add("PAYMENT_API_KEY_PREVIOUS", Use::Secret, "set", "pay");
        assert_eq!(
            listing.to_string(),
            "NAME                      TYPE    FOUND     USED BY\n\
             HOST                      host    MISSING   tell, warn\n\
             LOG                       string  optional\n\
             PAYMENT_API_KEY           secret  process   pay\n\
             PAYMENT_API_KEY_PREVIOUS  secret  set       pay\n"
        );
        assert_eq!(listing.wrong().as_deref(), Some("1 of 3 variables has no value"));
    }
}
