//! For people.

use super::Diff;
use flow_runtime::upgrade::Verdict;
use std::fmt::Write as _;

/// So many reasons of one node are listed; all of them with `--format json`.
const REASONS_MAX: usize = 3;

impl Diff<'_> {
    /// One line per node at which an execution can stand, the reasons below it; then what to do.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let width = self.outline.nodes.iter().map(|node| node.id.chars().count()).max().unwrap_or_default();
        let mut said: Option<(Verdict, Vec<String>)> = None;
        for standing in &self.standings {
            let reasons: Vec<String> = self.reasons(standing).into_iter().map(|(_, words)| words).collect();
            let id = &self.outline.nodes[standing.node].id;
            let _ = write!(out, "{id:width$}  {}", standing.verdict.as_str());
            if !reasons.is_empty() && said.as_ref() == Some(&(standing.verdict, reasons.clone())) {
                out.push_str(", as above\n");
                continue;
            }
            out.push('\n');
            for reason in reasons.iter().take(REASONS_MAX) {
                let _ = writeln!(out, "{:width$}    {reason}", "");
            }
            if let more @ 1.. = reasons.len().saturating_sub(REASONS_MAX) {
                let _ = writeln!(out, "{:width$}    and {more} more", "");
            }
            said = Some((standing.verdict, reasons));
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out + &self.conclusion() + &self.of_deliveries()
    }

    fn conclusion(&self) -> String {
        let of = |verdict, one: &str, many: &str| match self.count(verdict) {
            0 => None,
            1 => Some(format!("1 node {one}")),
            count => Some(format!("{count} nodes {many}")),
        };
        let counts: Vec<String> = [
            of(Verdict::Continues, "continues", "continue"),
            of(Verdict::DrainFirst, "has to be drained first", "have to be drained first"),
            of(Verdict::Incompatible, "is incompatible", "are incompatible"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let advice = match self.verdict() {
            Verdict::Continues => "executions under way go on with the new version",
            Verdict::DrainFirst => {
                "let the old version finish executions that stand at these nodes; the new one leaves them alone"
            }
            Verdict::Incompatible => {
                "the new version has no place for executions that stand at these nodes: only the old one can finish them"
            }
        };
        match counts.is_empty() {
            true => "no execution can be under way: the old version has no nodes\n".to_owned(),
            false => format!("{}: {advice}\n", counts.join(", ")),
        }
    }

    fn of_deliveries(&self) -> String {
        let webhooks = self.redeliveries.iter().map(|found| format!("`{}`", self.outline.nodes[found.node].id));
        let webhooks: Vec<String> = webhooks.collect();
        match webhooks.is_empty() {
            true => String::new(),
            false => format!(
                "{}: a delivery that the old version has had is executed a second time if its sender repeats it: deploy this when \
                 no repetition is due any more\n",
                webhooks.join(", ")
            ),
        }
    }
}
