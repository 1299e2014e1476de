//! What the value of an expression may carry.
//!
//! Each case follows `model::eval`. What an operator's value only depends on (a comparison, a length, a test, an order) is
//! not carried; what it is made of is.

use super::carried::{Carried, Mode};
use super::place::{Places, Root};
use crate::model::expr::{self, Arrow, Binary, Expr, ExprKind, Made, Path, Unary};
use crate::model::{Piece, Text, Tree};
use crate::source::Span;
use flow_runtime::expr::{EachMethod, Global, Method};
use flow_runtime::value::Value;
use std::rc::Rc;

/// As many characters of a text may be shown: the last four of a card number, an initial.
const SHOWN_MAX: f64 = 4.0;

/// Inside so many `reduce` the next one is taken as a whole: each is followed twice.
const REDUCES_MAX: usize = 3;

/// Follows expressions at one place of a workflow.
pub(super) struct Reader<'a> {
    pub places: &'a mut Places,
    /// The envelopes, by node.
    pub outputs: &'a [Carried],
    /// The bare `error`.
    pub error: &'a Carried,
    pub bound: Vec<(usize, Rc<Carried>)>,
    pub reduces: usize,
}

impl<'a> Reader<'a> {
    pub fn new(places: &'a mut Places, outputs: &'a [Carried], error: &'a Carried) -> Reader<'a> {
        Reader { places, outputs, error, bound: Vec::new(), reduces: 0 }
    }

    /// With `item` bound.
    pub fn with_item(mut self, item: Carried) -> Reader<'a> {
        self.bound.push((0, Rc::new(item)));
        self
    }

    pub fn mixed(&mut self, text: &Text) -> Carried {
        let pieces = text.pieces.iter().filter_map(|piece| match piece {
            Piece::Expr(expr) => Some(self.expr(expr)),
            Piece::Literal(_) => None,
        });
        Carried::all(pieces).text()
    }

    /// JSON with templates in it, as a value.
    pub fn tree(&mut self, tree: &Tree) -> Carried {
        match tree {
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => Carried::default(),
            Tree::Text(text) => self.mixed(text),
            Tree::Whole(expr) => self.expr(expr),
            Tree::Array(items) => Carried::array(Carried::all(items.iter().map(|item| self.tree(item)))),
            Tree::Object(fields) => {
                Carried::object(fields.iter().map(|(name, value)| (name.clone(), self.tree(value))))
            }
        }
    }

    pub fn expr(&mut self, expr: &Expr) -> Carried {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Constant(_) | ExprKind::Timestamp | ExprKind::ExecutionId | ExprKind::Unknown => {
                Carried::default()
            }
            ExprKind::Array(items) => Carried::array(self.joined(items)),
            ExprKind::Object(fields) => {
                Carried::object(fields.iter().map(|(name, value)| (name.clone(), self.expr(value))))
            }
            ExprKind::Text(parts) => self.joined(parts).text(),
            ExprKind::Path(path) => self.path(path, span),
            ExprKind::Env(variable) => self.whole(Root::Variable(*variable), Mode::Text, span),
            ExprKind::PreviousOutputs => self.whole(Root::Outputs, Mode::Made, span),
            ExprKind::Parameter(parameter) => (*self.parameter(parameter.number)).clone(),
            ExprKind::Member(object, name) => {
                let object = match &object.kind {
                    ExprKind::Parameter(parameter) => self.parameter(parameter.number),
                    _ => Rc::new(self.expr(object)),
                };
                object.member(self.places, name, Some(span))
            }
            ExprKind::Index(object, index) => {
                let object = self.expr(object);
                self.expr(index);
                let masked = if index.as_constant().is_some() { object.masked(self.places) } else { object };
                masked.element(self.places)
            }
            ExprKind::Method(receiver, method, arguments) => {
                let receiver = self.expr(receiver);
                let values: Vec<Carried> = arguments.iter().map(|argument| self.expr(argument)).collect();
                self.method(receiver, *method, arguments, values)
            }
            ExprKind::Each(receiver, method, arrow) => {
                let receiver = self.expr(receiver);
                self.each(receiver, *method, arrow)
            }
            ExprKind::Reduce(receiver, arrow, initial) => {
                let receiver = self.expr(receiver);
                let initial = initial.as_ref().map(|initial| self.expr(initial));
                self.reduce(receiver, arrow, initial)
            }
            // Arrows of `sort` only compare.
            ExprKind::SortBy(receiver, arrow) => {
                let receiver = self.expr(receiver);
                let element = receiver.element(self.places);
                self.apply(arrow, [element.clone(), element]);
                receiver
            }
            ExprKind::Global(global, arguments) => {
                let values: Vec<Carried> = arguments.iter().map(|argument| self.expr(argument)).collect();
                self.global(*global, values)
            }
            ExprKind::Unary(Unary::Not, operand) => {
                self.expr(operand);
                Carried::default()
            }
            ExprKind::Unary(Unary::Minus | Unary::Plus, operand) => self.expr(operand).text(),
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Conditional(test, yes, no) => {
                self.expr(test);
                self.expr(yes).or(self.expr(no))
            }
        }
    }

    fn joined(&mut self, exprs: &[Expr]) -> Carried {
        Carried::all(exprs.iter().map(|expr| self.expr(expr)))
    }

    fn whole(&mut self, root: Root, mode: Mode, span: Span) -> Carried {
        let id = self.places.root(root);
        self.places.read(id, span);
        Carried::place(id, mode, span)
    }

    fn parameter(&self, number: usize) -> Rc<Carried> {
        let bound = self.bound.iter().rev().find(|(bound, _)| *bound == number);
        bound.map(|(_, value)| Rc::clone(value)).unwrap_or_default()
    }

    fn path(&mut self, path: &Path, span: Span) -> Carried {
        let input;
        let root = match path.root {
            expr::Root::Input => {
                input = Carried::place(self.places.root(Root::Input), Mode::Is, span);
                &input
            }
            expr::Root::Output(node) => &self.outputs[node.0],
            expr::Root::Error => self.error,
        };
        let Some((last, steps)) = path.steps.split_last() else {
            let mut whole = root.clone();
            whole.atoms.keys().for_each(|id| self.places.read(*id, span));
            whole.read_here(span);
            return whole;
        };
        let mut value = None;
        for step in steps {
            value = Some(value.as_ref().unwrap_or(root).member(self.places, step, None));
        }
        let mut value = value.as_ref().unwrap_or(root).member(self.places, last, Some(span));
        value.read_here(span);
        value
    }

    fn method(&mut self, receiver: Carried, method: Method, arguments: &[Expr], values: Vec<Carried>) -> Carried {
        let number = |at: usize| match arguments.get(at).map(Expr::as_constant) {
            Some(Some(Value::Number(number))) => Some(*number),
            _ => None,
        };
        match method {
            Method::EndsWith | Method::Includes | Method::IndexOf | Method::LastIndexOf | Method::StartsWith => {
                Carried::default()
            }
            Method::At => {
                let receiver = if number(0).is_some() { receiver.masked(self.places) } else { receiver };
                receiver.element(self.places)
            }
            Method::CharAt => match number(0) {
                Some(_) => receiver.text().masked(self.places),
                None => receiver.text(),
            },
            Method::Concat => {
                let arguments = Carried::all(values);
                let elements = arguments.element(self.places).or(arguments.clone());
                receiver.or(arguments).or(Carried::array(elements))
            }
            Method::Flat => {
                let elements = match arguments {
                    [] => receiver.element(self.places),
                    _ => receiver.clone().made(),
                };
                let inner = elements.element(self.places);
                Carried::array(elements.or(inner))
            }
            Method::Join
            | Method::PadEnd
            | Method::PadStart
            | Method::Repeat
            | Method::Replace
            | Method::ReplaceAll
            | Method::ToFixed
            | Method::ToLowerCase
            | Method::ToString
            | Method::ToUpperCase
            | Method::Trim
            | Method::TrimEnd
            | Method::TrimStart => receiver.or(Carried::all(values)).text(),
            Method::Reverse | Method::Sort => receiver,
            Method::Slice => match shows_little(number(0), number(1), arguments.len()) {
                true => receiver.masked(self.places),
                false => receiver,
            },
            Method::Substring => match (number(0), number(1)) {
                (Some(start), Some(end)) if (start - end).abs() <= SHOWN_MAX => receiver.text().masked(self.places),
                _ => receiver.text(),
            },
            Method::Split => Carried::array(receiver.text()),
        }
    }

    fn each(&mut self, receiver: Carried, method: EachMethod, arrow: &Arrow) -> Carried {
        let element = receiver.element(self.places);
        let body = self.apply(arrow, [element.clone(), Carried::default(), receiver.clone()]);
        match method {
            EachMethod::Every | EachMethod::FindIndex | EachMethod::Some => Carried::default(),
            EachMethod::Filter => receiver,
            EachMethod::Find => element,
            EachMethod::FlatMap => {
                let inner = body.element(self.places);
                Carried::array(body.or(inner))
            }
            EachMethod::Map => Carried::array(body),
        }
    }

    /// What the arrow adds does not depend on what it was given, and all else it has from there: two rounds say it all.
    fn reduce(&mut self, receiver: Carried, arrow: &Arrow, initial: Option<Carried>) -> Carried {
        let element = receiver.element(self.places);
        let start = initial.unwrap_or_else(|| element.clone());
        let rest = [element.clone(), Carried::default(), receiver.clone()];
        let added = if self.reduces < REDUCES_MAX {
            self.reduces += 1;
            let [element, index, all] = rest.clone();
            let added = self.apply(arrow, [Carried::default(), element, index, all]);
            self.reduces -= 1;
            added
        } else {
            self.everything_in(&arrow.body).or(receiver)
        };
        let so_far = start.clone().or(added).made();
        let [element, index, all] = rest;
        start.or(self.apply(arrow, [so_far, element, index, all]))
    }

    /// Whatever is read anywhere in an expression.
    fn everything_in(&mut self, expr: &Expr) -> Carried {
        let mut read = Vec::new();
        expr.walk(&mut |part| {
            if matches!(
                part.kind,
                ExprKind::Path(_) | ExprKind::Env(_) | ExprKind::PreviousOutputs | ExprKind::Parameter(_)
            ) {
                read.push(part);
            }
        });
        Carried::all(read.into_iter().map(|part| self.expr(part))).made()
    }

    fn apply<const N: usize>(&mut self, arrow: &Arrow, arguments: [Carried; N]) -> Carried {
        let outer = self.bound.len();
        for (parameter, argument) in arrow.parameters.iter().zip(arguments) {
            self.bound.push((parameter.number, Rc::new(argument)));
        }
        let body = self.expr(&arrow.body);
        self.bound.truncate(outer);
        body
    }

    fn global(&mut self, global: Global, values: Vec<Carried>) -> Carried {
        let all = Carried::all(values);
        match global {
            Global::Boolean => Carried::default(),
            Global::JsonParse => all.made(),
            Global::ObjectEntries => {
                let element = all.element(self.places);
                Carried::array(Carried::array(all.keys().or(element)))
            }
            Global::ObjectKeys => Carried::array(all.keys()),
            Global::ObjectValues => Carried::array(all.element(self.places)),
            // Text, or a number that numbers were made into.
            _ => all.text(),
        }
    }

    fn binary(&mut self, operator: Binary, left: &Expr, right: &Expr) -> Carried {
        match expr::made(operator) {
            Made::OfBoth => {
                // Long sums hang to the left: one step for all of them.
                let mut operands = self.expr(right);
                let mut rest = left;
                while let ExprKind::Binary(Binary::Add | Binary::Subtract, left, right) = &rest.kind {
                    operands.join(self.expr(right));
                    rest = left;
                }
                operands.or(self.expr(rest)).text()
            }
            Made::OfNothing => {
                self.expr(left);
                self.expr(right);
                Carried::default()
            }
            Made::OfRight => {
                self.expr(left);
                self.expr(right)
            }
            Made::OfEither => self.expr(left).or(self.expr(right)),
        }
    }
}

/// `.slice(-4)`, `.slice(0, 2)`.
fn shows_little(start: Option<f64>, end: Option<f64>, arguments: usize) -> bool {
    match (start, end) {
        (Some(start), None) => arguments == 1 && (-SHOWN_MAX..0.0).contains(&start),
        (Some(start), Some(end)) if (start < 0.0) == (end < 0.0) => end - start <= SHOWN_MAX,
        _ => false,
    }
}
