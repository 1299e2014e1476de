//! What holds where an expression is true, or false: `x && x.y`, `x ? x.y : 0`, `x.length > 0 && x[0]`.
//!
//! Always true: only what is certain is said. A test that says nothing about a value that has a name gives no fact.

use crate::model::expr::{Binary, Expr, ExprKind, Root, Unary};
use crate::model::ty::{Literal, Step, Test, Type};
use flow_runtime::expr::{Global, Method};
use flow_runtime::value::Value;
use std::rc::Rc;

/// What both sides of an `||` say of presence, value by value: so much is kept of each side.
const PRESENT_MAX: usize = 4;

/// A value that has a name: a path, or a part of an arrow's parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Reference {
    pub(super) root: Origin,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Path(Root),
    Parameter(usize),
    /// Some of these values, nobody knows which: what holds, holds for at least one of them.
    OneOf(Rc<[Reference]>),
}

/// Something that holds for a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    pub(super) about: Reference,
    pub(super) test: Test,
}

/// The name of a value, if it has one.
pub(super) fn reference(expr: &Expr) -> Option<Reference> {
    match &expr.kind {
        ExprKind::Path(path) => Some(Reference {
            root: Origin::Path(path.root),
            steps: path.steps.iter().cloned().map(Step::Field).collect(),
        }),
        ExprKind::Parameter(parameter) => {
            Some(Reference { root: Origin::Parameter(parameter.number), steps: Vec::new() })
        }
        ExprKind::Member(object, name) => {
            let mut reference = reference(object)?;
            reference.steps.push(Step::Field(name.clone()));
            Some(reference)
        }
        ExprKind::Index(object, index) => {
            let index = position(index)?;
            let mut reference = reference(object)?;
            reference.steps.push(Step::Element(index));
            Some(reference)
        }
        _ => None,
    }
}

/// A constant position in an array.
pub(super) fn position(index: &Expr) -> Option<usize> {
    match index.as_constant()? {
        Value::Number(number) if *number >= 0.0 && *number < 1e6 && number.fract() == 0.0 => Some(*number as usize),
        _ => None,
    }
}

/// How far from the end an index leads: 1 for `list[list.length - 1]`.
pub(super) fn from_end(list: &Expr, index: &Expr) -> Option<usize> {
    let ExprKind::Binary(Binary::Subtract, length, distance) = &index.kind else { return None };
    let distance = position(distance).filter(|distance| *distance > 0)?;
    let mut measured = reference(length)?;
    (measured.steps.pop()? == Step::Field("length".into()) && measured == reference(list)?).then_some(distance)
}

/// What holds where the expression is true (or, when `holds` is false, where it is not).
pub(super) fn facts(expr: &Expr, holds: bool) -> Vec<Fact> {
    match &expr.kind {
        ExprKind::Unary(Unary::Not, inner) => facts(inner, !holds),
        ExprKind::Global(Global::Boolean, arguments) if arguments.len() == 1 => facts(&arguments[0], holds),
        ExprKind::Binary(Binary::And, left, right) => both_or_either(left, right, holds, true),
        ExprKind::Binary(Binary::Or, left, right) => both_or_either(left, right, holds, false),
        ExprKind::Binary(Binary::Coalesce, ..) => truth(expr, holds),
        ExprKind::Binary(operator, left, right) => comparison(*operator, left, right, holds),
        ExprKind::Method(list, Method::Includes, arguments) if holds && arguments.len() == 1 => {
            one_of(list, &arguments[0])
        }
        _ => truth(expr, holds),
    }
}

fn truth(expr: &Expr, holds: bool) -> Vec<Fact> {
    let test = if holds { Test::Truthy } else { Test::Falsy };
    subject(expr).map(|about| Fact { about, test }).into_iter().collect()
}

/// What a test of this value is about: a value that has a name, or, of `a ?? b` and `a || b`, one of several.
fn subject(expr: &Expr) -> Option<Reference> {
    let ExprKind::Binary(Binary::Coalesce | Binary::Or, left, right) = &expr.kind else { return reference(expr) };
    Some(Reference::one_of([subject(left)?.parts(), subject(right)?.parts()].concat()))
}

impl Reference {
    fn one_of(parts: Vec<Reference>) -> Reference {
        Reference { root: Origin::OneOf(parts.into()), steps: Vec::new() }
    }

    /// Of several values each; else the value itself.
    pub(super) fn parts(&self) -> &[Reference] {
        match &self.root {
            Origin::OneOf(parts) => parts,
            Origin::Path(_) | Origin::Parameter(_) => std::slice::from_ref(self),
        }
    }

    /// With each of its parts changed, if all of them can be.
    pub(super) fn each(&self, change: impl Fn(&Reference) -> Option<Reference>) -> Option<Reference> {
        match &self.root {
            Origin::OneOf(parts) => Some(Reference::one_of(parts.iter().map(change).collect::<Option<_>>()?)),
            Origin::Path(_) | Origin::Parameter(_) => change(self),
        }
    }
}

impl Fact {
    /// Whether it holds for one of several values.
    pub(super) fn is_choice(&self) -> bool {
        matches!(self.about.root, Origin::OneOf(_))
    }
}

/// What holds where `expr ?? …` goes on to what stands behind it.
pub(super) fn nullish(expr: &Expr) -> Vec<Fact> {
    match &expr.kind {
        ExprKind::Binary(Binary::Coalesce, left, right) => [nullish(left), nullish(right)].concat(),
        _ => reference(expr).map(|about| Fact { about, test: Test::Nullish }).into_iter().collect(),
    }
}

/// `a && b` where it is true: both are. Where `a || b` is true, one of them is: what either says of the same value holds,
/// and where each says that some value is there, one of these values is.
fn both_or_either(left: &Expr, right: &Expr, holds: bool, and: bool) -> Vec<Fact> {
    let (mut left, right) = (facts(left, holds), facts(right, holds));
    if holds == and {
        left.extend(right);
        return left;
    }
    let mut either = Vec::new();
    // What holds for one of several values need not hold for the same one as another fact.
    for fact in left.iter().filter(|fact| !fact.is_choice()) {
        let others = right.iter().filter(|other| other.about == fact.about).map(|other| other.test.clone());
        let tests: Vec<Test> = others.collect();
        if !tests.is_empty() && !either.iter().any(|known: &Fact| known.about == fact.about) {
            let mine = left.iter().filter(|other| other.about == fact.about).map(|other| other.test.clone());
            let test = Test::Any(vec![Test::All(mine.collect()), Test::All(tests)]);
            either.push(Fact { about: fact.about.clone(), test });
        }
    }
    for (one, test) in left.iter().filter_map(presence).take(PRESENT_MAX) {
        for (other, other_test) in right.iter().filter_map(presence).take(PRESENT_MAX) {
            if one != other {
                let test = if test == other_test { test.clone() } else { Test::NotNullish };
                either.push(Fact { about: Reference::one_of([one.parts(), other.parts()].concat()), test });
            }
        }
    }
    either
}

/// Of which value a fact says that it is there, and whether it counts as true.
fn presence(fact: &Fact) -> Option<(Reference, Test)> {
    let test = match fact.test {
        Test::Truthy => Test::Truthy,
        Test::NotNullish | Test::Equals { .. } => Test::NotNullish,
        _ => return None,
    };
    Some((fact.about.clone(), test))
}

fn comparison(operator: Binary, left: &Expr, right: &Expr, holds: bool) -> Vec<Fact> {
    use Binary::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, StrictEqual, StrictNotEqual};
    match operator {
        Equal | StrictEqual | NotEqual | StrictNotEqual => {
            let equal = matches!(operator, Equal | StrictEqual) == holds;
            let strict = matches!(operator, StrictEqual | StrictNotEqual);
            let of = |value: &Expr, constant: &Expr| {
                let test = equality(constant.as_constant()?, equal, strict)?;
                Some(Fact { about: subject(value)?, test })
            };
            of(left, right).or_else(|| of(right, left)).into_iter().collect()
        }
        Less | LessOrEqual | Greater | GreaterOrEqual => {
            let above = matches!(operator, Greater | GreaterOrEqual);
            let or_equal = matches!(operator, LessOrEqual | GreaterOrEqual);
            let of = |value: &Expr, other: &Expr, above: bool| {
                let test = match other.as_constant() {
                    Some(Value::Number(than)) => match (above, holds) {
                        (true, true) => Test::Above { than: *than, or_equal },
                        (true, false) => Test::NotAbove { than: *than, or_equal },
                        (false, true) => Test::Below { than: *than, or_equal },
                        (false, false) => Test::NotBelow { than: *than, or_equal },
                    },
                    _ if holds => Test::Ordered,
                    // Either may have been missing.
                    _ => return None,
                };
                Some(Fact { about: subject(value)?, test })
            };
            of(left, right, above).into_iter().chain(of(right, left, !above)).collect()
        }
        _ => Vec::new(),
    }
}

fn equality(constant: &Value, equal: bool, strict: bool) -> Option<Test> {
    Some(match (constant, equal, strict) {
        (Value::Undefined, true, true) => Test::Missing,
        (Value::Undefined, false, true) => Test::NotMissing,
        (Value::Null, true, true) => Test::Null,
        (Value::Null, false, true) => Test::NotNull,
        (Value::Undefined | Value::Null, true, false) => Test::Nullish,
        (Value::Undefined | Value::Null, false, false) => Test::NotNullish,
        (value, true, strict) => Test::Equals { value: Literal::of(value)?, strict },
        (value, false, strict) => Test::Differs { value: Literal::of(value)?, strict },
    })
}

/// `["a", "b"].includes(x)`
fn one_of(list: &Expr, value: &Expr) -> Vec<Fact> {
    let values: Option<Vec<Literal>> = match &list.kind {
        ExprKind::Constant(Value::Array(items)) => items.iter().map(Literal::of).collect(),
        _ => None,
    };
    match (values, reference(value)) {
        (Some(values), Some(about)) => {
            let tests = values.into_iter().map(|value| Test::Equals { value, strict: true }).collect();
            vec![Fact { about, test: Test::Any(tests) }]
        }
        _ => Vec::new(),
    }
}

/// The type of a value of which these facts hold, given the type of the value that its name begins with.
pub(super) fn assume<'f>(mut ty: Type, origin: &Origin, facts: impl Iterator<Item = &'f Fact>) -> Type {
    for fact in facts.filter(|fact| fact.about.root == *origin) {
        ty = ty.assuming(&fact.about.steps, &fact.test);
    }
    ty
}
