//! The module form: a workflow inside the crate of a caller in Rust. The tables are those of the binary form; around them
//! stand the types of the input and of what the nodes give.

use super::expr::Expressions;
use super::main_rs::{gen_imports, gen_tables};
use super::types::{Described, gen_output, gen_type, gen_types};
use super::{Module, Setting, StandIn};
use crate::model::Kind;
use crate::plan::Plan;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

/// From the module of a node: over the tables and the workflow's module to where the author's paths begin.
const DEPTH: usize = 3;

pub(super) fn gen_module(plan: &Plan, module: &Module) -> TokenStream {
    let setting = Setting { depth: DEPTH, span: module.span };
    let expressions = Expressions { plan, setting, kept: None };
    let tables = gen_tables(expressions);
    let imports = gen_imports(&tables);
    let described = Described::of(plan);
    let needs = gen_needs(plan, module);
    gen_shell(described, module, &gen_output(described), quote! { #needs #imports #tables })
}

/// Where the first mail stands rustc says which feature of the runtime is missing.
fn gen_needs(plan: &Plan, module: &Module) -> Option<TokenStream> {
    let mut nodes = plan.workflow.nodes.iter();
    let mail = nodes.find(|node| matches!(node.kind, Kind::Email(_)))?;
    let place = (module.span)(mail.id.span);
    Some(quote_spanned! { place=> const _: () = ::flow_runtime::embed::MAIL; })
}

/// As [`gen_module`], of a workflow that was refused: everything a caller names is there, and nothing that runs.
pub(super) fn gen_stand_in(stand_in: &StandIn, module: &Module, error: &TokenStream) -> TokenStream {
    let plan = Described { workflow: stand_in.workflow, types: &stand_in.types };
    // rustc says what is wrong with the length, and from then on nothing about what has to do with it.
    let unknown = stand_in.needs_error().then(|| {
        quote! { pub type Unknown = <[(); #error] as ::flow_runtime::embed::Spec>::Output; }
    });
    let table = quote! {
        pub static WORKFLOW: ::flow_runtime::flow::Workflow = ::flow_runtime::flow::Workflow {
            name: "",
            title: "",
            version: "",
            hash: "",
            settings: ::flow_runtime::flow::Settings {
                timeout: ::core::option::Option::None,
                fail_fast: false,
                max_parallel_nodes: 1,
            },
            environment: &[],
            input: &::flow_runtime::value::Shape::EMPTY,
            nodes: &[],
            edges: &[],
            openapi: "",
            outline: &[],
        };
        #unknown
    };
    let output = match stand_in.whole {
        true => gen_output(plan),
        false => quote! { pub type Output = table::Unknown; },
    };
    let names = stand_in.unknown.iter().map(|name| format_ident!("{name}"));
    gen_shell(plan, module, &quote! { #(pub type #names = table::Unknown;)* #output }, table)
}

fn gen_shell(plan: Described, module: &Module, output: &TokenStream, table: TokenStream) -> TokenStream {
    let Module { name, attributes, visibility, within, .. } = module;
    let docs = super::nodes::doc(&[&format!("{}, version {}", plan.workflow.title, plan.workflow.version)]);
    let types = gen_types(plan);
    let names = plan.types.declared.iter().map(|declared| format_ident!("{}", declared.name));
    let exported = (!plan.types.declared.is_empty()).then(|| quote! { pub use super::super::{#(#names),*}; });
    let input = gen_type(plan, &plan.types.input, &TokenStream::new());
    let is_input = plan.types.declared.iter().any(|declared| declared.name == "Input");
    let alias = (!is_input).then(|| {
        quote! {
            /// What starts an execution.
            pub type Input = #input;
        }
    });
    quote! {
        #docs
        #[allow(dead_code, unused_imports, unused_qualifications, clippy::all, clippy::pedantic, clippy::nursery)]
        #attributes
        #visibility mod #name {
            #within
            #alias
            #types
            #output

            /// The workflow: made by its builder, cheap to clone.
            pub type Workflow = ::flow_runtime::embed::Workflow<Spec>;

            /// Makes the workflow: where its environment, its journal and its limits are said.
            pub type Builder = ::flow_runtime::embed::Builder<Spec>;

            /// An execution that was started.
            pub type Handle = ::flow_runtime::embed::Handle<Spec>;

            /// Ties the tables to the types.
            pub enum Spec {}

            impl ::flow_runtime::embed::Spec for Spec {
                type Input = Input;
                type Output = Output;
                const TABLE: &'static ::flow_runtime::flow::Workflow = &table::WORKFLOW;
            }

            mod table {
                mod types { #exported }
                #table
            }
        }
    }
}
