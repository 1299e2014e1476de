//! Items: `workflow`, `type`, `api`, `smtp`, `flow`, and nodes of every kind.

use super::{Reader, through, word};
use crate::catalog;
use crate::syntax::ast::Text;
use crate::syntax::flow::mistake::{self, Mistake};
use crate::syntax::flow::token::{Comment, Rule, Token};
use crate::syntax::flow::tree::{Block, Call, Item, ItemKind, Node, Value, Word};
use crate::syntax::flow::{text, words};

/// Words that may follow the id of a node, each with a value.
const CLAUSES: &[&str] = &["at", "via", "cron", "every", "in"];

impl Reader<'_> {
    pub(super) fn item(&mut self) -> Result<Item, Mistake> {
        let mut around = self.around();
        // The `///` lines before it are what it is called; other comments go above them.
        let (docs, before): (Vec<_>, Vec<_>) = around.before.drain(..).partition(Comment::is_doc);
        around.before = before;
        let above = docs.first().map_or(self.peek().lines, |doc| doc.lines);
        around.gap = !around.before.is_empty() && above > 1;
        let keyword = self.peek();
        if keyword.rule != Rule::name {
            return Err(mistake::not_an_item(keyword));
        }
        if self.is_keyword_with_colon(self.at) {
            return Err(mistake::colon_behind_keyword(self.peek_after(1), keyword));
        }
        let start = keyword.span;
        let kind = match keyword.text {
            "workflow" => {
                self.next();
                let id = match self.is(Rule::open_brace) {
                    true => None,
                    false => {
                        Some(self.id("a name or `{`", "a workflow is written `workflow order-fulfillment { … }`")?)
                    }
                };
                ItemKind::Workflow(id, self.block("the settings of the workflow stand in braces")?)
            }
            "type" => {
                self.next();
                let name = self.name("the name of the type", "a type is written `type Order = { … }`")?;
                self.expect(Rule::assign, "`=`", "a type is written `type Order = { … }`")?;
                ItemKind::Type(name, self.ty()?)
            }
            "api" | "smtp" => {
                let kind = word(self.next());
                let why = match kind.text.as_str() {
                    "api" => "an api is written `api payment { url: PAYMENT_API_URL }`, and nodes use it by its name",
                    _ => "a mail server is written `smtp mail { server: SMTP_SERVER }`, and nodes use it by its name",
                };
                let name = self.name("a name", why)?;
                ItemKind::Shared(kind, name, self.block(why)?)
            }
            "flow" => {
                self.next();
                ItemKind::Flow(self.graph()?)
            }
            _ => ItemKind::Node(Box::new(self.node()?)),
        };
        let span = through(start, self.last());
        self.finish_around(&mut around);
        let next = self.peek();
        if next.rule != Rule::EOI && !self.first_on_line(self.at) {
            return Err(mistake::same_line(next));
        }
        Ok(Item { around, docs, span, kind })
    }

    fn node(&mut self) -> Result<Node, Mistake> {
        let keyword = self.peek();
        let follows = self.peek_after(1);
        let is_known = words::kind(keyword.text).is_some() || catalog::kind(keyword.text).is_some();
        if !is_known {
            // What looks like a node is one, of a kind that the checker does not know.
            let looks = follows.rule == Rule::name && follows.lines == 0;
            let is_meant = || {
                catalog::later(keyword.text).is_none()
                    && words::near_keyword(keyword.text).or_else(|| words::meant_keyword(keyword.text)).is_some()
            };
            if !looks || is_meant() {
                return Err(mistake::unknown_item(keyword));
            }
        }
        let kind = word(self.next());
        let why = format!("a node has an id: `{} check-order {{ … }}`", kind.text);
        let id = self.id("the id of the node", &why)?;
        let mut node = Node { kind, id, input: None, clauses: Vec::new(), call: None, output: None, block: None };
        loop {
            let token = self.peek();
            if self.first_on_line(self.at) && token.rule != Rule::open_brace {
                if token.column <= keyword.column && self.is_keyword_with_colon(self.at) {
                    break;
                }
                if self.begins_entry() || self.begins_request() {
                    return Err(mistake::no_block(token, self.last()));
                }
                break;
            }
            match token.rule {
                Rule::open_brace => {
                    node.block = Some(self.block("what the node does stands in braces")?);
                    break;
                }
                Rule::open_paren if node.input.is_some() => return Err(mistake::type_twice(token)),
                Rule::connects if node.output.is_some() => return Err(mistake::type_twice(token)),
                Rule::open_paren => {
                    self.next();
                    node.input = Some(self.ty()?);
                    self.expect(Rule::close_paren, "`)`", "the type of the input ends here")?;
                }
                Rule::assign if node.kind.text == "rust" && node.call.is_none() => {
                    self.next();
                    node.call = Some(self.call()?);
                }
                Rule::connects => {
                    self.next();
                    node.output = Some(self.ty()?);
                }
                Rule::name if CLAUSES.contains(&token.text) => {
                    let clause = word(self.next());
                    let value = self.clause(&clause, &node)?;
                    node.clauses.push((clause, value));
                }
                Rule::EOI => break,
                // `const url = …`: no kind at all, rather than one that is not known.
                _ if !is_known => return Err(mistake::unknown_item(keyword)),
                _ => return Err(mistake::after_id(token, self.last(), &node)),
            }
        }
        Ok(node)
    }

    /// `http: a { … }`, and not `filter: item.open`, which is a key.
    pub(super) fn is_keyword_with_colon(&self, at: usize) -> bool {
        let rule = |offset: usize| self.tokens.get(at + offset).map_or(Rule::EOI, |token| token.rule);
        let word = self.tokens[at].text;
        let begins_item = match rule(2) {
            Rule::open_brace => true,
            Rule::name | Rule::string => {
                matches!(rule(3), Rule::open_brace | Rule::open_paren | Rule::connects | Rule::assign | Rule::name)
            }
            _ => false,
        };
        rule(1) == Rule::colon && begins_item && (words::KEYWORDS.contains(&word) || words::kind(word).is_some())
    }

    /// What stands behind `at`, `cron` and the like.
    fn clause(&mut self, clause: &Word, node: &Node) -> Result<Value, Mistake> {
        let (token, next) = (self.peek(), self.peek_after(1));
        match clause.text.as_str() {
            "at" if token.rule == Rule::string && next.rule == Rule::open_paren => {
                Err(mistake::type_behind_path(next, token, node))
            }
            "cron" if !matches!(token.rule, Rule::string | Rule::name) && token.lines == 0 => {
                let rest = &self.tokens[self.at..];
                let is_over = |token: &&Token| token.lines > 0 || token.text == "in" || token.rule == Rule::open_brace;
                let written = rest.iter().take_while(|token| !is_over(token)).last().unwrap_or(&token);
                let span = token.span.to(written.span);
                Err(mistake::cron_without_quotes(token, span, &self.source[span.range()]))
            }
            _ => self.value(),
        }
    }

    /// `crate::fraud::check(order, total)`
    fn call(&mut self) -> Result<Call, Mistake> {
        const WHY: &str = "a function is called as in `= crate::fraud::check(order)`";
        let start = self.peek().span;
        let mut function = String::new();
        if self.take_path_separator() {
            function.push_str("::");
        }
        loop {
            function.push_str(&self.name("the path of a function", WHY)?.text);
            if !self.take_path_separator() {
                break;
            }
            function.push_str("::");
        }
        let span = through(start, self.last());
        // Written with spaces it stands nowhere as it is.
        let function = match span.range().len() == function.len() {
            true => Text::verbatim(function, span, span.start),
            false => text::synthetic(&function, span),
        };
        let open = self.expect(Rule::open_paren, "`::` or `(`", WHY)?;
        let (arguments, end) = self.elements(open)?;
        Ok(Call { function, arguments, span: through(open.span, self.last()), end })
    }

    /// `::`, which is two tokens here and one in Rust.
    fn take_path_separator(&mut self) -> bool {
        let (first, second) = (self.peek(), self.peek_after(1));
        let found = first.rule == Rule::colon && second.rule == Rule::colon && first.span.end == second.span.start;
        if found {
            self.next();
            self.next();
        }
        found
    }

    /// `{ … }` with what an item says of itself.
    pub(super) fn block(&mut self, why: &str) -> Result<Block, Mistake> {
        let open = self.expect(Rule::open_brace, "`{`", why)?;
        self.entries(open, true)
    }
}
