//! For programs: `{"verdict", "nodes": [{"node", "verdict", "reasons": [{"code", "message"}]}]}`.

use super::Diff;
use serde_json::{Value, json};

impl Diff<'_> {
    /// Verdicts are `continues`, `drain first` and `incompatible`; `code` is what `docs/upgrades.md` lists.
    pub fn json(&self) -> Value {
        let nodes = self.standings.iter().map(|standing| {
            let reasons = self.reasons(standing).into_iter();
            let reasons = reasons.map(|(code, message)| json!({"code": code, "message": message}));
            json!({
                "node": self.outline.nodes[standing.node].id,
                "verdict": standing.verdict.as_str(),
                "reasons": reasons.collect::<Vec<_>>(),
            })
        });
        json!({"verdict": self.verdict().as_str(), "nodes": nodes.collect::<Vec<_>>()})
    }
}
