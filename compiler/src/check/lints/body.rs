//! `json-as-text`: a body that is JSON in its author's eyes, and text in ours.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Body, Http, Piece};

pub(super) fn as_text(http: &Http, diagnostics: &mut Diagnostics) {
    let Body::Text(text) = &http.body else { return };
    let [Piece::Literal(first), .., Piece::Literal(last)] = text.pieces.as_slice() else { return };
    let is_enclosed = [('{', '}'), ('[', ']')]
        .into_iter()
        .any(|(open, close)| first.trim_start().starts_with(open) && last.trim_end().ends_with(close));
    // `"key":`, which neither GraphQL nor a template of another system has.
    let has_key = text.pieces.iter().any(|piece| match piece {
        Piece::Literal(text) => text.split('"').skip(1).any(|rest| rest.trim_start().starts_with(':')),
        Piece::Expr(_) => false,
    });
    if is_enclosed && has_key {
        diagnostics.push(
            Diagnostic::new(Code::JsonAsText, text.span, "this body is JSON that is put together as text")
                .label("a `\"` in the data ends its text, and what follows it counts as JSON")
                .help("write the object itself: \"body\": { … }; then each value stays one, and it is sent as `application/json`"),
        );
    }
}
