//! Templates with a slip in them: `$(id)`, `#{id}`, `$charge.result.id`, `Bearer {API_KEY}`, and a node's path as a whole text.
//!
//! Always true: found is only what names something this workflow has: a node, a variable, a declared field of the input. What
//! begins with a `$` for a service (GraphQL's variables, OData's options) is left alone.

use super::Lowering;
use super::expr::is_environment_name;
use super::shadowed::{Meant, identifier, in_our_words, is_path, path_at};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Node, Piece, Text};
use crate::source::Dialect;
use crate::syntax::ast;

/// Fields are looked for so often in one text.
const FIELDS_MAX: usize = 8;

/// What OData writes into paths behind a `$`; its options in queries are followed by `=`.
const ODATA: &[&str] = &["all", "batch", "count", "each", "links", "metadata", "ref", "value"];

/// What a text's names are compared with.
pub(super) struct Known<'a> {
    pub(super) is_node: &'a dyn Fn(&str) -> bool,
    pub(super) dialect: Dialect,
}

impl Known<'_> {
    /// `charge.result.id`, as it is written in a template.
    fn node_path(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(identifier(path)).filter(|_| (self.is_node)(identifier(path)))?;
        let is_read = rest.strip_prefix(".result").is_some_and(|rest| rest.starts_with(['.', '[']));
        let root = if self.dialect == Dialect::Flow { "" } else { "previous_outputs." };
        is_read.then(|| format!("{root}{path}"))
    }
}

/// The first thing in a literal that names a node or a variable, and lacks what makes it a template. `whole`: the text is nothing
/// but this literal.
pub(super) fn meant(literal: &str, whole: bool, known: &Known) -> Option<Meant> {
    for (range, inner) in enclosed(literal) {
        if let Some(expression) = in_our_words(inner).or_else(|| known.node_path(inner)) {
            return Some(Meant { range, expression });
        }
    }
    for (start, _) in literal.match_indices('$') {
        let path = path_at(&literal[start + 1..]);
        if let Some(expression) = known.node_path(path) {
            return Some(Meant { range: start..start + 1 + path.len(), expression });
        }
    }
    let trimmed = literal.trim();
    let expression = known.node_path(trimmed).filter(|_| whole && is_path(trimmed))?;
    let start = literal.len() - literal.trim_start().len();
    Some(Meant { range: start..start + trimmed.len(), expression })
}

/// What would be a template if the input has a field of this name: `$order_id`, `#{order_id}`. `has_own`: in this text
/// `$order_id` may be a variable of its own.
pub(super) fn meant_fields(literal: &str, has_own: impl Fn() -> bool, dialect: Dialect) -> Vec<(String, Meant)> {
    let root = if dialect == Dialect::Flow { "" } else { "input_data." };
    let enclosed = enclosed(literal);
    let dollars = dollars(literal).filter(|_| !has_own());
    let is_field = |path: &str| path.starts_with(|first: char| first.is_ascii_lowercase());
    let found = enclosed.chain(dollars).filter(|(_, path)| is_field(path)).take(FIELDS_MAX);
    let field = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
    found.map(|(range, path)| (field(path), Meant { range, expression: format!("{root}{path}") })).collect()
}

/// `{{id}}`, with the name inside. A service that a request goes to may fill such places itself.
pub(super) fn doubled(literal: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    literal.match_indices("{{").filter_map(|(start, _)| {
        let length = literal[start + 2..].find("}}")?;
        let name = literal[start + 2..start + 2 + length].trim();
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase()) && identifier(name) == name;
        is_name.then_some((start..start + length + 4, name))
    })
}

/// `$(id)` and `#{id}`, with the path inside.
fn enclosed(literal: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    [("$(", ')'), ("#{", '}')].into_iter().flat_map(move |(open, close)| {
        literal.match_indices(open).filter_map(move |(start, _)| {
            let path = path_at(&literal[start + 2..]);
            let end = start + 2 + path.len();
            (!path.is_empty() && literal[end..].starts_with(close)).then_some((start..end + 1, path))
        })
    })
}

/// `$id`, with the path behind the sign.
fn dollars(literal: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    literal.match_indices('$').filter_map(|(start, _)| {
        let path = path_at(&literal[start + 1..]);
        let end = start + 1 + path.len();
        let is_of_odata = literal[..start].ends_with('/') && ODATA.contains(&path);
        let goes_on = literal[end..].starts_with(['=', ':', '(', '{', '$']);
        let is_behind_a_word = literal[..start].ends_with(|before: char| before.is_alphanumeric() || before == '$');
        (!path.is_empty() && !is_of_odata && !goes_on && !is_behind_a_word).then_some((start..end, path))
    })
}

/// What queries say in capitals: SQL, Cypher.
const OF_QUERIES: &[&str] = &["SELECT", "WHERE", "INSERT", "UPDATE", "DELETE", "MATCH", "MERGE", "RETURN"];

/// A query or a script, in which `$id` is its own: it has words of queries, or braces that are no template's.
pub(super) fn has_variables_of_its_own(text: &str) -> bool {
    let is_word = |word: &str| OF_QUERIES.contains(&word);
    text.split(|char: char| !char.is_alphanumeric()).any(is_word)
        || text.contains("($")
        || text.match_indices('{').any(|(at, _)| !text[..at].ends_with(['$', '#']))
}

impl Lowering<'_> {
    /// `{{id}}` in the subject or the text of a mail, which nobody fills, where the input has a field of this name.
    pub(super) fn slips_in_mail(&mut self, text: &ast::Text) {
        let root = if self.dialect == Dialect::Flow { "" } else { "input_data." };
        for (range, name) in doubled(&text.value) {
            let written = &text.value[range.clone()];
            let found = Diagnostic::new(
                Code::ShadowedLiteral,
                text.span_of(range),
                format!("`{written}` is text, not a template"),
            )
            .label("sent as it is written")
            .help(format!("write `${{{root}{name}}}`"));
            self.slips_of_fields.push((name.to_owned(), found));
        }
    }

    /// What an `Authorization` was meant to be: `Bearer {API_KEY}`, `Bearer${API_KEY}`, `Bearer: ${API_KEY}`.
    pub(super) fn slips_in_credentials(&mut self, name: &ast::Text, value: &Text) {
        if !name.value.eq_ignore_ascii_case("authorization") {
            return;
        }
        let literals = value.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal.as_str()),
            Piece::Expr(_) => None,
        });
        if let Some(variable) = literals.filter_map(variable_in_braces).next() {
            self.diagnostics.push(
                Diagnostic::new(Code::ShadowedLiteral, value.span, format!("`{{{variable}}}` is text, not a template"))
                    .label("sent as it is written")
                    .help(format!("write `${{{variable}}}`")),
            );
        }
        let Some(Piece::Literal(start)) = value.pieces.first() else { return };
        let found =
            |headline: &str| Diagnostic::new(Code::BadHeader, value.span, headline).label("no service takes this");
        let help = "write `Bearer`, a space and the token: `Bearer ${API_KEY}`";
        if start == "Bearer" && value.pieces.len() > 1 {
            self.diagnostics.push(found("there is no space between `Bearer` and the token").help(help));
        } else if start.starts_with("Bearer:") {
            self.diagnostics.push(found("there is no `:` behind `Bearer`").help(help));
        }
    }

    /// Reports what was found by the name of a field, where a trigger declares it.
    pub(super) fn report_slips_of_fields(&mut self, nodes: &[Node]) {
        for (name, found) in std::mem::take(&mut self.slips_of_fields) {
            if super::shadowed::is_declared(nodes, &name) {
                self.diagnostics.push(found);
            }
        }
    }
}

/// `{API_KEY}`
fn variable_in_braces(literal: &str) -> Option<&str> {
    literal.match_indices('{').find_map(|(start, _)| {
        let name = identifier(&literal[start + 1..]);
        let is_closed = literal[start + 1 + name.len()..].starts_with('}');
        (is_closed && !literal[..start].ends_with(['$', '{']) && is_environment_name(name)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(literal: &str, expected: Option<(&str, &str)>) {
        let known = Known { is_node: &|id| id == "charge", dialect: Dialect::Json };
        let found = meant(literal, true, &known).map(|meant| (literal[meant.range].to_owned(), meant.expression));
        let found = found.as_ref().map(|(written, expression)| (written.as_str(), expression.as_str()));
        assert_eq!(found, expected, "{literal}");
    }

    #[test]
    fn slips_in_templates_of_nodes_and_variables() {
        check("of $charge.result.id.", Some(("$charge.result.id", "previous_outputs.charge.result.id")));
        check("$(API_KEY)", Some(("$(API_KEY)", "API_KEY")));
        check("#{charge.result.id}", Some(("#{charge.result.id}", "previous_outputs.charge.result.id")));
        check(" charge.result.items[0]", Some(("charge.result.items[0]", "previous_outputs.charge.result.items[0]")));
        for text in ["charge.created", "charge.result", "order.result.id", "see charge.result.id", "$charge", "$(date)"]
        {
            check(text, None);
        }
    }

    #[test]
    fn slips_in_templates_of_fields() {
        let found = |text: &str| -> Vec<String> {
            let found = meant_fields(text, || has_variables_of_its_own(text), Dialect::Json);
            found.into_iter().map(|(_, meant)| text[meant.range].to_owned()).collect()
        };
        assert_eq!(found("$(id) and #{id}, $id."), ["$(id)", "#{id}", "$id"]);
        assert_eq!(found("/subscriptions/$customer.id"), ["$customer.id"]);
        for text in
            ["query ($id: ID!) { order(id: $id) }", "?$filter=a", "/orders/$count", "US$id", "$$id", "$5", "$ID"]
        {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
