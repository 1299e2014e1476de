//! Where in a URL each piece of a template stands: that decides how data is escaped.

use crate::model::{Piece, Text};
use flow_runtime::render::At;

/// The position of each expression of a URL, in the order of its pieces; literals have none.
pub fn positions(url: &Text) -> Vec<Option<At>> {
    let mut state = State::Start;
    let positions = url.pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => {
            state = state.after(text);
            None
        }
        Piece::Expr(_) => {
            let at = match state {
                State::Start => At::Base,
                State::Authority => At::Authority,
                State::Path => At::Path,
                State::Query => At::Query,
            };
            // A variable such as ${API_URL} is a base with or without a path: what follows it is path.
            if state == State::Start && !is_scheme_first(url) {
                state = State::Path;
            }
            Some(at)
        }
    });
    positions.collect()
}

/// Whether the expression that a URL begins with is its scheme and no more: `${SCHEME}://${HOST}`.
pub fn is_scheme_first(url: &Text) -> bool {
    matches!(url.pieces.as_slice(), [Piece::Expr(_), Piece::Literal(next), ..] if next.starts_with("://"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Authority,
    Path,
    Query,
}

impl State {
    fn after(self, text: &str) -> State {
        let (state, rest) = match self {
            State::Start => match text.split_once("://") {
                Some((_, rest)) => (State::Authority, rest),
                None => (State::Path, text),
            },
            state => (state, text),
        };
        if state == State::Query || rest.contains(['?', '#']) {
            State::Query
        } else if state == State::Path || rest.contains('/') {
            State::Path
        } else {
            State::Authority
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expr;
    use crate::source::Span;

    /// `§` stands for data; the letters of the result are the positions.
    fn check(url: &str, expected: &str) {
        let span = Span::new(0, 0);
        let mut pieces = Vec::new();
        for (index, literal) in url.split('§').enumerate() {
            if index > 0 {
                pieces.push(Piece::Expr(Expr::unknown(span)));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_string()));
            }
        }
        let positions: String = positions(&Text { span, pieces })
            .into_iter()
            .flatten()
            .map(|at| match at {
                At::Base => 'b',
                At::Authority => 'a',
                At::Path => 'p',
                At::Query => 'q',
            })
            .collect();
        assert_eq!(positions, expected, "{url}");
    }

    #[test]
    fn data_is_placed() {
        check("§", "b");
        check("§/orders/§/status", "bp");
        check("§§", "bp");
        check("https://§.example.com/", "a");
        check("https://api.example.com:§/§", "ap");
        check("https://api.example.com/a?b=§&c=§#§", "qqq");
        check("https://api.example.com?b=§", "q");
        check("§?y=§", "bq");
        check("§://§", "ba");
        check("§://§/orders/§?a=§", "bapq");
        check("§://api.example.com:§/§", "bap");
        check("§§://§", "bpp");
        check("https://api.example.com/§?§", "pq");
    }
}
