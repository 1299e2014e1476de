//! The words for a value that its place cannot take, or that may be missing there.

use super::infer::Typing;
use super::messages::{named, what};
use super::narrow::{self, Origin};
use super::operators::is_text;
use super::outputs;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Workflow;
use crate::model::expr::{Binary, Expr, ExprKind, Path, Root};
use crate::model::ty::Type;
use crate::source::Span;
use flow_runtime::expr::Method;
use flow_runtime::render::At;

/// What a value is used for.
#[derive(Debug, Clone)]
pub(super) enum Use {
    Url(At),
    /// A header, or what a mail server is told.
    Header,
    /// Mixed text in a query parameter or a form field.
    Parameter,
    Port,
    /// A part of an address, or one that a mail cannot do without.
    Address,
    /// The only recipient: one address, or an array of them.
    Recipient,
    /// Who gets copies: one address, or an array of them; none when it is missing.
    Copies,
    /// An entry of a list of recipients: one address. Left out when it is missing.
    OneOfSeveral,
    /// Text for people, with what it is called.
    Prose(&'static str),
    /// An operand of this operator, or an argument of this function.
    Number(&'static str),
    AddedToText,
    /// An argument of a function that fails without it.
    Function(&'static str),
    /// An addend of `calculate_total`.
    Total,
    /// What a transform walks through.
    List,
    /// What a transform adds fields to, or reads them from.
    Objects,
    /// What becomes the rows of a table.
    Rows,
}

impl Use {
    /// What it is called, with what it takes.
    fn takes(&self) -> &'static str {
        match self {
            Use::Url(At::Base) => "a URL begins with text such as `https://…`",
            Use::Url(At::Authority) => "the host of a URL takes text or a number",
            Use::Url(At::Path) => "the path of a URL takes text or a number",
            Use::Url(At::Query)
            | Use::Header
            | Use::Parameter
            | Use::Prose(_)
            | Use::AddedToText
            | Use::Function(_) => "text or a number is expected",
            Use::Port => "a port is a number",
            Use::Address => "a mail address is text",
            Use::Recipient | Use::Copies => "a recipient is an address, or an array of addresses",
            Use::OneOfSeveral => "an entry beside others is one address",
            Use::Number(_) => "numbers are expected",
            Use::Total => "`calculate_total` adds numbers",
            Use::List => "a transform walks through a list",
            Use::Objects => "only objects and lists of them have fields",
            Use::Rows => "a table is made of a list of objects",
        }
    }
}

pub(super) fn does_not_fit(typing: &Typing, expr: &Expr, ty: &Type, place: &Use) -> Diagnostic {
    let is = match (ty, place) {
        // As a transform gives it.
        (Type::Object(_), Use::Objects) => "a list of what is no object".to_owned(),
        _ => what(ty),
    };
    let headline = format!("{} is {is}, and {}", named(typing, expr), place.takes());
    let diagnostic = Diagnostic::new(Code::TypeMismatch, expr.span, headline).label(format!("`{ty}`"));
    match (ty, place) {
        (Type::Object(_), Use::Objects) => diagnostic.help("make objects of its elements first, with `map_items`"),
        (Type::Object(_), _) => diagnostic.help("name the field that is meant"),
        (Type::Array(_), Use::OneOfSeveral) => {
            diagnostic.help(format!("one list has them all: `[first].concat({})`", typing.written(expr.span)))
        }
        (Type::Array(array), Use::Url(_)) => match array.items {
            Type::Object(_) => diagnostic.help("name an element and its field, such as `[0].id`"),
            _ => diagnostic.help(format!("join its elements: `{}.join(',')`", typing.written(expr.span))),
        },
        _ => diagnostic,
    }
}

pub(super) fn may_be_missing(typing: &mut Typing, expr: &Expr, ty: &Type, place: Use) -> Diagnostic {
    let nothing = ty.only(|ty| matches!(ty, Type::Missing | Type::Null));
    // That a node ran is only supposed.
    let is_always = ty.without_nullish().is_never() && typing.names.supposed.ran.is_none();
    let may = if is_always { "is always" } else { "may be" };
    let state = match &nothing {
        Type::Null => "null",
        _ => "missing",
    };
    let label = match &place {
        Use::Url(_) => "a URL cannot have a hole: the node would fail".to_string(),
        Use::Header => "a header cannot have a hole: the node would fail".to_string(),
        Use::Parameter => "a parameter cannot have a hole: the node would fail".to_string(),
        Use::Port => "without a port the node would fail".to_string(),
        Use::Address => "an address cannot have a hole: the node would fail".to_string(),
        Use::Recipient | Use::Copies | Use::OneOfSeveral => "a mail to nobody: the node would fail".to_string(),
        Use::Number(sign) => format!("`{sign}` with a missing value is NaN"),
        Use::AddedToText => match state {
            "null" => "the text would say `null`".to_string(),
            _ => "the text would say `undefined`".to_string(),
        },
        Use::Function(name) => format!("`{name}` of a missing value fails"),
        Use::List | Use::Objects | Use::Rows => "a transform without an input fails".to_string(),
        Use::Prose(_) | Use::Total => "nothing there".to_string(),
    };
    let mut diagnostic =
        Diagnostic::new(Code::MayBeMissing, expr.span, format!("{} {may} {state}", named(typing, expr))).label(label);
    let reason = reason(typing, expr);
    if let Some((span, why)) = &reason.label {
        diagnostic = diagnostic.also(*span, why.clone());
    }
    if let Some(story) = reason.story {
        diagnostic = diagnostic.help(story);
    }
    let default = match place {
        Use::Number(_) | Use::Total => "0",
        Use::Function(_) | Use::Objects => "{}",
        Use::List | Use::Rows => "[]",
        _ => "'…'",
    };
    let text = typing.written(expr.span);
    let text = match &expr.kind {
        ExprKind::Binary(..) | ExprKind::Conditional(..) => format!("({text})"),
        _ => text.to_string(),
    };
    let with_default = format!("{text} ?? {default}");
    let present = ty.without_nullish();
    let is_of_text = !present.is_never() && present.members().iter().all(is_text);
    let with_default = match (&place, &expr.kind) {
        // Text is made of it for people, which is no number any more.
        (Use::Number(_), ExprKind::Method(rounded, Method::ToFixed, _)) => {
            format!("({} ?? 0)", typing.written(rounded.span))
        }
        // With 0 alone it would be text or a number.
        (Use::Number(_), _) if is_of_text => format!("Number({with_default})"),
        // A part of something larger, in which `??` binds less than anything.
        (Use::Number(_) | Use::AddedToText, _) => format!("({with_default})"),
        _ => with_default,
    };
    diagnostic.help(format!("give a default, `{with_default}`, or go this way only when it is there"))
}

/// Why something can be missing.
struct Reason {
    label: Option<(Span, String)>,
    story: Option<String>,
}

fn reason(typing: &mut Typing, expr: &Expr) -> Reason {
    let none = Reason { label: None, story: None };
    match &expr.kind {
        ExprKind::Path(path) => reason_of_path(typing, expr, path),
        ExprKind::Binary(operator @ (Binary::Or | Binary::Coalesce), left, right) => {
            if !typing.both_may_lack(*operator, left, right) {
                return none;
            }
            let name = |expr: &Expr| {
                let first = expr.nodes_read().first().map(|node| typing.names.workflow.node(*node));
                first.map_or("", |node| node.id.value.as_str())
            };
            let label = format!("`{}` can have been skipped when `{}` ran", name(right), name(left));
            let passed_over = !typing.both_may_lack(Binary::Coalesce, left, right);
            let story = "`||` also passes over an empty text, 0 and false; `??` only over what is missing or null";
            Reason { label: Some((right.span, label)), story: passed_over.then(|| story.to_owned()) }
        }
        ExprKind::Member(object, name) => {
            let ty = typing.silently(|typing| typing.infer(object));
            match ty.may_be_nullish() {
                true => reason(typing, object),
                false => Reason { label: optional(&ty, name), story: None },
            }
        }
        // A method of what is missing is missing.
        ExprKind::Method(receiver, ..) if typing.silently(|typing| typing.infer(receiver)).may_be_nullish() => {
            reason(typing, receiver)
        }
        ExprKind::Index(object, index) => {
            let list = typing.written(object.span);
            let whole = typing.silently(|typing| typing.infer(object));
            let is_any = |is: fn(&Type) -> bool| whole.members().iter().any(is);
            let (is_text, is_list) = (is_any(is_text), is_any(|ty| matches!(ty, Type::Array(_))));
            let story = match narrow::position(index) {
                _ if !is_text && !is_list => format!("`{list}` may have no such field"),
                Some(position) if !is_list => {
                    format!("`{list}` may have fewer characters: ask first, `{list}.length > {position}`")
                }
                None if !is_list => format!("`{list}` may have fewer characters"),
                _ if has_schema(typing.names.workflow, object) => {
                    format!("`{list}` may have fewer elements: a schema says so with `minItems`")
                }
                Some(position) => format!("`{list}` may have fewer elements: ask first, `{list}.length > {position}`"),
                None => format!("`{list}` may have fewer elements"),
            };
            Reason { label: None, story: Some(story) }
        }
        _ => none,
    }
}

/// Whether a schema of the author's says what a value is.
fn has_schema(workflow: &Workflow, expr: &Expr) -> bool {
    let root = narrow::reference(expr).map(|reference| reference.root);
    match root {
        Some(Origin::Path(Root::Input)) => true,
        Some(Origin::Path(Root::Output(node))) => outputs::declared(&workflow.node(node).kind).is_some(),
        // An item of a list, or the bare `error`.
        Some(Origin::Parameter(_) | Origin::Path(Root::Error) | Origin::OneOf(_)) | None => false,
    }
}

fn reason_of_path(typing: &mut Typing, expr: &Expr, path: &Path) -> Reason {
    for length in 0..path.steps.len() {
        let prefix = Path { root: path.root, steps: path.steps[..length].to_vec() };
        let ty = typing.silently(|typing| typing.path(expr, &prefix));
        let next = typing
            .silently(|typing| typing.path(expr, &Path { root: path.root, steps: path.steps[..=length].to_vec() }));
        if next.may_be_nullish() {
            return Reason { label: optional(&ty, &path.steps[length]), story: None };
        }
    }
    Reason { label: None, story: None }
}

/// Where a field is declared that may be left out, or be null.
fn optional(object: &Type, name: &str) -> Option<(Span, String)> {
    let fields = || {
        object.members().iter().filter_map(|ty| match ty {
            Type::Object(object) => Some((object, object.field(name)?)),
            _ => None,
        })
    };
    let may_be_absent = fields().find(|(_, field)| field.optional || field.ty.may_be_nullish());
    let (object, field) = may_be_absent.or_else(|| fields().next())?;
    let failed = object.field("success").is_some_and(|success| success.ty == Type::FALSE);
    let why = match field.optional {
        true if failed => "not there when the request failed",
        true if object.is_merged() => "some alternatives do without it, and there are too many to tell them apart",
        true => "not in `required`, so it may be left out",
        false => "may be null",
    };
    Some((field.span?, why.to_string()))
}

pub(super) fn json_in_text(typing: &Typing, expr: &Expr, ty: &Type, place: &Use) -> Diagnostic {
    let (place, way_out) = match place {
        Use::Prose(place) => (*place, true),
        Use::Header => ("the header", false),
        _ => ("the URL", false),
    };
    let diagnostic = Diagnostic::new(
        Code::JsonInText,
        expr.span,
        format!("{} is {}, and {place} will show it as JSON", named(typing, expr), what(ty)),
    )
    .label(format!("`{ty}`"));
    let text = typing.written(expr.span);
    match ty {
        Type::Array(array) => diagnostic.help(match (&array.items, way_out) {
            (Type::Object(object), _) => {
                let field = object.fields().first().map_or("name", |field| &field.name);
                format!("pick what is to be read: `{text}.map(x => x.{field}).join(', ')`")
            }
            _ => format!("join its elements: `{text}.join(', ')`"),
        }),
        _ => diagnostic.help("name the field that is meant, or write `JSON.stringify(…)` to say that JSON is"),
    }
}

pub(super) fn no_recipient(typing: &Typing, expr: &Expr, ty: &Type) -> Diagnostic {
    let text = typing.written(expr.span);
    Diagnostic::new(Code::MayBeMissing, expr.span, format!("{} may be empty", named(typing, expr)))
        .label(format!("`{ty}`: without a recipient the node would fail"))
        .help(format!("go this way only when there is one, `{text}.length > 0`, or say `minItems` in its schema"))
}

pub(super) fn list_as_condition(typing: &Typing, expr: &Expr, ty: &Type) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::ListAsCondition,
        expr.span,
        format!("{} is {}, which always counts as true", named(typing, expr), what(ty)),
    )
    .label("true even when it is empty");
    let text = typing.written(expr.span);
    match ty.members().first() {
        Some(Type::Array(_)) => diagnostic.help(format!("write `{text}.length > 0`")),
        _ => diagnostic.help("name the field that decides"),
    }
}
