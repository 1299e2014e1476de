//! `shadowed-literal`: text that was probably meant as a name, and names that were probably meant as something else.
//!
//! Found is only what hardly anybody writes on purpose: the ways other systems write templates, around names this one
//! knows; paths in quotes where a truth is wanted; misspelt keywords. Each has a way to be written that is not reported:
//! `input_data.None`.

use super::expr::{Place, is_environment_name};
use super::slips::{self, Known};
use super::{Lowering, SUGGESTED_FROM};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::model::schema::Schema;
use crate::model::ty::Type;
use crate::model::{Node, Piece, Text};
use crate::source::{Dialect, Span};
use crate::syntax::ast::{self, Binary, ExprKind, Part, TemplatePart, Unary, ValueKind};
use crate::syntax::flow::words;
use crate::syntax::template::opening;
use std::cell::LazyCell;
use std::ops::Range;

/// Names that can begin a path wherever an expression stands.
const ROOTS: &[&str] = &["input_data", "previous_outputs"];

/// What other systems call these roots, and in `{{ }}` what ours are called.
const FOREIGN_ROOTS: &[(&str, &str)] = &[
    ("input", "input_data"),
    ("inputs", "input_data"),
    ("$json", "input_data"),
    ("$input", "input_data"),
    ("$", "input_data"),
    ("trigger", "input_data"),
    ("outputs", "previous_outputs"),
    ("steps", "previous_outputs"),
    ("nodes", "previous_outputs"),
    ("$node", "previous_outputs"),
];

/// What `result` is called elsewhere, in the condition of a connection.
const FOREIGN_RESULTS: &[&str] = &["results", "response", "output"];

/// Where other systems keep variables of the environment.
const FOREIGN_ENVIRONMENTS: &[&str] = &["env", "$env", "secrets", "vars"];

impl Lowering<'_> {
    /// Looks through the literal parts of a text.
    pub(super) fn shadowed_text(&mut self, text: &ast::Text, parts: &[Part]) {
        // Up to here the text has been looked through.
        let mut seen = 0;
        let (ids, dialect) = (&self.ids, self.dialect);
        let known = Known { is_node: &|id| ids.contains_key(id), dialect };
        let has_own = LazyCell::new(|| slips::has_variables_of_its_own(&text.value));
        let mut certain = Vec::new();
        let mut of_fields = Vec::new();
        for part in parts {
            let Part::Literal(literal, place) = part else { continue };
            if let Some(meant) = meant_template(literal, parts.len() == 1, &known) {
                let written = &literal[meant.range.clone()];
                let span = place_of(text, written, *place, &mut seen);
                certain.push(found(written, span, &meant));
            } else if literal.contains(['$', '#']) {
                // Two of them need not stand in the order in which they are found.
                let before = seen;
                for (field, meant) in slips::meant_fields(literal, || *has_own, dialect) {
                    let written = &literal[meant.range.clone()];
                    let mut end = before;
                    let span = place_of(text, written, *place, &mut end);
                    seen = seen.max(end);
                    of_fields.push((field, found(written, span, &meant)));
                }
            }
        }
        self.diagnostics.extend(certain);
        self.slips_of_fields.extend(of_fields);
    }

    /// A key with a template in it.
    pub(super) fn shadowed_key(&mut self, key: &ast::Text) {
        let Some(start) = opening(&key.value).filter(|start| key.value[*start..].contains('}')) else { return };
        let end = start + key.value[start..].find('}').map_or(0, |end| end + 1);
        self.diagnostics.push(
            Diagnostic::new(
                Code::ShadowedLiteral,
                key.span_of(start..end),
                format!("`{}` is text: there are no templates in keys", &key.value[start..end]),
            )
            .label("sent as it is written")
            .help("the keys of an object are known when it is compiled: send this one as a value of its own"),
        );
    }

    /// Looks through the literal parts of a URL for what other systems put into paths: `/orders/{id}`, `/orders/:id`, `/orders/<id>`.
    pub(super) fn shadowed_url(&mut self, url: &Text, written: &ast::Text) {
        self.shadowed_query(url, written);
        let literals = url.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal.as_str()),
            Piece::Expr(_) => None,
        });
        let mut seen = 0;
        for (placeholder, name) in literals.filter_map(placeholder) {
            // The next that is no part of a template.
            let mut places = written.value[seen..].match_indices(placeholder).map(|(at, _)| seen + at);
            let Some(at) = places.find(|at| !written.value[..*at].ends_with('$')) else { continue };
            seen = at + placeholder.len();
            let root = if self.dialect == Dialect::Flow { "" } else { "input_data." };
            self.diagnostics.push(
                Diagnostic::new(
                    Code::ShadowedLiteral,
                    written.span_of(at..at + placeholder.len()),
                    format!("`{placeholder}` is text, not a template"),
                )
                .label("asked for as it is written")
                .help(format!("write `${{{root}{name}}}`")),
            );
        }
    }

    /// `/orders&id=${id}`: a query that nothing begins.
    fn shadowed_query(&mut self, url: &Text, written: &ast::Text) {
        let literals = url.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal.as_str()),
            Piece::Expr(_) => None,
        });
        for literal in literals {
            if literal.contains(['?', '#']) {
                return;
            }
            let parameter = literal.match_indices('&').find_map(|(at, _)| {
                let name = identifier(&literal[at + 1..]);
                let end = at + 1 + name.len();
                (!name.is_empty() && literal[end..].starts_with('=')).then(|| &literal[at..=end])
            });
            let Some(parameter) = parameter else { continue };
            let Some(at) = written.value.find(parameter) else { return };
            self.diagnostics.push(
                Diagnostic::new(
                    Code::ShadowedLiteral,
                    written.span_of(at..at + parameter.len()),
                    format!("`{parameter}` is a part of the path: a query begins with `?`"),
                )
                .label("no parameter")
                .help(format!("write `?{}`, or give the parameters by name in `params`", &parameter[1..])),
            );
            return;
        }
    }

    /// Looks through an expression, before its constants are folded.
    pub(super) fn shadowed_expression(&mut self, place: Place, expr: &ast::Expr) {
        let mut bound = Vec::new();
        if let Place::Item(_) = place {
            bound.push("item");
        }
        let in_condition = matches!(place, Place::Condition(_));
        let truth = in_condition || matches!(expr.kind, ExprKind::String(_));
        Names { lowering: self, bound, in_condition }.visit(expr, truth);
    }

    /// Whether a condition is a name that was meant to be `else`, `always` or `succeeded`, and is no field of the input. Where the input may
    /// have such a field, that is only a guess.
    pub(super) fn meant_branch(&mut self, condition: &ast::Value, nodes: &[Node]) -> bool {
        let ValueKind::String(text) = &condition.kind else { return false };
        let name = text.value.as_str();
        let Some(word) = meant_branch(name).filter(|_| self.dialect == Dialect::Flow && !self.ids.contains_key(name))
        else {
            return false;
        };
        let help = format!("write `{word}`; a field of that name is `input_data.{name}`");
        let mut triggers =
            nodes.iter().filter(|node| node.kind.is_trigger()).map(|node| node.kind.input_schema()).peekable();
        let is_unknown = |schema: Option<&Schema>| schema.is_some_and(|schema| schema.ty.field(name).unknown);
        if triggers.peek().is_some() && triggers.all(is_unknown) {
            let headline = format!("the input has no field `{name}`");
            let found = Diagnostic::new(Code::UnknownField, text.span, headline).label(format!("meant is `{word}`?"));
            self.diagnostics.push(found.help(format!("write `{word}`")));
            return true;
        }
        let headline = format!("`{name}` is a field of the input, not `{word}`");
        let found = Diagnostic::new(Code::ShadowedLiteral, text.span, headline).label("read from the input").help(help);
        self.shadowed_fields.push((name.to_owned(), found));
        false
    }

    /// Reports the names that no trigger declares as fields of its input.
    pub(super) fn report_shadowed_fields(&mut self, nodes: &[Node]) {
        for (name, found) in std::mem::take(&mut self.shadowed_fields) {
            if !is_declared(nodes, &name) {
                self.diagnostics.push(found);
            }
        }
    }
}

/// Where exactly something is written in a part of a text: an escape before it may have moved it. `seen`: what was found in an
/// earlier part stands before it.
fn place_of(text: &ast::Text, written: &str, part: Span, seen: &mut usize) -> Span {
    if text.is_derived() {
        return part;
    }
    let places = text.value[*seen..].match_indices(written).map(|(at, _)| *seen + at..*seen + at + written.len());
    let mut spans = places.map(|range| (range.end, text.span_of(range)));
    let inside = |(_, span): &(usize, Span)| part.start <= span.start && span.end <= part.end;
    let (end, span) = spans.find(inside).unwrap_or((*seen, part));
    *seen = end;
    span
}

fn found(written: &str, span: Span, meant: &Meant) -> Diagnostic {
    match written.starts_with("${") {
        true => Diagnostic::new(Code::ShadowedLiteral, span, format!("`{written}` behind a `$` is text"))
            .label("sent as it is written: `$${` stands for `${`")
            .help(format!("for a dollar sign and the value, write `${{'$'}}{written}`")),
        false => Diagnostic::new(Code::ShadowedLiteral, span, format!("`{written}` is text, not a template"))
            .label("sent as it is written")
            .help(format!("write `${{{}}}`", meant.expression)),
    }
}

/// Whether a trigger's schema declares a field of the input.
pub(super) fn is_declared(nodes: &[Node], name: &str) -> bool {
    let declares = |ty: &Type| matches!(ty, Type::Object(object) if object.field(name).is_some());
    nodes.iter().filter_map(|node| node.kind.input_schema()).any(|schema| schema.ty.members().iter().any(declares))
}

/// A segment of a path that stands for another, and the name in it.
fn placeholder(literal: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // In a query, too: there a single brace may be meant.
    if let Some((range, name)) = slips::doubled(literal).next() {
        return Some((&literal[range], name));
    }
    let path = literal.split(['?', '#']).next().unwrap_or_default();
    path.split('/').skip(1).find_map(|segment| {
        let inside = |open: char, close: char| segment.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        let name = inside('{', '}').or_else(|| inside('<', '>')).or_else(|| segment.strip_prefix(':'))?;
        is_name(name).then_some((segment, name))
    })
}

pub(super) struct Meant {
    pub(super) range: Range<usize>,
    /// What should stand between `${` and `}`.
    pub(super) expression: String,
}

/// The first thing in a literal that looks like a template. `whole`: the text is nothing but this literal.
fn meant_template(literal: &str, whole: bool, known: &Known) -> Option<Meant> {
    // Each of them has one of these, and most texts have none.
    if !literal.bytes().any(|byte| matches!(byte, b'{' | b'$' | b'_' | b'.')) {
        return None;
    }
    // `{{ input.x }}`
    for (start, _) in literal.match_indices("{{") {
        let Some(length) = before_brace(&literal[start + 2..], "}}") else { continue };
        let inner = literal[start + 2..start + 2 + length].trim();
        if let Some(expression) = in_our_words(inner) {
            return Some(Meant { range: start..start + length + 4, expression });
        }
    }
    // `{input_data.x}`
    for (start, _) in literal.match_indices('{') {
        let rest = &literal[start + 1..];
        let Some(length) = before_brace(rest, "}") else { continue };
        let root = identifier(rest);
        let escaped = literal[..start].ends_with('$');
        // `Total: $${input_data.total}`: whoever prints prices means a dollar. Of `$${HOME}` a shell may be meant, and who writes
        // nothing else means the escape.
        let is_name = root.starts_with(|first: char| first.is_ascii_lowercase()) && is_path(&rest[..length]);
        if escaped && is_name && start > 1 {
            return Some(Meant { range: start - 1..start + length + 2, expression: rest[..length].to_owned() });
        }
        if !escaped && ROOTS.contains(&root) && is_path(&rest[..length]) {
            return Some(Meant { range: start..start + length + 2, expression: rest[..length].to_owned() });
        }
    }
    // `$input_data.x`, `$API_KEY`
    for (start, _) in literal.match_indices('$') {
        let rest = &literal[start + 1..];
        let root = identifier(rest);
        if ROOTS.contains(&root) {
            let path = path_at(rest);
            return Some(Meant { range: start..start + 1 + path.len(), expression: path.to_owned() });
        }
        if is_environment_name(root) && root.contains('_') && !root.ends_with('_') {
            return Some(Meant { range: start..start + 1 + root.len(), expression: root.to_owned() });
        }
    }
    // `input_data.x` and nothing else; `previous_outputs.<a node>.…` also among other words.
    let trimmed = literal.trim();
    if whole && ROOTS.contains(&identifier(trimmed)) && trimmed.contains('.') && is_path(trimmed) {
        let start = literal.len() - literal.trim_start().len();
        return Some(Meant { range: start..start + trimmed.len(), expression: trimmed.to_owned() });
    }
    // `$.order.id` and nothing else is such a path in Step Functions.
    let path = trimmed.strip_prefix("$.").filter(|path| whole && is_path(path) && !identifier(path).is_empty());
    if let Some(path) = path {
        let start = literal.len() - literal.trim_start().len();
        let root = if known.dialect == Dialect::Flow { "" } else { "input_data." };
        return Some(Meant { range: start..start + trimmed.len(), expression: format!("{root}{path}") });
    }
    let of_outputs = literal.match_indices("previous_outputs.").find_map(|(start, root)| {
        let id = identifier(&literal[start + root.len()..]);
        let path = path_at(&literal[start..]).trim_end_matches('.');
        (known.is_node)(id).then(|| Meant { range: start..start + path.len(), expression: path.to_owned() })
    });
    of_outputs.or_else(|| slips::meant(literal, whole, known))
}

/// How much stands before the next brace, if that closes: no path goes on behind another. So no text is gone through twice.
fn before_brace(text: &str, closing: &str) -> Option<usize> {
    text.find(['{', '}']).filter(|at| text[*at..].starts_with(closing))
}

/// What another system's template says, in the words of this one; `None` when none of its names is known.
pub(super) fn in_our_words(inner: &str) -> Option<String> {
    let start = inner.strip_prefix('$').map_or(0, |_| 1);
    let root = &inner[..start + identifier(&inner[start..]).len()];
    let rest = &inner[root.len()..];
    if !is_path(rest.trim_start_matches(['.', '['])) && !rest.is_empty() {
        return None;
    }
    if ROOTS.contains(&root) || matches!(root, "timestamp" | "execution_id") {
        return Some(inner.to_owned());
    }
    if let Some(variable) = rest.strip_prefix('.').filter(|_| FOREIGN_ENVIRONMENTS.contains(&root)) {
        return Some(variable.to_owned());
    }
    if root.contains('_') && rest.is_empty() && is_environment_name(root) {
        return Some(inner.to_owned());
    }
    let (_, ours) = FOREIGN_ROOTS.iter().find(|(theirs, _)| *theirs == root)?;
    rest.starts_with(['.', '[']).then(|| format!("{ours}{rest}"))
}

/// The identifier a text begins with; a `-` inside belongs to it.
pub(super) fn identifier(text: &str) -> &str {
    let part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let end = text.find(|char| !part(char)).unwrap_or(text.len());
    text[..end].trim_end_matches('-')
}

/// Names, dots and indices.
pub(super) fn is_path(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || "_-.[]'\"".contains(char))
}

/// The path a text begins with, without a full stop behind it.
pub(super) fn path_at(text: &str) -> &str {
    let end = text.find(|char: char| !(char.is_ascii_alphanumeric() || "_-.[]".contains(char))).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '-'])
}

struct Names<'a, 'b, 'c> {
    lowering: &'a mut Lowering<'b>,
    /// Parameters of arrows around.
    bound: Vec<&'c str>,
    /// Where `result` is known.
    in_condition: bool,
}

impl<'c> Names<'_, '_, 'c> {
    /// `truth`: what counts is whether the value is true.
    fn visit(&mut self, expr: &'c ast::Expr, truth: bool) {
        match &expr.kind {
            ExprKind::Undefined | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => {}
            ExprKind::String(value) => self.string(expr.span, &value.to_well_formed(), truth),
            ExprKind::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Expression(expr) = part {
                        self.visit(expr, false);
                    }
                }
            }
            ExprKind::Array(items) => items.iter().for_each(|item| self.visit(item, false)),
            ExprKind::Object(fields) => fields.iter().for_each(|(_, value)| self.visit(value, false)),
            ExprKind::Name(name) => self.name(expr.span, name),
            ExprKind::Member(object, property) => match &object.kind {
                ExprKind::Name(name) => self.root(object.span, expr.span, name, &property.name),
                _ => self.visit(object, false),
            },
            ExprKind::Index(object, index) => {
                self.visit(object, false);
                self.visit(index, false);
            }
            ExprKind::Call(callee, arguments) => {
                // The name of a function is looked up elsewhere.
                if let ExprKind::Member(object, _) = &callee.kind {
                    self.visit(object, false);
                }
                arguments.iter().for_each(|argument| self.visit(argument, false));
            }
            ExprKind::Unary(operator, operand) => self.visit(operand, *operator == Unary::Not),
            ExprKind::Binary(operator, left, right) => {
                let is_bool = |expr: &ast::Expr| matches!(expr.kind, ExprKind::Bool(_));
                let (left_truth, right_truth) = match operator {
                    Binary::And | Binary::Or => (true, truth),
                    Binary::Equal | Binary::NotEqual | Binary::StrictEqual | Binary::StrictNotEqual => {
                        (is_bool(right), is_bool(left))
                    }
                    _ => (false, false),
                };
                self.visit(left, left_truth);
                self.visit(right, right_truth);
            }
            ExprKind::Conditional(test, yes, no) => {
                self.visit(test, true);
                self.visit(yes, truth);
                self.visit(no, truth);
            }
            ExprKind::Arrow(parameters, body) => {
                let outer = self.bound.len();
                self.bound.extend(parameters.iter().map(|parameter| parameter.name.as_str()));
                self.visit(body, false);
                self.bound.truncate(outer);
            }
        }
    }

    fn report(&mut self, span: Span, headline: String, label: &str, help: String) {
        self.lowering.diagnostics.push(Diagnostic::new(Code::ShadowedLiteral, span, headline).label(label).help(help));
    }

    /// A name that is read as a field of the input: right where a schema declares such a field.
    fn report_field(&mut self, name: &str, span: Span, headline: String, help: String) {
        let found = Diagnostic::new(Code::ShadowedLiteral, span, headline).label("read from the input").help(help);
        self.lowering.shadowed_fields.push((name.to_owned(), found));
    }

    /// A path in quotes.
    fn string(&mut self, span: Span, value: &str, truth: bool) {
        let root = identifier(value);
        let known = ROOTS.contains(&root) || (truth && matches!(root, "result" | "item" | "error"));
        if known && value[root.len()..].starts_with('.') && is_path(value) {
            let label = if truth { "a text, whatever the field holds" } else { "this very text" };
            self.report(
                span,
                format!("`{value}` in quotes is text, not a path"),
                label,
                "remove the quotes".to_owned(),
            );
        }
    }

    /// Where a node's output is read by its bare id.
    fn is_node(&self, name: &str) -> bool {
        self.lowering.dialect == Dialect::Flow && self.lowering.ids.contains_key(name)
    }

    /// A bare name that is no field anybody has.
    fn name(&mut self, span: Span, name: &str) {
        if self.bound.contains(&name) || self.is_node(name) {
            return;
        }
        let Some(keyword) = meant_keyword(name).or_else(|| meant_root(name)) else { return };
        let reads = if is_environment_name(name) { "a variable of the environment" } else { "a field of the input" };
        let own =
            if is_environment_name(name) { "" } else { &format!("; a field of that name is `input_data.{name}`") };
        self.report(
            span,
            format!("`{name}` is {reads}, not `{keyword}`"),
            &format!("read as {reads}"),
            format!("write `{keyword}`{own}"),
        );
    }

    /// What stands before a dot.
    fn root(&mut self, span: Span, whole: Span, name: &'c str, property: &str) {
        let ours =
            matches!(name, "result" | "error" | "item" | "Math" | "JSON" | "Object" | "Number" | "String" | "Boolean");
        if self.bound.contains(&name) || self.is_node(name) || ROOTS.contains(&name) || ours {
            return;
        }
        if FOREIGN_ENVIRONMENTS.contains(&name) && is_environment_name(property) {
            let headline = format!("`{name}` is a field of the input, not the environment");
            return self.report_field(name, whole, headline, format!("write `{property}`"));
        }
        let foreign = FOREIGN_ROOTS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
        let result = || Some("result").filter(|_| self.in_condition && FOREIGN_RESULTS.contains(&name));
        let misspelt = || suggest::nearest(name, ROOTS.iter().copied()).filter(|root| is_slip(name, root));
        if let Some(root) = foreign.or_else(result).or_else(misspelt) {
            let headline = format!("`{name}` is a field of the input, not `{root}`");
            let help = format!("write `{root}.{property}`; a field of that name is `input_data.{name}`");
            return self.report_field(name, span, headline, help);
        }
        let Some(id) = self.meant_node(name, property) else { return self.name(span, name) };
        let node = if id == name { "the node".to_owned() } else { format!("the node `{id}`") };
        let root = if self.lowering.dialect == Dialect::Flow { "" } else { "previous_outputs." };
        let help = format!("write `{root}{id}.{property}`");
        self.report_field(name, span, format!("`{name}` is a field of the input, not {node}"), help);
    }
}

impl Names<'_, '_, '_> {
    /// The node whose output was probably meant: by its very id, or by one that is misspelt in front of `result`.
    fn meant_node(&self, name: &str, property: &str) -> Option<String> {
        if matches!(property, "result" | "error" | "status") && self.lowering.ids.contains_key(name) {
            return Some(name.to_owned());
        }
        let ids = self.lowering.id_list.iter().take(SUGGESTED_FROM).filter(|_| property == "result");
        ids.into_iter().find(|id| suggest::misspelt(name, &[id]).is_some()).cloned()
    }
}

/// One letter more or less, or two exchanged; underscores do not count.
fn is_slip(name: &str, root: &str) -> bool {
    let (name, root): (String, String) = (suggest::letters(name).collect(), suggest::letters(root).collect());
    name.len().abs_diff(root.len()) <= 1 && suggest::nearest(&name, [root.as_str()]).is_some()
}

/// `else`, `always` or `succeeded`, where a name was probably meant to be that.
fn meant_branch(name: &str) -> Option<&'static str> {
    match name {
        "otherwise" | "_" => return Some("else"),
        "success" | "successful" | "ok" | "passed" => return Some("succeeded"),
        // What a node that failed has.
        "failed" | "failure" | "fails" | "catch" => return Some("error"),
        _ => {}
    }
    let is_word =
        |word: &&str| *word != name && (word.eq_ignore_ascii_case(name) || suggest::misspelt(name, &[word]).is_some());
    words::BRANCHES.iter().copied().find(is_word)
}

/// The name of ours that a name was probably meant to be: `timestmap`, `executionId`, `eror`.
fn meant_root(name: &str) -> Option<&'static str> {
    if is_environment_name(name) {
        return None;
    }
    let is_meant = |ours: &&str| {
        *ours != name && (suggest::slip(name, ours).is_some() || suggest::letters(name).eq(suggest::letters(ours)))
    };
    ["timestamp", "execution_id", "error"].into_iter().find(is_meant)
}

/// The keyword a name was probably meant to be: another language's, or a slip of the fingers.
fn meant_keyword(name: &str) -> Option<&'static str> {
    // From `nil` to `undefined` and a letter more.
    if !(3..=10).contains(&name.len()) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let known = match lower.as_str() {
        "true" | "tru" | "truee" => Some("true"),
        "false" | "fals" | "falsee" => Some("false"),
        "null" | "nul" | "nulll" | "none" | "nil" => Some("null"),
        "nan" => Some("NaN"),
        "infinity" => Some("Infinity"),
        "undefined" => Some("undefined"),
        _ => None,
    };
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_exchanged = |word: &&str| word.len() == lower.len() && letters(word) == letters(&lower);
    let exchanged = || ["true", "false", "null", "undefined"].into_iter().find(is_exchanged);
    let longer = || {
        (lower.starts_with("und") && lower.contains('f') && (8..=10).contains(&lower.len()))
            .then(|| suggest::nearest(&lower, ["undefined"]))
            .flatten()
    };
    known.or_else(exchanged).or_else(longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(literal: &str, expected: Option<(&str, &str)>) {
        let known = Known { is_node: &|id| id == "check-stock", dialect: Dialect::Json };
        let meant = meant_template(literal, true, &known);
        let found = meant.map(|meant| (literal[meant.range].to_owned(), meant.expression));
        assert_eq!(
            found.as_ref().map(|(written, expression)| (written.as_str(), expression.as_str())),
            expected,
            "{literal}"
        );
    }

    #[test]
    fn templates_of_other_systems() {
        check("Order {{ input.id }}", Some(("{{ input.id }}", "input_data.id")));
        check("{{$json.id}}", Some(("{{$json.id}}", "input_data.id")));
        check("{{env.API_KEY}}", Some(("{{env.API_KEY}}", "API_KEY")));
        check("{{ API_KEY }}", Some(("{{ API_KEY }}", "API_KEY")));
        check("{{name}} of {{input_data.x}}", Some(("{{input_data.x}}", "input_data.x")));
        check("{input_data.items[0]}", Some(("{input_data.items[0]}", "input_data.items[0]")));
        check("for $input_data.name.", Some(("$input_data.name", "input_data.name")));
        check("Bearer $API_KEY", Some(("$API_KEY", "API_KEY")));
        check("Total: ${input_data.total}", Some(("${input_data.total}", "input_data.total")));
        check("${HOME}", None);
        check("input_data.order_id", Some(("input_data.order_id", "input_data.order_id")));
        let path = "previous_outputs.check-stock.result.count";
        check("there are previous_outputs.check-stock.result.count.", Some((path, path)));
    }

    #[test]
    fn segments_that_stand_for_others() {
        for (url, found) in [
            ("/orders/{id}", Some(("{id}", "id"))),
            ("https://api.example.com/orders/:order_id/status", Some((":order_id", "order_id"))),
            ("/<id>?a", Some(("<id>", "id"))),
            ("https://example.com:80/orders:cancel/{", None),
            ("/{}/{a b}/:/{1}", None),
            ("/a?b=/{id}", None),
            ("{id}", None),
        ] {
            assert_eq!(placeholder(url), found, "{url}");
        }
    }

    #[test]
    fn text_that_is_text() {
        for text in [
            "",
            "$5.00",
            "{{name}}",
            "{{#each items}}",
            "{}",
            "{a}",
            "US$",
            "$NAME",
            "input_data",
            "{ \"a\": 1 }",
            "the field input_data.id is missing",
            "see previous_outputs.nobody.result",
            "{{",
            "}}{{ }}",
            "$",
            "{{input}}",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn keywords_of_other_languages_and_slips() {
        for (name, keyword) in [
            ("True", "true"),
            ("FALSE", "false"),
            ("None", "null"),
            ("nil", "null"),
            ("ture", "true"),
            ("undefiend", "undefined"),
            ("undefned", "undefined"),
        ] {
            assert_eq!(meant_keyword(name), Some(keyword), "{name}");
        }
        for name in ["tree", "full", "total", "order_id", "defined", "underline", "nail", "a", "underwear"] {
            assert_eq!(meant_keyword(name), None, "{name}");
        }
    }

    #[test]
    fn slips_in_names_of_ours() {
        for (name, ours) in
            [("timestmap", "timestamp"), ("Timestamp", "timestamp"), ("executionId", "execution_id"), ("eror", "error")]
        {
            assert_eq!(meant_root(name), Some(ours), "{name}");
        }
        for name in ["timestamp", "timestamps", "TIMESTAMP", "errors", "terror", "ERROR", "now", "time"] {
            assert_eq!(meant_root(name), None, "{name}");
        }
    }

    #[test]
    fn slips_in_roots() {
        assert!(is_slip("input_dta", "input_data") && is_slip("inputData", "input_data"));
        assert!(is_slip("previous_output", "previous_outputs"));
        assert!(
            !is_slip("input", "input_data") && !is_slip("data", "input_data") && !is_slip("metadata", "input_data")
        );
    }
}
