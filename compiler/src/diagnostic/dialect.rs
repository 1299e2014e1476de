//! Findings are worded for JSON, where they are found; for an author of a .flow text they are said in its words.
//!
//! This is the one place for that. It knows three shapes: a snippet `"key": value`, a key or kind in backticks, and a few
//! phrases that speak of quotes or of a `config`. Names of the author's (fields, nodes, functions) are left alone: only
//! findings about configuration are reworded.

use super::{Code, Diagnostic};
use crate::source::{Sources, Span};
use crate::syntax::flow::words;

/// Says a finding in the words of a .flow text.
pub fn reworded(mut diagnostic: Diagnostic) -> Diagnostic {
    if !is_about_configuration(diagnostic.code) {
        for help in &mut diagnostic.help {
            if help == UNDECLARED {
                "add it to the type, as in `name?: string`".clone_into(help);
            }
        }
        return diagnostic;
    }
    diagnostic.headline = text(&diagnostic.headline);
    for label in std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.labels) {
        label.message = text(&label.message);
    }
    for help in &mut diagnostic.help {
        *help = text(help);
    }
    diagnostic
}

/// Texts in expressions are proposed in single quotes, as they stand in a template; an expression by itself has double ones.
pub fn requote(diagnostic: &mut Diagnostic, sources: &Sources) {
    if diagnostic.help.iter().any(|help| help.contains('\'')) && !is_in_text(diagnostic.primary.span, sources) {
        diagnostic.help.iter_mut().for_each(|help| *help = double_quoted(help));
    }
}

/// Whether something stands between the quotes of a text: in a template.
fn is_in_text(span: Span, sources: &Sources) -> bool {
    let before = sources.get(span.file).text.get(..span.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.replace("\\\"", "").matches('"').count() % 2 == 1
}

/// `x == 'open'` → `x == "open"`, between backticks; a text by itself also outside of them.
fn double_quoted(help: &str) -> String {
    let parts = help.split('`').enumerate().map(|(position, part)| {
        let has_texts = part.matches('\'').count() % 2 == 0 && !part.contains(['"', '$']);
        if position % 2 == 1 && has_texts { part.replace('\'', "\"") } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// Whether it speaks of keys and kinds; the others speak of expressions, or of the text itself.
fn is_about_configuration(code: Code) -> bool {
    !matches!(
        code,
        Code::FlowSyntax
            | Code::DuplicateKey
            | Code::UnknownName
            | Code::UnknownWord
            | Code::DeclaredTwice
            | Code::ExpressionSyntax
            | Code::UnsupportedExpression
            | Code::UnterminatedTemplate
            | Code::UnknownNode
            | Code::UnknownField
            | Code::UnknownFunction
            | Code::UnknownMethod
            | Code::WrongArguments
            | Code::MisplacedFunction
            | Code::NotYetRun
            | Code::TemplateSyntax
            | Code::TemplateVariable
    )
}

/// What is said of a field that a schema does not declare.
pub(crate) const UNDECLARED: &str = "declare it in the schema, or allow others there: \"additionalProperties\": true";

/// What takes the place of `add "key" …`, where the key has no line of its own here.
const FORMS: &[(&str, &str)] = &[
    ("url", "say what it calls: `GET \"https://…\"`"),
    ("webhook_id", "write `at \"…\"` behind its id: the last part of its path"),
    ("schedule_type", "write `cron \"0 9 * * 1-5\"` or `every 5m` behind its id"),
    ("function", "write `= crate::fraud::check(order)` behind its id: the function it calls"),
    ("transform_type", "say what it does: `filter`, `map`, `sort`, `group`, `total`, `add`, `extract` or `csv`"),
    ("smtp_server", "write `via` and the name of an `smtp` behind its id, or add `server: SMTP_SERVER`"),
];

const PHRASES: &[(&str, &str)] = &[
    ("`settings` has no key", "the `workflow` block has no key"),
    (" to its `config`", ""),
    ("needs `transform_type`", "needs an operation"),
    ("`transform_type` is missing", "the operation is missing"),
    ("a number of seconds, more than 0", "a duration such as `30s`"),
    ("a number of seconds, or an object with a `strategy`", "a duration such as `2s`"),
    ("text holding an expression", "an expression"),
    ("or let the schema require it: name it in `required`", "or let its type require it: no `?` behind its name"),
    ("it has to be known when the workflow is compiled: write a number", "write it without quotes, as in `3` or `30s`"),
    ("write the number without quotes", "write it without quotes"),
    ("write `params` for a query, or write `method: \"POST\"`", "write `params` for a query, or write `POST`"),
    (
        "for example {`total: item.quantity * item.unit_price`}",
        "for example `{ total: item.quantity * item.unit_price }`",
    ),
    ("or write `method: \"POST\"`", "or write `POST`"),
    ("`condition: \"true\"` says", "`true -> …` says"),
    ("an object `{\"ttl\": seconds}`", "a duration such as `1m`"),
    ("has to be known when the workflow is compiled", "has to be text: it must be known when the workflow is compiled"),
];

fn text(said: &str) -> String {
    if let Some(rest) = said.strip_prefix("add \"")
        && let Some((key, _)) = rest.split_once('"')
        && rest[key.len() + 1..].starts_with([' ', ';']) | (rest.len() == key.len() + 1)
        && let Some((_, form)) = FORMS.iter().find(|(of, _)| *of == key)
    {
        return (*form).to_owned();
    }
    let mut said = names(&snippets(&connections(said)));
    for (json, flow) in PHRASES {
        if said.contains(json) {
            said = said.replace(json, flow);
        }
    }
    said
}

/// `{ "from": "a", "to": "b", "condition": "c" }` → `` `a { c -> b }` ``.
fn connections(said: &str) -> String {
    const FROM: &str = "{ \"from\": \"";
    let mut out = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(at) = rest.find(FROM) {
        let Some(end) = rest[at..].find(" }").map(|end| at + end + 2) else { break };
        let values: Vec<&str> = rest[at..end].split('"').skip(3).step_by(4).collect();
        out.push_str(rest[..at].trim_end_matches('`'));
        out.push('`');
        out.push_str(&match values.as_slice() {
            [from, to, condition, ..] => format!("{from} {{ {condition} -> {to} }}"),
            [from, to] => format!("{from} -> {to}"),
            _ => rest[at..end].to_owned(),
        });
        out.push('`');
        rest = rest[end..].trim_start_matches('`');
    }
    out.push_str(rest);
    out
}

/// `"secret": "${WEBHOOK_SECRET}"` → `` `secret: WEBHOOK_SECRET` ``; `add "body"` → ``add `body` ``.
fn snippets(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(open) = rest.find('"') {
        let after = &rest[open + 1..];
        let Some(length) = after.find('"') else { break };
        let (key, behind) = (&after[..length], &after[length + 1..]);
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let value = behind.strip_prefix(": ").filter(|_| is_key).and_then(scalar);
        let quoted = out.len() + open > 0 && rest[..open].ends_with('`');
        let tick = if quoted || rest[..open].ends_with(['[', '{', ' ']) && inside_ticks(&out, &rest[..open]) {
            ""
        } else {
            "`"
        };
        out.push_str(&rest[..open]);
        match value {
            Some((value, length)) => {
                out.push_str(&format!("{tick}{}: {value}{tick}", flow_key(key)));
                rest = &behind[2 + length..];
            }
            None if is_key && out.ends_with("add ") => {
                out.push_str(&format!("`{}`", flow_key(key)));
                rest = behind;
            }
            None => {
                out.push_str(&format!("\"{key}\""));
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether the text so far has an odd number of backticks.
fn inside_ticks(out: &str, rest: &str) -> bool {
    (out.matches('`').count() + rest.matches('`').count()) % 2 == 1
}

/// A value of JSON, or an array of them, at the start of a text, as it is written here, and how long it is there.
fn scalar(text: &str) -> Option<(String, usize)> {
    if let Some(inside) = text.strip_prefix('"') {
        let end = inside.find('"')?;
        let value = &inside[..end];
        let whole = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let said = whole.filter(|whole| !whole.contains("${")).map_or_else(|| format!("\"{value}\""), str::to_owned);
        return Some((said, end + 2));
    }
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        return Some((text[..end].to_owned(), end));
    }
    let end = text.find(|char: char| !char.is_ascii_alphanumeric() && char != '.').unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), end))
}

fn flow_key(key: &str) -> &str {
    match key {
        "retry_count" => return "retry",
        "interval_seconds" => return "every",
        "cron_expression" => return "cron",
        _ => {}
    }
    if let Some((here, ..)) = words::TRANSFORMS.iter().find(|(_, json, _)| *json == key) {
        return here;
    }
    words::KEYS.iter().find(|(_, _, json)| *json == key).map_or(key, |(_, here, _)| here)
}

/// Kinds and keys in backticks.
fn names(said: &str) -> String {
    let mut out = String::with_capacity(said.len());
    for (position, part) in said.split('`').enumerate() {
        if position > 0 {
            out.push('`');
        }
        let inside = position % 2 == 1;
        let named = match part {
            "webhook_id" => "at",
            _ if inside => words::word(flow_key(part)),
            _ => part,
        };
        out.push_str(if inside { named } else { part });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{double_quoted, text};

    #[track_caller]
    fn check(json: &str, flow: &str) {
        assert_eq!(text(json), flow);
    }

    #[test]
    fn snippets_of_json_become_entries() {
        check("add \"secret\": \"${WEBHOOK_SECRET}\" to its `config`", "add `secret: WEBHOOK_SECRET`");
        check("add \"body\": \"…\" to its `config`", "add `body: \"…\"`");
        check("list them: \"allowed_ips\": [\"10.0.0.0/8\"]", "list them: `allowed_ips: [\"10.0.0.0/8\"]`");
        check(
            "name the template: \"template\": \"order-confirmation\"",
            "name the template: `template: \"order-confirmation\"`",
        );
        check(
            "add \"filter_condition\" to its `config`; it takes text holding an expression",
            "add `require`; it takes an expression",
        );
        check("add \"url\" to its `config`; it takes text", "say what it calls: `GET \"https://…\"`");
    }

    #[test]
    fn connections_become_edges() {
        check("add { \"from\": \"a\", \"to\": \"b\" }", "add `a -> b`");
        check(
            "lead it on: { \"from\": \"thank\", \"to\": \"…\", \"condition\": \"result.success == false\" }",
            "lead it on: `thank { result.success == false -> … }`",
        );
        check("say so: \"irreversible\": false", "say so: `irreversible: false`");
    }

    #[test]
    fn kinds_and_keys_have_their_names_here() {
        check("a `send_email` node needs `smtp_server`", "a `mail` node needs `server`");
        check("`use_tls` takes `true` or `false`, not text", "`tls` takes `true` or `false`, not text");
        check(
            "`timeout` takes a number of seconds, more than 0, not text",
            "`timeout` takes a duration such as `30s`, not text",
        );
    }

    #[test]
    fn texts_of_expressions_have_double_quotes() {
        assert_eq!(double_quoted("write `price === '100'`"), "write `price === \"100\"`");
        let others =
            ["`${a == 'b'}`", "the node's `x ?? \"it's\"`", "the workflow's texts, the node's fields", "write `b'x`"];
        others.into_iter().for_each(|other| assert_eq!(double_quoted(other), other));
    }

    #[test]
    fn other_text_is_left_alone() {
        check(
            "for several recipients write an array: [\"a@example.com\", \"b@example.com\"]",
            "for several recipients write an array: [\"a@example.com\", \"b@example.com\"]",
        );
        check("an unpaired \" quote and `a` tick", "an unpaired \" quote and `a` tick");
    }
}
