//! What stands between the braces of `flow!`: an optional `pub mod name`, then a workflow or the name of a file.

use crate::report::Mistake;
use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};

/// One call of the macro.
pub struct Call {
    /// What stands in front of `mod`: comments, `#[…]`.
    pub attributes: TokenStream,
    /// `pub`, `pub(crate)`, or nothing.
    pub visibility: TokenStream,
    pub name: Option<Ident>,
    pub workflow: Workflow,
}

pub enum Workflow {
    /// The text, as the tokens it is made of.
    Text(Vec<TokenTree>),
    /// The name of a file, and where it stands.
    File(String, Literal),
}

const HOW: &str = "a workflow stands in `flow! { … }`, or in a file: `flow!(file = \"order.flow\")`";

/// # Errors
/// When it is neither of the two.
pub fn read(input: TokenStream) -> Result<Call, Mistake> {
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let (before, mut rest) = attributes(&tokens);
    let attributes: TokenStream = before.iter().cloned().collect();
    let (visibility, name) = module(&mut rest)?;
    match rest {
        [] => Err(match tokens.last() {
            Some(last) => Mistake::at(last.span(), "there is no workflow behind the name of the module", HOW),
            None => Mistake::here("there is no workflow", HOW),
        }),
        [TokenTree::Ident(word), TokenTree::Punct(sign), value @ ..] if word == "file" && sign.as_char() == '=' => {
            let (literal, behind) = match (file_name(value), value) {
                (Some(found), _) => found,
                (None, [TokenTree::Ident(name), TokenTree::Punct(sign), ..]) if sign.as_char() == '!' => {
                    let headline = format!("`{name}!` cannot stand here: `flow!` is there before its text is");
                    return Err(Mistake::at(name.span(), &headline, "write the name of the file as one text"));
                }
                (None, [other, ..]) => return Err(Mistake::at(other.span(), "the name of a file is text", HOW)),
                (None, []) => return Err(Mistake::at(sign.span(), "the name of a file is missing", HOW)),
            };
            let path: syn::LitStr = syn::parse2(TokenTree::Literal(literal.clone()).into())
                .map_err(|_| Mistake::at(literal.span(), "the name of a file is text", HOW))?;
            match behind {
                [] => {}
                [TokenTree::Punct(comma)] if comma.as_char() == ',' => {}
                [other, ..] => {
                    return Err(Mistake::at(other.span(), "nothing follows the name of the file", HOW));
                }
            }
            Ok(Call { attributes, visibility, name, workflow: Workflow::File(path.value(), literal) })
        }
        [TokenTree::Ident(word), TokenTree::Punct(sign), TokenTree::Literal(literal), ..]
            if word == "file" && sign.as_char() == ':' =>
        {
            let how = format!("write `file = {literal}`");
            Err(Mistake::at(sign.span(), "the name of a file follows a `=`", &how))
        }
        [TokenTree::Literal(literal), ..] => {
            let how = format!("write `file = {literal}`");
            Err(Mistake::at(literal.span(), "a workflow does not begin with text", &how))
        }
        text => Ok(Call { attributes, visibility, name, workflow: Workflow::Text(text.to_vec()) }),
    }
}

/// The path of a file: a literal, also one that a macro of somebody's hands on as `$file:literal`.
fn file_name(value: &[TokenTree]) -> Option<(Literal, &[TokenTree])> {
    match value {
        [TokenTree::Literal(literal), behind @ ..] => Some((literal.clone(), behind)),
        [TokenTree::Group(group), behind @ ..] if group.delimiter() == Delimiter::None => {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            file_name(&inside).filter(|(_, rest)| rest.is_empty()).map(|(literal, _)| (literal, behind))
        }
        _ => None,
    }
}

/// `/// The orders of the shop` and `#[allow(deprecated)]` in front of `mod`. Without one they are left: comments may be the
/// workflow's.
fn attributes(tokens: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let mut end = 0;
    while let [TokenTree::Punct(sign), TokenTree::Group(group), ..] = &tokens[end..]
        && sign.as_char() == '#'
        && group.delimiter() == Delimiter::Bracket
    {
        end += 2;
    }
    match &tokens[end..] {
        [TokenTree::Ident(word), ..] if word == "pub" || word == "mod" => tokens.split_at(end),
        _ => tokens.split_at(0),
    }
}

/// What only Rust has, and what looks like something else without the rest of it: `r"…"`, `r#type`.
pub fn foreign(tokens: &[TokenTree]) -> Option<Mistake> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) => match group.stream().into_iter().collect::<Vec<_>>().as_slice() {
            // A comment is an attribute here, and what is in it is the author's.
            [TokenTree::Ident(word), TokenTree::Punct(sign), _] if word == "doc" && sign.as_char() == '=' => None,
            tokens => foreign(tokens),
        },
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let prefix = text.split(['"', '#']).next().unwrap_or_default();
            let is_foreign = matches!(prefix, "r" | "b" | "br" | "c" | "cr") && text.contains('"');
            let help = "write it in plain quotes: `\"…\"`, with `\\\\` for a backslash and `\\\"` for a quote";
            is_foreign.then(|| Mistake::at(literal.span(), &format!("a workflow has no texts with `{prefix}`"), help))
        }
        TokenTree::Ident(ident) => {
            let text = ident.to_string();
            let help = "name it otherwise; a function can have a second name with `pub use … as …`";
            let is_foreign = text.starts_with("r#");
            is_foreign.then(|| Mistake::at(ident.span(), &format!("`{text}` cannot stand in a workflow"), help))
        }
        TokenTree::Punct(_) => None,
    })
}

/// `pub(crate) mod orders;`, or with a comma.
fn module(rest: &mut &[TokenTree]) -> Result<(TokenStream, Option<Ident>), Mistake> {
    const MODULE: &str = "write `pub mod orders;` in front of a workflow, `pub mod orders,` in front of a file";
    let mut tokens = *rest;
    let mut visibility = TokenStream::new();
    if let [TokenTree::Ident(word), behind @ ..] = tokens
        && word == "pub"
    {
        visibility.extend([TokenTree::from(word.clone())]);
        tokens = behind;
        if let [TokenTree::Group(group), behind @ ..] = tokens
            && group.delimiter() == Delimiter::Parenthesis
        {
            visibility.extend([TokenTree::from(group.clone())]);
            tokens = behind;
        }
    }
    let public = visibility.clone().into_iter().next();
    match tokens {
        [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(end), behind @ ..]
            if word == "mod" && matches!(end.as_char(), ';' | ',') =>
        {
            *rest = behind;
            Ok((visibility, Some(name.clone())))
        }
        [TokenTree::Ident(word), ..] if word == "mod" => {
            Err(Mistake::at(word.span(), "expected a name and `;` behind `mod`", MODULE))
        }
        _ => match public {
            Some(public) => Err(Mistake::at(public.span(), "expected `mod` and a name behind `pub`", MODULE)),
            None => Ok((visibility, None)),
        },
    }
}
