//! `reduce`: the type of what is handed on from one element to the next.
//!
//! Always true: the type holds what every round gives, or is `json`.

use super::infer::Typing;
use super::messages;
use super::narrow::{self, Origin};
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::model::expr::{Arrow, Binary, Expr, ExprKind};
use crate::model::ty::{Field, Literal, Rest, Step, Type};
use flow_runtime::value::Value;

/// How often the type of what `reduce` hands on may grow before it counts as `json`.
const ROUNDS_MAX: usize = 4;

/// What a `reduce` hands on that lies deeper inside others is `json`.
const NESTED_MAX: usize = 3;

impl Typing<'_> {
    pub(super) fn reduce(&mut self, expr: &Expr, receiver: &Expr, arrow: &Arrow, initial: Option<&Expr>) -> Type {
        let Some(((item, least), others)) = self.array(expr, receiver, "reduce") else { return Type::Json };
        let array = Type::array(item.clone(), least);
        let mut handed_on = match initial {
            // A field that it lacks is missing in the first round, and may be there in the others.
            Some(initial) => grows(&self.infer(initial)),
            None => item.clone(),
        };
        if initial.is_none() && self.reads_a_field_of_the_sum(arrow) {
            return Type::Json;
        }
        if initial.is_none() && least == 0 && !item.is_json() && !item.is_never() {
            self.report(messages::reduce_of_nothing(self, expr, receiver));
        }
        if let Some(found) = self.digits_in_a_row(arrow, initial, &item) {
            self.report(found);
            return Type::Json;
        }
        self.reduces += 1;
        let mut stable = handed_on.is_json();
        // Each round looks at the whole body, and so at every `reduce` in it as often.
        let rounds = if self.reduces > NESTED_MAX { 0 } else { ROUNDS_MAX };
        for round in 0..rounds {
            if stable {
                break;
            }
            let found = self.found.len();
            let given = self.arrow(arrow, &[handed_on.clone(), item.clone(), Type::Number, array.clone()]);
            let said = self.found.split_off(found);
            // From the first element on the sum would be text: what comes of that says nothing any more.
            // The first round is as it is seen here: what is missing then, is.
            let first = initial.filter(|_| round == 0);
            let of_sum = said.into_iter().filter_map(|found| match found.code {
                Code::NumberAddedToText => is_added(arrow, &found).then_some(found),
                Code::MayBeMissing => lacked(self, arrow, first?, &handed_on, found),
                _ => None,
            });
            let of_sum: Vec<Diagnostic> = of_sum.collect();
            self.found.extend(of_sum);
            if self.found.len() > found {
                self.reduces -= 1;
                return Type::Json;
            }
            let grown = handed_on.join(&given);
            stable = grown == handed_on;
            // A counter is a number, not each number it comes to.
            handed_on = if round > 0 { grown.widened() } else { grown };
        }
        if !stable {
            handed_on = Type::Json;
        }
        let before = self.found.len();
        self.arrow(arrow, &[handed_on.clone(), item, Type::Number, array]);
        self.reduces -= 1;
        // Who begins with text goes on with text: `(text, x) => text + x.count + ";"`.
        if initial.is_some_and(|initial| matches!(initial.as_constant(), Some(Value::String(_)))) {
            let said = self.found.split_off(before);
            let is_meant = |found: &Diagnostic| {
                found.code == Code::NumberAddedToText && is_at_sum(arrow, [&found.primary].into_iter())
            };
            self.found.extend(said.into_iter().filter(|found| !is_meant(found)));
        }
        has_grown(&handed_on).join(&others)
    }

    /// `reduce((sum, x) => sum + x.price, "")`: nobody can tell where one number ends.
    fn digits_in_a_row(&mut self, arrow: &Arrow, initial: Option<&Expr>, item: &Type) -> Option<Diagnostic> {
        let initial = initial.filter(|initial| is_empty_text(initial))?;
        let (ExprKind::Binary(Binary::Add, left, right), Some(sum)) = (&arrow.body.kind, arrow.parameters.first())
        else {
            return None;
        };
        let is_sum = |expr: &Expr| matches!(&expr.kind, ExprKind::Parameter(it) if it.number == sum.number);
        let number = if is_sum(left) { right } else { left };
        if !is_sum(left) && !is_sum(right) {
            return None;
        }
        let (added, name) = (Arrow { body: (**number).clone(), ..arrow.clone() }, sum.name.as_str());
        let ty = self.silently(|typing| typing.arrow(&added, &[Type::STRING, item.clone(), Type::Number]));
        is_only_numbers(&ty).then(|| begins_with_text(self, initial, name, number))
    }

    /// `(a, b) => a.price + b.price`: after the first round `a` is no element any more. Whether that was reported.
    fn reads_a_field_of_the_sum(&mut self, arrow: &Arrow) -> bool {
        let (ExprKind::Binary(operator, ..), Some(sum)) = (&arrow.body.kind, arrow.parameters.first()) else {
            return false;
        };
        if !operator.is_arithmetic() {
            return false;
        }
        let mut read = None;
        arrow.body.walk(&mut |expr| {
            if let ExprKind::Member(object, name) = &expr.kind
                && matches!(&object.kind, ExprKind::Parameter(parameter) if parameter.number == sum.number)
                && name != "length"
            {
                read = read.or(Some((expr, name)));
            }
        });
        if let Some((read, name)) = read {
            self.report(messages::field_of_a_sum(read, &sum.name, name));
        }
        read.is_some()
    }
}

fn is_empty_text(expr: &Expr) -> bool {
    matches!(expr.as_constant(), Some(Value::String(text)) if text.as_str() == Some(""))
}

fn is_only_numbers(ty: &Type) -> bool {
    !ty.is_never() && ty.members().iter().all(|ty| matches!(ty, Type::Number | Type::Literal(Literal::Number(_))))
}

/// With room for more fields in its objects: to read one that is not there is no mistake by itself.
fn grows(ty: &Type) -> Type {
    with_rest(ty, &Rest::Closed, &Rest::Of(Type::Never))
}

/// The other way round.
fn has_grown(ty: &Type) -> Type {
    with_rest(ty, &Rest::Of(Type::Never), &Rest::Closed)
}

fn with_rest(ty: &Type, from: &Rest, to: &Rest) -> Type {
    ty.each(|one| match one {
        Type::Object(object) if object.rest == *from => {
            let field = |field: &Field| Field { ty: with_rest(&field.ty, from, to), ..field.clone() };
            Type::object(object.fields().iter().map(field).collect(), to.clone())
        }
        ty => ty.clone(),
    })
}

/// What was found of a field of the sum that is not there in the first round.
fn lacked(typing: &Typing, arrow: &Arrow, initial: &Expr, sum: &Type, found: Diagnostic) -> Option<Diagnostic> {
    let parameter = arrow.parameters.first()?;
    let of_sum = |read: &Expr| {
        let reference = narrow::reference(read)?;
        let read = reference.steps.iter().try_fold(sum.clone(), |ty, step| match step {
            Step::Field(name) => Some(ty.field(name).ty),
            Step::Element(_) => None,
        });
        let is_sum = reference.root == Origin::Parameter(parameter.number);
        match reference.steps.last() {
            Some(Step::Field(name)) if is_sum && read == Some(Type::Missing) => Some(name.clone()),
            _ => None,
        }
    };
    let mut lacked = None;
    arrow.body.walk(&mut |expr| {
        if expr.span == found.primary.span && lacked.is_none() {
            lacked = of_sum(expr).map(|name| (expr, name));
        }
    });
    let (read, name) = lacked?;
    let headline = format!("`{}` is missing for the first element", typing.written(read.span));
    Some(
        Diagnostic { headline, ..found }
            .also(initial.span, format!("`reduce` begins with this, which has no `{name}`"))
            .help(format!("or begin with a value that has a `{name}`")),
    )
}

fn begins_with_text(typing: &Typing, initial: &Expr, sum: &str, number: &Expr) -> Diagnostic {
    let headline = format!("`{sum}` is text, so `+` joins the numbers to it instead of adding");
    Diagnostic::new(Code::NumberAddedToText, initial.span, headline)
        .label("text: of 1 and 2 it makes `12`")
        .also(number.span, "a number")
        .help("to add, begin with `0`")
        .help(format!("to list them, put something in between: `{sum} + ' ' + {}`", typing.written(number.span)))
}

/// Whether what is handed on is the number that text was added to.
fn is_added(arrow: &Arrow, found: &Diagnostic) -> bool {
    is_at_sum(arrow, found.labels.iter())
}

/// Whether one of these marks what is handed on.
fn is_at_sum<'l>(arrow: &Arrow, labels: impl Iterator<Item = &'l Label> + Clone) -> bool {
    let Some(sum) = arrow.parameters.first() else { return false };
    let mut is_sum = false;
    arrow.body.walk(&mut |expr| {
        is_sum |= matches!(&expr.kind, ExprKind::Parameter(parameter) if parameter.number == sum.number)
            && labels.clone().any(|label| label.span == expr.span);
    });
    is_sum
}
