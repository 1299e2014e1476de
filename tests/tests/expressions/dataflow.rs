//! Whether the checker misses data: texts that stand nowhere else are planted in the data, and looked for in what
//! generated expressions make of it.
//!
//! Every text found in a value has to lie at one of the places that the analysis says the value may carry. The values are
//! those of `model::eval`, which is itself compared with Node.js.

use crate::data::{self, Data, EXECUTION_ID, NODES, TIMESTAMP, VARIABLES};
use crate::generate::{Generator, Place};
use crate::random::Random;
use flow_compiler::check::Graph;
use flow_compiler::check::dataflow::{Dataflow, PlaceId, Places, Root as PlaceRoot};
use flow_compiler::model::eval::{Names, eval};
use flow_compiler::model::expr::{ExprKind, Path, Root};
use flow_compiler::model::{Body, EnvId, Expr, Kind, NodeId, Tree, Variable, Workflow};
use flow_compiler::pipeline;
use flow_compiler::source::{SourceFile, Span};
use flow_runtime::expr::member;
use flow_runtime::value::{JsString, Object, Value, write_string};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Where each planted character stands: one of the 6,000 that Unicode leaves to everybody.
#[derive(Default)]
struct Planted {
    paths: Vec<Path>,
}

const FIRST: u16 = 0xE000;
const MOST: usize = 6000;
/// So many nodes stand before those of the data in the workflow.
const BEFORE: usize = 1;

impl Planted {
    fn character(&mut self, path: &Path) -> Option<JsString> {
        if self.paths.len() >= MOST {
            return None;
        }
        let unit = FIRST + self.paths.len() as u16;
        self.paths.push(path.clone());
        Some(JsString::from_units(&[unit]))
    }

    /// The value with a character of its own in every text and among the keys of every object.
    fn plant(&mut self, value: &Value, path: &Path) -> Value {
        let step = |name: &str| {
            let mut path = path.clone();
            path.steps.push(name.to_owned());
            path
        };
        match value {
            Value::String(text) => {
                let planted = self.character(path).unwrap_or_default();
                let units: Vec<u16> = text.units().iter().copied().chain(planted.units().iter().copied()).collect();
                Value::String(JsString::from_units(&units))
            }
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(at, item)| self.plant(item, &step(&at.to_string())));
                Value::array(items.collect())
            }
            Value::Object(object) => {
                let mut fields: Vec<(JsString, Value)> = Vec::new();
                for (name, value) in object.iter() {
                    let path = name.as_str().map_or_else(|| path.clone(), step);
                    fields.push((name.clone(), self.plant(value, &path)));
                }
                if let Some(key) = self.character(path) {
                    fields.push((key, Value::Number(1.0)));
                }
                Value::Object(Arc::new(Object::new(fields)))
            }
            Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

struct Values {
    input: Value,
    envelopes: Vec<Value>,
    variables: Vec<Value>,
}

impl Names for Values {
    fn path(&self, path: &Path) -> Value {
        let root = match path.root {
            Root::Input => self.input.clone(),
            Root::Output(node) => {
                node.0.checked_sub(BEFORE).and_then(|at| self.envelopes.get(at)).cloned().unwrap_or(Value::Undefined)
            }
            // What leads to the expression.
            Root::Error => member(&self.envelopes[1], "error"),
        };
        path.steps.iter().fold(root, |value, step| member(&value, step))
    }

    fn env(&self, variable: EnvId) -> Value {
        self.variables[variable.0].clone()
    }

    fn timestamp(&self) -> Value {
        Value::string(TIMESTAMP)
    }

    fn execution_id(&self) -> Value {
        Value::string(EXECUTION_ID)
    }

    fn previous_outputs(&self) -> Value {
        let settled = NODES.iter().zip(&self.envelopes).filter(|(_, envelope)| !matches!(envelope, Value::Undefined));
        Value::object(settled.map(|(id, envelope)| (*id, envelope.clone())))
    }
}

#[test]
fn what_a_value_holds_is_listed() {
    let wanted = std::env::var("FLOW_DATAFLOW_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000);
    let seed = std::env::var("FLOW_DATAFLOW_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    let mut random = Random::new(seed);
    let (mut tried, mut carried, mut precise) = (0, 0, 0);
    while tried < wanted {
        let (planted, mut values) = plant(&Data::new(&mut random));
        for _ in 0..20 {
            let expr = Generator::new(&mut random, Place::Body).expression();
            let template = format!("${{{}}}", expr.written(&mut random).text);
            let Some(workflow) = checked(&template) else { continue };
            values.variables = workflow.environment.iter().enumerate().map(variable).collect();
            let graph = Graph::new(&workflow);
            let mut dataflow = Dataflow::new(&workflow, &graph);
            let (node, whole) = find(&workflow);
            let mut open = vec![whole];
            while let Some(expr) = open.pop() {
                tried += 1;
                let Ok(value) = eval(expr, &values) else { continue };
                let places = dataflow.carried_by(&workflow, &graph, node, expr);
                let held = missed(&planted, &value, &dataflow.places, &places).unwrap_or_else(|missed| {
                    let listed = places.iter().map(|id| dataflow.places.name(*id, &workflow)).collect::<Vec<_>>();
                    panic!("{template}\n{expr:?}\nholds {missed}, and only these are listed: {listed:?}")
                });
                carried += usize::from(held > 0);
                let is_all = |id: &PlaceId| {
                    dataflow.places.root_of(*id) == PlaceRoot::Input && dataflow.places.steps(*id).is_empty()
                };
                precise += usize::from(held > 0 && !places.iter().any(is_all));
                // Its parts too, but for the bodies of arrows: their parameters have no value alone.
                open.extend(match &expr.kind {
                    ExprKind::Each(receiver, ..) | ExprKind::SortBy(receiver, _) => vec![&**receiver],
                    ExprKind::Reduce(receiver, _, initial) => {
                        std::iter::once(&**receiver).chain(initial.as_deref()).collect()
                    }
                    _ => expr.children(),
                });
            }
        }
    }
    // Otherwise nothing was tested: no data, or an analysis that says "everything" of all.
    assert!(carried * 8 > tried && precise * 10 > carried * 6, "{tried} {carried} {precise}");
}

/// How many planted characters a value holds; what one of them is when nobody said so.
fn missed(planted: &Planted, value: &Value, places: &Places, listed: &[PlaceId]) -> Result<usize, String> {
    let mut units = Vec::new();
    texts(value, &mut units);
    units.sort_unstable();
    units.dedup();
    for unit in &units {
        let at = usize::from(unit - FIRST);
        if let Some(path) = planted.paths.get(at) {
            if !listed.iter().any(|id| places.covers(*id, path)) {
                return Err(format!("what lies at {path:?}"));
            }
        } else if let Some(variable) = at.checked_sub(MOST).filter(|variable| *variable < VARIABLES.len()) {
            let root = PlaceRoot::Variable(EnvId(variable));
            if !listed.iter().any(|id| places.root_of(*id) == root) {
                return Err(format!("variable {variable}"));
            }
        }
    }
    Ok(units.len())
}

fn plant(data: &Data) -> (Planted, Values) {
    let mut planted = Planted::default();
    let input = planted.plant(&data::value(&data.input), &Path { root: Root::Input, steps: Vec::new() });
    let mut envelopes = Vec::new();
    for (at, text) in data.envelopes.iter().enumerate() {
        let path = Path { root: Root::Output(NodeId(BEFORE + at)), steps: Vec::new() };
        envelopes.push(text.as_deref().map_or(Value::Undefined, |text| planted.plant(&data::value(text), &path)));
    }
    (planted, Values { input, envelopes, variables: Vec::new() })
}

/// The value of a variable: the known one, and a character of its own.
fn variable((at, variable): (usize, &Variable)) -> Value {
    let known = VARIABLES.iter().find(|(name, _)| *name == variable.name).map_or("", |(_, value)| value);
    let units: Vec<u16> = known.encode_utf16().chain([FIRST + (MOST + at) as u16]).collect();
    Value::String(JsString::from_units(&units))
}

/// The planted characters in a value: in its texts and keys.
fn texts(value: &Value, units: &mut Vec<u16>) {
    let mut add = |text: &JsString| units.extend(text.units().iter().filter(|unit| **unit >= FIRST));
    match value {
        Value::String(text) => add(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, units)),
        Value::Object(object) => {
            for (name, value) in object.iter() {
                units.extend(name.units().iter().filter(|unit| **unit >= FIRST));
                texts(value, units);
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A workflow with the template in its last node; nothing when it is refused.
fn checked(template: &str) -> Option<Workflow> {
    let mut quoted = String::new();
    write_string(template, &mut quoted);
    let text = format!(
        r#"{{"name":"Dataflow","nodes":[{{"id":"start","type":"trigger","trigger_type":"manual"}},
{{"id":"check","type":"action","action_type":"http","config":{{"method":"GET","url":"http://localhost/a"}}}},
{{"id":"process-payment","type":"action","action_type":"http","config":{{"method":"GET","url":"http://localhost/b"}}}},
{{"id":"skipped","type":"action","action_type":"http","config":{{"method":"GET","url":"http://localhost/c"}}}},
{{"id":"t","type":"action","action_type":"http","config":{{"method":"POST","url":"http://localhost/d","body":{{"value":{quoted}}}}}}}],
"connections":[{{"from":"start","to":"check"}},{{"from":"check","to":"skipped"}},{{"from":"skipped","to":"process-payment"}},
{{"from":"process-payment","to":"t"}}]}}"#
    );
    let file = SourceFile { name: "workflow.json".to_owned(), text };
    Some(pipeline::check(file, "dataflow", &BTreeMap::new()).ok()?.checked.workflow)
}

fn find(workflow: &Workflow) -> (NodeId, &Expr) {
    static NOTHING: LazyLock<Expr> = LazyLock::new(|| Expr::unknown(Span::new(0, 0)));
    let at = workflow.nodes.iter().position(|node| node.id.value == "t").expect("the node is there");
    let Kind::Http(http) = &workflow.nodes[at].kind else { panic!("{:?}", workflow.nodes[at].kind) };
    let Body::Json(Tree::Object(fields)) = &http.body else { panic!("{:?}", http.body) };
    match &fields[0].1 {
        Tree::Whole(expr) => (NodeId(at), expr),
        _ => (NodeId(at), &NOTHING),
    }
}
