//! Keys that tell one order from another, and have too few values for that: `dedupe_key: flag`, `Idempotency-Key: ${kind}`.
//!
//! Comes in: the key of a webhook or of a request. Goes out: a finding where its type allows only a few values.
//! Always true: a key that reads nothing is left to those who look at keys without their types.

use super::infer::Typing;
use crate::check::knowledge::Place;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::expr::{Binary, Expr, ExprKind};
use crate::model::ty::Type;
use crate::model::{Http, Text};

impl Typing<'_> {
    /// Any value tells deliveries apart, and a missing one leaves that to the sender.
    pub(super) fn dedupe_key(&mut self, key: &Expr) {
        self.infer(key);
        if reads_something(key)
            && let Some(count) = self.values_of(key)
        {
            // Without a key it is left to the sender which deliveries are one.
            let always = !self.silently(|typing| typing.infer(key)).may_be_nullish();
            let found = few_deliveries(self.node_id(), key, count, always);
            self.report(found);
        }
    }

    pub(super) fn idempotency_key(&mut self, http: &Http) {
        let Some((_, key)) = http.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")) else {
            return;
        };
        if key.expressions().any(reads_something)
            && let Some(count) = self.values_of_all(key.expressions())
        {
            let found = few_requests(self.node_id(), key, count);
            self.report(found);
        }
    }

    fn node_id(&self) -> &str {
        let workflow = self.names.workflow;
        let node = match self.names.place {
            Place::Node(node) => node,
            Place::Condition(edge) => workflow.edges[edge].from,
        };
        &workflow.node(node).id.value
    }

    /// How many values there can be; `None`: nobody can say, or there are as many as there are texts.
    fn values_of(&mut self, expr: &Expr) -> Option<usize> {
        match &expr.kind {
            ExprKind::Text(parts) | ExprKind::Array(parts) => self.values_of_all(parts),
            ExprKind::Binary(Binary::Add, left, right) => self.values_of_all([&**left, &**right]),
            // The same for as long as the workflow runs.
            ExprKind::Env(_) => Some(1),
            _ => {
                let ty = self.silently(|typing| typing.infer(expr)).without_nullish();
                let count: usize = ty.members().iter().map(values_of_type).sum::<Option<usize>>()?;
                // Of a value that was reported nothing is known.
                (count > 0).then_some(count)
            }
        }
    }

    fn values_of_all<'e>(&mut self, parts: impl IntoIterator<Item = &'e Expr>) -> Option<usize> {
        parts.into_iter().try_fold(1_usize, |count, part| count.checked_mul(self.values_of(part)?))
    }
}

fn values_of_type(ty: &Type) -> Option<usize> {
    match ty {
        Type::Bool => Some(2),
        Type::Literal(_) => Some(1),
        _ => None,
    }
}

fn reads_something(expr: &Expr) -> bool {
    let mut reads = false;
    expr.walk(&mut |part| reads |= matches!(part.kind, ExprKind::Path(_)));
    reads
}

fn values(count: usize) -> String {
    if count == 1 { "one value".to_owned() } else { format!("{count} values") }
}

fn few_deliveries(id: &str, key: &Expr, count: usize, always: bool) -> Diagnostic {
    let executions = if count == 1 { "one execution" } else { &format!("{count} executions") };
    let at_most = if always { "at most" } else { "at most for deliveries that have one" };
    let headline = format!("this key has only {}: `{id}` would start {executions} {at_most}", values(count));
    Diagnostic::new(Code::BadDedupeKey, key.span, headline)
        .label("the same for many deliveries")
        .help("use what tells one delivery from another: `input_data.order_id`")
}

fn few_requests(id: &str, key: &Text, count: usize) -> Diagnostic {
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let headline = format!("this `Idempotency-Key` has only {}: `{id}` would be done {times} at most", values(count));
    Diagnostic::new(Code::UnsafeRetry, key.span, headline)
        .label("the same for many orders: the service answers the second as it answered the first")
        .help("use what tells one order from another, such as `${input_data.order_id}`, or `${execution_id}`")
}
