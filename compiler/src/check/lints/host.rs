//! `host-from-input`: whoever gives the data decides who is called. And what stands where a host still goes on without being
//! meant to: `missing-slash`.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::{self, Binary, Made, Root, Unary};
use crate::model::url::positions;
use crate::model::{Email, Expr, ExprKind, Http, Node, Piece, Text, Workflow};
use flow_runtime::expr::{EachMethod, Global, Method};
use flow_runtime::render::At;

/// Data where a URL names its host.
pub(super) fn of_request(workflow: &Workflow, node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let pieces = &http.url.pieces;
    let positions = positions(&http.url);
    let in_host = pieces.iter().enumerate().find_map(|(index, piece)| match (piece, positions[index]) {
        (Piece::Expr(expr), Some(At::Base)) => source(expr).map(|source| (expr, source)),
        (Piece::Expr(expr), Some(At::Authority)) if !is_confined(pieces, index) => {
            source(expr).map(|source| (expr, source))
        }
        (Piece::Expr(_) | Piece::Literal(_), _) => None,
    });
    let Some((expr, source)) = in_host else { return behind_base(workflow, node, http, diagnostics) };
    let mut diagnostic = Diagnostic::new(
        Code::HostFromInput,
        expr.span,
        format!("{source} decides which host `{}` calls", node.id.value),
    )
    .label("any address can stand here, also one inside your network");
    if let Some((name, span)) = super::credentials(workflow, http) {
        diagnostic = diagnostic.also(span, format!("that host is given the `{name}`"));
    }
    diagnostics.push(
        diagnostic
            .help("take the address from the environment and only the rest from data: `${API_URL}/orders/${order_id}`")
            .help("to choose among known hosts: `${input_data.region == 'eu' ? EU_API_URL : US_API_URL}`"),
    );
}

/// What follows the variable a URL begins with, without a `/` between: `${API_URL}${order_id}`, `${API_URL}orders`.
fn behind_base(workflow: &Workflow, node: &Node, http: &Http, diagnostics: &mut Diagnostics) {
    let [Piece::Expr(Expr { kind: ExprKind::Env(base), .. }), second, ..] = http.url.pieces.as_slice() else { return };
    let base = &workflow.environment[base.0].name;
    let found = match second {
        Piece::Literal(text) if text.starts_with(|first: char| first.is_ascii_alphanumeric()) => {
            let path = text.split('/').next().unwrap_or_default();
            let headline = format!("there is no `/` between `{base}` and `{path}`");
            Diagnostic::new(Code::MissingSlash, http.url.span, headline)
                .label(format!("where the variable is `https://example.com`, this calls the host `example.com{path}`"))
                .help(format!("write `/{path}`"))
        }
        Piece::Literal(_) => return,
        Piece::Expr(expr) if begins_with_slash(expr) => {
            let headline = format!("the path behind `{base}` is one piece of data, so its `/` are sent as `%2F`");
            Diagnostic::new(Code::BadUrl, expr.span, headline)
                .label("data, all of it")
                .help("write the path as text with the data in it, as in `/orders/${order_id}`")
        }
        Piece::Expr(expr) => {
            let Some(source) = source(expr) else { return };
            let headline = format!("{source} can change the host `{}` calls: there is no `/` before it", node.id.value);
            let mut found = Diagnostic::new(Code::HostFromInput, expr.span, headline)
                .label("`.example.net` makes another host of it, digits another port");
            if let Some((name, span)) = super::credentials(workflow, http) {
                found = found.also(span, format!("that host is given the `{name}`"));
            }
            found.help(format!("write a `/` between the two: `${{{base}}}/${{…}}`"))
        }
    };
    diagnostics.push(found);
}

/// `'/orders/' + order_id`
fn begins_with_slash(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(value) => value.to_text().starts_with('/'),
        ExprKind::Text(parts) => parts.first().is_some_and(begins_with_slash),
        ExprKind::Binary(Binary::Add, left, _) => begins_with_slash(left),
        _ => false,
    }
}

/// Data in the name of a mail server.
pub(super) fn of_mail(node: &Node, email: &Email, diagnostics: &mut Diagnostics) {
    let Some((expr, source)) = of_text(&email.server) else { return };
    let mut diagnostic = Diagnostic::new(
        Code::HostFromInput,
        expr.span,
        format!("{source} decides which mail server `{}` gives the mail to", node.id.value),
    )
    .label("any address can stand here, also one inside your network");
    if let Some(password) = &email.password {
        diagnostic = diagnostic.also(password.span, "that server is given the password");
    }
    diagnostics.push(diagnostic.help("take it from the environment: `${SMTP_SERVER}`"));
}

/// Whether data inside host and port leaves the domain to the author: `https://${tenant}.example.com`, a port. At run time
/// it can hold nothing that would end the host.
fn is_confined(pieces: &[Piece], index: usize) -> bool {
    let literal = |index: usize| match pieces.get(index) {
        Some(Piece::Literal(text)) => text.as_str(),
        Some(Piece::Expr(_)) | None => "",
    };
    let before = index.checked_sub(1).map_or("", literal);
    let after = literal(index + 1).split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = before.ends_with(':');
    is_port || after.strip_prefix('.').is_some_and(|domain| domain.trim_end_matches('.').contains('.'))
}

fn of_text(text: &Text) -> Option<(&Expr, &'static str)> {
    text.expressions().find_map(|expr| source(expr).map(|source| (expr, source)))
}

/// Where the text an expression gives comes from, unless it is literal or from the environment. What only chooses
/// between values gives nothing of its own.
fn source(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Env(_) | ExprKind::ExecutionId | ExprKind::Timestamp | ExprKind::Unknown => {
            None
        }
        ExprKind::Path(path) => Some(match path.root {
            Root::Input => "the input",
            Root::Output(_) => "the answer of a service",
            Root::Error => "an error message",
        }),
        ExprKind::PreviousOutputs => Some("the answer of a service"),
        ExprKind::Conditional(_, yes, no) => source(yes).or_else(|| source(no)),
        ExprKind::Binary(operator, left, right) => match expr::made(*operator) {
            Made::OfNothing => None,
            Made::OfRight => source(right),
            Made::OfEither | Made::OfBoth => source(left).or_else(|| source(right)),
        },
        ExprKind::Unary(Unary::Not, _) | ExprKind::Global(Global::Boolean, _) => None,
        ExprKind::Method(
            _,
            Method::EndsWith | Method::Includes | Method::IndexOf | Method::LastIndexOf | Method::StartsWith,
            _,
        )
        | ExprKind::Each(_, EachMethod::Every | EachMethod::FindIndex | EachMethod::Some, _) => None,
        // What stays, and in which order, is chosen by the arrow.
        ExprKind::Each(list, EachMethod::Filter | EachMethod::Find, _) | ExprKind::SortBy(list, _) => source(list),
        // A table of known values.
        ExprKind::Index(table, _) | ExprKind::Member(table, _) => source(table),
        // What is bound by an arrow comes from what it walks through, which is visited as well.
        ExprKind::Parameter(_) => None,
        ExprKind::Array(_)
        | ExprKind::Object(_)
        | ExprKind::Text(_)
        | ExprKind::Method(..)
        | ExprKind::Each(..)
        | ExprKind::Reduce(..)
        | ExprKind::Global(..)
        | ExprKind::Unary(..) => expr.children().into_iter().find_map(source),
    }
}
