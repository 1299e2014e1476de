//! A `rust` node → the function that reads its arguments and calls the author's.

use super::expr::Expressions;
use super::nodes::scope_for;
use super::types::{Described, gen_type};
use crate::model::{NodeId, Rust, Tree};
use crate::plan::rust_types::RustType;
use crate::source::{Span, Spanned};
use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

pub(super) fn gen_rust(expressions: Expressions, id: NodeId, rust: &Rust) -> (TokenStream, TokenStream) {
    let plan = expressions.plan;
    let prefix = quote! { super::types:: };
    let call = &plan.types.calls[&id];
    let mut reads = TokenStream::new();
    let mut clones = TokenStream::new();
    let mut given = Vec::new();
    for (index, (argument, ty)) in rust.arguments.iter().zip(&call.arguments).enumerate() {
        let name = format_ident!("argument_{}", index + 1, span = (expressions.setting.span)(argument.span));
        let (ty, value) = (gen_type(Described::of(plan), ty, &prefix), expressions.tree_value(&argument.value));
        let spelling = match &argument.value {
            Tree::Whole(expr) => plan.spelling(expr, None),
            _ => format!("argument {}", index + 1),
        };
        reads.extend(quote! { let #name: #ty = ::flow_runtime::embed::argument(#value, #spelling)?; });
        clones.extend(quote! { let #name = ::core::clone::Clone::clone(&#name); });
        given.push(name);
    }
    let function = gen_path(expressions, &rust.function);
    let result = gen_result(expressions, rust, &call.result, &prefix);
    // What is wrong with the function is said where its path stands; what rustc proposes fits between its parentheses.
    let place = (expressions.setting.span)(rust.function.span);
    let behind = rust.parentheses.map_or(place, expressions.setting.span);
    let mut arguments = Group::new(Delimiter::Parenthesis, quote! { #(#given),* });
    arguments.set_span(behind);
    let wait = quote_spanned! { behind=> .await };
    let attempt = quote_spanned! { place=>
        async move {
            let given: ::core::result::Result<#result, _> = #function #arguments #wait;
            ::flow_runtime::embed::returned(given)
        }
    };
    let call = quote_spanned! { place=> ::flow_runtime::embed::call };
    let body = quote_spanned! { place=>
        #reads
        Ok(#call(move || {
            #clones
            #attempt
        }))
    };
    let s = scope_for(&reads);
    let prepare = quote! { fn prepare(#s: &Scope) -> Result<Call, Fault> { #body } };
    (quote! { Kind::Rust(Rust { prepare }) }, prepare)
}

/// The declared result, placed where it is declared.
fn gen_result(expressions: Expressions, rust: &Rust, ty: &RustType, prefix: &TokenStream) -> TokenStream {
    let tokens = gen_type(Described::of(expressions.plan), ty, prefix);
    let Some(schema) = &rust.result_schema else { return tokens };
    let span = (expressions.setting.span)(schema.span);
    let placed = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    placed.collect()
}

/// The author's path, as it reads from the module of a node.
fn gen_path(expressions: Expressions, function: &Spanned<String>) -> TokenStream {
    let text = function.value.as_str();
    let place = |from: usize, to: usize| {
        let Span { file, start, end } = function.span;
        // Written with spaces, or in a string of JSON, it has one place.
        let whole = (end - start) as usize != text.len();
        let part = Span { file, start: start + from as u32, end: start + to as u32 };
        (expressions.setting.span)(if whole { function.span } else { part })
    };
    let absolute = text.starts_with("::");
    let mut out = TokenStream::new();
    let mut at = if absolute { 2 } else { 0 };
    let first = text[at..].split("::").next().unwrap_or_default();
    if absolute {
        out.extend(quote! { :: });
    } else if first != "crate" {
        // The path begins where the workflow stands, which lies further up.
        let start = place(0, first.len());
        let supers = (0..expressions.setting.depth).map(|_| quote_spanned! { start=> super:: });
        out.extend(supers);
    }
    let mut written = false;
    for step in text[at..].split("::") {
        if step != "self" {
            let place = place(at, at + step.len());
            if written {
                out.extend(quote_spanned! { place=> :: });
            }
            let ident = Ident::new(step, place);
            out.extend(quote! { #ident });
            written = true;
        }
        at += step.len() + 2;
    }
    out
}
