//! What stands between the braces of `flow!`: an optional `pub mod name`, then a workflow or the name of a file.

use crate::report::Mistake;
use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};

/// One call of the macro.
pub struct Call {
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
    let mut rest = tokens.as_slice();
    let (visibility, name) = module(&mut rest)?;
    match rest {
        [] => Err(match tokens.last() {
            Some(last) => Mistake::at(last.span(), "there is no workflow behind the name of the module", HOW),
            None => Mistake::here("there is no workflow", HOW),
        }),
        [TokenTree::Ident(word), TokenTree::Punct(sign), value @ ..] if word == "file" && sign.as_char() == '=' => {
            let (literal, behind) = match value {
                [TokenTree::Literal(literal), behind @ ..] => (literal, behind),
                [other, ..] => return Err(Mistake::at(other.span(), "the name of a file is text", HOW)),
                [] => return Err(Mistake::at(sign.span(), "the name of a file is missing", HOW)),
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
            Ok(Call { visibility, name, workflow: Workflow::File(path.value(), literal.clone()) })
        }
        [TokenTree::Literal(literal), ..] => {
            let how = format!("write `file = {literal}`");
            Err(Mistake::at(literal.span(), "a workflow does not begin with text", &how))
        }
        text => Ok(Call { visibility, name, workflow: Workflow::Text(text.to_vec()) }),
    }
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
