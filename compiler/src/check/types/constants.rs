//! Constants with which an expression comes to nothing, whatever the data: `n / 0`, `list[1.5]`, `slice(5, 2)`, `Number("12,50")`, and
//! `currency == ("EUR" || "USD")`, which asks for the first alone.
//!
//! Always true: only what stands there as a constant is looked at, and the runtime's own functions have said what it comes to.

use super::infer::Typing;
use super::messages::true_by_itself;
use crate::check::paths::is_equality;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::expr::{Binary, Expr, ExprKind};
use crate::model::ty::Type;
use crate::source::Span;
use flow_runtime::expr::Method;
use flow_runtime::value::Value;

impl Typing<'_> {
    /// `Number("12,50")`, which is a constant as soon as it is read.
    pub(super) fn no_number_at_all(&mut self, expr: &Expr, value: &Value) {
        let written = self.written(expr.span);
        if matches!(value, Value::Number(number) if number.is_nan())
            && written.contains("Number(")
            && !written.contains("NaN")
        {
            let headline =
                format!("{} is no number", if written.len() <= 60 { format!("`{written}`") } else { "this".into() });
            let found = Diagnostic::new(Code::WrongOperand, expr.span, headline).label("always NaN");
            self.report(match written.contains(',') {
                true => found.help("in front of its decimals a number has a `.`, and nothing between its thousands"),
                false => found.help("write the number without quotes"),
            });
        }
    }

    /// `n / 0`. Whoever writes `-0` knows what it is.
    pub(super) fn divided_by_zero(&mut self, operator: Binary, left: &Expr, right: &Expr) {
        let is_zero =
            matches!(right.as_constant(), Some(Value::Number(number)) if *number == 0.0 && number.is_sign_positive());
        if is_zero && matches!(operator, Binary::Divide | Binary::Remainder) {
            let result = if operator == Binary::Divide { "infinite, or NaN" } else { "NaN" };
            let whole = Span { end: right.span.end, ..left.span };
            let headline = match self.written(whole) {
                text if text.len() <= 60 => format!("`{text}` is no number"),
                _ => format!(
                    "what is {} 0 is no number",
                    if operator == Binary::Divide { "divided by" } else { "taken modulo" }
                ),
            };
            let found = Diagnostic::new(Code::WrongOperand, right.span, headline);
            self.report(found.label(format!("always {result}: `null` in JSON")).help("divide by another number"));
        }
    }

    /// `list[1.5]`. Whether that was reported.
    pub(super) fn between_two_elements(&mut self, list: &Type, index: &Expr) -> bool {
        let is_between = matches!(index.as_constant(), Some(Value::Number(at)) if at.fract() != 0.0);
        let present = list.without_nullish();
        let is_list = !present.is_never() && present.members().iter().all(|ty| matches!(ty, Type::Array(_)));
        if is_between && is_list {
            let found = Diagnostic::new(Code::UnknownField, index.span, "an array has no element between two others");
            self.report(found.label("always missing").help("the first is `[0]`, the second `[1]`"));
        }
        is_between && is_list
    }

    /// `text.slice(5, 2)`
    pub(super) fn ends_before_it_begins(&mut self, method: Method, arguments: &[Expr]) {
        let (Method::Slice, [start, end]) = (method, arguments) else { return };
        let [Some(from), Some(to)] = [start, end].map(super::narrow::position) else { return };
        if from > to {
            let headline = format!("`slice({from}, {to})` ends before it begins");
            let found = Diagnostic::new(Code::WrongArguments, start.span.to(end.span), headline);
            self.report(found.label("nothing is left, whatever it is called on").help(format!(
                "the second number says where it ends, not how much it takes: `slice({from}, {})`",
                from + to
            )));
        }
    }

    /// `currency == ("EUR" || "USD")`. Whether that was reported.
    pub(super) fn one_of_two_constants(&mut self, operator: Binary, left: &Expr, right: &Expr) -> bool {
        for (value, constants) in [(left, right), (right, left)] {
            let Some(constant @ (Value::String(_) | Value::Number(_))) = constants.as_constant() else { continue };
            let written = self.written(constants.span);
            let chosen = Type::of(constant).to_string();
            if !written.contains("||") || chosen.contains("||") || value.as_constant().is_some() {
                continue;
            }
            let sign = operator.sign();
            let (value, word) = (self.written(value.span), if operator.is_equal() { "||" } else { "&&" });
            let headline = format!("`{}` is {chosen}, so that the others are not asked for", unwrapped(written));
            let each = unwrapped(written).split("||").map(|one| format!("{value} {sign} {}", one.trim()));
            let help = format!("write `{}`", each.collect::<Vec<_>>().join(&format!(" {word} ")));
            let found = Diagnostic::new(Code::ConstantCondition, constants.span, headline);
            self.report(found.label("always the first").help(help));
            return true;
        }
        false
    }

    /// `n == 1 || 2`, where it is no condition: in one it is found there.
    pub(super) fn other_constant_alone(&mut self, left: &Expr, right: &Expr) {
        if is_forgotten(left, right) {
            let found = true_by_itself(self, right, left);
            self.report(found);
        }
    }
}

/// Whether a constant stands behind `||` where a comparison with it was meant: the one before compares with its like.
pub(super) fn is_forgotten(left: &Expr, right: &Expr) -> bool {
    let last = match &left.kind {
        ExprKind::Binary(Binary::Or, _, last) => last,
        _ => left,
    };
    let ExprKind::Binary(operator, _, compared) = &last.kind else { return false };
    match (compared.as_constant(), right.as_constant()) {
        (Some(Value::String(_)), Some(value @ Value::String(_)))
        | (Some(Value::Number(_)), Some(value @ Value::Number(_))) => {
            is_equality(*operator) && operator.is_equal() && value.truthy()
        }
        _ => false,
    }
}

impl Binary {
    fn is_equal(self) -> bool {
        matches!(self, Binary::Equal | Binary::StrictEqual)
    }
}

fn unwrapped(text: &str) -> &str {
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text)
}
