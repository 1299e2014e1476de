//! Templates → the statements that render them.

use super::expr::Expressions;
use crate::model::expr::{Expr, ExprKind};
use crate::model::url::positions;
use crate::model::{Piece, Text, Tree};
use flow_runtime::render::At;
use flow_runtime::value::Value;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

impl Expressions<'_> {
    /// Statements that write a URL.
    pub(super) fn url(self, url: &Text) -> TokenStream {
        let mut out = TokenStream::new();
        for (piece, at) in url.pieces.iter().zip(positions(url)) {
            out.extend(match piece {
                Piece::Literal(text) => quote! { url.literal(#text); },
                Piece::Expr(Expr { kind: ExprKind::Env(variable), .. }) => {
                    let name = format_ident!("{}", self.plan.env(*variable).constant);
                    quote! { url.env(s.env(env::#name)); }
                }
                Piece::Expr(expr) => {
                    let at = match at {
                        Some(At::Base) | None => quote! { At::Base },
                        Some(At::Authority) => quote! { At::Authority },
                        Some(At::Path) => quote! { At::Path },
                        Some(At::Query) => quote! { At::Query },
                    };
                    let code = self.code(expr);
                    match code.raw() {
                        Some(raw) => quote! { url.data(#at, #raw)?; },
                        None => {
                            let (value, source) = (code.reference(), self.source(expr));
                            quote! { url.value(#at, #value, #source)?; }
                        }
                    }
                }
            });
        }
        out
    }

    /// Statements that write text with the verbs of `Text`: to `target`, an expression that is used once, or bound to
    /// `name` first.
    pub(super) fn text(self, target: TokenStream, name: &str, text: &Text) -> TokenStream {
        match text.pieces.as_slice() {
            // Begun all the same: an empty text is not an absent one.
            [] => quote! { #target; },
            [piece] => self.piece(&target, piece),
            pieces => {
                let name = format_ident!("{name}");
                let name = quote! { #name };
                let statements = pieces.iter().map(|piece| self.piece(&name, piece));
                quote! { let #name = #target; #(#statements)* }
            }
        }
    }

    /// Statements that write a text to the parameter `text`.
    pub(super) fn text_body(self, text: &Text) -> TokenStream {
        let target = quote! { text };
        text.pieces.iter().map(|piece| self.piece(&target, piece)).collect()
    }

    fn piece(self, target: &TokenStream, piece: &Piece) -> TokenStream {
        match piece {
            Piece::Literal(text) => quote! { #target.literal(#text); },
            Piece::Expr(Expr { kind: ExprKind::Env(variable), .. }) => {
                let name = format_ident!("{}", self.plan.env(*variable).constant);
                quote! { #target.env(s.env(env::#name)); }
            }
            Piece::Expr(Expr { kind: ExprKind::Timestamp, .. }) => quote! { #target.literal(s.timestamp()); },
            Piece::Expr(Expr { kind: ExprKind::ExecutionId, .. }) => quote! { #target.literal(s.execution_id()); },
            Piece::Expr(expr) => {
                let code = self.code(expr);
                match code.raw() {
                    Some(raw) => quote! { #target.data(#raw)?; },
                    None => {
                        let (value, source) = (code.reference(), self.source(expr));
                        quote! { #target.value(#value, #source)?; }
                    }
                }
            }
        }
    }

    /// Statements that write JSON to `json`.
    pub(super) fn json(self, json: &TokenStream, tree: &Tree) -> TokenStream {
        if let Some(value) = literal(tree) {
            let value = json_text(&value);
            return quote! { #json.literal(#value); };
        }
        match tree {
            Tree::Whole(expr) => {
                let code = self.code(expr);
                match code.raw() {
                    Some(raw) => quote! { #json.element(#raw); },
                    None => {
                        let value = code.reference();
                        quote! { #json.element_value(#value); }
                    }
                }
            }
            Tree::Text(text) => {
                let statements = self.text_body(text);
                quote! { let mut text = Text::new(Place::Prose); #statements #json.string(text)?; }
            }
            Tree::Array(items) => {
                let items = items.iter().map(|item| block(self.json(json, item)));
                quote! { #json.open_array(); #(#items)* #json.close_array(); }
            }
            Tree::Object(fields) => {
                let members = self.members(json, fields);
                quote! { #json.open_object(); #members #json.close_object(); }
            }
            Tree::Null | Tree::Bool(_) | Tree::Number(_) => unreachable!("these are literals"),
        }
    }

    /// Statements that write the members of an object; neighbours that are constant become one literal.
    fn members(self, json: &TokenStream, fields: &[(String, Tree)]) -> TokenStream {
        let mut out = TokenStream::new();
        let mut constant = String::new();
        for (name, tree) in fields {
            let key = format!("{}:", json_string(name));
            if let Some(value) = literal(tree) {
                if !constant.is_empty() {
                    constant.push(',');
                }
                constant.push_str(&key);
                constant.push_str(&value);
                continue;
            }
            if let Tree::Whole(Expr { kind: ExprKind::Constant(Value::Undefined), .. }) = tree {
                continue;
            }
            if !constant.is_empty() {
                let text = json_text(&constant);
                out.extend(quote! { #json.literal(#text); });
                constant.clear();
            }
            let key = json_text(&key);
            out.extend(match tree {
                Tree::Whole(expr) => {
                    let code = self.code(expr);
                    match code.raw() {
                        Some(raw) => quote! { #json.member(#key, #raw); },
                        None => {
                            let value = code.reference();
                            quote! { #json.member_value(#key, #value); }
                        }
                    }
                }
                tree => {
                    let value = block(self.json(json, tree));
                    quote! { #json.key(#key); #value }
                }
            });
        }
        if !constant.is_empty() {
            let text = json_text(&constant);
            out.extend(quote! { #json.literal(#text); });
        }
        out
    }

    /// Statements that write query parameters or form fields to `params`.
    pub(super) fn params(self, fields: &[(String, Tree)]) -> TokenStream {
        let mut out = TokenStream::new();
        for (name, tree) in fields {
            out.extend(match tree {
                Tree::Text(text) => {
                    let statements = self.text(quote! { params.param(#name) }, "param", text);
                    if text.pieces.len() > 1 {
                        quote! { { #statements } }
                    } else {
                        statements
                    }
                }
                Tree::Whole(expr) => {
                    let code = self.code(expr);
                    match code.raw() {
                        Some(raw) => quote! { params.data(#name, #raw)?; },
                        None => {
                            let (value, source) = (code.reference(), self.source(expr));
                            quote! { params.value(#name, #value, #source)?; }
                        }
                    }
                }
                Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Array(_) | Tree::Object(_) => {
                    let value = self.tree_value(tree);
                    quote! { params.value(#name, &#value, #name)?; }
                }
            });
        }
        out
    }

    /// A Rust expression of type `Value` for JSON with templates.
    pub(super) fn tree_value(self, tree: &Tree) -> TokenStream {
        match tree {
            Tree::Null => quote! { Value::Null },
            Tree::Bool(value) => quote! { Value::Bool(#value) },
            Tree::Number(_) => {
                let expr = Expr::constant(crate::source::Span::new(0, 0), constant_of(tree).unwrap_or(Value::Null));
                self.code(&expr).value()
            }
            Tree::Whole(expr) => self.code(expr).value(),
            Tree::Text(text) => {
                let parts = text.pieces.iter().map(|piece| match piece {
                    Piece::Literal(text) => quote! { Value::string(#text) },
                    Piece::Expr(expr) => self.code(expr).value(),
                });
                match text.as_literal() {
                    Some(text) => quote! { Value::string(#text) },
                    None => quote! { js::text(&[#(#parts),*]) },
                }
            }
            Tree::Array(items) => {
                let items = items.iter().map(|item| self.tree_value(item));
                quote! { Value::array(vec![#(#items),*]) }
            }
            Tree::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| {
                    let value = self.tree_value(value);
                    quote! { (#name, #value) }
                });
                quote! { Value::object([#(#fields),*]) }
            }
        }
    }

    /// The expression in words, for messages.
    fn source(self, expr: &Expr) -> String {
        self.plan.spelling(expr, None)
    }
}

/// In braces, when it binds names.
fn block(statements: TokenStream) -> TokenStream {
    let binds = statements.clone().into_iter().next().is_some_and(|first| first.to_string() == "let");
    if binds {
        quote! { { #statements } }
    } else {
        statements
    }
}

/// The JSON text of a tree without expressions.
fn literal(tree: &Tree) -> Option<String> {
    constant_of(tree)?.to_json()
}

/// The value of a tree without expressions.
fn constant_of(tree: &Tree) -> Option<Value> {
    Some(match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Number(value) => Value::Number(*value),
        Tree::Text(text) => Value::string(text.as_literal()?),
        Tree::Whole(expr) => expr.as_constant().filter(|value| !matches!(value, Value::Undefined))?.clone(),
        Tree::Array(items) => Value::array(items.iter().map(constant_of).collect::<Option<_>>()?),
        Tree::Object(fields) => {
            let mut values = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                values.push((name.as_str(), constant_of(value)?));
            }
            Value::object(values)
        }
    })
}

/// JSON text as a raw string, so that its quotes read as they are.
pub(super) fn json_text(text: &str) -> TokenStream {
    let hashes = if text.contains("\"#") { "##" } else { "#" };
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && !text.contains("\"##");
    match format!("r{hashes}\"{text}\"{hashes}").parse::<Literal>() {
        Ok(raw) if plain && text.contains(['"', '\\']) => quote! { #raw },
        _ => quote! { #text },
    }
}

fn json_string(text: &str) -> String {
    Value::string(text).to_json().unwrap_or_default()
}
