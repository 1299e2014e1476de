//! Conditions taken apart: `&& || ! ?: ??` between tests that cannot be taken apart further.
//!
//! Comes in: an expression in the position of a condition. Goes out: a [`Formula`] over [`Test`]s.
//! Always true: a test of one path ([`Atom::OfPath`]) depends on nothing but the value at that path, through comparisons
//! with constants, truthiness and `length` only, so that a handful of values stands for all of them. Anything else is
//! [`Atom::Opaque`]: true or false for reasons of its own.

use super::cells::LENGTH_MAX;
use super::content::is_whole;
use crate::model::eval::{Names, eval, operate};
use crate::model::expr::{Binary, Expr, ExprKind, Path, Root, Unary};
use crate::model::{EnvId, NodeId};
use flow_runtime::expr::{Global, Method};
use flow_runtime::value::{Object, Value};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// A condition.
#[derive(Debug, Clone)]
pub enum Formula {
    Known(bool),
    Not(Box<Formula>),
    All(Box<Formula>, Box<Formula>),
    Any(Box<Formula>, Box<Formula>),
    If(Box<[Formula; 3]>),
    /// A node has run.
    Ran(NodeId),
    /// Whenever `reader` runs, `node` has run.
    Precedes {
        node: NodeId,
        reader: NodeId,
    },
    /// By its index in [`Tests::atoms`].
    Atom(usize),
}

/// A condition that is not taken apart.
#[derive(Debug, Clone)]
pub enum Atom<'a> {
    /// `reader`: the node in whose configuration it stands, for the bare `error`.
    OfPath {
        path: &'a Path,
        reader: NodeId,
        /// By its index in [`Tests::all`].
        test: usize,
    },
    Opaque(Opaque<'a>),
}

/// A condition that may be true or false whatever else holds.
#[derive(Debug, Clone)]
pub struct Opaque<'a> {
    pub reader: NodeId,
    /// Evaluating it may end without a value.
    pub may_fault: bool,
    /// Every path it reads is read whenever it is evaluated, and nothing else can be missing.
    pub strict: bool,
    pub paths: Vec<&'a Path>,
    /// Paths that cannot be missing where it is true: `a > b`.
    pub ordered: Vec<&'a Path>,
}

/// Something that is true of a value or not.
#[derive(Debug, Clone)]
pub enum Test<'a> {
    /// The truth of an expression that reads one path.
    Expr(&'a Expr),
    Missing,
    /// `null` or missing: what `??` asks.
    Nullish,
    /// An object: something with fields.
    Object,
    /// Exactly `false`: what sets the error of a request that was answered.
    False,
}

/// All tests of a workflow.
#[derive(Default)]
pub struct Tests<'a> {
    pub atoms: Vec<Atom<'a>>,
    pub all: Vec<Test<'a>>,
    atom_by_key: HashMap<AtomKey<'a>, usize>,
    test_by_key: HashMap<String, usize>,
}

/// What is the same for atoms that mean the same.
#[derive(PartialEq, Eq, Hash)]
enum AtomKey<'a> {
    /// The test by its index. The bare `error` is another one at every node, which is then named.
    OfPath(usize, &'a Path, Option<NodeId>),
    Opaque(Option<NodeId>, String),
}

/// A value compared with a constant.
pub struct Comparison<'a> {
    pub operand: &'a Expr,
    operator: Binary,
    pub constant: &'a Value,
    constant_is_left: bool,
}

impl Comparison<'_> {
    pub fn holds(&self, operand: &Value) -> bool {
        let (left, right) = if self.constant_is_left { (self.constant, operand) } else { (operand, self.constant) };
        operate(self.operator, left, right).truthy()
    }

    /// The same for operands that mean the same.
    pub fn operand_key(&self) -> String {
        let mut key = String::new();
        write_key(self.operand, false, &mut key);
        key
    }
}

impl<'a> Test<'a> {
    /// What the test compares, where it is a comparison with a constant.
    pub fn comparison(&self) -> Option<Comparison<'a>> {
        let Test::Expr(expr) = self else { return None };
        let ExprKind::Binary(operator, left, right) = &expr.kind else { return None };
        if !is_equality(*operator) && !is_ordering(*operator) {
            return None;
        }
        let (operand, constant, constant_is_left) = match (left.as_constant(), right.as_constant()) {
            (None, Some(constant)) => (left, constant, false),
            (Some(constant), None) => (right, constant, true),
            _ => return None,
        };
        Some(Comparison { operand, operator: *operator, constant, constant_is_left })
    }

    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Test::Expr(expr) => value_of(expr, value).is_some_and(|value| value.truthy()),
            Test::Missing => matches!(value, Value::Undefined),
            Test::Nullish => value.is_nullish(),
            Test::Object => matches!(value, Value::Object(_)),
            Test::False => matches!(value, Value::Bool(false)),
        }
    }
}

/// An object of which nothing more is known.
pub fn some_object() -> Value {
    Value::Object(Arc::new(Object::new(Vec::new())))
}

impl<'a> Tests<'a> {
    /// The index of a test, which is kept once.
    pub fn test(&mut self, test: Test<'a>) -> usize {
        let mut key = String::new();
        match &test {
            Test::Expr(expr) => write_key(expr, false, &mut key),
            Test::Missing | Test::Nullish | Test::Object | Test::False => {
                let _ = write!(key, "{test:?}");
            }
        }
        let all = &mut self.all;
        *self.test_by_key.entry(key).or_insert_with(|| {
            all.push(test);
            all.len() - 1
        })
    }

    /// A test of one path as a formula.
    pub fn of_path(&mut self, path: &'a Path, reader: NodeId, test: Test<'a>) -> Formula {
        let test = self.test(test);
        let key = AtomKey::OfPath(test, path, (path.root == Root::Error).then_some(reader));
        let atom = Atom::OfPath { path, reader, test };
        Formula::Atom(self.atom(key, atom))
    }

    /// Whether an expression is true, JavaScript's way. `reader` is the node in whose configuration or behind which it
    /// stands.
    pub fn formula(&mut self, expr: &'a Expr, reader: NodeId) -> Formula {
        match &expr.kind {
            ExprKind::Constant(value) => Formula::Known(value.truthy()),
            ExprKind::Unary(Unary::Not, inner) => Formula::Not(self.formula(inner, reader).into()),
            ExprKind::Global(Global::Boolean, arguments) if arguments.len() == 1 => self.formula(&arguments[0], reader),
            ExprKind::Binary(Binary::And, left, right) => {
                Formula::All(self.formula(left, reader).into(), self.formula(right, reader).into())
            }
            ExprKind::Binary(Binary::Or, left, right) => {
                Formula::Any(self.formula(left, reader).into(), self.formula(right, reader).into())
            }
            ExprKind::Conditional(test, yes, no) => {
                Formula::If(Box::new([test, yes, no].map(|part| self.formula(part, reader))))
            }
            ExprKind::Binary(Binary::Coalesce, left, right) => match &left.kind {
                ExprKind::Path(path) => {
                    let nullish = self.of_path(path, reader, Test::Nullish);
                    Formula::If(Box::new([nullish, self.formula(right, reader), self.formula(left, reader)]))
                }
                _ => self.leaf(expr, reader),
            },
            // `passed == true` of something that is a condition itself.
            ExprKind::Binary(operator, left, right) => {
                let same = match operator {
                    Binary::Equal | Binary::StrictEqual => true,
                    Binary::NotEqual | Binary::StrictNotEqual => false,
                    _ => return self.leaf(expr, reader),
                };
                let (condition, value) = match (left.as_constant(), right.as_constant()) {
                    (None, Some(Value::Bool(value))) => (left, value),
                    (Some(Value::Bool(value)), None) => (right, value),
                    _ => return self.leaf(expr, reader),
                };
                if !is_bool(condition) {
                    return self.leaf(expr, reader);
                }
                let formula = self.formula(condition, reader);
                if *value == same { formula } else { Formula::Not(formula.into()) }
            }
            _ => self.leaf(expr, reader),
        }
    }

    fn leaf(&mut self, expr: &'a Expr, reader: NodeId) -> Formula {
        if let Some(path) = simple_path(expr) {
            return self.of_path(path, reader, Test::Expr(expr));
        }
        let mut key = String::new();
        write_key(expr, true, &mut key);
        let mut opaque = Opaque { reader, may_fault: false, strict: true, paths: Vec::new(), ordered: Vec::new() };
        expr.walk(&mut |part| match &part.kind {
            ExprKind::Path(path) => opaque.paths.push(path),
            ExprKind::Each(..) | ExprKind::Reduce(..) | ExprKind::SortBy(..) | ExprKind::Method(..) => {
                opaque.strict = false;
                opaque.may_fault = true;
            }
            ExprKind::Global(..) => opaque.may_fault = true,
            ExprKind::Binary(Binary::And | Binary::Or | Binary::Coalesce, ..)
            | ExprKind::Conditional(..)
            | ExprKind::Index(..)
            | ExprKind::PreviousOutputs
            | ExprKind::Unknown => opaque.strict = false,
            ExprKind::Member(object, name) => {
                opaque.strict &= name == "length" && matches!(object.kind, ExprKind::Path(_));
            }
            ExprKind::Constant(_)
            | ExprKind::Array(_)
            | ExprKind::Object(_)
            | ExprKind::Text(_)
            | ExprKind::Env(_)
            | ExprKind::Timestamp
            | ExprKind::ExecutionId
            | ExprKind::Parameter(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..) => {}
        });
        if let ExprKind::Binary(operator, left, right) = &expr.kind
            && is_ordering(*operator)
        {
            opaque.ordered = [left, right].into_iter().filter_map(|side| direct_path(side)).collect();
        }
        // The input is the same everywhere; of what nodes give, and of errors, that need not be so.
        let is_of_input = opaque.paths.iter().all(|path| path.root == Root::Input);
        let key = AtomKey::Opaque((!is_of_input).then_some(reader), key);
        Formula::Atom(self.atom(key, Atom::Opaque(opaque)))
    }

    fn atom(&mut self, key: AtomKey<'a>, atom: Atom<'a>) -> usize {
        let atoms = &mut self.atoms;
        *self.atom_by_key.entry(key).or_insert_with(|| {
            atoms.push(atom);
            atoms.len() - 1
        })
    }
}

/// Whether an expression is a boolean whatever it reads.
fn is_bool(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Unary(Unary::Not, _) | ExprKind::Global(Global::Boolean, _) => true,
        ExprKind::Binary(Binary::And | Binary::Or, left, right) => is_bool(left) && is_bool(right),
        ExprKind::Binary(operator, ..) => is_equality(*operator) || is_ordering(*operator),
        _ => false,
    }
}

pub fn is_equality(operator: Binary) -> bool {
    matches!(operator, Binary::Equal | Binary::NotEqual | Binary::StrictEqual | Binary::StrictNotEqual)
}

pub fn is_ordering(operator: Binary) -> bool {
    matches!(operator, Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual)
}

/// The path of an expression whose truth a few values of it decide.
fn simple_path(expr: &Expr) -> Option<&Path> {
    path_tested(expr).filter(|path| !asks_too_much(expr, path))
}

/// Whether a test asks what no sample of the value says: what there is in a whole of which only that it is an object is known,
/// or whether something is longer than any sample.
fn asks_too_much(expr: &Expr, path: &Path) -> bool {
    let is_long = |side: &Expr| matches!(side.as_constant(), Some(Value::Number(number)) if *number > LENGTH_MAX);
    if let ExprKind::Binary(_, left, right) = &expr.kind
        && (has_length(left) && is_long(right) || is_long(left) && has_length(right))
    {
        return true;
    }
    is_whole(path) && asks_content(expr)
}

/// Whether a test asks more of an object than that it is one.
fn asks_content(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(value) => matches!(value, Value::Object(_) | Value::Array(_)),
        ExprKind::Member(..) => true,
        // A list of scalars holds none.
        ExprKind::Method(list, Method::Includes, arguments) => {
            let is_scalar = |item: &Value| !matches!(item, Value::Object(_) | Value::Array(_));
            let of_scalars = matches!(list.as_constant(), Some(Value::Array(items)) if items.iter().all(is_scalar));
            !of_scalars || arguments.iter().any(asks_content)
        }
        _ => expr.children().into_iter().any(asks_content),
    }
}

/// Whether an expression is the length of something, or a default for it.
pub fn has_length(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Member(_, name) => name == "length",
        ExprKind::Binary(Binary::Or | Binary::And | Binary::Coalesce, left, _) => has_length(left),
        _ => false,
    }
}

/// The one path of an expression that compares it with constants.
fn path_tested(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Binary(operator, left, right) if is_equality(*operator) || is_ordering(*operator) => {
            match (left.as_constant(), right.as_constant()) {
                (None, Some(_)) => operand(left),
                (Some(_), None) => operand(right),
                _ => None,
            }
        }
        ExprKind::Method(list, Method::Includes, arguments) if arguments.len() == 1 => {
            matches!(list.as_constant(), Some(Value::Array(_))).then(|| operand(&arguments[0]))?
        }
        _ => operand(expr),
    }
}

/// `a.b`, `a.b.length`, `a.b || "default"`.
fn operand(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Binary(Binary::Or | Binary::Coalesce | Binary::And, left, right) if right.as_constant().is_some() => {
            direct_path(left)
        }
        _ => direct_path(expr),
    }
}

/// `a.b` or `a.b.length`.
fn direct_path(expr: &Expr) -> Option<&Path> {
    match &expr.kind {
        ExprKind::Path(path) => Some(path),
        ExprKind::Member(object, name) if name == "length" => match &object.kind {
            ExprKind::Path(path) => Some(path),
            _ => None,
        },
        _ => None,
    }
}

/// The value of an expression that reads one path, where this stands there.
pub fn value_of(expr: &Expr, at_path: &Value) -> Option<Value> {
    eval(expr, &One(at_path)).ok()
}

/// Every path has this value.
struct One<'a>(&'a Value);

impl Names for One<'_> {
    fn path(&self, _: &Path) -> Value {
        self.0.clone()
    }
    fn env(&self, _: EnvId) -> Value {
        Value::Undefined
    }
    fn timestamp(&self) -> Value {
        Value::Undefined
    }
    fn execution_id(&self) -> Value {
        Value::Undefined
    }
    fn previous_outputs(&self) -> Value {
        Value::Undefined
    }
}

/// Text that is the same for expressions that mean the same, wherever they stand.
fn write_key(expr: &Expr, with_path: bool, key: &mut String) {
    let _ = match &expr.kind {
        ExprKind::Constant(value) => write!(key, "{value:?}"),
        ExprKind::Path(path) if with_path => write!(key, "{path:?}"),
        ExprKind::Path(_) => write!(key, "_"),
        ExprKind::Env(variable) => write!(key, "{variable:?}"),
        // Another moment in every node.
        ExprKind::Timestamp => write!(key, "timestamp {:?}", expr.span),
        ExprKind::ExecutionId => write!(key, "id"),
        ExprKind::PreviousOutputs => write!(key, "outputs {:?}", expr.span),
        ExprKind::Unknown => write!(key, "unknown {:?}", expr.span),
        ExprKind::Parameter(parameter) => write!(key, "parameter {}", parameter.number),
        ExprKind::Array(_) => write!(key, "array"),
        ExprKind::Object(fields) => write!(key, "object{:?}", fields.iter().map(|(name, _)| name).collect::<Vec<_>>()),
        ExprKind::Text(_) => write!(key, "text"),
        ExprKind::Member(_, name) => write!(key, "member {name:?}"),
        ExprKind::Index(..) => write!(key, "index"),
        ExprKind::Method(_, method, _) => write!(key, "method {method:?}"),
        ExprKind::Each(_, method, arrow) => write!(key, "each {method:?} {:?}", numbers(arrow)),
        ExprKind::Reduce(_, arrow, _) => write!(key, "reduce {:?}", numbers(arrow)),
        ExprKind::SortBy(_, arrow) => write!(key, "sort {:?}", numbers(arrow)),
        ExprKind::Global(global, _) => write!(key, "global {global:?}"),
        ExprKind::Unary(operator, _) => write!(key, "{operator:?}"),
        ExprKind::Binary(operator, ..) => write!(key, "{operator:?}"),
        ExprKind::Conditional(..) => write!(key, "if"),
    };
    key.push('(');
    for child in expr.children() {
        write_key(child, with_path, key);
        key.push(',');
    }
    key.push(')');
}

fn numbers(arrow: &crate::model::expr::Arrow) -> Vec<usize> {
    arrow.parameters.iter().map(|parameter| parameter.number).collect()
}
