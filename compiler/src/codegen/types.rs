//! The types a caller in Rust sees → structs, enums, and how each is read from and written as JSON.

use super::nodes::doc;
use crate::model::Workflow;
use crate::plan::Plan;
use crate::plan::rust_types::{Declared, Field, Part, RustType, RustTypes, Shape};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// A workflow and its types: of a plan, or of a workflow that was refused and has none.
#[derive(Clone, Copy)]
pub(super) struct Described<'a> {
    pub workflow: &'a Workflow,
    pub types: &'a RustTypes,
}

impl<'a> Described<'a> {
    pub fn of(plan: &'a Plan) -> Described<'a> {
        Described { workflow: &plan.workflow, types: &plan.types }
    }
}

/// Every declared type of a workflow.
pub(super) fn gen_types(plan: Described) -> TokenStream {
    plan.types.declared.iter().map(|declared| gen_declared(plan, declared)).collect()
}

/// A type as it is written in code; `prefix` leads to the declared ones.
pub(super) fn gen_type(plan: Described, ty: &RustType, prefix: &TokenStream) -> TokenStream {
    let inner = |ty: &RustType| gen_type(plan, ty, prefix);
    match ty {
        RustType::Unknown => quote! { table::Unknown },
        RustType::Json => quote! { ::flow_runtime::embed::serde_json::Value },
        RustType::Bool => quote! { ::core::primitive::bool },
        RustType::Number => quote! { ::core::primitive::f64 },
        RustType::Integer => quote! { ::core::primitive::i64 },
        RustType::Text => quote! { ::std::string::String },
        RustType::List(items) => {
            let items = inner(items);
            quote! { ::std::vec::Vec<#items> }
        }
        RustType::Map(values) => {
            let values = inner(values);
            quote! { ::std::collections::BTreeMap<::std::string::String, #values> }
        }
        RustType::Optional(value) => {
            let value = inner(value);
            quote! { ::core::option::Option<#value> }
        }
        RustType::Named(index) => {
            let name = format_ident!("{}", plan.types.declared[*index].name);
            quote! { #prefix #name }
        }
    }
}

fn gen_declared(plan: Described, declared: &Declared) -> TokenStream {
    let name = format_ident!("{}", declared.name);
    let doc = doc(&[declared.doc.as_deref().unwrap_or("Declared by the workflow.")]);
    match &declared.shape {
        Shape::Struct(fields) => gen_struct(plan, &name, &doc, fields),
        Shape::Enum(variants) => gen_enum(&name, &doc, variants),
    }
}

fn gen_struct(plan: Described, name: &proc_macro2::Ident, docs: &TokenStream, fields: &[Field]) -> TokenStream {
    let declarations = fields.iter().map(|field| {
        let docs = doc(&[field.doc.as_deref().unwrap_or(&format!("`{}`", field.key))]);
        let (ident, ty) = (format_ident!("{}", field.name), gen_type(plan, &field.ty, &TokenStream::new()));
        quote! { #docs pub #ident: #ty }
    });
    let reads = fields.iter().map(|field| {
        let (ident, key) = (format_ident!("{}", field.name), &field.key);
        quote! { #ident: fields.take(#key)? }
    });
    let writes = fields.iter().map(|field| {
        let (ident, key) = (format_ident!("{}", field.name), &field.key);
        quote! { fields.put(#key, &self.#ident); }
    });
    quote! {
        #docs
        #[derive(Clone, Debug, PartialEq)]
        pub struct #name { #(#declarations),* }

        impl ::flow_runtime::embed::Data for #name {
            fn read(
                value: ::flow_runtime::embed::serde_json::Value,
            ) -> ::core::result::Result<Self, ::flow_runtime::embed::Mismatch> {
                #[allow(unused_mut)]
                let mut fields = ::flow_runtime::embed::Fields::read(value)?;
                ::core::result::Result::Ok(#name { #(#reads),* })
            }

            fn write(&self) -> ::core::option::Option<::flow_runtime::embed::serde_json::Value> {
                #[allow(unused_mut)]
                let mut fields = ::flow_runtime::embed::Fields::default();
                #(#writes)*
                ::core::option::Option::Some(fields.write())
            }
        }
    }
}

fn gen_enum(name: &proc_macro2::Ident, docs: &TokenStream, variants: &[(String, String)]) -> TokenStream {
    let declarations = variants.iter().map(|(variant, text)| {
        let docs = doc(&[&format!("`{text}`")]);
        let variant = format_ident!("{variant}");
        quote! { #docs #variant }
    });
    let reads = variants.iter().map(|(variant, text)| {
        let variant = format_ident!("{variant}");
        quote! { #text => ::core::result::Result::Ok(#name::#variant) }
    });
    let writes = variants.iter().map(|(variant, text)| {
        let variant = format_ident!("{variant}");
        quote! { #name::#variant => #text }
    });
    let texts = variants.iter().map(|(_, text)| text);
    quote! {
        #docs
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum #name { #(#declarations),* }

        impl #name {
            /// As JSON spells it.
            pub fn as_str(self) -> &'static ::core::primitive::str {
                match self { #(#writes),* }
            }
        }

        impl ::flow_runtime::embed::Data for #name {
            fn read(
                value: ::flow_runtime::embed::serde_json::Value,
            ) -> ::core::result::Result<Self, ::flow_runtime::embed::Mismatch> {
                match ::flow_runtime::embed::text(&value)? {
                    #(#reads,)*
                    _ => ::core::result::Result::Err(::flow_runtime::embed::Mismatch::none_of(&[#(#texts),*])),
                }
            }

            fn write(&self) -> ::core::option::Option<::flow_runtime::embed::serde_json::Value> {
                ::core::option::Option::Some(::flow_runtime::embed::serde_json::Value::from(self.as_str()))
            }
        }
    }
}

/// What a caller gets of an execution: one field per node.
pub(super) fn gen_output(plan: Described) -> TokenStream {
    let nodes = plan.workflow.nodes.iter().zip(&plan.types.outputs);
    let outputs: Vec<_> = nodes.filter_map(|(node, output)| Some((node, output.as_ref()?))).collect();
    let declarations = outputs.iter().map(|(node, output)| {
        let docs = doc(&[&format!("`{}`: {}", node.id.value, node.title)]);
        let (field, ty) = (format_ident!("{}", output.field), gen_type(plan, &output.ty, &TokenStream::new()));
        quote! { #docs pub #field: ::flow_runtime::embed::Outcome<#ty> }
    });
    let reads = outputs.iter().map(|(node, output)| {
        let (field, id) = (format_ident!("{}", output.field), &node.id.value);
        let part = match output.part {
            Part::Whole => quote! { Whole },
            Part::Response => quote! { Response },
            Part::Verdict => quote! { Verdict },
        };
        quote! { #field: execution.node(#id, ::flow_runtime::embed::Part::#part)? }
    });
    quote! {
        /// What became of every node of an execution that completed.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Output {
            /// `exec-` and 32 hexadecimal digits: by it the log and the API know the execution.
            pub execution_id: ::std::string::String,
            #(#declarations),*
        }

        impl ::flow_runtime::embed::Results for Output {
            fn read(
                execution: &mut ::flow_runtime::embed::Execution,
            ) -> ::core::result::Result<Self, ::flow_runtime::embed::Mismatch> {
                ::core::result::Result::Ok(Output { execution_id: execution.id(), #(#reads),* })
            }
        }
    }
}
