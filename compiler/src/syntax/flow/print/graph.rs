//! The flow block, arrows below one another.

use super::{Printer, WIDTH, expression, inline};
use crate::syntax::flow::tree::{Branch, Branches, Chain, Condition, Graph};

/// Conditions longer than this do not push the arrows of the others to the right.
const ALIGNED_MAX: usize = 48;

impl Printer {
    pub(super) fn graph(&mut self, graph: &Graph) {
        if graph.chains.is_empty() && graph.end.is_empty() {
            self.out.push_str("flow {}");
            return;
        }
        self.out.push_str("flow {\n");
        self.indent += 1;
        for (position, (around, chain)) in graph.chains.iter().enumerate() {
            self.before(around, position == 0);
            self.start_line();
            let start = chain.start.as_ref().map(inline::word).unwrap_or_default();
            self.out.push_str(&start);
            self.chain(chain);
            self.after(around);
        }
        self.end_comments(&graph.end, graph.chains.is_empty());
        self.indent -= 1;
        self.start_line();
        self.out.push('}');
    }

    fn chain(&mut self, chain: &Chain) {
        self.out.push(' ');
        let column = self.column();
        for (position, hop) in chain.hops.iter().enumerate() {
            let text = format!("{} {}", if hop.needs { "=>" } else { "->" }, inline::word(&hop.to));
            if position > 0 {
                // Room for the brace of the branches.
                if self.column() + text.chars().count() + 3 > WIDTH {
                    self.trim_end();
                    self.out.push('\n');
                    self.out.push_str(&" ".repeat(column));
                } else {
                    self.out.push(' ');
                }
            }
            self.out.push_str(&text);
        }
        if let Some(branches) = &chain.branches {
            if !chain.hops.is_empty() {
                self.out.push(' ');
            }
            self.branches(branches);
        }
    }

    fn branches(&mut self, branches: &Branches) {
        self.out.push_str("{\n");
        self.indent += 1;
        let widths = branches.branches.iter().map(|branch| condition(branch).chars().count());
        let width = widths.filter(|width| *width <= ALIGNED_MAX).max().unwrap_or(0);
        for (position, branch) in branches.branches.iter().enumerate() {
            self.before(&branch.around, position == 0);
            self.start_line();
            let text = condition(branch);
            self.out.push_str(&text);
            self.out.push_str(&" ".repeat(width.saturating_sub(text.chars().count())));
            self.chain(&branch.chain);
            self.after(&branch.around);
        }
        self.end_comments(&branches.end, branches.branches.is_empty());
        self.indent -= 1;
        self.start_line();
        self.out.push('}');
    }
}

fn condition(branch: &Branch) -> String {
    match &branch.condition {
        Condition::If(bare) => expression::line(bare),
        Condition::Else(_) => "else".to_owned(),
        Condition::Succeeded => "succeeded".to_owned(),
        Condition::Always(_) => "always".to_owned(),
    }
}
