//! The fields a document is read for → its shape and the constants that name them.

use crate::plan::fields::{Document, Field};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;

/// The shape of a document, as an expression of type `Shape`.
pub(super) fn shape(document: &Document) -> TokenStream {
    if document.slots == 0 {
        return quote! { Shape::EMPTY };
    }
    let slots = number(document.slots);
    let mut root = Tree::default();
    for (steps, field) in &document.fields {
        if !steps.is_empty() {
            steps.iter().fold(&mut root, |tree, step| tree.below.entry(step).or_default()).slot = field.slot;
        }
    }
    let fields = root.fields();
    quote! { Shape::new(#slots, &[#(#fields),*]) }
}

/// The constants of a document's fields. `field` gives the constructor's call for a path.
pub(super) fn constants(document: &Document, field: &dyn Fn(&Field, &[String]) -> TokenStream) -> TokenStream {
    let constants = document.fields.iter().map(|(steps, of)| {
        let (name, value) = (format_ident!("{}", of.constant), field(of, steps));
        quote! { pub const #name: Field = #value; }
    });
    constants.collect()
}

/// A number without the suffix that `quote` would give it.
pub(super) fn number(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}

#[derive(Default)]
struct Tree<'a> {
    slot: Option<usize>,
    below: BTreeMap<&'a str, Tree<'a>>,
}

impl Tree<'_> {
    fn fields(&self) -> Vec<TokenStream> {
        let field = |(name, tree): (&&str, &Tree)| {
            let (slot, below) = (tree.slot.map(number), tree.fields());
            match (slot, below.as_slice()) {
                (Some(slot), []) => quote! { ShapeField::leaf(#name, #slot) },
                (Some(slot), below) => quote! { ShapeField::both(#name, #slot, &[#(#below),*]) },
                (None, below) => quote! { ShapeField::branch(#name, &[#(#below),*]) },
            }
        };
        self.below.iter().map(field).collect()
    }
}
