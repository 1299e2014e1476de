//! Expressions as they are written, with canonical spaces.

use super::Printer;
use crate::syntax::flow::token::Rule;
use crate::syntax::flow::tree::Bare;

impl Printer {
    /// An expression that does not fit: each part on a line of its own.
    pub(super) fn long_expression(&mut self, bare: &Bare) {
        self.indent += 1;
        for (position, part) in parts(bare).iter().enumerate() {
            if position > 0 {
                self.out.push('\n');
                self.start_line();
            }
            self.out.push_str(part);
        }
        self.indent -= 1;
    }
}

pub fn line(bare: &Bare) -> String {
    parts(bare).join(" ")
}

/// The expression, cut in front of the loosest of its logical operators.
pub fn parts(bare: &Bare) -> Vec<String> {
    let tokens = &bare.tokens;
    let mut depth = 0;
    let mut loosest: Option<(u8, Rule)> = None;
    for (rule, _) in tokens {
        match rule {
            Rule::open_brace | Rule::open_bracket | Rule::open_paren => depth += 1,
            Rule::close_brace | Rule::close_bracket | Rule::close_paren => depth -= 1,
            _ => {}
        }
        let level = match rule {
            Rule::question => 0,
            Rule::coalesce => 1,
            Rule::or => 2,
            Rule::and => 3,
            _ => continue,
        };
        if depth == 0 && loosest.is_none_or(|(least, _)| level < least) {
            loosest = Some((level, *rule));
        }
    }
    let mut parts: Vec<String> = vec![String::new()];
    let mut writer = Writer { brackets: vec![0], before: None, unary: false };
    let mut depth = 0;
    for (rule, text) in tokens {
        match rule {
            Rule::open_brace | Rule::open_bracket | Rule::open_paren => depth += 1,
            Rule::close_brace | Rule::close_bracket | Rule::close_paren => depth -= 1,
            _ => {}
        }
        let cuts = depth == 0 && loosest.is_some_and(|(_, loosest)| loosest == *rule);
        let cuts = cuts || depth == 0 && *rule == Rule::colon && matches!(loosest, Some((_, Rule::question)));
        let space = writer.space(*rule);
        if cuts {
            parts.push(String::new());
        } else if space {
            parts.last_mut().iter_mut().for_each(|part| part.push(' '));
        }
        parts.last_mut().iter_mut().for_each(|part| part.push_str(text));
        writer.wrote(*rule);
    }
    parts
}

/// Decides where a space stands.
struct Writer {
    /// For each open bracket, how many `?` wait for their `:`.
    brackets: Vec<usize>,
    before: Option<Rule>,
    /// The token before is a sign in front of an operand.
    unary: bool,
}

impl Writer {
    fn space(&self, rule: Rule) -> bool {
        let Some(before) = self.before else { return false };
        let after_operand = ends_operand(before);
        match (before, rule) {
            // Two signs would become another operator.
            (Rule::minus, Rule::minus) | (Rule::plus, Rule::plus) => true,
            _ if self.unary => false,
            (Rule::open_brace, Rule::close_brace) => false,
            (Rule::open_paren | Rule::open_bracket | Rule::dot | Rule::chain, _) => false,
            (_, Rule::comma | Rule::dot | Rule::chain | Rule::close_paren | Rule::close_bracket) => false,
            (_, Rule::open_paren | Rule::open_bracket) => !after_operand,
            (_, Rule::colon) => self.brackets.last().is_some_and(|waiting| *waiting > 0),
            _ => true,
        }
    }

    fn wrote(&mut self, rule: Rule) {
        let after_operand = self.before.is_some_and(ends_operand);
        match rule {
            Rule::open_brace | Rule::open_bracket | Rule::open_paren => self.brackets.push(0),
            Rule::close_brace | Rule::close_bracket | Rule::close_paren => {
                self.brackets.pop();
            }
            Rule::question => self.brackets.last_mut().iter_mut().for_each(|waiting| **waiting += 1),
            Rule::colon => {
                self.brackets.last_mut().iter_mut().for_each(|waiting| **waiting = waiting.saturating_sub(1));
            }
            _ => {}
        }
        self.unary = match rule {
            Rule::not => true,
            Rule::minus | Rule::plus => !after_operand || self.unary,
            _ => false,
        };
        self.before = Some(rule);
    }
}

fn ends_operand(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::name
            | Rule::string
            | Rule::number
            | Rule::duration
            | Rule::bad_number
            | Rule::close_paren
            | Rule::close_bracket
            | Rule::close_brace
    )
}
