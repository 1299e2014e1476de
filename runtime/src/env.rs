//! The environment of a workflow: where its variables come from.

use crate::flow::Variable;
use std::path::Path;

/// The values of [`crate::flow::Workflow::environment`], by index.
#[derive(Clone)]
pub struct Environment {
    pub(crate) values: Vec<String>,
}

/// Variables without a value.
#[derive(Debug)]
pub struct Missing {
    pub names: Vec<&'static str>,
}

impl Environment {
    /// Process environment, then `NAME_FILE` files, `.env`, `config.json` in `dir`.
    ///
    /// # Errors
    /// All names that have no value, at once.
    pub fn load(variables: &'static [Variable], dir: &Path) -> Result<Environment, Missing> {
        let _ = (variables, dir);
        todo!()
    }
}
