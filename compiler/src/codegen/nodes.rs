//! One generated module per node.

use super::expr::{Expressions, Kept};
use super::rust::gen_rust;
use super::shape::{self, number};
use crate::model::{
    Body, Delay, Email, ExprKind, Http, Kind, MailTemplate, NodeId, Retry, Schema, Text, Transform, TransformStep,
    Tree, Webhook,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use std::time::Duration;

/// The module of a node: the fields others read of it, its row of the table, the functions that render it.
pub(super) fn gen_node(expressions: Expressions, id: NodeId, shared: Option<&SharedRelay>) -> TokenStream {
    let plan = expressions.plan;
    let node = plan.workflow.node(id);
    let module = plan.module(id);
    let (name, index) = (format_ident!("{}", module.name), number(id.0));
    let fields = &plan.fields.outputs[id.0];
    let constants = shape::constants(fields, &|field, _| {
        let path = &field.path;
        match field.slot.map(number) {
            Some(slot) => quote! { Field::output(INDEX, #slot, #path) },
            None => quote! { Field::whole_output(INDEX, #path) },
        }
    });
    let shape = shape::shape(fields);
    let (kind, functions) = kind(expressions, id, &node.kind, shared);
    let (node_id, title) = (&node.id.value, &node.title);
    let input_schema = gen_schema(node.kind.input_schema());
    let (retry, timeout) = (gen_retry(node.retry), gen_duration(node.timeout));
    let leads = plan.workflow.edges.iter().any(|edge| edge.from == id || edge.to == id);
    let index = (leads || !fields.fields.is_empty()).then(|| quote! { pub const INDEX: usize = #index; });
    let about = if title == node_id { format!("`{node_id}`") } else { format!("`{node_id}`: {title}") };
    let doc = doc(&[&about]);
    quote! {
        #doc
        mod #name {
            use super::*;
            #index
            pub const NODE: Node = Node {
                id: #node_id,
                title: #title,
                kind: #kind,
                input_schema: #input_schema,
                output: &SHAPE,
                retry: #retry,
                timeout: #timeout,
            };
            #functions
            #constants
            static SHAPE: Shape = #shape;
        }
    }
}

/// What the runtime checks inputs and answers against.
fn gen_schema(schema: Option<&Schema>) -> TokenStream {
    match schema.map(Schema::to_json) {
        Some(json) => quote! { Some(#json) },
        None => quote! { None },
    }
}

/// The row's `kind`, and the functions it points to.
fn kind(expressions: Expressions, id: NodeId, kind: &Kind, shared: Option<&SharedRelay>) -> (TokenStream, TokenStream) {
    match kind {
        Kind::Webhook(webhook) => gen_webhook(expressions, webhook),
        Kind::Manual(_) => (quote! { Kind::Manual }, TokenStream::new()),
        Kind::Http(http) => gen_http(expressions, http),
        Kind::Email(email) => gen_email(expressions, email, shared),
        Kind::Filter(filter) => {
            let condition = gen_condition(expressions, "condition", &filter.condition, None);
            let message = gen_text("error_message", expressions.text_body(&filter.error_message));
            (quote! { Kind::Filter(Filter { condition, error_message }) }, quote! { #condition #message })
        }
        Kind::Transform(transform) => gen_transform(expressions, transform),
        Kind::Rust(rust) => gen_rust(expressions, id, rust),
        Kind::Unknown => unreachable!("a node that was reported reached codegen"),
    }
}

/// A function of type `Condition`.
pub(super) fn gen_condition(
    expressions: Expressions,
    name: &str,
    condition: &crate::model::Expr,
    source: Option<NodeId>,
) -> TokenStream {
    let name = format_ident!("{name}");
    let source = doc(&[&format!("`{}`", expressions.plan.spelling(condition, source))]);
    let condition = expressions.condition(condition);
    let s = scope_for(&condition);
    quote! {
        #source
        pub fn #name(#s: &Scope) -> Result<bool, Fault> { Ok(#condition) }
    }
}

fn gen_webhook(expressions: Expressions, webhook: &Webhook) -> (TokenStream, TokenStream) {
    let (webhook_id, validate_signature, allowed_ips) =
        (&webhook.webhook_id, webhook.validate_signature, &webhook.allowed_ips);
    let signature = format_ident!("{}", format!("{:?}", webhook.signature));
    let secret = option(webhook.secret.is_some(), "secret");
    let mut functions = TokenStream::new();
    if let Some(text) = &webhook.secret {
        functions.extend(gen_text("secret", expressions.text_body(text)));
    }
    if let Some(expr) = &webhook.dedupe_key {
        functions.extend(gen_value("dedupe_key", expressions, expr));
    }
    let dedupe_key = option(webhook.dedupe_key.is_some(), "dedupe_key");
    let kind = quote! {
        Kind::Webhook(Webhook {
            webhook_id: #webhook_id,
            secret: #secret,
            validate_signature: #validate_signature,
            signature: Signature::#signature,
            allowed_ips: &[#(#allowed_ips),*],
            dedupe_key: #dedupe_key,
        })
    };
    (kind, functions)
}

fn gen_http(expressions: Expressions, http: &Http) -> (TokenStream, TokenStream) {
    let method = &http.method;
    let (headers, params) = (option(!http.headers.is_empty(), "headers"), option(!http.params.is_empty(), "params"));
    let mut functions = gen_render("url", quote! { Url }, expressions.url(&http.url));
    if !http.headers.is_empty() {
        let statements =
            http.headers.iter().map(|(name, value)| expressions.text(quote! { headers.header(#name) }, "value", value));
        functions.extend(gen_render("headers", quote! { Headers }, statements.collect()));
    }
    if !http.params.is_empty() {
        functions.extend(gen_render("params", quote! { Params }, expressions.params(&http.params)));
    }
    let body = match &http.body {
        Body::None => quote! { Body::None },
        Body::Json(tree) => {
            functions.extend(gen_json("body", expressions, tree));
            quote! { Body::Json(body) }
        }
        Body::Text(text) => {
            functions.extend(gen_text("body", expressions.text_body(text)));
            quote! { Body::Text(body) }
        }
        Body::Form(fields) => {
            let statements = expressions.params(fields);
            let (s, params) = (scope_for(&statements), writer_for("params", &statements));
            functions.extend(quote! { fn body(#s: &Scope, #params: &mut Params) -> Rendered { #statements Ok(()) } });
            quote! { Body::Form(body) }
        }
    };
    let response_schema = gen_schema(http.response_schema.as_ref());
    let cache = match http.cache {
        Some(ttl) => {
            let ttl = gen_duration(ttl);
            quote! { Some(#ttl) }
        }
        None => quote! { None },
    };
    let kind = quote! {
        Kind::Http(Http {
            method: #method,
            url,
            headers: #headers,
            params: #params,
            body: #body,
            response_schema: #response_schema,
            cache: #cache,
        })
    };
    (kind, functions)
}

fn gen_email(expressions: Expressions, email: &Email, shared: Option<&SharedRelay>) -> (TokenStream, TokenStream) {
    let at_most_once = email.at_most_once;
    let relay = relay_statements(expressions, email);
    let relay = (!shared.is_some_and(|shared| shared.is(&relay))).then(|| gen_render("relay", quote! { Relay }, relay));
    let message = gen_render("message", quote! { Message }, message_statements(expressions, email));
    let template = email.template.as_ref().map(gen_mail_template);
    let kind = quote! { Kind::Email(Email { relay, message, at_most_once: #at_most_once }) };
    (kind, quote! { #template #relay #message })
}

/// The mail server through which most mails are sent, where more than one is.
pub(super) struct SharedRelay {
    statements: TokenStream,
    text: String,
}

impl SharedRelay {
    pub(super) fn of(expressions: Expressions) -> Option<SharedRelay> {
        let mut relays: Vec<(SharedRelay, usize)> = Vec::new();
        for node in &expressions.plan.workflow.nodes {
            let Kind::Email(email) = &node.kind else { continue };
            let parts = [Some(&email.server), email.port.as_ref(), email.username.as_ref(), email.password.as_ref()];
            // What else an expression reads may have its name in the module of the node alone.
            let is_of_environment = |text: &Text| text.expressions().all(|expr| matches!(expr.kind, ExprKind::Env(_)));
            if !parts.into_iter().flatten().all(is_of_environment) {
                continue;
            }
            let statements = relay_statements(expressions, email);
            let text = statements.to_string();
            match relays.iter_mut().find(|(known, _)| known.text == text) {
                Some((_, count)) => *count += 1,
                None => relays.push((SharedRelay { statements, text }, 1)),
            }
        }
        // Of two that are used as often, the first.
        relays.reverse();
        relays.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 1).map(|(relay, _)| relay)
    }

    fn is(&self, statements: &TokenStream) -> bool {
        self.text == statements.to_string()
    }

    pub(super) fn generate(&self) -> TokenStream {
        let doc = doc(&["The mail server that several nodes send through."]);
        let relay = gen_render("relay", quote! { Relay }, self.statements.clone());
        quote! { #doc #relay }
    }
}

fn relay_statements(expressions: Expressions, email: &Email) -> TokenStream {
    let server = expressions.text(quote! { relay.server() }, "server", &email.server);
    let rest = [("port", &email.port), ("username", &email.username), ("password", &email.password)];
    let rest = rest.into_iter().filter_map(|(verb, text)| {
        let method = format_ident!("{verb}");
        Some(expressions.text(quote! { relay.#method() }, verb, text.as_ref()?))
    });
    let plain = (!email.use_tls).then(|| quote! { relay.use_tls(false); });
    quote! { #server #(#rest)* #plain }
}

fn message_statements(expressions: Expressions, email: &Email) -> TokenStream {
    let mut out = TokenStream::new();
    let mut write = |verb: &str, text: &Text| {
        let method = format_ident!("{verb}");
        out.extend(expressions.text(quote! { message.#method() }, verb, text));
    };
    write("from_email", &email.from_email);
    email.from_name.iter().for_each(|name| write("from_name", name));
    email.reply_to.iter().for_each(|address| write("reply_to", address));
    for (list, recipients) in [("To", &email.to), ("Cc", &email.cc), ("Bcc", &email.bcc)] {
        let list = format_ident!("{list}");
        for recipient in recipients {
            out.extend(gen_recipient(expressions, quote! { To::#list }, recipient));
        }
    }
    out.extend(expressions.text(quote! { message.subject() }, "subject", &email.subject));
    for (verb, text) in [("body", &email.body), ("html", &email.html)] {
        if let Some(text) = text {
            let method = format_ident!("{verb}");
            out.extend(expressions.text(quote! { message.#method() }, verb, text));
        }
    }
    if let Some(template) = &email.template {
        let vars = expressions.json(&quote! { vars }, &Tree::Object(template.vars.clone()));
        out.extend(quote! { let vars = message.template(&TEMPLATE); #vars });
    }
    out
}

/// A whole template may be one address or an array of them; text is exactly one.
fn gen_recipient(expressions: Expressions, list: TokenStream, recipient: &Text) -> TokenStream {
    let Some(expr) = recipient.as_whole().filter(|expr| !matches!(expr.kind, crate::model::ExprKind::Env(_))) else {
        return expressions.text(quote! { message.recipient(#list) }, "recipient", recipient);
    };
    let code = expressions.code(expr);
    match code.raw() {
        Some(raw) => quote! { message.recipients(#list, #raw)?; },
        None => {
            let (value, source) = (code.reference(), expressions.plan.spelling(expr, None));
            quote! { message.recipients_value(#list, #value, #source)?; }
        }
    }
}

fn gen_mail_template(template: &MailTemplate) -> TokenStream {
    let name = &template.name;
    let part = |text: &Option<String>| match text {
        Some(text) => quote! { Some(#text) },
        None => quote! { None },
    };
    let (html, text) = (part(&template.html), part(&template.text));
    quote! { static TEMPLATE: MailTemplate = MailTemplate { name: #name, html: #html, text: #text }; }
}

fn gen_transform(expressions: Expressions, transform: &Transform) -> (TokenStream, TokenStream) {
    let input = match &transform.input {
        Some(tree) => expressions.tree_value(tree),
        None => quote! { transform::input(s) },
    };
    let input = match &transform.list {
        Some(field) => quote! { transform::list_in(#input, #field) },
        None => input,
    };
    let kept = Kept::of(expressions, of_each_item(&transform.step));
    let bindings = kept.bindings(expressions);
    let expressions = Expressions { kept: Some(&kept), ..expressions };
    let value = |expr: &crate::model::Expr| {
        let value = expressions.code(expr).value();
        let item = binding_for(&value);
        quote! { &|#item, _| Ok(#value) }
    };
    let call = match &transform.step {
        TransformStep::FilterItems { condition } => {
            let keep = expressions.condition(condition);
            let item = binding_for(&keep);
            quote! { transform::filter_items(&#input, &|#item, _| Ok(#keep)) }
        }
        TransformStep::MapItems { expression } => {
            let map = value(expression);
            quote! { transform::map_items(&#input, #map) }
        }
        TransformStep::SortItems { by, descending } => {
            let by = value(by);
            let order = if *descending {
                quote! { Descending }
            } else {
                quote! { Ascending }
            };
            quote! { transform::sort_items(&#input, #by, transform::Order::#order) }
        }
        TransformStep::GroupItems { by } => {
            let by = value(by);
            quote! { transform::group_items(&#input, #by) }
        }
        TransformStep::CalculateTotal { of } => {
            let of = value(of);
            quote! { transform::calculate_total(&#input, #of) }
        }
        TransformStep::AddFields { fields } => {
            let fields = fields.iter().map(|(name, tree)| {
                let value = expressions.tree_value(tree);
                quote! { (#name, #value) }
            });
            let added = quote! { vec![#(#fields),*] };
            let item = binding_for(&added);
            quote! { transform::add_fields(&#input, &|#item, _| Ok(#added)) }
        }
        TransformStep::ExtractFields { fields } => {
            let fields = fields.iter().map(|(name, path)| quote! { (#name, #path) });
            quote! { transform::extract_fields(&#input, &[#(#fields),*]) }
        }
        TransformStep::JsonToCsv { columns: None } => quote! { transform::json_to_csv(&#input, None) },
        TransformStep::JsonToCsv { columns: Some(columns) } => {
            quote! { transform::json_to_csv(&#input, Some(&[#(#columns),*])) }
        }
    };
    let call = quote! { #bindings #call };
    let s = scope_for(&call);
    let run = quote! { fn run(#s: &Scope) -> Result<Value, Fault> { #call } };
    (quote! { Kind::Transform(Transform { run }) }, run)
}

/// The expressions of a transform that are computed for each item.
fn of_each_item(step: &TransformStep) -> Vec<&crate::model::Expr> {
    match step {
        TransformStep::FilterItems { condition: each }
        | TransformStep::MapItems { expression: each }
        | TransformStep::SortItems { by: each, .. }
        | TransformStep::GroupItems { by: each }
        | TransformStep::CalculateTotal { of: each } => vec![each],
        TransformStep::AddFields { fields } => {
            let mut all = Vec::new();
            fields.iter().for_each(|(_, tree)| tree.expressions(&mut |expr| all.push(expr)));
            all
        }
        TransformStep::ExtractFields { .. } | TransformStep::JsonToCsv { .. } => Vec::new(),
    }
}

/// A function that renders to the writer called like itself.
fn gen_render(name: &str, writer: TokenStream, statements: TokenStream) -> TokenStream {
    let function = format_ident!("{name}");
    let (s, parameter) = (scope_for(&statements), writer_for(name, &statements));
    quote! { fn #function(#s: &Scope, #parameter: &mut #writer) -> Rendered { #statements Ok(()) } }
}

/// A function that computes a value.
fn gen_value(name: &str, expressions: Expressions, expr: &crate::model::Expr) -> TokenStream {
    let function = format_ident!("{name}");
    let source = doc(&[&format!("`{}`", expressions.plan.spelling(expr, None))]);
    let value = expressions.code(expr).value();
    let s = scope_for(&value);
    quote! {
        #source
        fn #function(#s: &Scope) -> Result<Value, Fault> { Ok(#value) }
    }
}

/// A function that renders text.
fn gen_text(name: &str, statements: TokenStream) -> TokenStream {
    let function = format_ident!("{name}");
    let (s, text) = (scope_for(&statements), writer_for("text", &statements));
    quote! { fn #function(#s: &Scope, #text: &mut Text) -> Rendered { #statements Ok(()) } }
}

fn gen_json(name: &str, expressions: Expressions, tree: &Tree) -> TokenStream {
    let function = format_ident!("{name}");
    let statements = expressions.json(&quote! { json }, tree);
    let (s, json) = (scope_for(&statements), writer_for("json", &statements));
    quote! { fn #function(#s: &Scope, #json: &mut Json) -> Rendered { #statements Ok(()) } }
}

/// `s`, or `_` where the code does not read it.
pub(super) fn scope_for(code: &TokenStream) -> TokenStream {
    if mentions(code, "s") {
        quote! { s }
    } else {
        quote! { _ }
    }
}

fn writer_for(name: &str, code: &TokenStream) -> TokenStream {
    let ident = format_ident!("{name}");
    if mentions(code, name) {
        quote! { #ident }
    } else {
        quote! { _ }
    }
}

fn binding_for(code: &TokenStream) -> TokenStream {
    if mentions(code, "item") {
        quote! { item }
    } else {
        quote! { _ }
    }
}

/// Whether an identifier occurs in the code.
fn mentions(code: &TokenStream, name: &str) -> bool {
    code.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        proc_macro2::TokenTree::Group(group) => mentions(&group.stream(), name),
        proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Literal(_) => false,
    })
}

fn option(present: bool, function: &str) -> TokenStream {
    let function = format_ident!("{function}");
    if present {
        quote! { Some(#function) }
    } else {
        quote! { None }
    }
}

fn gen_retry(retry: Retry) -> TokenStream {
    if retry.retries == 0 {
        return quote! { Retry::NONE };
    }
    let retries = number(retry.retries as usize);
    let delay = match retry.delay {
        Delay::Fixed(delay) => {
            let delay = gen_duration(delay);
            quote! { Delay::Fixed(#delay) }
        }
        Delay::Exponential { initial, max, jitter } => {
            let (initial, max) = (gen_duration(initial), gen_duration(max));
            quote! { Delay::Exponential { initial: #initial, max: #max, jitter: #jitter } }
        }
    };
    quote! { Retry { retries: #retries, delay: #delay } }
}

pub(super) fn gen_duration(duration: Duration) -> TokenStream {
    if duration.subsec_nanos() == 0 {
        let seconds = proc_macro2::Literal::u64_unsuffixed(duration.as_secs());
        quote! { Duration::from_secs(#seconds) }
    } else {
        let nanos = proc_macro2::Literal::u64_unsuffixed(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        quote! { Duration::from_nanos(#nanos) }
    }
}

/// Doc comments, one line each.
pub(super) fn doc(lines: &[&str]) -> TokenStream {
    let mut out = TokenStream::new();
    for line in lines {
        let line: String = line.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        let line = format!(" {}", line.trim());
        out.extend(quote! { #[doc = #line] });
    }
    out
}
