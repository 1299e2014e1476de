//! The `flow` block: chains, and branches with their conditions.

use super::{Reader, through};
use crate::syntax::flow::mistake::{self, Mistake};
use crate::syntax::flow::token::{Rule, Token};
use crate::syntax::flow::tree::{Bare, Branch, Branches, Chain, Condition, Graph, Hop};
use crate::syntax::flow::{text, words};

const WHY: &str = "an edge is written `check-order -> send-mail`, branches `check-order { condition -> send-mail }`";

impl Reader<'_> {
    pub(super) fn graph(&mut self) -> Result<Graph, Mistake> {
        let open =
            self.expect(Rule::open_brace, "`{`", "the edges stand in braces: `flow { start -> check-order }`")?;
        let column = self.column_of_line();
        let mut chains = Vec::new();
        loop {
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                self.next();
                return Ok(Graph { chains, end });
            }
            self.belongs_here(open, column)?;
            let mut around = self.around();
            let token = self.peek();
            if matches!(token.rule, Rule::connects | Rule::needs) {
                return Err(mistake::edge_from_nowhere(token));
            }
            if self.is_word(words::ELSE) {
                return Err(mistake::else_outside(token));
            }
            if token.lines == 0 && !chains.is_empty() && matches!(token.text, "if" | "when" | "unless") {
                return Err(mistake::condition_behind(token));
            }
            let start = self.id("the id of a node", WHY)?;
            let mut chain = Chain { start: Some(start), hops: Vec::new(), branches: None };
            self.hops(&mut chain)?;
            if chain.hops.is_empty() && chain.branches.is_none() {
                return Err(mistake::no_edge(self.peek(), self.last()));
            }
            self.end_of_chain(&chain)?;
            self.finish_around(&mut around);
            chains.push((around, chain));
        }
    }

    /// `-> b => c`, and the branches at the end.
    fn hops(&mut self, chain: &mut Chain) -> Result<(), Mistake> {
        while matches!(self.peek().rule, Rule::connects | Rule::needs) {
            let arrow = self.next();
            let needs = arrow.rule == Rule::needs;
            let target = self.peek();
            if matches!(target.rule, Rule::open_bracket | Rule::open_brace) {
                return Err(mistake::several_targets(target));
            }
            // The next branch, and not a node: this arrow leads nowhere.
            if target.lines > 0 && self.is_word(words::ELSE) {
                return Err(self.expected("the id of a node", "an arrow leads to a node"));
            }
            let to = self.id("the id of a node", "an arrow leads to a node")?;
            chain.hops.push(Hop { needs, span: through(arrow.span, self.last()), to });
        }
        if self.is(Rule::open_brace) {
            let open = self.next();
            chain.branches = Some(self.branches(open)?);
        }
        Ok(())
    }

    /// Behind a chain: a comma, if there is one, and no second target.
    fn end_of_chain(&mut self, chain: &Chain) -> Result<(), Mistake> {
        let comma = self.take(Rule::comma).is_some();
        let (token, next) = (self.peek(), self.peek_after(1));
        let ends = next.lines > 0 && next.rule == Rule::name
            || matches!(next.rule, Rule::comma | Rule::close_brace | Rule::EOI);
        if comma && chain.branches.is_none() && token.rule == Rule::name && token.lines == 0 && ends {
            return Err(mistake::several_targets(token));
        }
        Ok(())
    }

    fn branches(&mut self, open: Token) -> Result<Branches, Mistake> {
        self.nest()?;
        let column = self.column_of_line();
        let mut branches: Vec<Branch> = Vec::new();
        let mut otherwise = None;
        loop {
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                self.next();
                self.depth -= 1;
                return Ok(Branches { branches, end });
            }
            self.belongs_here(open, column)?;
            let mut around = self.around();
            let token = self.peek();
            if let (Some(otherwise), false) = (otherwise, matches!(token.text, "always" | "succeeded")) {
                return Err(match token.lines {
                    0 if self.last().rule != Rule::comma => mistake::between_entries(token, self.last()),
                    _ => mistake::after_else(token, otherwise),
                });
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
                    Condition::Always(token.span)
                }
                "succeeded" if arrow => {
                    self.next();
                    Condition::Succeeded
                }
                "->" | "=>" => return Err(mistake::branch_without_condition(token)),
                "default" | "*" if arrow => return Err(mistake::write_else(token)),
                "if" if !arrow => return Err(mistake::word_before_condition(token)),
                word if words::BEFORE_CONDITIONS.contains(&word) && self.operand_follows() => {
                    return Err(match (word, self.peek_after(1)) {
                        ("else", next) if next.text != "if" => mistake::no_target(next, token),
                        _ => mistake::word_before_condition(token),
                    });
                }
                word if words::BRANCHES.contains(&word) && self.peek_after(1).rule == Rule::colon => {
                    self.next();
                    return Err(mistake::no_target(self.peek(), token));
                }
                _ if token.rule == Rule::string && arrow => Condition::If(self.quoted_condition()?),
                _ => Condition::If(self.bare()?),
            };
            let mut chain = Chain { start: None, hops: Vec::new(), branches: None };
            self.hops(&mut chain)?;
            if chain.hops.is_empty() {
                return Err(mistake::no_target(self.peek(), self.last()));
            }
            self.end_of_chain(&chain)?;
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

    /// Whether what begins here can stand in the block: not the end of the text, nor an item.
    fn belongs_here(&self, open: Token, column: u32) -> Result<(), Mistake> {
        let (token, next) = (self.peek(), self.peek_after(1));
        if token.rule == Rule::EOI {
            return Err(mistake::unclosed(open, token));
        }
        let two_words = self.first_on_line(self.at)
            && token.rule == Rule::name
            && !words::BEFORE_CONDITIONS.contains(&token.text)
            && next.lines == 0
            && matches!(next.rule, Rule::name | Rule::open_brace)
            // `typeof result.total == "number" -> …`
            && !self.is_foreign_operator();
        let is_item = words::kind(token.text).is_some() || words::KEYWORDS.contains(&token.text);
        match two_words && next.rule == Rule::name {
            true if token.column <= column => Err(mistake::unclosed(open, token)),
            true if is_item => Err(mistake::item_inside(token, open)),
            _ if two_words && is_item && token.column <= column => Err(mistake::unclosed(open, token)),
            _ => Ok(()),
        }
    }

    /// Whether an operand stands behind this word, on the same line.
    fn operand_follows(&self) -> bool {
        let next = self.peek_after(1);
        next.lines == 0 && matches!(next.rule, Rule::name | Rule::string | Rule::number | Rule::not | Rule::open_paren)
    }
}
