//! `POST /api/v1/flows/validate`: does this service run the workflow in the body?
//!
//! A compiled binary holds one workflow, which `flowc` has checked, and no checker: so the answer is yes for that workflow
//! however it is spelled, and no for any other, with the way out. (`flowc serve` takes any workflow, and checks it.)

use super::field;
use crate::flow::Workflow;
use crate::value::{Doc, meaning};

/// The answer to a body: the workflow itself, or an object with it in `flow_data`.
pub fn answer(workflow: &Workflow, body: &Doc) -> String {
    let flow_data = field(body, "flow_data").filter(|_| field(body, "nodes").is_none()).unwrap_or(body.text());
    let same = is_workflow(workflow, flow_data);
    let errors = if same {
        serde_json::json!([])
    } else {
        serde_json::json!([{
            "type": "WORKFLOW_MISMATCH",
            "node_id": null,
            "field": null,
            "message": mismatch(workflow),
        }])
    };
    let answer = serde_json::json!({
        "valid": same,
        "errors": errors,
        "warnings": [],
        "metadata": {
            "flow_id": workflow.name,
            "name": workflow.title,
            "version": workflow.version,
            "hash": workflow.hash,
            "nodes": workflow.nodes.len(),
            "connections": workflow.edges.len(),
        },
    });
    answer.to_string()
}

/// Whether a JSON text says what the compiled workflow says.
pub fn is_workflow(workflow: &Workflow, json: &str) -> bool {
    meaning(json).is_ok_and(|meaning| meaning == workflow.hash)
}

/// What to tell somebody who sent another workflow.
pub fn mismatch(workflow: &Workflow) -> String {
    format!(
        "this service is the compiled workflow `{}`, version {}, and runs no other: leave `flow_data` out, compile the \
         other one with `flowc build`, or send it to `flowc serve`, which takes any",
        workflow.name, workflow.version
    )
}
