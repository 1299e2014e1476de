//! The `flow` block: chains, and branches with their conditions.

use super::{Reader, through};
use crate::syntax::flow::mistake::{self, Mistake};
use crate::syntax::flow::text;
use crate::syntax::flow::token::{Rule, Token};
use crate::syntax::flow::tree::{Bare, Branch, Branches, Chain, Condition, Graph, Hop};

const WHY: &str = "an edge is written `check-order -> send-mail`, branches `check-order { condition -> send-mail }`";

impl Reader<'_> {
    pub(super) fn graph(&mut self) -> Result<Graph, Mistake> {
        let open =
            self.expect(Rule::open_brace, "`{`", "the edges stand in braces: `flow { start -> check-order }`")?;
        let mut chains = Vec::new();
        loop {
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                self.next();
                return Ok(Graph { chains, end });
            }
            if self.is(Rule::EOI) || self.next_item(open) {
                return Err(mistake::unclosed(open, self.peek()));
            }
            let mut around = self.around();
            if matches!(self.peek().rule, Rule::connects | Rule::needs) {
                return Err(mistake::edge_from_nowhere(self.peek()));
            }
            let start = self.id("the id of a node", WHY)?;
            let mut chain = Chain { start: Some(start), hops: Vec::new(), branches: None };
            self.hops(&mut chain)?;
            if chain.hops.is_empty() && chain.branches.is_none() {
                return Err(mistake::no_edge(self.peek(), self.last()));
            }
            self.take(Rule::comma);
            self.finish_around(&mut around);
            chains.push((around, chain));
        }
    }

    /// `-> b => c`, and the branches at the end.
    fn hops(&mut self, chain: &mut Chain) -> Result<(), Mistake> {
        while matches!(self.peek().rule, Rule::connects | Rule::needs) {
            let arrow = self.next();
            let needs = arrow.rule == Rule::needs;
            let to = self.id("the id of a node", "an arrow leads to a node")?;
            chain.hops.push(Hop { needs, span: through(arrow.span, self.last()), to });
        }
        if self.is(Rule::open_brace) {
            let open = self.next();
            chain.branches = Some(self.branches(open)?);
        }
        Ok(())
    }

    fn branches(&mut self, open: Token) -> Result<Branches, Mistake> {
        self.nest()?;
        let mut branches: Vec<Branch> = Vec::new();
        let mut otherwise = None;
        loop {
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                self.next();
                self.depth -= 1;
                return Ok(Branches { branches, end });
            }
            if self.is(Rule::EOI) || self.next_item(open) {
                return Err(mistake::unclosed(open, self.peek()));
            }
            let mut around = self.around();
            let token = self.peek();
            if let (Some(otherwise), false) = (otherwise, token.text == "always") {
                return Err(mistake::after_else(token, otherwise));
            }
            let arrow = matches!(self.peek_after(1).rule, Rule::connects | Rule::needs);
            let condition = match token.text {
                "else" if arrow => {
                    if !branches.iter().any(|branch| matches!(branch.condition, Condition::If(_))) {
                        return Err(mistake::else_alone(token));
                    }
                    otherwise = Some(token.span);
                    self.next();
                    Condition::Else(token.span)
                }
                "always" if arrow => {
                    self.next();
                    Condition::Always
                }
                "->" | "=>" => return Err(mistake::branch_without_condition(token)),
                "if" if !arrow => return Err(mistake::no_if(token)),
                _ if token.rule == Rule::string && arrow => Condition::If(self.quoted_condition()?),
                _ => Condition::If(self.bare()?),
            };
            let mut chain = Chain { start: None, hops: Vec::new(), branches: None };
            self.hops(&mut chain)?;
            if chain.hops.is_empty() {
                return Err(mistake::no_target(self.peek(), self.last()));
            }
            self.take(Rule::comma);
            self.finish_around(&mut around);
            branches.push(Branch { around, condition, chain });
        }
    }

    /// A condition that cannot stand outside quotes stands in them as one whole template.
    fn quoted_condition(&mut self) -> Result<Bare, Mistake> {
        let token = self.next();
        let text = text::decode(&token)?.text;
        if !text.value.trim_start().starts_with("${") {
            return Err(mistake::condition_in_quotes(token, &text));
        }
        Ok(Bare { span: token.span, text, tokens: vec![(token.rule, token.text.to_owned())] })
    }

    /// A keyword and a name, or a node's kind: the closing brace was forgotten.
    fn next_item(&self, open: Token) -> bool {
        let (token, next) = (self.peek(), self.peek_after(1));
        self.first_on_line(self.at)
            && token.span.start > open.span.start
            && token.rule == Rule::name
            && !matches!(token.text, "if" | "else" | "always")
            && next.lines == 0
            && next.rule == Rule::name
            // `typeof result.total == "number" -> …`
            && !self.is_foreign_operator()
    }
}
