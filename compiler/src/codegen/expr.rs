//! A checked expression → the Rust expression that computes it.

use super::Setting;
use super::text::json_text;
use crate::model::expr::{Arrow, Binary, Expr, ExprKind, Parameter, Path, Root, Unary};
use crate::model::identifier::is_identifier;
use crate::plan::Plan;
use crate::plan::names::snake;
use flow_runtime::expr as js;
use flow_runtime::value::{JsString, Value};
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::{format_ident, quote};
use std::collections::{HashMap, HashSet};

/// Rust code for a value, and what Rust type it has.
pub(super) struct Code {
    tokens: TokenStream,
    form: Form,
    /// It holds a `?`: evaluating it may end the function.
    fallible: bool,
}

/// The Rust type of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `Raw<'_>`: a slice nobody has needed to build a value of.
    Raw,
    /// `Value`.
    Value,
    /// `&Value`.
    Ref,
    /// `Once`: behind a reference it is a `Value`.
    Once,
    /// `bool`.
    Bool,
}

impl Code {
    fn new(form: Form, tokens: TokenStream, parts: &[&Code]) -> Code {
        Code { tokens, form, fallible: parts.iter().any(|part| part.fallible) }
    }

    /// An owned `Value`.
    pub(super) fn value(&self) -> TokenStream {
        let tokens = &self.tokens;
        match self.form {
            Form::Raw => quote! { #tokens.value() },
            Form::Value => bare(tokens),
            Form::Ref | Form::Once => quote! { #tokens.clone() },
            Form::Bool => {
                let truth = bare(tokens);
                quote! { Value::Bool(#truth) }
            }
        }
    }

    /// A `&Value`.
    pub(super) fn reference(&self) -> TokenStream {
        let tokens = &self.tokens;
        match self.form {
            Form::Ref => tokens.clone(),
            Form::Once => quote! { &#tokens },
            Form::Raw | Form::Value | Form::Bool => {
                let value = self.value();
                quote! { &#value }
            }
        }
    }

    /// A `bool`: JavaScript's truthiness.
    pub(super) fn truthy(&self) -> TokenStream {
        let tokens = &self.tokens;
        match self.form {
            Form::Bool => tokens.clone(),
            Form::Raw | Form::Value | Form::Ref | Form::Once => quote! { #tokens.truthy() },
        }
    }

    /// A `Raw`, where the code is one, to hand on.
    pub(super) fn raw(&self) -> Option<TokenStream> {
        self.raw_receiver().map(bare)
    }

    /// A `Raw`, where the code is one, to call a method of.
    fn raw_receiver(&self) -> Option<&TokenStream> {
        (self.form == Form::Raw).then_some(&self.tokens)
    }
}

/// Writes expressions of one workflow.
#[derive(Clone, Copy)]
pub(super) struct Expressions<'a> {
    pub plan: &'a Plan,
    pub setting: Setting<'a>,
    /// Inside of a function that is called for each item: the paths that were bound outside of it.
    pub kept: Option<&'a Kept>,
}

/// Paths that are read for each item of a list, with the names they are bound to: their values are built once, not for each.
pub(super) struct Kept {
    names: HashMap<Path, syn::Ident>,
    /// As they are first read.
    order: Vec<Path>,
}

impl Kept {
    /// Of functions with these bodies.
    pub(super) fn of<'e>(expressions: Expressions, bodies: impl IntoIterator<Item = &'e Expr>) -> Kept {
        // The item of a transform is there also where nothing reads it.
        let mut taken: HashSet<String> = OWN.iter().chain(&["item"]).map(ToString::to_string).collect();
        let mut seen: HashSet<&Path> = HashSet::new();
        let mut order = Vec::new();
        for body in bodies {
            body.walk(&mut |expr| match &expr.kind {
                ExprKind::Path(path) if seen.insert(path) => order.push(path.clone()),
                ExprKind::Parameter(parameter) => drop(taken.insert(parameter_ident(parameter).to_string())),
                _ => {}
            });
        }
        let mut names = HashMap::new();
        for path in &order {
            let constant = expressions.plan.fields.field(path).constant.to_lowercase();
            let mut name = match path.root {
                Root::Input => constant,
                Root::Output(node) => format!("{}_{constant}", expressions.plan.module(node).name),
                Root::Error => format!("error_{constant}"),
            };
            while taken.contains(&name) || !is_identifier(&name) {
                name.push('_');
            }
            names.insert(path.clone(), format_ident!("{name}"));
            taken.insert(name);
        }
        Kept { names, order }
    }

    /// The statements that bind them.
    pub(super) fn bindings(&self, expressions: Expressions) -> TokenStream {
        let bindings = self.order.iter().map(|path| {
            let (name, field) = (&self.names[path], expressions.field(path));
            quote! { let #name = s.once(&#field); }
        });
        bindings.collect()
    }

    fn name(&self, path: &Path) -> Option<&syn::Ident> {
        self.names.get(path)
    }
}

impl Expressions<'_> {
    pub(super) fn code(self, expr: &Expr) -> Code {
        let leaf = |form, tokens| Code { tokens, form, fallible: false };
        match &expr.kind {
            ExprKind::Constant(Value::Bool(value)) => leaf(Form::Bool, quote! { #value }),
            ExprKind::Constant(value) => leaf(Form::Value, constant(value)),
            ExprKind::Array(items) => self.array(items),
            ExprKind::Object(fields) => {
                let codes: Vec<Code> = fields.iter().map(|(_, value)| self.code(value)).collect();
                let names = fields.iter().map(|(name, _)| name);
                let values = codes.iter().map(Code::value);
                Code::new(Form::Value, quote! { Value::object([#((#names, #values)),*]) }, &refs(&codes))
            }
            ExprKind::Text(parts) => {
                let codes: Vec<Code> = parts.iter().map(|part| self.code(part)).collect();
                let values = codes.iter().map(Code::value);
                Code::new(Form::Value, quote! { js::text(&[#(#values),*]) }, &refs(&codes))
            }
            ExprKind::Path(path) => {
                let kept = self.kept.and_then(|kept| kept.name(path));
                let field = self.field(path);
                kept.map_or_else(
                    || leaf(Form::Raw, quote! { s.get(&#field) }),
                    |name| leaf(Form::Once, quote! { #name }),
                )
            }
            ExprKind::Env(variable) => {
                let name = format_ident!("{}", self.plan.env(*variable).constant);
                leaf(Form::Value, quote! { Value::string(s.env(env::#name)) })
            }
            ExprKind::Timestamp => leaf(Form::Value, quote! { Value::string(s.timestamp()) }),
            ExprKind::ExecutionId => leaf(Form::Value, quote! { Value::string(s.execution_id()) }),
            ExprKind::PreviousOutputs => leaf(Form::Value, quote! { s.previous_outputs() }),
            ExprKind::Parameter(parameter) => {
                let name = parameter_ident(parameter);
                leaf(Form::Ref, quote! { #name })
            }
            ExprKind::Member(object, name) => {
                let object = self.code(object);
                match object.raw_receiver() {
                    Some(raw) if name == "length" => Code::new(Form::Value, quote! { #raw.length() }, &[&object]),
                    _ => {
                        let value = object.reference();
                        Code::new(Form::Value, quote! { s.note(js::member(#value, #name)) }, &[&object])
                    }
                }
            }
            ExprKind::Index(object, index) => {
                let (object, index) = (self.code(object), self.code(index));
                let key = index.reference();
                self.behind_receiver(&object, &[&index], |receiver| quote! { s.note(js::index(#receiver, #key)) })
            }
            ExprKind::Method(receiver, method, arguments) => {
                let receiver = self.code(receiver);
                let codes: Vec<Code> = arguments.iter().map(|argument| self.code(argument)).collect();
                let values = codes.iter().map(Code::value);
                let method = format_ident!("{}", format!("{method:?}"));
                let arguments = quote! { &[#(#values),*] };
                let call = |receiver| quote! { js::call(#receiver, js::Method::#method, #arguments)? };
                let mut code = self.behind_receiver(&receiver, &refs(&codes), call);
                code.fallible = true;
                code
            }
            ExprKind::Each(receiver, method, arrow) => {
                let receiver = self.code(receiver).reference();
                let method = format_ident!("{}", format!("{method:?}"));
                self.with_arrow(arrow, |arrow| {
                    let tokens = quote! { js::call_each(#receiver, js::EachMethod::#method, #arrow)? };
                    Code { tokens, form: Form::Value, fallible: true }
                })
            }
            ExprKind::Reduce(receiver, arrow, initial) => {
                let receiver = self.code(receiver);
                let initial_code = initial.as_ref().map(|initial| self.code(initial));
                let initial = match &initial_code {
                    Some(code) => {
                        let value = code.value();
                        quote! { Some(#value) }
                    }
                    None => quote! { None },
                };
                self.with_arrow(arrow, |arrow| {
                    let call = |receiver| quote! { js::reduce(#receiver, #arrow, #initial)? };
                    let code = self.behind_receiver(&receiver, &initial_code.iter().collect::<Vec<_>>(), call);
                    Code { fallible: true, ..code }
                })
            }
            ExprKind::SortBy(receiver, arrow) => {
                let receiver = self.code(receiver).reference();
                self.with_arrow(arrow, |arrow| {
                    let tokens = quote! { js::sort_by(#receiver, #arrow)? };
                    Code { tokens, form: Form::Value, fallible: true }
                })
            }
            ExprKind::Global(global, arguments) => {
                let codes: Vec<Code> = arguments.iter().map(|argument| self.code(argument)).collect();
                // A slice of a document is its own JSON already.
                if let (js::Global::JsonStringify, [code]) = (global, &codes[..])
                    && let Some(raw) = code.raw_receiver()
                {
                    return Code::new(Form::Value, quote! { #raw.stringify() }, &[code]);
                }
                let values = codes.iter().map(Code::value);
                let global = format_ident!("{}", format!("{global:?}"));
                let tokens = quote! { js::global(js::Global::#global, &[#(#values),*])? };
                Code { tokens, form: Form::Value, fallible: true }
            }
            ExprKind::Unary(operator, operand) => {
                let operand = self.code(operand);
                let reference = operand.reference();
                match operator {
                    Unary::Not => {
                        let truthy = operand.truthy();
                        Code::new(Form::Bool, quote! { !#truthy }, &[&operand])
                    }
                    Unary::Minus => Code::new(Form::Value, quote! { js::neg(#reference) }, &[&operand]),
                    Unary::Plus => Code::new(Form::Value, quote! { js::plus(#reference) }, &[&operand]),
                }
            }
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right),
            ExprKind::Conditional(test, yes, no) => {
                let (test, yes, no) = (self.code(test), self.code(yes), self.code(no));
                let (condition, parts) = (bare(&test.truthy()), [&test, &yes, &no]);
                let (form, yes_tokens, no_tokens) = unified(&yes, &no);
                Code::new(form, quote! { if #condition { #yes_tokens } else { #no_tokens } }, &parts).enclosed()
            }
            ExprKind::Unknown => unreachable!("an expression that was reported reached codegen"),
        }
    }

    /// The constant of a path, with its module where that is another one.
    pub(super) fn field(self, path: &Path) -> TokenStream {
        let constant = format_ident!("{}", self.plan.fields.field(path).constant);
        let module = match path.root {
            Root::Input => format_ident!("input"),
            Root::Output(node) => format_ident!("{}", self.plan.module(node).name),
            Root::Error => format_ident!("error"),
        };
        quote! { #module::#constant }
    }

    fn array(self, items: &[Expr]) -> Code {
        let codes: Vec<Code> = items.iter().map(|item| self.code(item)).collect();
        let values = codes.iter().map(Code::value);
        Code::new(Form::Value, quote! { Value::array(vec![#(#values),*]) }, &refs(&codes))
    }

    /// Every access is `?.`: what could end the function is not evaluated behind a missing receiver.
    fn behind_receiver(self, receiver: &Code, arguments: &[&Code], call: impl Fn(TokenStream) -> TokenStream) -> Code {
        let reference = receiver.reference();
        if !arguments.iter().any(|argument| argument.fallible) {
            return Code::new(Form::Value, call(reference), &[receiver]);
        }
        let call = call(quote! { receiver });
        let tokens = quote! {
            match #reference {
                receiver if receiver.is_nullish() => Value::Undefined,
                receiver => #call,
            }
        };
        Code { tokens, form: Form::Value, fallible: true }.enclosed()
    }

    /// A call with an arrow function, behind what it reads again and again.
    fn with_arrow(self, arrow: &Arrow, call: impl FnOnce(TokenStream) -> Code) -> Code {
        if self.kept.is_some() {
            return call(self.arrow(arrow));
        }
        let kept = Kept::of(self, [&arrow.body]);
        let bindings = kept.bindings(self);
        let code = call(Expressions { kept: Some(&kept), ..self }.arrow(arrow));
        if bindings.is_empty() {
            return code;
        }
        let tokens = bare(&code.tokens);
        Code { tokens: quote! { { #bindings #tokens } }, ..code }.enclosed()
    }

    fn arrow(self, arrow: &Arrow) -> TokenStream {
        let body = self.code(&arrow.body).value();
        let mut bindings = TokenStream::new();
        for (index, parameter) in arrow.parameters.iter().enumerate() {
            let mut read = false;
            arrow.body.walk(&mut |expr| {
                read |= matches!(&expr.kind, ExprKind::Parameter(other) if other.number == parameter.number);
            });
            if read {
                let name = parameter_ident(parameter);
                let index = super::shape::number(index);
                bindings.extend(quote! { let #name = &each[#index]; });
            }
        }
        match bindings.is_empty() {
            true => quote! { &|_| Ok(#body) },
            false => quote! { &|each| { #bindings Ok(#body) } },
        }
    }

    fn binary(self, operator: Binary, left: &Expr, right: &Expr) -> Code {
        if let (Binary::Or | Binary::Coalesce, Some(fallback)) = (operator, right.as_constant().and_then(exact_json)) {
            let left = self.code(left);
            let fallback = json_text(&fallback);
            if let Some(raw) = left.raw_receiver() {
                let tokens = match operator {
                    Binary::Or => quote! { #raw.or(#fallback) },
                    _ => quote! { #raw.or_if_nullish(#fallback) },
                };
                return Code::new(Form::Raw, tokens, &[&left]);
            }
        }
        let (left, right) = (self.code(left), self.code(right));
        let parts = [&left, &right];
        let (a, b) = (left.reference(), right.reference());
        let value = |function: &str| {
            let function = format_ident!("{function}");
            Code::new(Form::Value, quote! { js::#function(#a, #b) }, &parts)
        };
        let truth = |function: &str| {
            let function = format_ident!("{function}");
            Code::new(Form::Bool, quote! { js::#function(#a, #b) }, &parts)
        };
        let untruth = |function: &str| {
            let function = format_ident!("{function}");
            Code::new(Form::Bool, quote! { !js::#function(#a, #b) }, &parts)
        };
        match operator {
            Binary::Add => value("add"),
            Binary::Subtract => value("sub"),
            Binary::Multiply => value("mul"),
            Binary::Divide => value("div"),
            Binary::Remainder => value("rem"),
            Binary::Less => truth("less"),
            Binary::LessOrEqual => truth("less_or_equal"),
            Binary::Greater => truth("greater"),
            Binary::GreaterOrEqual => truth("greater_or_equal"),
            Binary::Equal => truth("equals"),
            Binary::NotEqual => untruth("equals"),
            Binary::StrictEqual => truth("strict_equals"),
            Binary::StrictNotEqual => untruth("strict_equals"),
            Binary::And if left.form == Form::Bool && right.form == Form::Bool => {
                let (left, right) = (&left.tokens, &right.tokens);
                Code::new(Form::Bool, quote! { (#left && #right) }, &parts)
            }
            Binary::Or if left.form == Form::Bool && right.form == Form::Bool => {
                let (left, right) = (&left.tokens, &right.tokens);
                Code::new(Form::Bool, quote! { (#left || #right) }, &parts)
            }
            Binary::And | Binary::Or | Binary::Coalesce => {
                let (first, second) = (left.value(), right.value());
                let tokens = match operator {
                    Binary::And => quote! { match #first { left if !left.truthy() => left, _ => #second } },
                    Binary::Or => quote! { match #first { left if left.truthy() => left, _ => #second } },
                    _ => quote! { match #first { left if !left.is_nullish() => left, _ => #second } },
                };
                Code::new(Form::Value, tokens, &parts).enclosed()
            }
        }
    }

    /// A Rust `bool` for an expression of which only the truth matters: no value is built for `&&` and `||`.
    pub(super) fn condition(self, expr: &Expr) -> TokenStream {
        bare(&self.truth(expr))
    }

    fn truth(self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Binary(Binary::And, left, right) => {
                let (left, right) = (self.operand(left, Binary::And), self.operand(right, Binary::And));
                quote! { #left && #right }
            }
            ExprKind::Binary(Binary::Or, left, right) => {
                let (left, right) = (self.operand(left, Binary::Or), self.operand(right, Binary::Or));
                quote! { #left || #right }
            }
            ExprKind::Unary(Unary::Not, operand) => {
                let inner = self.truth(operand);
                match operand.kind {
                    ExprKind::Binary(..) => quote! { !(#inner) },
                    _ => quote! { !#inner },
                }
            }
            _ => self.code(expr).truthy(),
        }
    }

    /// An operand of `&&` or `||`, in parentheses where the other of the two stands inside.
    fn operand(self, expr: &Expr, outer: Binary) -> TokenStream {
        let inner = self.truth(expr);
        match &expr.kind {
            ExprKind::Binary(operator @ (Binary::And | Binary::Or), ..) if *operator != outer => quote! { (#inner) },
            _ => inner,
        }
    }
}

impl Code {
    /// In parentheses, so that a method call behind it applies to all of it.
    fn enclosed(self) -> Code {
        let tokens = self.tokens;
        Code { tokens: quote! { (#tokens) }, ..self }
    }
}

/// Without the parentheses around the whole of it, for places that need none.
fn bare(tokens: &TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => group.stream(),
        _ => tokens.clone(),
    }
}

/// Two branches with one type.
fn unified(yes: &Code, no: &Code) -> (Form, TokenStream, TokenStream) {
    if yes.form == no.form && matches!(yes.form, Form::Raw | Form::Bool) {
        (yes.form, bare(&yes.tokens), bare(&no.tokens))
    } else {
        (Form::Value, yes.value(), no.value())
    }
}

fn refs(codes: &[Code]) -> Vec<&Code> {
    codes.iter().collect()
}

/// Names that generated functions use themselves.
const OWN: &[&str] = &["s", "js", "each", "left", "receiver"];

/// The Rust name of a parameter: its own where it can be, else with its number, so that `itemA` and `item_a` stay two.
/// Never a name that generated functions use themselves.
pub(super) fn parameter_ident(parameter: &Parameter) -> syn::Ident {
    let (name, number) = (snake(&parameter.name), parameter.number);
    let is_numbered = name.rsplit('_').next().is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_digit()));
    if name == parameter.name && !is_numbered && !OWN.contains(&name.as_str()) {
        format_ident!("{name}")
    } else {
        format_ident!("{}_{number}", name.trim_end_matches('_'))
    }
}

/// The JSON text of a constant, when that says all about it.
fn exact_json(value: &Value) -> Option<String> {
    let json = value.to_json()?;
    Value::from_json(&json).is_ok_and(|read| js::same(&read, value)).then_some(json)
}

/// A constant as the Rust expression that makes it.
fn constant(value: &Value) -> TokenStream {
    match value {
        Value::Undefined => quote! { Value::Undefined },
        Value::Null => quote! { Value::Null },
        Value::Bool(value) => quote! { Value::Bool(#value) },
        Value::Number(number) => {
            let number = number_literal(*number);
            quote! { Value::Number(#number) }
        }
        Value::String(JsString::Utf8(text)) => {
            let text = &**text;
            quote! { Value::string(#text) }
        }
        Value::Array(items) => {
            let items = items.iter().map(constant);
            quote! { Value::array(vec![#(#items),*]) }
        }
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| {
                let (name, value) = (name.to_string(), constant(value));
                quote! { (#name, #value) }
            });
            quote! { Value::object([#(#fields),*]) }
        }
        Value::String(JsString::Utf16(units)) => {
            let units = units.iter().map(|unit| Literal::u16_unsuffixed(*unit));
            quote! { Value::from_units(&[#(#units),*]) }
        }
    }
}

fn number_literal(number: f64) -> TokenStream {
    if number.is_nan() {
        quote! { f64::NAN }
    } else if number.is_infinite() {
        if number > 0.0 {
            quote! { f64::INFINITY }
        } else {
            quote! { f64::NEG_INFINITY }
        }
    } else if number.is_sign_negative() {
        let literal = Literal::f64_unsuffixed(-number);
        quote! { -#literal }
    } else {
        let literal = Literal::f64_unsuffixed(number);
        quote! { #literal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_parameters_have_different_names() {
        let ident = |name: &str, number| parameter_ident(&Parameter { name: name.to_owned(), number }).to_string();
        for (name, expected) in [
            ("item", "item"),
            ("a_b", "a_b"),
            ("a-b", "a_b_3"),
            ("aB", "a_b_3"),
            ("a_b_3", "a_b_3_3"),
            ("$", "unnamed_3"),
            ("unnamed", "unnamed"),
            ("type", "type_3"),
            ("each", "each_3"),
        ] {
            assert_eq!(ident(name, 3), expected, "{name}");
        }
    }

    #[test]
    fn only_what_json_can_say_becomes_json() {
        let nested = Value::array(vec![Value::Undefined]);
        for value in [Value::Number(-0.0), Value::Number(f64::NAN), Value::Undefined, nested] {
            assert_eq!(exact_json(&value), None, "{value:?}");
        }
        assert_eq!(exact_json(&Value::string("a")).as_deref(), Some("\"a\""));
    }

    #[test]
    fn half_a_character_is_written_as_its_number() {
        let half = Value::from_units(&[0x61, 0xD83D]);
        assert_eq!(constant(&half).to_string(), "Value :: from_units (& [97 , 55357])");
    }
}
