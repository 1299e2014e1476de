//! Points for what looks like fraud: where a workflow's language ends, a Rust function goes on.

use crate::screening::{Order, Verdict};
use flow_runtime::embed::Failure;

/// From here on a person has a look.
const RISKY: i64 = 5;

/// The `score` node. Its types are those that the workflow declares: change one of the two, and rustc tells about the other.
pub async fn score(order: Order) -> Result<Verdict, Failure> {
    if order.total.is_sign_negative() {
        // The same order will be as wrong the next time.
        return Err(Failure::permanent("an order has no negative total").code("BAD_ORDER"));
    }
    let signs = [
        (order.total > 1_000.0, 4, "a large sum"),
        (order.items > 20, 2, "many items"),
        (!["DE", "FR", "NL"].contains(&order.country.as_str()), 2, "a country we rarely send to"),
        (order.note.is_some_and(|note| note.contains("gift card")), 4, "gift cards"),
    ];
    let found: Vec<_> = signs.into_iter().filter(|(applies, ..)| *applies).collect();
    let points = found.iter().map(|(_, points, _)| points).sum();
    let reasons: Vec<&str> = found.iter().map(|(.., reason)| *reason).collect();
    Ok(Verdict { risky: points >= RISKY, points, reason: (!reasons.is_empty()).then(|| reasons.join(", ")) })
}
