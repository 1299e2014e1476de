//! An expression of the model → text for people.
//!
//! Always true: expressions that mean the same are spelled the same, however and in whichever dialect they were written,
//! so that the generated code depends on nothing but the model.

use super::expr::{Arrow, Expr, ExprKind, Path, Root};
use super::{NodeId, Workflow};
use crate::source::Span;
use crate::syntax::ast::{self, Property};
use crate::syntax::print;
use flow_runtime::value::{JsString, Value};

/// `source` is the node an edge leaves: its result is `result` there.
pub fn expression(workflow: &Workflow, expr: &Expr, source: Option<NodeId>) -> String {
    print::expression(&Speller { workflow, source }.expr(expr))
}

struct Speller<'a> {
    workflow: &'a Workflow,
    source: Option<NodeId>,
}

const NOWHERE: Span = Span { file: crate::source::FileId::WORKFLOW, start: 0, end: 0 };

impl Speller<'_> {
    fn expr(&self, expr: &Expr) -> ast::Expr {
        let boxed = |expr: &Expr| Box::new(self.expr(expr));
        let all = |exprs: &[Expr]| exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>();
        at(match &expr.kind {
            ExprKind::Constant(value) => return constant(value),
            ExprKind::Array(items) => ast::ExprKind::Array(all(items)),
            ExprKind::Object(fields) => {
                ast::ExprKind::Object(fields.iter().map(|(key, value)| (property(key), self.expr(value))).collect())
            }
            ExprKind::Text(parts) => ast::ExprKind::Template(parts.iter().map(|part| self.part(part)).collect()),
            ExprKind::Path(path) => return self.path(path),
            ExprKind::Env(variable) => return name(&self.workflow.environment[variable.0].name),
            ExprKind::Timestamp => return name("timestamp"),
            ExprKind::ExecutionId => return name("execution_id"),
            ExprKind::PreviousOutputs => return name("previous_outputs"),
            ExprKind::Parameter(parameter) => return name(&parameter.name),
            ExprKind::Member(object, field) => return step(self.expr(object), field),
            ExprKind::Index(object, index) => ast::ExprKind::Index(boxed(object), boxed(index)),
            ExprKind::Method(receiver, method, arguments) => {
                return call(self.expr(receiver), method.name(), all(arguments));
            }
            ExprKind::Each(receiver, method, arrow) => {
                return call(self.expr(receiver), method.name(), vec![self.arrow(arrow)]);
            }
            ExprKind::SortBy(receiver, arrow) => return call(self.expr(receiver), "sort", vec![self.arrow(arrow)]),
            ExprKind::Reduce(receiver, arrow, initial) => {
                let mut arguments = vec![self.arrow(arrow)];
                arguments.extend(initial.as_deref().map(|initial| self.expr(initial)));
                return call(self.expr(receiver), "reduce", arguments);
            }
            ExprKind::Global(global, arguments) => {
                let mut steps = global.name().split('.');
                let first = name(steps.next().unwrap_or_default());
                let callee = steps.fold(first, step);
                ast::ExprKind::Call(Box::new(callee), all(arguments))
            }
            ExprKind::Unary(unary, operand) => ast::ExprKind::Unary(*unary, boxed(operand)),
            ExprKind::Binary(binary, left, right) => ast::ExprKind::Binary(*binary, boxed(left), boxed(right)),
            ExprKind::Conditional(test, yes, no) => ast::ExprKind::Conditional(boxed(test), boxed(yes), boxed(no)),
            ExprKind::Unknown => ast::ExprKind::Undefined,
        })
    }

    fn part(&self, part: &Expr) -> ast::TemplatePart {
        match &part.kind {
            ExprKind::Constant(Value::String(text)) => ast::TemplatePart::Literal(text.clone()),
            _ => ast::TemplatePart::Expression(self.expr(part)),
        }
    }

    fn path(&self, path: &Path) -> ast::Expr {
        let start = match path.root {
            Root::Input => name("input_data"),
            Root::Error => name("error"),
            Root::Output(node) if Some(node) == self.source && !path.steps.is_empty() => {
                let first = name(&path.steps[0]);
                return path.steps[1..].iter().fold(first, |object, field| step(object, field));
            }
            Root::Output(node) => step(name("previous_outputs"), &self.workflow.node(node).id.value),
        };
        path.steps.iter().fold(start, |object, field| step(object, field))
    }

    fn arrow(&self, arrow: &Arrow) -> ast::Expr {
        let parameters = arrow.parameters.iter().map(|parameter| property(&parameter.name)).collect();
        at(ast::ExprKind::Arrow(parameters, Box::new(self.expr(&arrow.body))))
    }
}

fn at(kind: ast::ExprKind) -> ast::Expr {
    ast::Expr { span: NOWHERE, kind }
}

fn name(name: &str) -> ast::Expr {
    at(ast::ExprKind::Name(name.to_owned()))
}

fn property(name: &str) -> Property {
    Property { name: name.to_owned(), span: NOWHERE }
}

/// `object.field`, or `object['odd field']`.
fn step(object: ast::Expr, field: &str) -> ast::Expr {
    match crate::syntax::template::is_name(field) {
        true => at(ast::ExprKind::Member(Box::new(object), property(field))),
        false => {
            let index = at(ast::ExprKind::String(JsString::from(field)));
            at(ast::ExprKind::Index(Box::new(object), Box::new(index)))
        }
    }
}

fn call(receiver: ast::Expr, method: &str, arguments: Vec<ast::Expr>) -> ast::Expr {
    let callee = at(ast::ExprKind::Member(Box::new(receiver), property(method)));
    at(ast::ExprKind::Call(Box::new(callee), arguments))
}

fn constant(value: &Value) -> ast::Expr {
    at(match value {
        Value::Undefined => ast::ExprKind::Undefined,
        Value::Null => ast::ExprKind::Null,
        Value::Bool(value) => ast::ExprKind::Bool(*value),
        Value::Number(value) => ast::ExprKind::Number(*value),
        Value::String(text) => ast::ExprKind::String(text.clone()),
        Value::Array(items) => ast::ExprKind::Array(items.iter().map(constant).collect()),
        Value::Object(object) => {
            let entries =
                object.iter().map(|(key, value)| (property(key.as_str().unwrap_or_default()), constant(value)));
            ast::ExprKind::Object(entries.collect())
        }
    })
}
