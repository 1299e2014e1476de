//! Which paths the workflow reads, and the slot and constant of each.

use super::names::{Names, constant};
use crate::check;
use crate::model::expr::{Path, Root};
use crate::model::{ExprKind, NodeId, Workflow};
use std::collections::BTreeMap;

/// Every static path that anything reads.
#[derive(Debug, Clone)]
pub struct Fields {
    pub input: Document,
    /// By node.
    pub outputs: Vec<Document>,
    /// The bare `error`.
    pub error: Document,
}

/// The paths into one document.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// By path.
    pub fields: BTreeMap<Vec<String>, Field>,
    pub slots: usize,
}

/// One path that is read.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name of its constant.
    pub constant: String,
    /// As an author would write it.
    pub path: String,
    /// `None`: the document as a whole.
    pub slot: Option<usize>,
}

impl Fields {
    pub(super) fn collect(workflow: &Workflow) -> Fields {
        let mut input = BTreeMap::new();
        let mut outputs = vec![BTreeMap::new(); workflow.nodes.len()];
        let mut error = BTreeMap::new();
        check::expressions(workflow, &mut |_, _, expr| {
            expr.walk(&mut |expr| {
                if let ExprKind::Path(Path { root, steps }) = &expr.kind {
                    let paths = match root {
                        Root::Input => &mut input,
                        Root::Output(NodeId(node)) => &mut outputs[*node],
                        Root::Error => &mut error,
                    };
                    paths.insert(steps.clone(), ());
                }
            });
        });
        Fields {
            input: Document::new(input, "input_data", &["SHAPE"]),
            outputs: outputs
                .into_iter()
                .zip(&workflow.nodes)
                .map(|(paths, node)| {
                    Document::new(
                        paths,
                        &format!("previous_outputs.{}", node.id.value),
                        &["INDEX", "NODE", "SHAPE", "TEMPLATE"],
                    )
                })
                .collect(),
            error: Document::new(error, "error", &[]),
        }
    }

    pub fn document(&self, root: Root) -> &Document {
        match root {
            Root::Input => &self.input,
            Root::Output(node) => &self.outputs[node.0],
            Root::Error => &self.error,
        }
    }

    /// The field of a path; every path of the workflow has one.
    pub fn field(&self, path: &Path) -> &Field {
        &self.document(path.root).fields[&path.steps]
    }
}

impl Document {
    fn new(paths: BTreeMap<Vec<String>, ()>, root: &str, reserved: &[&str]) -> Document {
        let mut names = Names::reserving(reserved);
        let mut document = Document::default();
        for (steps, ()) in paths {
            // `result` says nothing: nearly everything that is read stands there.
            let said = match steps.as_slice() {
                [first, rest @ ..] if first == "result" && !rest.is_empty() => rest,
                steps => steps,
            };
            let constant = match said {
                [] => "WHOLE".to_string(),
                steps => constant(&steps.join("_")),
            };
            let mut path = root.to_string();
            for step in &steps {
                if is_plain(step) {
                    path.push('.');
                    path.push_str(step);
                } else {
                    path.push_str(&format!("[{step:?}]"));
                }
            }
            let slot = (!steps.is_empty()).then_some(document.slots);
            document.slots += usize::from(slot.is_some());
            document.fields.insert(steps, Field { constant: names.unique(constant), path, slot });
        }
        document
    }
}

fn is_plain(step: &str) -> bool {
    step.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && step.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'))
}
