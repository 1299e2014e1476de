//! Does an input fit the schema of the trigger it is for? (422)

use super::body::Refused;
use super::error::ApiError;
use crate::flow::Workflow;
use crate::trigger::{Mismatch, Schema};
use crate::value::Doc;
use axum::http::StatusCode;

/// The schemas of a workflow's triggers, by node.
pub struct Schemas {
    of: Vec<Option<Schema>>,
}

impl Schemas {
    pub fn of(workflow: &Workflow) -> Schemas {
        Schemas { of: workflow.nodes.iter().map(|node| node.input_schema.map(Schema::new)).collect() }
    }

    /// Where an input differs from what its trigger declares.
    pub fn mismatches(&self, trigger: Option<usize>, input: &Doc) -> Vec<Mismatch> {
        let schema = trigger.and_then(|node| self.of[node].as_ref());
        schema.map(|schema| schema.check(input.text())).unwrap_or_default()
    }
}

/// `name`: what the sender calls the input.
///
/// # Errors
/// 422 with the places that differ.
pub fn check(schemas: &Schemas, trigger: Option<usize>, input: &Doc, name: &str) -> Result<(), Refused> {
    let mismatches = schemas.mismatches(trigger, input);
    let Some(first) = mismatches.first() else { return Ok(()) };
    let message = format!("{name} does not fit the workflow's input schema: {first}");
    let list: Vec<_> = mismatches.iter().map(in_details).collect();
    let details = serde_json::json!({ "mismatches": list }).to_string();
    let error = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "INPUT_MISMATCH", message).with_details(details);
    Err((error, "does not fit the input schema"))
}

fn in_details(mismatch: &Mismatch) -> serde_json::Value {
    serde_json::json!({ "path": mismatch.path, "message": mismatch.message })
}
