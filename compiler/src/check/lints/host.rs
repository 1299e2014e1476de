//! `host-from-input`: whoever gives the data decides who is called.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::expr::Root;
use crate::model::url::positions;
use crate::model::{Email, Expr, ExprKind, Http, Node, Piece, Text, Workflow};
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
    let Some((expr, source)) = in_host else { return };
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
        | ExprKind::SortBy(..)
        | ExprKind::Global(..)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..) => expr.children().into_iter().find_map(source),
    }
}
