//! Tests that do not ask what they were meant to: every value there is, a place that is true for nowhere, letters that were made
//! small compared with capitals.

use super::infer::Typing;
use super::messages::named;
use super::narrow::{Reference, reference};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::expr::{Binary, Expr, ExprKind};
use flow_runtime::expr::{EachMethod, Global, Method, global};
use flow_runtime::value::Value;

impl Typing<'_> {
    /// `kind == "a" || kind == "b"`, where there is no other value.
    pub(super) fn asks_for_every_value(&mut self, condition: &Expr) {
        match &condition.kind {
            ExprKind::Binary(Binary::And, left, right) => {
                self.asks_for_every_value(left);
                self.asks_for_every_value(right);
            }
            ExprKind::Binary(Binary::Or, ..) if are_equalities(condition) && self.exhausts(condition) => {
                self.report(always_true(condition));
            }
            _ => {}
        }
    }

    /// Whether nothing is left of the value that is asked about first where this is false.
    fn exhausts(&mut self, condition: &Expr) -> bool {
        let subject = first_subject(condition);
        // Where nobody knows what may be skipped, it may be missing.
        if self.names.knowledge.is_none() && !subject.nodes_read().is_empty() {
            return false;
        }
        let [before, left] = self.silently(|typing| [typing.infer(subject), typing.under(condition, false, subject)]);
        !before.is_json() && !before.is_never() && left.is_never()
    }

    /// `kind != "a" || kind != "b"`, `kind == "a" && kind == "b"`: of the two words the other was meant. Whether that was reported.
    pub(super) fn of_other_word(&mut self, operator: Binary, left: &Expr, right: &Expr) -> bool {
        let equal = operator == Binary::And;
        let (Some(one), Some(other)) = (comparison(left, equal), comparison(right, equal)) else { return false };
        if one.subject != other.subject || !are_apart(&one, &other) {
            return false;
        }
        let found = other_word(self, (equal, left, right), &one, &other);
        self.report(found);
        true
    }

    /// `kind.toUpperCase() == "a"`. Whether that was reported.
    pub(super) fn of_other_letters(&mut self, equal: bool, left: &Expr, right: &Expr) -> bool {
        for (changed, text) in [(left, right), (right, left)] {
            if let Some(letters) = only_letters(changed, text) {
                let found = never_of_these_letters(self, equal, letters, changed, text);
                self.report(found);
                return true;
            }
        }
        false
    }

    /// `s.indexOf("x")` where only counts whether it is true. What stands left of `&&`, behind `!` and in front of `?` is looked at
    /// where its type is found out.
    pub(super) fn position_as_truth(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(Binary::And, _, right) => self.position_as_truth(right),
            ExprKind::Binary(Binary::Or, left, right) => {
                self.position_as_truth(left);
                self.position_as_truth(right);
            }
            ExprKind::Method(_, Method::IndexOf | Method::LastIndexOf, _) => {
                let found = position(self, expr, "to ask whether it is there at all, write `includes` in place of it");
                self.report(found);
            }
            ExprKind::Each(_, EachMethod::FindIndex, _) => {
                let found = position(self, expr, "to ask whether there is one at all, write `some` in place of it");
                self.report(found);
            }
            _ => {}
        }
    }
}

/// `kind == "a"`: a value that has a name, and the one it is compared with.
struct Comparison<'a> {
    strict: bool,
    named: &'a Expr,
    subject: Reference,
    constant: &'a Expr,
    value: &'a Value,
}

fn comparison(expr: &Expr, equal: bool) -> Option<Comparison<'_>> {
    let ExprKind::Binary(operator, left, right) = &expr.kind else { return None };
    let strict = match (operator, equal) {
        (Binary::Equal, true) | (Binary::NotEqual, false) => false,
        (Binary::StrictEqual, true) | (Binary::StrictNotEqual, false) => true,
        _ => return None,
    };
    let (named, constant) = if left.as_constant().is_some() { (right, left) } else { (left, right) };
    Some(Comparison { strict, named, subject: reference(named)?, constant, value: constant.as_constant()? })
}

/// Whether no value equals both constants.
fn are_apart(one: &Comparison, other: &Comparison) -> bool {
    match (one.value, other.value) {
        // A number equals both `"1"` and `"01"`, if it is not asked for strictly.
        (Value::String(text), Value::String(same)) => {
            let [number, other_number] = [one.value, other.value].map(as_number);
            text != same && (one.strict || other.strict || number.is_none() || number != other_number)
        }
        (Value::Number(one), Value::Number(other)) => one != other,
        (Value::Bool(one), Value::Bool(other)) => one != other,
        (Value::Null, Value::Undefined) | (Value::Undefined, Value::Null) => one.strict && other.strict,
        _ => false,
    }
}

/// The number that a loose comparison takes a text for.
fn as_number(text: &Value) -> Option<f64> {
    match global(Global::Number, std::slice::from_ref(text)) {
        Ok(Value::Number(number)) if !number.is_nan() => Some(number),
        _ => None,
    }
}

/// Whether all alternatives compare something with a constant.
fn are_equalities(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Binary(Binary::Or, left, right) => are_equalities(left) && are_equalities(right),
        ExprKind::Binary(Binary::Equal | Binary::StrictEqual, left, right) => {
            left.as_constant().is_some() != right.as_constant().is_some()
        }
        _ => false,
    }
}

/// Of `kind == "a" || …` it is `kind`.
fn first_subject(alternatives: &Expr) -> &Expr {
    match &alternatives.kind {
        ExprKind::Binary(Binary::Or, left, _) => first_subject(left),
        ExprKind::Binary(_, left, right) if left.as_constant().is_some() => right,
        ExprKind::Binary(_, left, _) => left,
        _ => alternatives,
    }
}

/// The letters that a text has where it is compared with one that has others.
fn only_letters(changed: &Expr, text: &Expr) -> Option<&'static str> {
    let Some(Value::String(text)) = text.as_constant() else { return None };
    let text = text.to_well_formed();
    match &changed.kind {
        ExprKind::Method(_, Method::ToUpperCase, _) if text.contains(|char: char| char.is_ascii_lowercase()) => {
            Some("capitals")
        }
        ExprKind::Method(_, Method::ToLowerCase, _) if text.contains(|char: char| char.is_ascii_uppercase()) => {
            Some("small letters")
        }
        _ => None,
    }
}

fn never_of_these_letters(typing: &Typing, equal: bool, letters: &str, changed: &Expr, text: &Expr) -> Diagnostic {
    let [text_name, changed_name] = [text, changed].map(|expr| named(typing, expr));
    let headline = match equal {
        true => format!("{changed_name} is never {text_name}"),
        false => format!("{changed_name} is always something else than {text_name}"),
    };
    Diagnostic::new(Code::NeverEqual, text.span, headline)
        .label(if equal { "never equal" } else { "always different" })
        .also(changed.span, format!("has only {letters}"))
        .help(format!("write the text in {letters}, too"))
}

fn other_word(
    typing: &Typing,
    (equal, left, right): (bool, &Expr, &Expr),
    one: &Comparison,
    other: &Comparison,
) -> Diagnostic {
    let [first, second] = [one, other].map(|comparison| typing.written(comparison.constant.span));
    let subject = named(typing, one.named);
    let (headline, label, word) = match equal {
        true => (format!("{subject} cannot be {first} and {second} at once"), "never true", "||"),
        false => (format!("{subject} is not {first} or is not {second}, whatever it is"), "always true", "&&"),
    };
    Diagnostic::new(Code::NeverEqual, left.span.to(right.span), headline)
        .label(label)
        .help(format!("did you mean `{word}` between the two?"))
}

fn always_true(condition: &Expr) -> Diagnostic {
    Diagnostic::new(Code::ConstantCondition, condition.span, "this is always true: there is no other value")
        .label("always true")
        .help("ask for fewer values, or leave this out")
}

fn position(typing: &Typing, expr: &Expr, help: &str) -> Diagnostic {
    let headline =
        format!("{} is a position: true where there is none (-1), and false for the first (0)", named(typing, expr));
    Diagnostic::new(Code::PositionAsCondition, expr.span, headline).label("a number, not yes or no").help(help)
}
