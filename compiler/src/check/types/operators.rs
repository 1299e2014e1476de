//! The operators that take two values apart from `&&`, `||` and `??`: what they give, and which operands cannot be meant.

use super::dates::{self, is_date};
use super::infer::Typing;
use super::messages::{self, Use};
use crate::model::expr::{Binary, Expr, ExprKind};
use crate::model::ty::{Format, Literal, Type};
use flow_runtime::expr as js;
use flow_runtime::value::Value;

/// An operand and its type.
type Operand<'e> = (&'e Expr, &'e Type);

impl Typing<'_> {
    pub(super) fn operator(&mut self, operator: Binary, left: Operand, right: Operand) -> Type {
        match operator {
            Binary::Add => self.add(left, right),
            Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
                self.divided_by_zero(operator, left.0, right.0);
                self.number(left.0, left.1, operator.sign());
                // Of two dates the first says it for both.
                if !(is_date(left.1) && is_date(right.1)) {
                    self.number(right.0, right.1, operator.sign());
                }
                Type::Number
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                self.order(operator, left, right);
                Type::Bool
            }
            Binary::Equal | Binary::NotEqual => {
                self.equality(operator, left, right, false);
                Type::Bool
            }
            Binary::StrictEqual | Binary::StrictNotEqual => {
                self.equality(operator, left, right, true);
                Type::Bool
            }
            Binary::And | Binary::Or | Binary::Coalesce => left.1.join(right.1),
        }
    }

    /// `a + b`: text as soon as either is text or becomes text, else a sum.
    fn add(&mut self, left: Operand, right: Operand) -> Type {
        let result = Type::union(left.1.members().iter().flat_map(|left| {
            right.1.members().iter().map(move |right| match (left, right) {
                (Type::Never, _) | (_, Type::Never) => Type::Never,
                _ if is_text(left) || is_text(right) => Type::STRING,
                (Type::Json, _) | (_, Type::Json) => Type::Json,
                _ if becomes_text(left) || becomes_text(right) => Type::STRING,
                _ => Type::Number,
            })
        }));
        for (operand, ty) in [left, right] {
            if ty.may_be_nullish() {
                let other = if std::ptr::eq(operand, left.0) { right } else { left };
                let text = !other.1.is_json() && all(other.1, is_text);
                // `null + 1` is 1; only text shows it.
                if text || ty.may_be_missing() {
                    let place = if text { Use::AddedToText } else { Use::Number("+") };
                    let found = messages::may_be_missing(self, operand, ty, place);
                    self.report(found);
                    return Type::Json;
                }
            }
        }
        let pairs = [(left, right), (right, left)];
        for (one, other) in pairs {
            let (is_number, structured) = (all(one.1, is_numeric), any(other.1, becomes_text));
            if is_number && structured && !one.1.is_json() {
                let found = messages::wrong_operand(self, other.0, other.1, "+");
                self.report(found);
                return Type::Json;
            }
        }
        for (text, number) in pairs {
            if all(text.1, is_text)
                && all(number.1, is_numeric)
                && !is_evidently_text(text.0)
                && !is_evidently_text(number.0)
            {
                let found = messages::number_added_to_text(self, text, number);
                self.report(found);
                return Type::Json;
            }
        }
        result
    }

    /// An operand that is computed with as a number.
    pub(super) fn number(&mut self, operand: &Expr, ty: &Type, sign: &'static str) {
        if ty.is_json() || ty.is_never() {
            return;
        }
        if let Some(wrong) = ty.members().iter().find(|ty| is_never_a_number(ty)) {
            let found = messages::wrong_operand(self, operand, wrong, sign);
            self.report(found);
        } else if is_date(ty) {
            let found = dates::as_number(self, operand, sign);
            self.report(found);
        } else if ty.may_be_missing() {
            let found = messages::may_be_missing(self, operand, ty, Use::Number(sign));
            self.report(found);
        } else if let Some(converted) = ty.members().iter().find(|ty| is_text(ty)) {
            let found = messages::implicit_number(self, operand, converted, sign);
            self.report(found);
        }
    }

    fn order(&mut self, operator: Binary, left: Operand, right: Operand) {
        if let Some(found) = messages::compared_comparison(self, operator, left.0, right.0)
            .or_else(|| messages::length_below_zero(self, operator, left.0, right.0))
        {
            self.report(found);
            return;
        }
        for (operand, ty) in [left, right] {
            if let Some(wrong) = ty.members().iter().find(|ty| becomes_text(ty)) {
                let found = messages::wrong_operand(self, operand, wrong, operator.sign());
                self.report(found);
                return;
            }
        }
        for (text, number) in [(left, right), (right, left)] {
            let present = text.1.without_nullish();
            if !present.is_never() && all(&present, is_text) && all(&number.1.without_nullish(), is_number) {
                let found = match all(&present, is_never_a_number) {
                    _ if is_date(&present) => dates::as_number(self, text.0, operator.sign()),
                    true => messages::wrong_operand(self, text.0, &present, operator.sign()),
                    false => messages::implicit_number(self, text.0, &present, operator.sign()),
                };
                self.report(found);
                return;
            }
        }
    }

    fn equality(&mut self, operator: Binary, left: Operand, right: Operand, strict: bool) {
        let equal = matches!(operator, Binary::Equal | Binary::StrictEqual);
        if self.one_of_two_constants(operator, left.0, right.0)
            || self.of_other_letters(equal, left.0, right.0)
            || self.never_this_date(operator, left, right)
        {
            return;
        }
        let (left_type, right_type) = (left.1, right.1);
        let unknown = |ty: &Type| ty.is_json() || ty.is_never();
        // To ask whether something is there is never wrong.
        let nothing = |ty: &Type| ty.without_nullish().is_never();
        if unknown(left_type) || unknown(right_type) || nothing(left_type) || nothing(right_type) {
            return;
        }
        if !left_type.without_nullish().can_equal(&right_type.without_nullish(), strict) {
            if !left_type.can_equal(right_type, strict) {
                let found = messages::never_equal(self, equal, strict, left, right);
                self.report(found);
            }
            return;
        }
        if strict {
            return;
        }
        for (variable, flag) in [(left, right), (right, left)] {
            if let (ExprKind::Env(_), Some(Value::Bool(value))) = (&variable.0.kind, flag.0.as_constant()) {
                let found = messages::variable_as_flag(self, operator, variable.0, *value, flag.0);
                self.report(found);
                return;
            }
        }
        for (text, number) in [(left, right), (right, left)] {
            if all(&text.1.without_nullish(), is_text) && all(&number.1.without_nullish(), is_number) {
                let found = messages::loose_comparison(self, operator, text, number);
                self.report(found);
                return;
            }
        }
    }
}

fn all(ty: &Type, is: fn(&Type) -> bool) -> bool {
    !ty.is_never() && ty.members().iter().all(is)
}

fn any(ty: &Type, is: fn(&Type) -> bool) -> bool {
    ty.members().iter().any(is)
}

pub(super) fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::String(_) | Type::Literal(Literal::String(_)))
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Number | Type::Literal(Literal::Number(_)))
}

/// Added to a number it is a number.
fn is_numeric(ty: &Type) -> bool {
    is_number(ty) || matches!(ty, Type::Bool | Type::Literal(Literal::Bool(_)) | Type::Null)
}

/// Added to anything it is compact JSON.
pub(super) fn becomes_text(ty: &Type) -> bool {
    matches!(ty, Type::Array(_) | Type::Object(_))
}

/// Whatever the value, there is no number in it.
fn is_never_a_number(ty: &Type) -> bool {
    match ty {
        Type::Array(_) | Type::Object(_) | Type::String(Format::Email | Format::Url) => true,
        Type::Literal(Literal::String(text)) => {
            matches!(js::plus(&Value::string(text)), Value::Number(number) if number.is_nan())
        }
        _ => false,
    }
}

/// Whoever writes a text here means to make text: `"Order " + number`.
fn is_evidently_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(Value::String(_)) | ExprKind::Text(_) => true,
        ExprKind::Binary(Binary::Add, left, right) => is_evidently_text(left) || is_evidently_text(right),
        ExprKind::Conditional(_, yes, no) => is_evidently_text(yes) && is_evidently_text(no),
        ExprKind::Global(js::Global::String, _) => true,
        // `toFixed` rounds for people to read; who goes on with a number has forgotten that it makes text.
        ExprKind::Method(_, js::Method::ToString, _) => true,
        _ => false,
    }
}
