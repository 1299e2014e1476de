//! The types a caller in Rust sees: what the schemas of a workflow say, as structs and enums.
//!
//! Comes in: a checked workflow. Goes out: [`RustTypes`]: every declared type once, the type of the input, of what each node
//! gives, and of what each `rust` node gives its function.
//! Always true: a value that a schema accepts can be read as its type, but for integers beyond 64 bits. What Rust has no
//! plain type for is [`RustType::Json`].

use super::names::Names;
use crate::check::Types;
use crate::model::expr::{Binary, Path, Root};
use crate::model::schema::{Additional, Rule, RuleId, Schema};
use crate::model::ty::{Literal, Rest, Type};
use crate::model::{Expr, ExprKind, Kind, NodeId, Tree, Workflow};
use crate::source::{Span, Spanned};
use flow_runtime::value::{EXACT_BELOW, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The types of a workflow.
#[derive(Debug, Clone)]
pub struct RustTypes {
    pub declared: Vec<Declared>,
    pub input: RustType,
    /// By node; `None` for a trigger, which only hands the input on.
    pub outputs: Vec<Option<Output>>,
    /// By `rust` node.
    pub calls: BTreeMap<NodeId, Call>,
}

impl RustTypes {
    /// Whether some type is not known, for the workflow is wrong.
    pub fn knows_not_all(&self) -> bool {
        let fields = self.declared.iter().flat_map(|declared| match &declared.shape {
            Shape::Struct(fields) => fields.as_slice(),
            Shape::Enum(_) => &[],
        });
        let given = self.outputs.iter().flatten().map(|output| &output.ty);
        fields.map(|field| &field.ty).chain(given).chain([&self.input]).any(RustType::is_unknown)
    }
}

impl RustType {
    /// Of what is there.
    fn plain(self) -> RustType {
        match self {
            RustType::Optional(inner) => *inner,
            ty => ty,
        }
    }

    fn is_unknown(&self) -> bool {
        match self {
            RustType::Unknown => true,
            RustType::List(inner) | RustType::Map(inner) | RustType::Optional(inner) => inner.is_unknown(),
            RustType::Json
            | RustType::Bool
            | RustType::Number
            | RustType::Integer
            | RustType::Text
            | RustType::Named(_) => false,
        }
    }
}

/// A type by its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RustType {
    /// Nobody knows: the workflow is wrong there, and was refused.
    Unknown,
    Json,
    Bool,
    Number,
    Integer,
    Text,
    List(Box<RustType>),
    Map(Box<RustType>),
    Optional(Box<RustType>),
    /// Index into [`RustTypes::declared`].
    Named(usize),
}

/// A struct or an enum.
#[derive(Debug, Clone)]
pub struct Declared {
    pub name: String,
    pub doc: Option<String>,
    pub shape: Shape,
}

#[derive(Debug, Clone)]
pub enum Shape {
    Struct(Vec<Field>),
    /// Texts that are the only ones allowed, with the name of each.
    Enum(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
pub struct Field {
    /// In Rust.
    pub name: String,
    /// In JSON.
    pub key: String,
    pub doc: Option<String>,
    pub ty: RustType,
}

/// What a caller gets of a node.
#[derive(Debug, Clone)]
pub struct Output {
    /// The name of its field.
    pub field: String,
    pub part: Part,
    pub ty: RustType,
}

/// Where in the `result` of a node it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Whole,
    /// `response`: what a schema describes.
    Response,
    /// `passed`.
    Verdict,
}

/// The types of a call of a function.
#[derive(Debug, Clone)]
pub struct Call {
    pub arguments: Vec<RustType>,
    pub result: RustType,
}

/// Names that the module of a workflow has anyway.
pub const RESERVED: &[&str] = &["Workflow", "Builder", "Handle", "Spec", "Output", "Self"];

/// `wrong`: where a workflow is wrong that was refused.
pub fn rust_types(workflow: &Workflow, types: &Types, wrong: &[Span]) -> RustTypes {
    let mut making = Making {
        workflow,
        wrong,
        names: Names::reserving(RESERVED),
        declared: Vec::new(),
        by_span: HashMap::new(),
        inside: Vec::new(),
    };
    let input = match workflow.started_by_program().and_then(|node| node.kind.input_schema()) {
        Some(schema) => making.schema(schema, "Input"),
        None => RustType::Json,
    };
    // From here on the name stands for that type.
    making.names.unique("Input".to_owned());
    let mut fields = Names::reserving(&["execution_id", "read"]);
    let outputs = workflow.nodes.iter().map(|node| {
        let (part, ty) = making.output(&node.kind, &node.id.value)?;
        Some(Output { field: fields.unique(super::names::snake(&node.id.value)), part, ty })
    });
    let outputs: Vec<Option<Output>> = outputs.collect();
    // Other ways to start it, for what their functions are given.
    for node in &workflow.nodes {
        if let Some(schema) = node.kind.input_schema() {
            making.schema(schema, &format!("{}Input", pascal(&node.id.value)));
        }
    }
    let mut calls = BTreeMap::new();
    for id in workflow.node_ids() {
        let (Kind::Rust(rust), Some(output)) = (&workflow.node(id).kind, &outputs[id.0]) else { continue };
        let given = types.arguments.get(&id).map_or(&[][..], Vec::as_slice);
        let arguments = rust.arguments.iter().zip(given);
        let arguments = arguments.map(|(argument, ty)| making.argument(&argument.value, ty)).collect();
        calls.insert(id, Call { arguments, result: output.ty.clone() });
    }
    RustTypes { declared: making.declared, input, outputs, calls }
}

struct Making<'a> {
    workflow: &'a Workflow,
    wrong: &'a [Span],
    names: Names,
    declared: Vec<Declared>,
    /// By where the schema stands: one that is used twice is one type, and optional both times or not at all.
    by_span: HashMap<Span, RustType>,
    /// Schemas that are being read.
    inside: Vec<Span>,
}

impl Making<'_> {
    fn output(&mut self, kind: &Kind, id: &str) -> Option<(Part, RustType)> {
        Some(match kind {
            Kind::Webhook(_) | Kind::Manual(_) => return None,
            Kind::Unknown => (Part::Whole, RustType::Unknown),
            Kind::Http(http) => match &http.response_schema {
                Some(schema) => (Part::Response, self.schema(schema, &format!("{}Answer", pascal(id)))),
                None => (Part::Whole, RustType::Json),
            },
            Kind::Rust(rust) => match &rust.result_schema {
                Some(schema) => (Part::Whole, self.schema(schema, &format!("{}Result", pascal(id)))),
                None => (Part::Whole, RustType::Json),
            },
            Kind::Filter(_) => (Part::Verdict, RustType::Bool),
            Kind::Email(_) | Kind::Transform(_) => (Part::Whole, RustType::Json),
        })
    }

    fn schema(&mut self, schema: &Schema, name: &str) -> RustType {
        self.rule(schema, RuleId::ROOT, name)
    }

    /// `name`: what it is called unless its author named it.
    fn rule(&mut self, schema: &Schema, id: RuleId, name: &str) -> RustType {
        let rule = &schema.rules[id.0];
        if self.wrong.contains(&rule.span) {
            return RustType::Unknown;
        }
        // It contains itself: what is inside is looked at when it comes.
        if rule.opaque || self.inside.contains(&rule.span) {
            return RustType::Json;
        }
        if let Some(known) = self.by_span.get(&rule.span) {
            return known.clone();
        }
        self.inside.push(rule.span);
        let ty = self.open_rule(schema, rule, name);
        self.inside.pop();
        // `begin` knew its name, but not yet whether null is one of its values.
        if let Some(known) = self.by_span.get_mut(&rule.span) {
            known.clone_from(&ty);
        }
        ty
    }

    fn open_rule(&mut self, schema: &Schema, rule: &Rule, name: &str) -> RustType {
        let alone = rule.values.is_none() && rule.properties.is_empty() && rule.items.is_none();
        match (rule.all_of.as_slice(), rule.any_of.as_slice(), rule.one_of.as_slice()) {
            ([], [], []) => {}
            ([only], [], []) if alone => return self.rule(schema, *only, name),
            ([], members, []) | ([], [], members) if alone => return self.either(schema, rule, members, name),
            _ => return RustType::Json,
        }
        if let Some(values) = &rule.values {
            return self.values(rule, values, name);
        }
        let kinds = rule.kinds;
        let count =
            [kinds.bool, kinds.number, kinds.string, kinds.array, kinds.object].iter().filter(|is| **is).count();
        if count != 1 {
            return RustType::Json;
        }
        let ty = if kinds.bool {
            RustType::Bool
        } else if kinds.number {
            if rule.integer { RustType::Integer } else { RustType::Number }
        } else if kinds.string {
            RustType::Text
        } else if kinds.array {
            let items = match rule.items.filter(|_| rule.prefix_items.is_empty()) {
                Some(items) => self.rule(schema, items, &singular(name)),
                None => RustType::Json,
            };
            RustType::List(items.into())
        } else {
            self.object(schema, rule, name)
        };
        optional_if(kinds.null, ty)
    }

    /// `T | null` is optional; texts alone are an enum; anything else is any JSON.
    fn either(&mut self, schema: &Schema, rule: &Rule, members: &[RuleId], name: &str) -> RustType {
        let is_null = |id: &&RuleId| {
            let kinds = schema.rules[id.0].kinds;
            kinds.null && ![kinds.bool, kinds.number, kinds.string, kinds.array, kinds.object].contains(&true)
        };
        let (nulls, others): (Vec<&RuleId>, Vec<&RuleId>) = members.iter().partition(is_null);
        let mut texts = Vec::new();
        for id in &others {
            match &schema.rules[id.0].values {
                Some(values) => texts.extend(values.iter().cloned()),
                None => break,
            }
        }
        let all_values = others.iter().all(|id| schema.rules[id.0].values.is_some());
        let ty = match others.as_slice() {
            [only] => self.rule(schema, **only, name),
            [_, ..] if all_values => self.values(rule, &texts, name),
            _ => return RustType::Json,
        };
        optional_if(!nulls.is_empty(), ty)
    }

    fn values(&mut self, rule: &Rule, values: &[Value], name: &str) -> RustType {
        let null = values.iter().any(|value| matches!(value, Value::Null));
        let values: Vec<&Value> = values.iter().filter(|value| !matches!(value, Value::Null)).collect();
        let texts: Option<Vec<&str>> = values
            .iter()
            .map(|value| match value {
                Value::String(text) => text.as_str(),
                _ => None,
            })
            .collect();
        let ty = match texts.as_deref() {
            Some([]) => return RustType::Json,
            Some([_]) => RustType::Text,
            Some(texts) => {
                let index = self.begin(rule, name);
                let mut variants = Names::reserving(&["Self"]);
                let mut seen: Vec<(String, String)> = Vec::new();
                for text in texts {
                    if !seen.iter().any(|(_, known)| known == text) {
                        seen.push((variants.unique(pascal(text)), (*text).to_owned()));
                    }
                }
                self.declared[index].shape = Shape::Enum(seen);
                RustType::Named(index)
            }
            None if values.iter().all(|value| matches!(value, Value::Bool(_))) => RustType::Bool,
            None if values.iter().all(|value| matches!(value, Value::Number(_))) => RustType::Number,
            None => return RustType::Json,
        };
        optional_if(null, ty)
    }

    fn object(&mut self, schema: &Schema, rule: &Rule, name: &str) -> RustType {
        if rule.properties.is_empty() && rule.required.is_empty() {
            return match rule.additional {
                Additional::Like(values) => RustType::Map(self.rule(schema, values, &singular(name)).into()),
                Additional::Unsaid | Additional::Allowed | Additional::Forbidden => RustType::Json,
            };
        }
        let index = self.begin(rule, name);
        let owner = self.declared[index].name.clone();
        let mut idents = Names::reserving(&[]);
        let required: HashSet<&str> = rule.required.iter().map(String::as_str).collect();
        let mut fields: Vec<Field> = Vec::with_capacity(rule.properties.len());
        let mut there: HashSet<&str> = HashSet::with_capacity(rule.properties.len());
        for property in &rule.properties {
            if !there.insert(&property.name) {
                continue;
            }
            let ty = self.rule(schema, property.rule, &format!("{owner}{}", pascal(&property.name)));
            let required = required.contains(property.name.as_str());
            fields.push(Field {
                name: idents.unique(super::names::snake(&property.name)),
                key: property.name.clone(),
                doc: schema.rules[property.rule.0].description.clone(),
                // Null is a value of any JSON, and not the same as nothing.
                ty: match ty {
                    RustType::Json if !required => RustType::Optional(RustType::Json.into()),
                    ty => optional_if(!required, ty),
                },
            });
        }
        for key in &rule.required {
            if there.insert(key) {
                let name = idents.unique(super::names::snake(key));
                fields.push(Field { name, key: key.clone(), doc: None, ty: RustType::Json });
            }
        }
        self.declared[index].shape = Shape::Struct(fields);
        RustType::Named(index)
    }

    /// A type with a name, whose shape follows.
    fn begin(&mut self, rule: &Rule, suggested: &str) -> usize {
        let types = &self.workflow.types;
        let named = types.iter().find(|Spanned { span, .. }| *span == rule.span).map(|named| named.value.as_str());
        let name = named.or(rule.title.as_deref()).map(pascal).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| suggested.to_owned());
        let index = self.declared.len();
        let shape = Shape::Struct(Vec::new());
        self.declared.push(Declared { name: self.names.unique(name), doc: rule.description.clone(), shape });
        self.by_span.insert(rule.span, RustType::Named(index));
        index
    }

    /// What a function is given for an expression of this type.
    fn argument(&mut self, tree: &Tree, ty: &Type) -> RustType {
        if ty.is_json() {
            return match tree {
                Tree::Whole(expr) => self.declared_type(expr).unwrap_or(RustType::Json),
                _ => RustType::Json,
            };
        }
        let nothing = ty.members().iter().any(|ty| matches!(ty, Type::Missing | Type::Null));
        let known = match tree {
            Tree::Whole(expr) => self.declared_type(expr),
            _ => None,
        };
        optional_if(nothing, known.map_or_else(|| self.of_type(ty), RustType::plain))
    }

    /// The type that a schema declares for what an expression picks out, as if it were there.
    fn declared_type(&mut self, expr: &Expr) -> Option<RustType> {
        match &expr.kind {
            ExprKind::Path(_) => self.of_path(expr),
            ExprKind::Index(whole, _) => match self.declared_type(whole)?.plain() {
                RustType::List(item) | RustType::Map(item) => Some(*item),
                _ => None,
            },
            ExprKind::Member(whole, name) => match self.declared_type(whole)?.plain() {
                RustType::Map(value) => Some(*value),
                RustType::Named(index) => match &self.declared[index].shape {
                    Shape::Struct(fields) => {
                        fields.iter().find(|field| field.key == *name).map(|field| field.ty.clone())
                    }
                    Shape::Enum(_) => None,
                },
                _ => None,
            },
            ExprKind::Binary(Binary::Or | Binary::Coalesce, one, other) | ExprKind::Conditional(_, one, other) => {
                match (self.declared_type(one).map(RustType::plain), self.declared_type(other).map(RustType::plain)) {
                    (Some(one), Some(other)) => (one == other).then_some(one),
                    (Some(ty), None) => self.holds(&ty, other).then_some(ty),
                    (None, Some(ty)) => self.holds(&ty, one).then_some(ty),
                    (None, None) => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a default is of the type of what it stands in for.
    fn holds(&self, ty: &RustType, default: &Expr) -> bool {
        match (ty, default.as_constant()) {
            (RustType::Integer, Some(Value::Number(number))) => {
                number.fract() == 0.0 && number.abs() < EXACT_BELOW as f64
            }
            (RustType::Named(index), Some(Value::String(text))) => match &self.declared[*index].shape {
                Shape::Enum(texts) => texts.iter().any(|(_, known)| Some(known.as_str()) == text.as_str()),
                Shape::Struct(_) => false,
            },
            _ => false,
        }
    }

    /// The type that the schema behind a path declares there.
    fn of_path(&mut self, expr: &Expr) -> Option<RustType> {
        let ExprKind::Path(Path { root, steps }) = &expr.kind else { return None };
        let workflow = self.workflow;
        let (schema, steps) = match root {
            Root::Error => return None,
            Root::Input => (only_input(workflow)?, steps.as_slice()),
            Root::Output(node) => {
                let (first, rest) = steps.split_first()?;
                if first != "result" {
                    return None;
                }
                match &workflow.node(*node).kind {
                    Kind::Http(http) => {
                        let rest = rest.strip_prefix(&["response".to_owned()]).unwrap_or(rest);
                        (http.response_schema.as_ref()?, rest)
                    }
                    Kind::Rust(rust) => (rust.result_schema.as_ref()?, rest),
                    Kind::Webhook(_) | Kind::Manual(_) => (only_input(workflow)?, rest),
                    Kind::Email(_) | Kind::Filter(_) | Kind::Transform(_) | Kind::Unknown => return None,
                }
            }
        };
        let id = schema.at(steps)?;
        let name = steps.iter().map(|step| pascal(step)).collect::<String>();
        Some(self.rule(schema, id, &name))
    }

    /// From what the checker knows of a value.
    fn of_type(&self, ty: &Type) -> RustType {
        let members: Vec<&Type> =
            ty.members().iter().filter(|ty| !matches!(ty, Type::Missing | Type::Null | Type::Never)).collect();
        let [first, others @ ..] = members.as_slice() else { return RustType::Json };
        let first = self.of_member(first);
        match others.iter().all(|ty| self.of_member(ty) == first) {
            true => first,
            false => RustType::Json,
        }
    }

    fn of_member(&self, ty: &Type) -> RustType {
        match ty {
            Type::Bool | Type::Literal(Literal::Bool(_)) => RustType::Bool,
            Type::Number | Type::Literal(Literal::Number(_)) => RustType::Number,
            Type::String(_) | Type::Literal(Literal::String(_)) => RustType::Text,
            Type::Array(array) => RustType::List(self.of_type(&array.items).into()),
            Type::Object(object) => match object.span.and_then(|span| self.by_span.get(&span)) {
                Some(RustType::Optional(known)) => (**known).clone(),
                Some(known) => known.clone(),
                None => match &object.rest {
                    Rest::Of(ty) if object.fields().is_empty() => RustType::Map(self.of_type(ty).into()),
                    _ => RustType::Json,
                },
            },
            Type::Json | Type::Never | Type::Missing | Type::Null | Type::Union(_) => RustType::Json,
        }
    }
}

/// What `input_data` is, where there is one answer.
fn only_input(workflow: &Workflow) -> Option<&Schema> {
    let mut triggers = workflow.nodes.iter().filter(|node| node.kind.is_trigger());
    let only = triggers.next()?.kind.input_schema();
    only.filter(|_| triggers.next().is_none())
}

fn optional_if(condition: bool, ty: RustType) -> RustType {
    match ty {
        // Null is a value of any JSON.
        RustType::Json | RustType::Optional(_) => ty,
        ty if condition => RustType::Optional(ty.into()),
        ty => ty,
    }
}

/// `check-fraud`, `check_fraud`, `checkFraud` → `CheckFraud`, as a name of Rust's.
pub fn pascal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut start = true;
    for char in name.chars() {
        match char {
            char if !char.is_ascii_alphanumeric() => start = true,
            char if start => {
                out.push(char.to_ascii_uppercase());
                start = false;
            }
            char => out.push(char),
        }
    }
    match out.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{out}"),
        Some(_) => out,
    }
}

/// The name of one of several: `OrderItems` → `OrderItem`.
fn singular(name: &str) -> String {
    match name.strip_suffix('s').filter(|rest| !rest.ends_with('s') && rest.len() > 1) {
        Some(rest) => rest.to_owned(),
        None => format!("{name}Item"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline;
    use crate::source::SourceFile;

    /// The declared types, one per line, then the input.
    fn of(flow: &str) -> String {
        let file = SourceFile { name: "test.flow".into(), text: flow.into() };
        let accepted = pipeline::check(file, "test", &BTreeMap::new());
        let accepted = accepted.unwrap_or_else(|rejected| panic!("{:#?}", rejected.diagnostics));
        let types = rust_types(&accepted.checked.workflow, &accepted.checked.types, &[]);
        let show = |ty: &RustType| show(ty, &types.declared);
        let mut lines: Vec<String> = types
            .declared
            .iter()
            .map(|declared| {
                let parts: Vec<String> = match &declared.shape {
                    Shape::Struct(fields) => {
                        fields.iter().map(|field| format!("{}: {}", field.name, show(&field.ty))).collect()
                    }
                    Shape::Enum(variants) => variants.iter().map(|(name, _)| name.clone()).collect(),
                };
                format!("{} {{ {} }}", declared.name, parts.join(", "))
            })
            .collect();
        lines.push(format!("Input = {}", show(&types.input)));
        for call in types.calls.values() {
            let arguments: Vec<String> = call.arguments.iter().map(show).collect();
            lines.push(format!("({}) -> {}", arguments.join(", "), show(&call.result)));
        }
        lines.join("\n")
    }

    fn show(ty: &RustType, declared: &[Declared]) -> String {
        match ty {
            RustType::Unknown => "?".into(),
            RustType::Json => "Value".into(),
            RustType::Bool => "bool".into(),
            RustType::Number => "f64".into(),
            RustType::Integer => "i64".into(),
            RustType::Text => "String".into(),
            RustType::List(items) => format!("Vec<{}>", show(items, declared)),
            RustType::Map(values) => format!("Map<{}>", show(values, declared)),
            RustType::Optional(inner) => format!("Option<{}>", show(inner, declared)),
            RustType::Named(index) => declared[*index].name.clone(),
        }
    }

    #[test]
    fn declared_types_keep_their_names() {
        let types = of("type Item = { sku: string, quantity: int }\n\
                        type Order = { order-id: string, items: [Item], note?: string, paid: \"card\" | \"invoice\" }\n\
                        manual start(Order)\n");
        assert_eq!(
            types,
            "Order { order_id: String, items: Vec<Item>, note: Option<String>, paid: OrderPaid }\n\
             Item { sku: String, quantity: i64 }\n\
             OrderPaid { Card, Invoice }\n\
             Input = Order"
        );
    }

    #[test]
    fn types_without_a_name_are_named_by_where_they_are() {
        let types = of("manual start({ lines: [{ sku: string | null }], extra: json, self: bool })\n");
        assert_eq!(
            types,
            "Input { lines: Vec<InputLine>, extra: Value, self_: bool }\n\
             InputLine { sku: Option<String> }\n\
             Input = Input"
        );
    }

    #[test]
    fn names_of_the_modules_own_are_not_taken() {
        let types = of("type Workflow = { type: number }\nmanual start(Workflow)\n");
        assert_eq!(types, "Workflow_2 { type_: f64 }\nInput = Workflow_2");
    }

    #[test]
    fn a_type_is_the_same_wherever_it_is_used() {
        let types = of("type C = \"a\" | \"b\"\n\
                        type D = \"a\" | null | \"b\"\n\
                        manual start({ one: C, two: C, all: [C], maybe: C | null, left?: C, d: D, e: D })\n\
                        rust f = crate::f(one, two, d, e) -> { c: C }\n\
                        flow { start -> f }\n");
        assert_eq!(
            types,
            "Input { one: C, two: C, all: Vec<C>, maybe: Option<C>, left: Option<C>, d: Option<D>, e: Option<D> }\n\
             C { A, B }\n\
             D { A, B }\n\
             FResult { c: C }\n\
             Input = Input\n\
             (C, C, Option<D>, Option<D>) -> FResult"
        );
    }

    /// A struct cannot hold itself; inside itself such a schema is JSON.
    #[test]
    fn a_type_that_contains_itself_ends() {
        let types = of("manual start { input_schema: {\n\
             type: \"object\", properties: { tree: { $ref: \"#/$defs/tree\" }, trees: { type: \"array\", items: { $ref: \"#/$defs/tree\" } } }\n\
             required: [\"tree\", \"trees\"]\n\
             $defs: { tree: { title: \"Tree\", type: \"object\", properties: { left: { $ref: \"#/$defs/tree\" }, n: { type: \"integer\" } }, required: [\"n\"] } }\n\
             } }\n");
        assert_eq!(
            types,
            "Input { tree: Tree, trees: Vec<Tree> }\n\
             Tree { left: Option<Value>, n: i64 }\n\
             Input = Input"
        );
    }

    #[test]
    fn arguments_have_the_types_of_what_they_read() {
        let types = of("type Order = { id: string, quantity: int, note?: string, items: [{ sku: string }] }\n\
             flow { start -> check -> again }\n\
             manual start(Order)\n\
             rust check = crate::check(input_data, id, quantity, note, items, items.length + 1, { a: id }) -> { risky: bool }\n\
             rust again = crate::again(check.result, check.result.risky)\n");
        assert!(
            types.ends_with(
                "Input = Order\n\
                 (Order, String, i64, Option<String>, Vec<OrderItem>, f64, Value) -> CheckResult\n\
                 (CheckResult, bool) -> Value"
            ),
            "{types}"
        );
    }

    #[test]
    fn what_is_picked_out_keeps_its_declared_type() {
        let types = of("type Kind = \"new\" | \"old\"\n\
             type Order = { counts: [int], kinds: [Kind], deep: [{ n: int, of: { k?: Kind } }], n?: int, m: int, kind?: Kind, x: number }\n\
             flow { start -> check -> again }\n\
             manual start(Order)\n\
             rust check = crate::check(counts[0], kinds[0] || \"new\", deep[0].n, deep[0].of.k, deep[0].of) -> { risky: bool }\n\
             rust again = crate::again(n ?? 0, n ?? m, kind || \"old\", n ?? 0.5, n ?? x, m > 1 ? m : 1, kind || \"other\") -> bool\n");
        assert!(
            types.ends_with(
                "Input = Order\n\
                 (Option<i64>, Kind, Option<i64>, Option<Kind>, Option<OrderDeepItemOf>) -> CheckResult\n\
                 (i64, i64, Kind, f64, f64, i64, String) -> bool"
            ),
            "{types}"
        );
    }
}
