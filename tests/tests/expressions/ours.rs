//! What flowc makes of an expression: through the whole line to the model, then evaluated.

use crate::data::{Data, EXECUTION_ID, NODES, TIMESTAMP, VARIABLES, value};
use crate::generate::Place;
use flow_compiler::diagnostic::Severity;
use flow_compiler::model::eval::{Names, eval};
use flow_compiler::model::expr::{Arrow, Expr, ExprKind, Parameter, Path, Root};
use flow_compiler::model::{Body, EnvId, Kind, Piece, TransformStep, Tree, Workflow};
use flow_compiler::pipeline;
use flow_compiler::source::SourceFile;
use flow_runtime::expr::{EachMethod, member, text};
use flow_runtime::value::{Fault, Value, write_string};
use std::collections::BTreeMap;

/// The text of a workflow with these templates, each in a node of its own; and an edge to the last of them.
pub fn workflow(templates: &[(Place, String)]) -> String {
    let mut nodes = String::from(
        r#"{"id":"start","type":"trigger","trigger_type":"manual"},
{"id":"check","type":"action","action_type":"http","config":{"method":"GET","url":"http://localhost/a"}},
{"id":"process-payment","type":"action","action_type":"http","config":{"method":"GET","url":"http://localhost/b"}},
{"id":"skipped","type":"action","action_type":"http","config":{"method":"GET","url":"http://localhost/c"}}"#,
    );
    let mut edges = String::from(
        r#"{"from":"start","to":"check"},{"from":"check","to":"skipped"},{"from":"skipped","to":"process-payment"}"#,
    );
    for (at, (place, template)) in templates.iter().enumerate() {
        let mut quoted = String::new();
        write_string(template, &mut quoted);
        let config = match place {
            Place::Body => {
                format!(r#""http","config":{{"method":"POST","url":"http://localhost/d","body":{{"value":{quoted}}}}}"#)
            }
            Place::Filter => format!(r#""data_filter","config":{{"filter_condition":{quoted}}}"#),
            Place::Item => format!(
                r#""data_transform","config":{{"transform_type":"map_items","input":"${{[input_data.row]}}","expression":{quoted}}}"#
            ),
            Place::Condition => r#""http","config":{"method":"GET","url":"http://localhost/e"}"#.to_owned(),
        };
        nodes.push_str(&format!(",\n{{\"id\":\"t{at}\",\"type\":\"action\",\"action_type\":{config}}}"));
        edges.push_str(&format!(",\n{{\"from\":\"process-payment\",\"to\":\"t{at}\""));
        if *place == Place::Condition {
            edges.push_str(&format!(",\"condition\":{quoted}"));
        }
        edges.push('}');
    }
    format!("{{\"name\":\"Differential\",\"nodes\":[{nodes}],\n\"connections\":[{edges}]}}")
}

/// A workflow's model, or the codes of what is wrong with it.
pub fn checked(workflow: &str) -> Result<Workflow, Vec<&'static str>> {
    let file = SourceFile { name: "workflow.json".to_owned(), text: workflow.to_owned() };
    match pipeline::check(file, "differential", &BTreeMap::new()) {
        Ok(accepted) => Ok(accepted.checked.workflow),
        Err(rejected) => {
            let said = rejected.diagnostics.iter().filter(|found| found.severity == Severity::Error);
            let said = said.map(|found| found.code.slug());
            Err(said.collect())
        }
    }
}

/// What stands at a place in a checked workflow.
pub enum Found<'a> {
    Expr(&'a Expr),
    /// Mixed text, or a literal.
    Tree(&'a Tree),
}

/// The template of a node.
pub fn find(workflow: &Workflow, at: usize) -> Found<'_> {
    let id = format!("t{at}");
    let index = workflow.nodes.iter().position(|node| node.id.value == id).expect("the node is there");
    match &workflow.nodes[index].kind {
        Kind::Http(http) => match &http.body {
            Body::Json(Tree::Object(fields)) => match &fields[0].1 {
                Tree::Whole(expr) => Found::Expr(expr),
                tree => Found::Tree(tree),
            },
            Body::None => {
                let edge = workflow.edges.iter().find(|edge| edge.to.0 == index).expect("an edge leads to it");
                Found::Expr(edge.condition.as_ref().expect("it has a condition"))
            }
            body => panic!("{body:?}"),
        },
        Kind::Filter(filter) => Found::Expr(&filter.condition),
        Kind::Transform(transform) => match &transform.step {
            TransformStep::MapItems { expression } => Found::Expr(expression),
            step => panic!("{step:?}"),
        },
        kind => panic!("{kind:?}"),
    }
}

/// Where names get their values when an expression is evaluated.
pub struct Values<'a> {
    workflow: &'a Workflow,
    input: Value,
    item: Value,
    envelopes: [Value; NODES.len()],
}

impl<'a> Values<'a> {
    pub fn new(workflow: &'a Workflow, data: &Data) -> Values<'a> {
        let envelopes = data.envelopes.each_ref().map(|text| text.as_deref().map_or(Value::Undefined, value));
        Values { workflow, input: value(&data.input), item: value(&data.item), envelopes }
    }

    pub fn evaluate(&self, found: &Found) -> Result<Value, Fault> {
        match found {
            Found::Expr(expr) => self.expr(expr),
            Found::Tree(Tree::Text(mixed)) => {
                let mut out = String::new();
                for piece in &mixed.pieces {
                    match piece {
                        Piece::Literal(literal) => out.push_str(literal),
                        Piece::Expr(expr) => out.push_str(&text(&[self.expr(expr)?]).to_text()),
                    }
                }
                Ok(Value::string(&out))
            }
            Found::Tree(tree) => panic!("{tree:?}"),
        }
    }

    /// `item` is the first parameter, and nothing binds it but a walk through a list.
    fn expr(&self, expr: &Expr) -> Result<Value, Fault> {
        let of = |kind| Expr { span: expr.span, kind };
        let items = of(ExprKind::Constant(Value::array(vec![self.item.clone()])));
        let item = Parameter { name: "item".to_owned(), number: 0 };
        let reads_item = |expr: &Expr| {
            let mut reads = false;
            expr.walk(&mut |part| reads |= matches!(&part.kind, ExprKind::Parameter(read) if *read == item));
            reads
        };
        if !reads_item(expr) {
            return eval(expr, self);
        }
        let arrow = Arrow { parameters: vec![item.clone()], body: expr.clone() };
        let walk = of(ExprKind::Each(Box::new(items), EachMethod::Map, Box::new(arrow)));
        Ok(flow_runtime::expr::index(&eval(&walk, self)?, &Value::Number(0.0)))
    }
}

impl Names for Values<'_> {
    fn path(&self, path: &Path) -> Value {
        let root = match path.root {
            Root::Input => self.input.clone(),
            Root::Output(node) => self.envelope(node.0),
            Root::Error => member(&self.envelopes[1], "error"),
        };
        path.steps.iter().fold(root, |value, step| member(&value, step))
    }

    fn env(&self, variable: EnvId) -> Value {
        let name = &self.workflow.environment[variable.0].name;
        let found = VARIABLES.iter().find(|(known, _)| known == name);
        Value::string(found.unwrap_or_else(|| panic!("{name} is not set")).1)
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

impl Values<'_> {
    fn envelope(&self, node: usize) -> Value {
        let id = &self.workflow.nodes[node].id.value;
        NODES.iter().position(|known| known == id).map_or(Value::Undefined, |at| self.envelopes[at].clone())
    }
}
