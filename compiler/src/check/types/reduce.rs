//! `reduce`: the type of what is handed on from one element to the next.
//!
//! Always true: the type holds what every round gives, or is `json`.

use super::infer::Typing;
use super::messages;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::expr::{Arrow, Expr, ExprKind};
use crate::model::ty::Type;

/// How often the type of what `reduce` hands on may grow before it counts as `json`.
const ROUNDS_MAX: usize = 4;

/// What a `reduce` hands on that lies deeper inside others is `json`.
const NESTED_MAX: usize = 3;

impl Typing<'_> {
    pub(super) fn reduce(&mut self, expr: &Expr, receiver: &Expr, arrow: &Arrow, initial: Option<&Expr>) -> Type {
        let Some(((item, least), others)) = self.array(expr, receiver, "reduce") else { return Type::Json };
        let array = Type::array(item.clone(), least);
        let mut handed_on = match initial {
            Some(initial) => self.infer(initial),
            None => item.clone(),
        };
        if initial.is_none() && self.reads_a_field_of_the_sum(arrow) {
            return Type::Json;
        }
        if initial.is_none() && least == 0 && !item.is_json() && !item.is_never() {
            self.report(messages::reduce_of_nothing(self, expr, receiver));
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
            let of_sum =
                said.into_iter().filter(|found| found.code == Code::NumberAddedToText && is_added(arrow, found));
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
        self.arrow(arrow, &[handed_on.clone(), item, Type::Number, array]);
        self.reduces -= 1;
        handed_on.join(&others)
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

/// Whether what is handed on is the number that text was added to.
fn is_added(arrow: &Arrow, found: &Diagnostic) -> bool {
    let Some(sum) = arrow.parameters.first() else { return false };
    let mut is_sum = false;
    arrow.body.walk(&mut |expr| {
        is_sum |= matches!(&expr.kind, ExprKind::Parameter(parameter) if parameter.number == sum.number)
            && found.labels.iter().any(|number| number.span == expr.span);
    });
    is_sum
}
