//! Blocks and their entries, values, and how far an expression reaches.

use super::{Reader, through, word};
use crate::syntax::ast::Text;
use crate::syntax::flow::mistake::{self, Mistake};
use crate::syntax::flow::text;
use crate::syntax::flow::token::{Comment, Rule, Token};
use crate::syntax::flow::tree::{Bare, Block, Element, Entry, EntryKind, Key, Retry, Str, Value, ValueKind};
use crate::syntax::flow::words;

impl<'a> Reader<'a> {
    /// After the `{`. `config`: the block of an item, where some keys have a form of their own.
    pub(super) fn entries(&mut self, open: Token<'a>, config: bool) -> Result<Block, Mistake> {
        let column = self.column_of_line();
        // With an entry on the line of its brace, an object ends on that line, or its lines are further in.
        let inline = !config && !self.first_on_line(self.at);
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            if inline && self.doubtful.is_none() && self.is_further_out(column) {
                self.doubtful = Some((open, self.peek()));
            }
            if self.is(Rule::close_brace) {
                let end = self.comments_here();
                let close = self.next();
                return Ok(Block { span: open.span.to(close.span), entries, end });
            }
            // An item at the start of a line: the brace was forgotten, not an entry written wrong.
            let token = self.peek();
            if token.rule == Rule::EOI || self.looks_like_item(column) {
                return Err(mistake::unclosed(open, token));
            }
            let mut around = self.around();
            let start = token.span;
            let kind = self.entry(config)?;
            let span = through(start, self.last());
            let comma = self.take(Rule::comma).is_some();
            self.finish_around(&mut around);
            if let (EntryKind::Request { method, .. }, Rule::open_brace | Rule::open_bracket) =
                (&kind, self.peek().rule)
            {
                return Err(mistake::body_without_key(self.peek(), method));
            }
            let is_word = matches!(&kind, EntryKind::Pair(_, Value { kind: ValueKind::Bare(bare), .. }) if bare.tokens.len() == 1);
            entries.push(Entry { around, span, kind });
            if !comma && !self.is(Rule::close_brace) && !self.first_on_line(self.at) {
                return Err(match is_word && self.peek_after(1).rule != Rule::colon {
                    true => mistake::behind_a_word(self.peek(), self.last()),
                    false => mistake::between_entries(self.peek(), self.last()),
                });
            }
        }
    }

    /// Where the line begins that the last token stands on. It may be indented: a macro's text is.
    pub(super) fn column_of_line(&self) -> u32 {
        let first = (0..self.at).rev().find(|at| self.first_on_line(*at)).unwrap_or(0);
        self.tokens[first].column
    }

    /// Whether a key at the start of a line stands no further in than that column, or a brace further out.
    fn is_further_out(&self, column: u32) -> bool {
        let token = self.peek();
        let further = match token.rule {
            Rule::close_brace => token.column < column,
            _ => token.column <= column && self.begins_entry(),
        };
        self.first_on_line(self.at) && further
    }

    fn looks_like_item(&self, column: u32) -> bool {
        let (token, next) = (self.peek(), self.peek_after(1));
        self.first_on_line(self.at)
            && token.rule == Rule::name
            && token.column <= column
            && next.lines == 0
            && matches!(next.rule, Rule::name | Rule::open_brace)
    }

    fn entry(&mut self, config: bool) -> Result<EntryKind, Mistake> {
        let token = self.peek();
        let next = self.peek_after(1);
        let is_key = matches!(token.rule, Rule::name | Rule::string);
        if is_key && next.rule == Rule::colon {
            if config && words::is_method(token.text) {
                return Err(mistake::method_as_key(token, next));
            }
            let key = self.key()?;
            self.next();
            if matches!(self.peek().rule, Rule::close_brace | Rule::comma) || self.begins_entry() {
                let is_indented = self.peek().lines > 0 && self.peek().column > token.column;
                return Err(mistake::no_value(&key.text, self.last(), is_indented));
            }
            if let Some(elements) = self.dashed_list() {
                return Err(mistake::dashed_list(self.peek(), &elements));
            }
            let value = match key.text.value.as_str() {
                "retry" if config => self.retry()?,
                "template" if config => self.filled()?,
                "sort" if config => self.sorted()?,
                // A brace here begins an object of the expression.
                key if config
                    && words::EXPRESSIONS.contains(&key)
                    && matches!(self.peek().rule, Rule::open_brace | Rule::open_bracket) =>
                {
                    let bare = self.bare()?;
                    Value { span: bare.span, kind: ValueKind::Bare(bare) }
                }
                _ => self.value()?,
            };
            return Ok(EntryKind::Pair(key, value));
        }
        if config && self.begins_request() {
            return self.request();
        }
        if token.rule == Rule::name && self.ends_entry(1) {
            self.next();
            let text = Text::verbatim(token.text.to_owned(), token.span, token.span.start);
            let tokens = vec![(token.rule, token.text.to_owned())];
            return Ok(EntryKind::Shorthand(Bare { span: token.span, text, tokens }));
        }
        if token.rule == Rule::name && !config && (next.rule == Rule::dot || is_infix(next.rule)) {
            let bare = self.bare()?;
            return if bare.is_field() { Ok(EntryKind::Shorthand(bare)) } else { Err(mistake::needs_a_key(&bare)) };
        }
        Err(mistake::not_an_entry(token, next))
    }

    /// `POST payment "/charge"`, `GET "https://…"`, `GET callback_url`
    fn request(&mut self) -> Result<EntryKind, Mistake> {
        let method = word(self.next());
        let api = match (self.peek().rule, self.peek_after(1)) {
            (Rule::name, next) if next.rule == Rule::string && next.lines == 0 => Some(word(self.next())),
            _ => None,
        };
        let url = self.value()?;
        Ok(EntryKind::Request { method, api, url })
    }

    fn key(&mut self) -> Result<Key, Mistake> {
        let token = self.next();
        Ok(match token.rule {
            Rule::string => Key { text: text::decode(&token)?.text, quoted: true },
            _ => {
                let text = Text::verbatim(token.text.to_owned(), token.span, token.span.start);
                Key { text, quoted: false }
            }
        })
    }

    /// A list as YAML has it, one `-` below the other: what stands behind each of them. To the parser of expressions it would
    /// be a subtraction.
    fn dashed_list(&self) -> Option<Vec<&'a str>> {
        let dash = self.peek();
        // What stands right behind a `-` has that sign.
        let is_apart = |token: &Token| self.source[token.span.end as usize..].starts_with(char::is_whitespace);
        let is_dash = |token: &Token| {
            token.rule == Rule::minus && token.lines > 0 && token.column == dash.column && is_apart(token)
        };
        if !is_dash(&dash) {
            return None;
        }
        let mut depth = 0;
        let is_over = |token: &Token| {
            depth += match token.rule {
                Rule::open_brace | Rule::open_bracket | Rule::open_paren => 1,
                Rule::close_brace | Rule::close_bracket | Rule::close_paren => -1,
                _ => 0,
            };
            let is_further_out = token.lines > 0 && token.column <= dash.column && !is_dash(token);
            depth < 0 || is_further_out || token.rule == Rule::EOI
        };
        let rest = &self.tokens[self.at..];
        let list = &rest[..rest.iter().position(is_over)?];
        let elements = list.split(is_dash).skip(1);
        let elements = elements.map(|element| match element {
            [] => "",
            [first, .., last] => &self.source[first.span.start as usize..last.span.end as usize],
            [only] => only.text,
        });
        // One alone may be a negative number, unless it is text or has a key.
        let is_element = matches!(list, [_, text] if text.rule == Rule::string)
            || matches!(list, [_, _, colon, ..] if colon.rule == Rule::colon);
        Some(elements.collect()).filter(|elements: &Vec<&str>| elements.len() > 1 || is_element)
    }

    /// Whether what comes after `count` tokens cannot belong to the entry any more.
    fn ends_entry(&self, count: usize) -> bool {
        let at = (self.at + count).min(self.tokens.len() - 1);
        let token = self.tokens[at];
        matches!(token.rule, Rule::comma | Rule::close_brace | Rule::EOI)
            || self.first_on_line(at) && !is_infix(token.rule)
    }

    /// `POST "…"`, `GET callback_url`
    pub(super) fn begins_request(&self) -> bool {
        let next = self.peek_after(1);
        self.is(Rule::name)
            && words::is_like_a_method(self.peek().text)
            && !self.ends_entry(1)
            && matches!(next.rule, Rule::string | Rule::name)
    }

    /// A key on a line of its own.
    pub(super) fn begins_entry(&self) -> bool {
        self.first_on_line(self.at)
            && matches!(self.peek().rule, Rule::name | Rule::string)
            && self.peek_after(1).rule == Rule::colon
    }

    pub(super) fn value(&mut self) -> Result<Value, Mistake> {
        self.nest()?;
        let start = self.peek();
        let literal = !self.continues(1) && !self.is_foreign_operator();
        let kind = match start.rule {
            Rule::open_brace => {
                self.next();
                ValueKind::Object(self.entries(start, false)?)
            }
            Rule::open_bracket if !self.continues_after_bracket() => {
                self.next();
                let (elements, end) = self.elements(start)?;
                ValueKind::Array(elements, end)
            }
            Rule::bad_number if literal => return Err(mistake::wrong_token(start)),
            Rule::string if literal => ValueKind::Text(self.strings()?),
            Rule::number if literal => ValueKind::Number(self.number()?),
            Rule::duration if literal => ValueKind::Duration(self.next().text.to_owned()),
            Rule::minus if self.peek_after(1).rule == Rule::number && !self.continues(2) => {
                self.next();
                ValueKind::Number(format!("-{}", self.number()?))
            }
            Rule::name if literal && matches!(start.text, "true" | "false") => {
                ValueKind::Bool(self.next().text == "true")
            }
            Rule::name if literal && start.text == "null" => {
                self.next();
                ValueKind::Null
            }
            _ => ValueKind::Bare(self.bare()?),
        };
        self.depth -= 1;
        Ok(Value { span: through(start.span, self.last()), kind })
    }

    /// A number as it is written. `007` is called so, and is none.
    fn number(&mut self) -> Result<String, Mistake> {
        let token = self.next();
        let has_zeros = token.text.len() > 1
            && token.text.starts_with('0')
            && token.text.trim_start_matches(['0', '_']).bytes().all(|byte| byte.is_ascii_digit());
        match has_zeros {
            true => Err(mistake::leading_zeros(token)),
            false => Ok(token.text.to_owned()),
        }
    }

    /// After a `[` or a `(`: the values up to the sign that closes it, and the comments before that.
    pub(super) fn elements(&mut self, open: Token) -> Result<(Vec<Element>, Vec<Comment>), Mistake> {
        let close = mistake::closing(open.rule).unwrap_or(Rule::close_bracket);
        let mut elements: Vec<Element> = Vec::new();
        loop {
            if self.is(close) {
                let end = self.comments_here();
                self.next();
                return Ok((elements, end));
            }
            if matches!(self.peek().rule, Rule::EOI | Rule::close_brace) || self.begins_entry() {
                return Err(mistake::unclosed(open, self.peek()));
            }
            let mut around = self.around();
            let start = self.at;
            let value = self.value()?;
            // Several texts are one where that text stands alone; here a `,` is missing.
            if matches!(&value.kind, ValueKind::Text(strings) if strings.len() > 1) {
                return Err(mistake::between_elements(open, self.tokens[start + 1], self.tokens[start]));
            }
            let comma = self.take(Rule::comma).is_some();
            self.finish_around(&mut around);
            elements.push(Element { around, value });
            if !comma && !self.is(close) {
                if matches!(self.peek().rule, Rule::EOI | Rule::close_brace) || self.begins_entry() {
                    return Err(mistake::unclosed(open, self.peek()));
                }
                return Err(mistake::between_elements(open, self.peek(), self.last()));
            }
        }
    }

    /// Strings that follow one another; a string before a colon is the next key.
    fn strings(&mut self) -> Result<Vec<Str>, Mistake> {
        let first = self.next();
        let mut strings = vec![text::decode(&first)?];
        // `"${items.join(", ")}"`: the quote inside has ended the text.
        let next = self.peek();
        let text_follows = self.peek_after(1).rule == Rule::string && self.peek_after(2).rule != Rule::colon;
        let ends = next.lines > 0
            || matches!(next.rule, Rule::close_brace | Rule::close_bracket)
            || next.rule == Rule::comma && !text_follows;
        if !ends && next.rule != Rule::open_brace && text::is_open(&strings[0].text.value) {
            return Err(mistake::quote_in_template(first));
        }
        while self.is(Rule::string) && self.peek_after(1).rule != Rule::colon {
            strings.push(text::decode(&self.next())?);
        }
        Ok(strings)
    }

    /// `3`, `3 every 2s`, `5 from 1s to 30s jitter`
    fn retry(&mut self) -> Result<Value, Mistake> {
        let count = self.value()?;
        let start = count.span;
        let mut retry = Retry { count: Box::new(count), every: None, from: None, to: None, jitter: None };
        if self.take_word("every").is_some() {
            retry.every = Some(Box::new(self.value()?));
        } else if self.take_word("from").is_some() {
            retry.from = Some(Box::new(self.value()?));
            if self.take_word("to").is_some() {
                retry.to = Some(Box::new(self.value()?));
            }
            retry.jitter = self.take_word("jitter").map(|jitter| jitter.span);
        }
        if !self.ends_entry(0) {
            return Err(mistake::after_retry(self.peek(), self.last()));
        }
        if retry.every.is_none() && retry.from.is_none() {
            return Ok(*retry.count);
        }
        Ok(Value { span: through(start, self.last()), kind: ValueKind::Retry(retry) })
    }

    /// `"order-confirmation"`, or with what it is filled with: `"order-confirmation" { order_id }`
    fn filled(&mut self) -> Result<Value, Mistake> {
        let value = self.value()?;
        match (value.kind, self.peek()) {
            (ValueKind::Text(strings), open) if open.rule == Rule::open_brace => {
                self.next();
                let block = self.entries(open, false)?;
                Ok(Value { span: through(value.span, self.last()), kind: ValueKind::Filled(strings, block) })
            }
            (kind, _) => Ok(Value { span: value.span, kind }),
        }
    }

    /// `unit_price`, `unit_price desc`
    fn sorted(&mut self) -> Result<Value, Mistake> {
        let value = self.value()?;
        match (value.kind, self.peek()) {
            (ValueKind::Bare(field), order) if order.rule == Rule::name && !self.ends_entry(0) => {
                let order = word(self.next());
                Ok(Value { span: through(value.span, self.last()), kind: ValueKind::Sorted(field, order) })
            }
            (kind, _) => Ok(Value { span: value.span, kind }),
        }
    }

    // ---- Expressions

    /// An expression outside quotes: operands between operators. What it means, its own parser says.
    pub(super) fn bare(&mut self) -> Result<Bare, Mistake> {
        let start = self.at;
        self.extent()?;
        let tokens = &self.tokens[start..self.at];
        let Some(first) = tokens.first() else { return Err(mistake::expected_value(self.peek(), self.last())) };
        let comment = tokens.iter().skip(1).find(|token| token.comments.0 != token.comments.1);
        if let Some(token) = comment {
            return Err(mistake::comment_inside(self.comments[token.comments.0 as usize].span));
        }
        let span = through(first.span, self.last());
        let text = text::expression(self.source, tokens)?;
        let tokens = tokens.iter().map(|token| (token.rule, token.text.to_owned())).collect();
        let bare = Bare { span, text, tokens };
        // A path may be one through the items of an array, which is no expression.
        if !bare.is_path() {
            self.expressions.push(bare.text.clone());
        }
        Ok(bare)
    }

    /// Moves behind an expression, as far as it can be told from its tokens.
    fn extent(&mut self) -> Result<(), Mistake> {
        let mut alternatives = 0;
        loop {
            // A word of JavaScript's before an operand is a mistake of the expression, which its own parser puts into words.
            while matches!(self.peek().rule, Rule::not | Rule::minus | Rule::plus) || self.is_foreign_operator() {
                self.next();
            }
            let token = self.peek();
            // After an operator at the end of a line: the next entry is no operand.
            if alternatives == 0 && self.begins_entry() {
                return Ok(());
            }
            match token.rule {
                Rule::name | Rule::string | Rule::number | Rule::duration | Rule::bad_number => {
                    self.next();
                }
                Rule::open_brace | Rule::open_bracket | Rule::open_paren => self.balanced()?,
                Rule::single_quoted | Rule::backquoted | Rule::unclosed_string | Rule::block_comment => {
                    return Err(mistake::wrong_token(token));
                }
                _ => return Ok(()),
            }
            loop {
                match self.peek().rule {
                    Rule::dot | Rule::chain => {
                        self.next();
                        if self.is(Rule::name) {
                            self.next();
                        }
                    }
                    Rule::open_bracket | Rule::open_paren => self.balanced()?,
                    _ => break,
                }
            }
            match self.peek().rule {
                Rule::question => alternatives += 1,
                Rule::colon if alternatives > 0 => alternatives -= 1,
                rule if is_infix(rule) => {}
                Rule::single_quoted | Rule::backquoted | Rule::assign => {
                    return Err(mistake::wrong_token(self.peek()));
                }
                _ => return Ok(()),
            }
            self.next();
            // `**` is one operator to the parser of expressions, which has words for it.
            while self.is(Rule::times) {
                self.next();
            }
        }
    }

    /// `typeof order_id`
    pub(super) fn is_foreign_operator(&self) -> bool {
        let next = self.peek_after(1);
        self.is(Rule::name)
            && ["typeof", "new", "void", "delete", "await"].contains(&self.peek().text)
            && next.lines == 0
            && matches!(next.rule, Rule::name | Rule::string | Rule::number)
    }

    /// Moves behind the bracket that closes this one.
    fn balanced(&mut self) -> Result<(), Mistake> {
        let mut open: Vec<Token> = Vec::new();
        loop {
            let token = self.peek();
            match token.rule {
                Rule::open_brace | Rule::open_bracket | Rule::open_paren => open.push(token),
                Rule::close_brace | Rule::close_bracket | Rule::close_paren => {
                    let Some(last) = open.pop() else { return Ok(()) };
                    if mistake::closing(last.rule) != Some(token.rule) {
                        return Err(mistake::unclosed(last, token));
                    }
                }
                Rule::single_quoted | Rule::backquoted | Rule::unclosed_string | Rule::block_comment => {
                    return Err(mistake::wrong_token(token));
                }
                Rule::EOI => match open.pop() {
                    Some(last) => return Err(mistake::unclosed(last, token)),
                    None => return Ok(()),
                },
                _ => {}
            }
            self.next();
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether what stands `count` tokens on makes an expression of the literal before it.
    fn continues(&self, count: usize) -> bool {
        let rule = self.peek_after(count).rule;
        is_infix(rule)
            || matches!(rule, Rule::question | Rule::dot | Rule::chain | Rule::open_paren)
            || rule == Rule::open_bracket && self.peek().rule != Rule::open_bracket
    }

    /// Whether an operator follows the bracket that closes the one here: `[1, 2].includes(x)`.
    fn continues_after_bracket(&self) -> bool {
        let mut depth = 0;
        for (offset, token) in self.tokens[self.at..].iter().enumerate() {
            match token.rule {
                Rule::open_brace | Rule::open_bracket | Rule::open_paren => depth += 1,
                Rule::close_brace | Rule::close_bracket | Rule::close_paren => {
                    depth -= 1;
                    if depth == 0 {
                        return self.continues(offset + 1);
                    }
                }
                _ => {}
            }
        }
        false
    }
}

fn is_infix(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::strict_equal
            | Rule::strict_not_equal
            | Rule::equal
            | Rule::not_equal
            | Rule::less_or_equal
            | Rule::greater_or_equal
            | Rule::less
            | Rule::greater
            | Rule::and
            | Rule::or
            | Rule::coalesce
            | Rule::plus
            | Rule::minus
            | Rule::times
            | Rule::divide
            | Rule::remainder
            | Rule::question
            // Mistakes of the expression, which its own parser puts into words.
            | Rule::pipe
            | Rule::chain
    )
}
