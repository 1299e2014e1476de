//! Documents that other programs read are valid: SARIF against its standard, workflows against `flowc schema`, samples
//! against the schema inferred from them, pictures against the rules of their languages.

mod infer;
mod picture;
mod sarif;
mod workflow;

use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Formats are checked as well.
fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("a schema")
}

/// Every complaint on a line of its own.
fn complaints(validator: &Validator, document: &Value) -> String {
    let lines = validator.iter_errors(document).map(|error| format!("{} at `{}`\n", error, error.instance_path()));
    lines.collect()
}

/// The folders of a tier of cases.
fn cases(tier: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(tier);
    let entries =
        fs::read_dir(folder).expect("a tier is a folder").map(|entry| entry.expect("a readable folder").path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}
