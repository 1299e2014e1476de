//! The flow block → connections, in the order in which they stand there.

use super::Builder;
use crate::source::Span;
use crate::syntax::ast::{self, Text};
use crate::syntax::flow::read::text_of;
use crate::syntax::flow::text;
use crate::syntax::flow::tree::{Branches, Chain, Condition, Graph};

impl Builder<'_, '_> {
    pub(super) fn connections(&mut self, graph: &Graph) -> Vec<ast::Connection> {
        let mut connections = Vec::new();
        for (_, chain) in &graph.chains {
            if let Some(start) = &chain.start {
                self.chain(&text_of(start), None, chain, &mut connections);
            }
        }
        connections
    }

    /// The edges of a chain that begins at `from`; `condition` is that of the first.
    fn chain(
        &mut self,
        from: &Text,
        mut condition: Option<Text>,
        chain: &Chain,
        connections: &mut Vec<ast::Connection>,
    ) {
        let mut from = from.clone();
        for hop in &chain.hops {
            let to = text_of(&hop.to);
            if hop.needs {
                self.needed.entry(to.value.clone()).or_default().push(from.clone());
            }
            let span = condition.as_ref().map_or(hop.span, |condition| condition.span.to(hop.span));
            let condition = condition.take();
            let condition = condition.map(|text| ast::Value { span: text.span, kind: ast::ValueKind::String(text) });
            connections.push(ast::Connection { span, from, to: to.clone(), condition });
            from = to;
        }
        if let Some(branches) = &chain.branches {
            self.branches(&from, branches, connections);
        }
    }

    fn branches(&mut self, from: &Text, branches: &Branches, connections: &mut Vec<ast::Connection>) {
        let mut above: Vec<&Text> = Vec::new();
        for branch in &branches.branches {
            let condition = match &branch.condition {
                Condition::If(bare) => {
                    above.push(&bare.text);
                    Some(bare.text.clone())
                }
                Condition::Else(span) => Some(otherwise(&above, *span)),
                Condition::Succeeded => None,
                Condition::Always(span) => Some(text::synthetic("true", *span)),
            };
            self.chain(from, condition, &branch.chain, connections);
        }
    }
}

/// `!(a)`, `!(a || b)`: none of the conditions above holds. A mistake in one of them is reported there.
pub fn otherwise(above: &[&Text], span: Span) -> Text {
    // A condition in quotes is one whole template.
    let inside = |condition: &Text| {
        let whole = condition.value.trim();
        whole.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(whole).to_owned()
    };
    let value = match above {
        [only] => format!("!({})", inside(only)),
        _ => {
            let all: Vec<String> = above.iter().map(|condition| format!("({})", inside(condition))).collect();
            format!("!({})", all.join(" || "))
        }
    };
    text::synthetic(&value, span)
}
