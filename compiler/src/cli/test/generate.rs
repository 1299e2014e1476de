//! A scenario that takes one given connection.
//!
//! Comes in: a workflow and a connection. Goes out: an input and answers that should lead there; `None` where no way is
//! found.
//! Always true: only proposed. Whoever asks plays it, and keeps it only if it does lead there. Samples follow the declared
//! types; where there are none, the fields that the workflow reads, and their names.

use super::scenario::Scenario;
use crate::catalog::http::OF_EVERY_ANSWER;
use crate::model::expr::{Binary, Expr, ExprKind, Path, Root, Unary};
use crate::model::ty::{Format, Literal, Type};
use crate::model::{Kind, NodeId, Workflow};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How deep samples go: deeper data seldom decides about a way.
const DEPTH_MAX: usize = 6;

/// What the world has to be like.
struct World<'a> {
    workflow: &'a Workflow,
    input: Value,
    answers: BTreeMap<NodeId, Value>,
}

/// What a path should hold.
#[derive(Debug, Clone)]
enum Wish {
    Is(Value),
    Truthy,
    Falsy,
}

/// A scenario that should take the connection.
pub fn scenario(workflow: &Workflow, edge: usize) -> Option<Scenario> {
    let mut world = World::new(workflow);
    for edge in way_to(workflow, edge)? {
        let edge = &workflow.edges[edge];
        match &edge.condition {
            Some(condition) => world.make(condition, true),
            None => world.let_succeed(edge.from),
        }
    }
    let id = |node: NodeId| workflow.node(node).id.value.as_str();
    let edge = &workflow.edges[edge];
    let (from, to) = (id(edge.from), id(edge.to));
    let answers = world.answers.iter().map(|(node, answer)| (id(*node).to_owned(), answer.clone())).collect();
    Some(Scenario::new(&format!("{from}--{to}"), &format!("{from} leads to {to}"), world.input, answers))
}

/// The shortest way from a root to the end of a connection, as connections.
fn way_to(workflow: &Workflow, edge: usize) -> Option<Vec<usize>> {
    let mut way = vec![edge];
    let mut from = workflow.edges[edge].from;
    // Back to the root along the first connection into each node: no way is longer than there are nodes.
    for _ in 0..workflow.nodes.len() {
        match workflow.edges.iter().position(|edge| edge.to == from) {
            None => {
                way.reverse();
                return Some(way);
            }
            Some(earlier) => {
                way.push(earlier);
                from = workflow.edges[earlier].from;
            }
        }
    }
    None
}

impl<'a> World<'a> {
    /// Where everything goes well.
    fn new(workflow: &'a Workflow) -> World<'a> {
        let mut input = Value::Object(Map::new());
        let mut answers = BTreeMap::new();
        for id in workflow.node_ids() {
            match &workflow.node(id).kind {
                Kind::Webhook(webhook) => declared(webhook.input_schema.as_ref().map(|schema| &schema.ty), &mut input),
                Kind::Manual(manual) => declared(manual.input_schema.as_ref().map(|schema| &schema.ty), &mut input),
                Kind::Http(http) => {
                    let mut body = Value::Object(Map::new());
                    declared(http.response_schema.as_ref().map(|schema| &schema.ty), &mut body);
                    answers.insert(id, json!({ "json": body }));
                }
                Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Rust(_) | Kind::Unknown => {}
            }
        }
        let mut world = World { workflow, input, answers };
        let mut paths = Vec::new();
        crate::check::expressions(workflow, &mut |_, _, expr| {
            expr.walk(&mut |expr| {
                if let ExprKind::Path(path) = &expr.kind {
                    paths.push(path.clone());
                }
            });
        });
        for path in paths {
            world.sample(&path);
        }
        world
    }

    /// Gives a field that is read, and that nobody has declared, a likely value.
    fn sample(&mut self, path: &Path) {
        let (place, steps) = match (path.root, path.steps.as_slice()) {
            (Root::Input, steps) => (&mut self.input, steps),
            (Root::Output(node), [result, steps @ ..]) if result == "result" => {
                let steps = match steps {
                    [first, rest @ ..] if first == "response" => rest,
                    [first, ..] if OF_EVERY_ANSWER.contains(&first.as_str()) => return,
                    steps => steps,
                };
                let body = self.answers.get_mut(&node).and_then(|answer| answer.get_mut("json"));
                let Some(body) = body else { return };
                (body, steps)
            }
            _ => return,
        };
        let (steps, is_list) = match steps {
            [steps @ .., last] if last == "length" => (steps, true),
            steps => (steps, false),
        };
        let Some(name) = steps.last() else { return };
        let sample = if is_list { json!([{}]) } else { likely(name) };
        match at(place, steps) {
            Some(here) if here.is_null() || (is_list && !here.is_array()) => *here = sample,
            _ => {}
        }
    }

    fn let_succeed(&mut self, node: NodeId) {
        if let Kind::Filter(filter) = &self.workflow.node(node).kind {
            self.make(&filter.condition, true);
        }
    }

    /// Changes the world so that an expression is truthy, or is not. Where it does not know how, it leaves things as they
    /// are.
    fn make(&mut self, expr: &Expr, wanted: bool) {
        match &expr.kind {
            ExprKind::Path(path) => self.wish(path, if wanted { Wish::Truthy } else { Wish::Falsy }),
            ExprKind::Unary(Unary::Not, inner) => self.make(inner, !wanted),
            // One side is enough to make `&&` false and `||` true.
            ExprKind::Binary(Binary::And, left, right) => {
                self.make(left, wanted);
                if wanted {
                    self.make(right, true);
                }
            }
            ExprKind::Binary(Binary::Or | Binary::Coalesce, left, right) => {
                self.make(left, wanted);
                if !wanted {
                    self.make(right, false);
                }
            }
            ExprKind::Binary(sign, left, right) => {
                if let (ExprKind::Path(path), Some(value)) = (&left.kind, constant(right)) {
                    self.compare(*sign, path, &value, wanted);
                } else if let (Some(value), ExprKind::Path(path)) = (constant(left), &right.kind) {
                    self.compare(mirrored(*sign), path, &value, wanted);
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, sign: Binary, path: &Path, value: &Value, wanted: bool) {
        let near = |by: f64| value.as_f64().map_or(Value::Null, |value| number(value + by));
        let value = match (sign, wanted) {
            (Binary::Equal | Binary::StrictEqual, true) | (Binary::NotEqual | Binary::StrictNotEqual, false) => {
                value.clone()
            }
            (Binary::Equal | Binary::StrictEqual, false) | (Binary::NotEqual | Binary::StrictNotEqual, true) => {
                another(value)
            }
            (Binary::Greater, true) | (Binary::LessOrEqual, false) => near(1.0),
            (Binary::Less, true) | (Binary::GreaterOrEqual, false) => near(-1.0),
            (Binary::GreaterOrEqual | Binary::LessOrEqual, true) | (Binary::Greater | Binary::Less, false) => {
                value.clone()
            }
            _ => return,
        };
        self.wish(path, Wish::Is(value));
    }

    fn wish(&mut self, path: &Path, wish: Wish) {
        match path.root {
            Root::Input => grant(&mut self.input, &path.steps, &wish),
            Root::Output(node) => self.wish_output(node, &path.steps, &wish),
            Root::Error => {}
        }
    }

    fn wish_output(&mut self, node: NodeId, steps: &[String], wish: &Wish) {
        let says_yes = match wish {
            Wish::Is(value) => *value != json!(false) && !value.is_null(),
            Wish::Truthy => true,
            Wish::Falsy => false,
        };
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (&self.workflow.node(node).kind, steps.as_slice()) {
            (Kind::Webhook(_) | Kind::Manual(_), ["result", rest @ ..]) => {
                grant(&mut self.input, &owned(rest), wish);
            }
            (Kind::Filter(filter), ["result", "passed"]) => self.make(&filter.condition, says_yes),
            (Kind::Email(_), ["result", "success"]) if !says_yes => {
                self.answers.insert(node, json!({ "reply": "550 5.1.1 no such user" }));
            }
            (Kind::Http(_), ["result", "success"]) if !says_yes => {
                self.answers.insert(node, json!({ "status": 402, "json": { "error": "declined" } }));
            }
            (Kind::Http(_), ["error", ..]) if says_yes => {
                self.answers.insert(node, json!({ "status": 402, "json": { "error": "declined" } }));
            }
            (Kind::Http(_), ["result", "status_code"]) => {
                if let Wish::Is(status) = wish {
                    self.answers.entry(node).or_default()["status"] = status.clone();
                }
            }
            (Kind::Http(_), ["result", "response", rest @ ..] | ["result", rest @ ..]) => {
                let answer = self.answers.entry(node).or_insert_with(|| json!({}));
                if answer.get("json").is_none() {
                    answer["json"] = json!({});
                }
                grant(&mut answer["json"], &owned(rest), wish);
            }
            _ => {}
        }
    }
}

fn owned(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

/// Puts what is wished at a path. `.length` of a list is granted by its elements.
fn grant(place: &mut Value, steps: &[String], wish: &Wish) {
    if let [steps @ .., last] = steps
        && last == "length"
    {
        let length = match wish {
            Wish::Is(value) => value.as_f64().unwrap_or(1.0).max(0.0) as usize,
            Wish::Truthy => 1,
            Wish::Falsy => 0,
        };
        if let Some(here) = at(place, steps) {
            let mut items = here.as_array().cloned().unwrap_or_default();
            if wish_is_met(wish, items.len()) {
                return;
            }
            let sample = items.first().cloned().unwrap_or_else(|| json!({}));
            items.resize(length.min(1000), sample);
            *here = items.into();
        }
        return;
    }
    let Some(here) = at(place, steps) else { return };
    match wish {
        Wish::Is(value) => *here = value.clone(),
        Wish::Truthy if truthy(here) => {}
        Wish::Truthy => *here = steps.last().map_or(json!(true), |name| likely(name)),
        Wish::Falsy => *here = if here.is_boolean() { json!(false) } else { Value::Null },
    }
}

fn wish_is_met(wish: &Wish, length: usize) -> bool {
    match wish {
        Wish::Is(value) => value.as_f64() == Some(length as f64),
        Wish::Truthy => length > 0,
        Wish::Falsy => length == 0,
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// The place at a path, made where it is missing; `None` where something else is in the way.
fn at<'v>(value: &'v mut Value, steps: &[String]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(fields) => Some(fields.entry(step.clone()).or_insert(Value::Null)),
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

fn constant(expr: &Expr) -> Option<Value> {
    serde_json::from_str(&expr.as_constant()?.to_json()?).ok()
}

/// The sign of the comparison with its sides exchanged.
fn mirrored(sign: Binary) -> Binary {
    match sign {
        Binary::Less => Binary::Greater,
        Binary::Greater => Binary::Less,
        Binary::LessOrEqual => Binary::GreaterOrEqual,
        Binary::GreaterOrEqual => Binary::LessOrEqual,
        other => other,
    }
}

/// A value of the same kind that is not this one.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!(!value),
        Value::Number(value) => number(value.as_f64().unwrap_or_default() + 1.0),
        Value::String(text) => json!(format!("not {text}")),
        Value::Null => json!("something"),
        Value::Array(_) | Value::Object(_) => Value::Null,
    }
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// Takes over what a declared type says.
fn declared(ty: Option<&Type>, into: &mut Value) {
    if let Some(ty) = ty
        && let Value::Object(fields) = of_type(ty, "", 0)
        && let Value::Object(into) = into
    {
        into.extend(fields);
    }
}

fn of_type(ty: &Type, name: &str, depth: usize) -> Value {
    match ty {
        _ if depth > DEPTH_MAX => Value::Null,
        Type::Json | Type::Never | Type::Missing | Type::Null => Value::Null,
        Type::Bool => json!(true),
        Type::Number => match likely(name) {
            Value::Number(number) => Value::Number(number),
            _ => json!(1),
        },
        Type::String(Format::Email) => json!("somebody@example.test"),
        Type::String(Format::Url) => json!("https://example.test"),
        Type::String(Format::Time) => json!("2026-01-31T09:00:00Z"),
        Type::String(Format::Any | Format::Secret) => match likely(name) {
            Value::String(text) => Value::String(text),
            _ => json!(name),
        },
        Type::Literal(Literal::Bool(value)) => json!(value),
        Type::Literal(Literal::Number(value)) => number(*value),
        Type::Literal(Literal::String(text)) => json!(&**text),
        Type::Array(array) => (0..array.least.max(1)).map(|at| of_type(array.element(at), name, depth + 1)).collect(),
        Type::Object(object) => {
            let fields = object.fields().iter();
            fields.map(|field| (field.name.to_string(), of_type(&field.ty, &field.name, depth + 1))).collect()
        }
        Type::Union(members) => {
            let some = members.iter().find(|ty| !matches!(ty, Type::Missing | Type::Null));
            some.map_or(Value::Null, |ty| of_type(ty, name, depth))
        }
    }
}

/// A value such as usually stands under a name.
fn likely(name: &str) -> Value {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["email", "mail_to"]) {
        json!("somebody@example.test")
    } else if has(&["url", "link"]) {
        json!("https://example.test")
    } else if has(&["amount", "total", "price", "weight", "count", "quantity", "number_of"]) {
        json!(10)
    } else if has(&["items", "lines", "products"]) {
        json!([{}])
    } else if has(&["available", "required", "enabled", "valid", "success"]) {
        json!(true)
    } else {
        json!(format!("{}-1", name.replace('_', "-")))
    }
}
