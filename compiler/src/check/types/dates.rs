//! Dates that are taken for numbers, or compared with what no date is: `when - 86400`, `when == "2026-01-31"`.
//!
//! Always true: an error is only what the engine writes itself. Nobody has looked whether what comes from outside is a date, so of
//! that a finding is a warning.

use super::infer::Typing;
use super::messages::named;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::expr::{Binary, Expr, ExprKind, Path, Root};
use crate::model::ty::{Format, Type};
use flow_runtime::expr::{Global, Method};
use flow_runtime::value::Value;

/// What a date and time begins with, a digit for each `0`.
const BEGINNING: &[u8] = b"0000-00-00T00:00:00";

/// Of so many characters it is the date alone.
const DATE: usize = 10;

const NO_ARITHMETIC: &str = "there is no arithmetic with dates: have it sent as a number, or let a service compute it";
const ORDER: &str = "to see which is earlier, compare the texts with `<`";

/// Whether a value is a date and time wherever it is there at all.
pub(super) fn is_date(ty: &Type) -> bool {
    let present = ty.without_nullish();
    !present.is_never() && present.members().iter().all(|ty| *ty == Type::String(Format::Time))
}

/// One that the engine writes.
pub(super) fn is_moment(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Timestamp => true,
        ExprKind::Path(Path { root: Root::Output(_), steps }) => {
            matches!(steps.as_slice(), [step] if step == "started_at" || step == "completed_at")
        }
        _ => false,
    }
}

impl Typing<'_> {
    /// `Number(when)`
    pub(super) fn number_of_date(&mut self, function: Global, arguments: &[Expr], types: &[Type]) {
        if let (Global::Number, [argument], [ty]) = (function, arguments, types)
            && is_date(ty)
        {
            let headline = format!("{} is a date and time, and `Number` makes NaN of it", named(self, argument));
            let found = no_number(argument, headline);
            self.report(found);
        }
    }

    /// `when == "2026-01-31"`. Whether that was reported.
    pub(super) fn never_this_date(
        &mut self,
        operator: Binary,
        (left, left_type): (&Expr, &Type),
        (right, right_type): (&Expr, &Type),
    ) -> bool {
        for (date, ty, text) in [(left, left_type, right), (right, right_type, left)] {
            let Some(Value::String(value)) = text.as_constant() else { continue };
            let value = value.to_well_formed();
            // To ask whether there is any is never wrong.
            if value.is_empty() {
                continue;
            }
            let (whole, length) = match self.beginning_of_date(date) {
                Some((whole, length)) => (whole, Some(length)),
                None if is_date(ty) => (date, None),
                None => continue,
            };
            let can_be = match length {
                Some(length) => value.len() == length && begins_as_date(&value),
                None => value.len() >= BEGINNING.len() && begins_as_date(&value),
            };
            if !can_be {
                let found = never_equal(self, operator, (date, whole, length), text, &value);
                self.report(found);
                return true;
            }
        }
        false
    }

    /// Of `when.slice(0, 10)` it is `when`, and 10.
    fn beginning_of_date<'e>(&mut self, expr: &'e Expr) -> Option<(&'e Expr, usize)> {
        let ExprKind::Method(whole, Method::Slice | Method::Substring, arguments) = &expr.kind else { return None };
        let [start, end] = arguments.as_slice() else { return None };
        let [start, end] = [start, end].map(super::narrow::position);
        let length = end.filter(|end| start == Some(0) && (1..=DATE).contains(end))?;
        is_date(&self.silently(|typing| typing.infer(whole))).then_some((&**whole, length))
    }
}

fn begins_as_date(text: &str) -> bool {
    let fits = |(char, model): (u8, &u8)| match model {
        b'0' => char.is_ascii_digit(),
        b'T' => matches!(char, b'T' | b't' | b' '),
        model => char == *model,
    };
    text.bytes().zip(BEGINNING).all(fits)
}

/// A date where a number is computed with.
pub(super) fn as_number(typing: &Typing, operand: &Expr, sign: &str) -> Diagnostic {
    let headline = format!("{} is a date and time, and `{sign}` takes numbers", named(typing, operand));
    let found = no_number(operand, headline).help(ORDER);
    match is_moment(operand) {
        true => found.help("how many seconds a node took is its `execution_time`"),
        false => found,
    }
}

fn no_number(date: &Expr, headline: String) -> Diagnostic {
    let code = if is_moment(date) { Code::WrongOperand } else { Code::ImplicitNumber };
    Diagnostic::new(code, date.span, headline)
        .label("text such as `2026-01-31T09:00:00.000Z`, which is no number")
        .help(NO_ARITHMETIC)
}

/// A number that is added to a date: what the way out is.
pub(super) fn way_out_of_adding(ty: &Type) -> Option<&'static str> {
    is_date(ty).then_some(NO_ARITHMETIC)
}

fn never_equal(
    typing: &Typing,
    operator: Binary,
    (date, whole, length): (&Expr, &Expr, Option<usize>),
    text: &Expr,
    value: &str,
) -> Diagnostic {
    let equal = matches!(operator, Binary::Equal | Binary::StrictEqual);
    let code = if is_moment(whole) { Code::NeverEqual } else { Code::ConstantCondition };
    let (how, label) =
        if equal { ("never", "never equal") } else { ("always something else than", "always different") };
    let [name, written] = [date, text].map(|expr| named(typing, expr));
    let found = Diagnostic::new(code, text.span, format!("{name} is {how} {written}")).label(label);
    let (whole, sign) = (typing.written(whole.span), operator.sign());
    match length {
        Some(length) => {
            let example = &"2026-01-31"[..length];
            found.also(date.span, format!("the first {length} characters of a date and time, such as `{example}`"))
        }
        None => {
            let found = found.also(date.span, "a date and time, such as `2026-01-31T09:00:00.000Z`");
            match value.len() == DATE && begins_as_date(value) {
                true => found.help(format!("to ask for the day, write `{whole}.slice(0, 10) {sign} '{value}'`")),
                false => found.help(format!("to ask for the day, write `{whole}.slice(0, 10) {sign} '2026-01-31'`")),
            }
        }
    }
}
