//! What one would expect of values before any of them is seen: what schemas declare.
//!
//! Comes in: the model. Goes out: types of values at paths, and which cells they leave.
//! Always true: a cell that is left out has no value of the type; one that is left may have none, for lack of a sample.

use super::cells::{Cells, is_broken};
use super::content::{Base, BaseRoot};
use crate::check::types;
use crate::model::ty::{Literal, Type};
use crate::model::{Kind, Workflow};
use flow_runtime::value::Value;

/// The types that a workflow declares.
pub struct Schemas {
    input: Type,
    /// Of the result of each node, when it completed.
    results: Vec<Option<Type>>,
    /// By node.
    requests: Vec<bool>,
}

impl Schemas {
    pub fn of(workflow: &Workflow) -> Schemas {
        let results = workflow.nodes.iter().map(|node| types::outputs::declared(&node.kind)).collect();
        let requests = workflow.nodes.iter().map(|node| matches!(node.kind, Kind::Http(_))).collect();
        Schemas { input: types::input(workflow), results, requests }
    }

    /// What is declared of a value, where anything is.
    pub fn declared(&self, base: &Base) -> Option<Type> {
        match (base.root, base.steps.split_first()) {
            (BaseRoot::Input, _) => known(&self.input, &base.steps),
            (BaseRoot::Output(node), Some((first, rest))) if first == "result" => {
                known(self.results[node.0].as_ref()?, rest)
            }
            (BaseRoot::Output(_) | BaseRoot::Error(_), _) => None,
        }
    }

    /// What one would expect of a value: what is declared, and of what a request adds to every answer, what it usually is.
    pub fn expected(&self, base: &Base, cells: &Cells) -> Option<Type> {
        let (is_request, steps) = match (base.root, base.steps.as_slice()) {
            (BaseRoot::Output(node), [first, field]) if first == "result" => (self.requests[node.0], field.as_str()),
            _ => (false, ""),
        };
        self.declared(base).or_else(|| match steps {
            "success" if is_request && cells.numbers.is_empty() && cells.texts.is_empty() => {
                Some(Type::Bool.join(&Type::Null))
            }
            // Who gets no answer gets none either.
            "status_code" if is_request && cells.texts.is_empty() => Some(Type::Number.join(&Type::Missing)),
            _ => None,
        })
    }
}

/// The type at a path into a value, if anything is known of it.
fn known(ty: &Type, steps: &[String]) -> Option<Type> {
    let ty = steps.iter().fold(ty.clone(), |ty, step| if ty.is_json() { ty } else { ty.field(step).ty });
    (!ty.is_json() && !ty.is_never()).then_some(ty)
}

/// By cell: whether it has a value of a type, as far as samples can say; all where none seems to.
pub fn cells_of(cells: &Cells, ty: &Type) -> Vec<bool> {
    let of = |cell| cells.in_cell(cell).any(|sample| is_expected(cells, &sample.value, ty));
    let fit: Vec<bool> = (0..cells.count).map(of).collect();
    if fit.contains(&true) { fit } else { vec![true; fit.len()] }
}

/// Whether a sample stands for a value of a type.
pub fn is_expected(cells: &Cells, sample: &Value, ty: &Type) -> bool {
    !(cells.whole && is_broken(sample)) && ty.members().iter().any(|ty| is_of(cells, sample, ty))
}

/// Whether a sample stands for a value of a type that is no union.
fn is_of(cells: &Cells, sample: &Value, ty: &Type) -> bool {
    match (ty, sample) {
        // What nobody compares with is one of the others.
        (Type::Literal(Literal::String(literal)), Value::String(text)) => {
            let asked = |text: &str| cells.texts.iter().any(|other| other.as_str() == Some(text));
            text.as_str().is_some_and(|text| text == &**literal || (!asked(literal) && !asked(text)))
        }
        (Type::Literal(Literal::Number(literal)), Value::Number(number)) => {
            number == literal || (!cells.numbers.contains(literal) && !cells.numbers.contains(number))
        }
        (Type::Array(array), Value::Array(items)) => {
            let length = |value: &Value| if let Value::Array(items) = value { items.len() } else { 0 };
            let longest = cells.samples.iter().map(|sample| length(&sample.value)).max().unwrap_or(0);
            items.len() >= array.least.min(longest)
        }
        (Type::Object(_), Value::Object(_)) => true,
        (ty, value) => ty.admits(value),
    }
}
