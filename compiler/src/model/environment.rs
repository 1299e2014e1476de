//! What kind of value an environment variable holds, from the places it is read in.
//!
//! Comes in: a workflow. Goes out: a [`Use`] per variable. Always true: about the workflow only; no value is looked at.

use super::url::is_scheme_first;
use super::{Email, EnvId, ExprKind, Kind, Piece, Text, Workflow};
pub use flow_runtime::flow::Use;

impl Workflow {
    /// What a variable is used as; where it is several things, the one that asks the most of a value.
    pub fn use_of(&self, variable: EnvId) -> Use {
        let mut found: Vec<Use> = Vec::new();
        let mut note = |text: &Text, used: Use| {
            if begins_with(text, variable) {
                found.push(used);
            }
        };
        for node in &self.nodes {
            match &node.kind {
                Kind::Http(http) => note(&http.url, if path_follows(&http.url) { Use::Base } else { Use::Url }),
                Kind::Email(email) => {
                    let Email { server, port, from_email, reply_to, to, cc, bcc, .. } = &**email;
                    note(server, Use::Host);
                    port.iter().for_each(|port| note(port, Use::Port));
                    let addresses = to.iter().chain(cc).chain(bcc).chain(reply_to).chain([from_email]);
                    addresses.filter(|text| text.pieces.len() == 1).for_each(|text| note(text, Use::Address));
                }
                Kind::Webhook(_)
                | Kind::Manual(_)
                | Kind::Filter(_)
                | Kind::Transform(_)
                | Kind::Rust(_)
                | Kind::Unknown => {}
            }
        }
        let secret = self.environment[variable.0].is_secret().then_some(Use::Secret);
        found.into_iter().min().or(secret).unwrap_or(Use::Text)
    }

    /// Whether a variable stands where a line break in its value would end a line of a protocol: such a request is never sent.
    pub fn is_in_a_line(&self, variable: EnvId) -> bool {
        let reads = |text: &Text| text.pieces.iter().any(|piece| is_variable(piece, variable));
        self.nodes.iter().any(|node| match &node.kind {
            Kind::Http(http) => http.headers.iter().any(|(_, text)| reads(text)),
            Kind::Email(email) => {
                let Email { username, password, from_name, subject, .. } = &**email;
                [username, password, from_name].into_iter().flatten().chain([subject]).any(reads)
            }
            Kind::Webhook(_)
            | Kind::Manual(_)
            | Kind::Filter(_)
            | Kind::Transform(_)
            | Kind::Rust(_)
            | Kind::Unknown => false,
        })
    }
}

/// Whether the path of a URL goes on behind its first piece.
fn path_follows(url: &Text) -> bool {
    let literals = url.pieces.iter().skip(1).filter_map(|piece| match piece {
        Piece::Literal(text) => Some(text),
        Piece::Expr(_) => None,
    });
    // In a query a slash is one character of many.
    literals.flat_map(|text| text.chars()).find(|char| "/?#&=".contains(*char)) == Some('/')
}

fn begins_with(text: &Text, variable: EnvId) -> bool {
    text.pieces.first().is_some_and(|piece| is_variable(piece, variable)) && !is_scheme_first(text)
}

fn is_variable(piece: &Piece, variable: EnvId) -> bool {
    match piece {
        Piece::Expr(expr) => matches!(expr.kind, ExprKind::Env(id) if id == variable),
        Piece::Literal(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn a_path_follows_where_a_slash_comes_before_any_query() {
        let follows = |literal: &str| {
            let pieces = ["https://api.example.com", literal].map(|text| Piece::Literal(text.to_owned())).to_vec();
            path_follows(&Text { span: Span::new(0, 0), pieces })
        };
        for path in ["/orders", ".example.com/orders", "/find?a=b"] {
            assert!(follows(path), "{path}");
        }
        for other in ["", "?path=/a", "&path=/a", "#/a", ":8080"] {
            assert!(!follows(other), "{other}");
        }
    }
}
