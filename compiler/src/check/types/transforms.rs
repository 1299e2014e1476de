//! What a transform makes: item types flow through it.

use super::Checker;
use super::infer::Typing;
use super::messages::{self, Use};
use super::narrow::{self, Fact, Origin, Reference};
use super::positions::tree_type;
use crate::check::knowledge::Place;
use crate::model::expr::{Binary, Expr, ExprKind, Root};
use crate::model::ty::{Field, Literal, Object, Rest, Step, Type};
use crate::model::{Edge, Kind, Node, NodeId, Transform, TransformStep, Tree, Workflow};
use crate::source::Span;
use flow_runtime::expr as js;
use flow_runtime::value::Value;
use std::sync::Arc;

impl Checker<'_> {
    /// The type of a transform's result. Its expressions are checked on the way.
    pub(super) fn transform(&mut self, id: NodeId, transform: &Transform) -> Type {
        let Input { ty: input, is_there } = self.transform_input(id, transform);
        let List { items, least, field: holder } = match is_of_objects(&transform.step) {
            true => List::unknown(),
            false => list(&input).unwrap_or_else(|why| {
                let node = self.workflow.node(id);
                self.diagnostics.push(messages::no_list(node, transform, &input, why));
                List::unknown()
            }),
        };
        if is_there
            && !calls(self.workflow.node(id))
            && self.takes(id, &transform.step, &input, &items, holder.as_deref())
        {
            self.transforms.unfailing.insert(id);
        }
        if let Some(holder) = holder {
            self.transforms.lists.insert(id, holder);
        }
        self.look_at_input(id, transform, &input);
        match &transform.step {
            TransformStep::FilterItems { condition } => {
                self.of_item(id, &items, |typing| typing.condition(condition));
                let facts = narrow::facts(condition, true);
                listed(narrow::assume(items, &Origin::Parameter(0), facts.iter()), 0)
            }
            TransformStep::MapItems { expression } => {
                let made = self.of_item(id, &items, |typing| typing.infer(expression));
                listed(made.as_json_element(), least)
            }
            TransformStep::SortItems { by, .. } => {
                self.of_item(id, &items, |typing| typing.infer(by));
                listed(items, least)
            }
            TransformStep::GroupItems { by } => {
                let key = self.of_item(id, &items, |typing| typing.infer(by));
                grouped(key, items, least)
            }
            TransformStep::CalculateTotal { of } => {
                self.of_item(id, &items, |typing| {
                    let ty = typing.infer(of);
                    typing.addend(of, &ty);
                    ty
                });
                closed(vec![counted("total"), counted("count")])
            }
            TransformStep::AddFields { fields } => {
                let (item, is_list) = objects_of(&input);
                let added: Vec<Field> = fields
                    .iter()
                    .map(|(name, tree)| field(name, self.of_item(id, &item, |typing| tree_type(typing, tree))))
                    .collect();
                made_of(is_list, with_fields(&item, &added))
            }
            TransformStep::ExtractFields { fields } => {
                let (_, is_list) = objects_of(&input);
                let whole = read_from(&input);
                let mut read = |(name, path): &(String, String)| field(name, self.at_path(id, &whole, path));
                made_of(is_list, closed(fields.iter().map(&mut read).collect()))
            }
            TransformStep::JsonToCsv { columns } => {
                let whole = Fields { of: items, is_item: true };
                columns.iter().flatten().for_each(|path| drop(self.at_path(id, &whole, path)));
                csv()
            }
        }
    }

    /// Types the expression that gives the input, for what it is used for.
    fn look_at_input(&mut self, id: NodeId, transform: &Transform, input: &Type) {
        let Some(Tree::Whole(expr)) = &transform.input else { return };
        let of_objects = is_of_objects(&transform.step);
        let place = match &transform.step {
            // What has no list has been reported.
            _ if !of_objects && list(input).is_err() => None,
            _ if of_objects => Some(Use::Objects),
            TransformStep::JsonToCsv { .. } => Some(Use::Rows),
            _ => Some(Use::List),
        };
        self.at(Place::Node(id), |typing| match place {
            Some(place) => typing.value(expr, &place),
            None => drop(typing.infer(expr)),
        });
    }

    /// The type of what a dotted path of `fields` leads to.
    fn at_path(&mut self, id: NodeId, whole: &Fields, path: &str) -> Type {
        // What is no object is reported as that.
        if !whole.of.members().iter().any(|ty| matches!(ty, Type::Object(_))) {
            return Type::Json;
        }
        let mut ty = whole.of.clone();
        let mut before = if whole.is_item { "item" } else { "" }.to_owned();
        let mut start = 0;
        for step in path.split('.') {
            let read = ty.field(step);
            if read.unknown {
                let node = self.workflow.node(id);
                let fields = node.keys.value("fields").unwrap_or(node.id.span);
                let span = span_in(self.sources.text(fields), fields, path, start..start + step.len());
                self.diagnostics.push(messages::unknown_in_path(span, &ty, &read, &before, step));
                return Type::Json;
            }
            ty = read.ty;
            before = if before.is_empty() { step.to_owned() } else { format!("{before}.{step}") };
            start += step.len() + 1;
        }
        ty
    }

    /// Whether a step does its work on whatever is of this type. What `items` are is the type of those of a list, which is in the
    /// field `holder` where the input may hold others.
    fn takes(&mut self, id: NodeId, step: &TransformStep, input: &Type, items: &Type, holder: Option<&str>) -> bool {
        let are_objects = |ty: &Type| !ty.is_never() && ty.members().iter().all(|ty| matches!(ty, Type::Object(_)));
        match step {
            TransformStep::FilterItems { .. }
            | TransformStep::MapItems { .. }
            | TransformStep::SortItems { .. }
            | TransformStep::GroupItems { .. } => holds_list(input, holder),
            TransformStep::CalculateTotal { of } => {
                holds_list(input, holder)
                    && self.of_item(id, items, |typing| typing.silently(|typing| typing.adds_up(of)))
            }
            TransformStep::JsonToCsv { .. } => holds_list(input, holder) && are_objects(items),
            TransformStep::AddFields { .. } | TransformStep::ExtractFields { .. } => match objects_of(input) {
                (items, Some(true)) => are_objects(&items),
                (_, is_list) => is_list.is_some(),
            },
        }
    }

    /// What is transformed: what the author names, else the result of whichever node leads here.
    fn transform_input(&mut self, id: NodeId, transform: &Transform) -> Input {
        if let Some(tree) = &transform.input {
            let ty = match tree {
                // Looked at once it is known what it is for.
                Tree::Whole(expr) => self.at(Place::Node(id), |typing| typing.silently(|typing| typing.infer(expr))),
                tree => self.at(Place::Node(id), |typing| tree_type(typing, tree)),
            };
            return Input { ty: ty.as_json_element(), is_there: true };
        }
        let sources = &self.graph.incoming[id.0];
        if sources.is_empty() {
            return Input { ty: Type::Json, is_there: false };
        }
        // The node is only computed once one of them has a result.
        let facts = self.facts(Place::Node(id));
        let mut is_there = true;
        let results = sources.iter().map(|edge| {
            let Edge { from, condition, .. } = &self.workflow.edges[*edge];
            let origin = Origin::Path(Root::Output(*from));
            let envelope = narrow::assume(self.outputs[from.0].clone(), &origin, facts.iter().map(|fact| &**fact));
            let result = envelope.field("result").ty;
            // A node that failed may have none, and a connection without a condition is only taken when it succeeded.
            is_there &= condition.is_none() || !result.may_be_missing();
            result.without_missing()
        });
        Input { ty: Type::union(results), is_there }
    }

    fn of_item<T>(&mut self, id: NodeId, item: &Type, infer: impl FnOnce(&mut Typing) -> T) -> T {
        let names = self.names(Place::Node(id));
        let mut typing = Typing::new(&names, self.sources).knowing(self.facts(Place::Node(id))).with_item(item.clone());
        let result = infer(&mut typing);
        let found = typing.found;
        self.report(found);
        result
    }
}

/// Whether a transform takes one object as well as a list of them.
fn is_of_objects(step: &TransformStep) -> bool {
    matches!(step, TransformStep::AddFields { .. } | TransformStep::ExtractFields { .. })
}

/// What `group_items` gives.
fn grouped(key: Type, items: Type, least: usize) -> Type {
    let members = Type::array(items, 1);
    let group = closed(vec![field("key", key), Field::required("items", members.clone()), counted("count")]);
    closed(vec![
        Field::required("items", Type::array(group, least.min(1))),
        counted("count"),
        counted("total"),
        Field::required("groups", Type::object(Vec::new(), Rest::Of(members))),
    ])
}

/// Each alternative of an object with fields added to it.
fn with_fields(item: &Type, added: &[Field]) -> Type {
    Type::union(item.members().iter().map(|ty| match ty {
        Type::Object(object) => Type::Object(Arc::new(object.with(added.iter().cloned()))),
        _ => Type::object(added.to_vec(), Rest::Of(Type::Json)),
    }))
}

/// What a transform works on.
struct Input {
    ty: Type,
    /// The default input of a transform behind a node that failed need not be.
    is_there: bool,
}

/// Why a value is no list.
pub(super) enum NoList {
    /// No alternative of it is one.
    Never,
    /// This alternative is none.
    Sometimes(Type),
    /// It has these fields that are.
    Several(Vec<String>),
    /// The only field of it that can be one need not be there, or need not be one.
    InDoubt(String),
}

/// The list that a transform works on.
struct List {
    items: Type,
    /// How many there are at least.
    least: usize,
    /// The field of the input that it is, where the author's types name one and the input may hold other lists, declared or not.
    field: Option<String>,
}

impl List {
    fn unknown() -> List {
        List { items: Type::Json, least: 0, field: None }
    }
}

/// Whether one alternative is a list, or holds one, as far as is known.
pub(super) fn is_list(ty: &Type) -> bool {
    list(ty).is_ok()
}

/// The items of a list, where they are known.
pub(super) fn rows(ty: &Type) -> Option<Type> {
    list(ty).ok().map(|list| list.items)
}

/// An array, or the only array an object holds.
fn list(input: &Type) -> Result<List, NoList> {
    if input.is_never() {
        return Ok(List::unknown());
    }
    let mut lists = Vec::new();
    let mut none = None;
    for one in input.members() {
        match one {
            Type::Json => return Ok(List::unknown()),
            Type::Array(array) => lists.push(List { items: array.items.clone(), least: array.least, field: None }),
            Type::Object(object) => match list_in(object) {
                Ok(found) => lists.push(found),
                // Of an object without any declared field nothing is known.
                Err(NoList::Never) if object.fields().is_empty() && !matches!(object.rest, Rest::Closed) => {
                    return Ok(List::unknown());
                }
                Err(NoList::Never) => none = Some(one),
                Err(why) => return Err(why),
            },
            // Whether it is there at all is another question.
            Type::Missing | Type::Null => {}
            _ => none = Some(one),
        }
    }
    match (lists.is_empty(), none) {
        (false, Some(none)) => Err(NoList::Sometimes(none.clone())),
        (false, None) => {
            let least = lists.iter().map(|list| list.least).min().unwrap_or(0);
            let mut fields = lists.iter().map(|list| list.field.clone());
            let first = fields.next().flatten();
            let field = first.filter(|first| fields.all(|field| field.as_ref() == Some(first)));
            Ok(List { items: Type::union(lists.into_iter().map(|list| list.items)), least, field })
        }
        (true, _) => Err(NoList::Never),
    }
}

fn list_in(object: &Object) -> Result<List, NoList> {
    let can_be = |ty: &Type| ty.is_json() || ty.members().iter().any(|ty| matches!(ty, Type::Array(_)));
    let certain: Vec<&Field> =
        object.fields().iter().filter(|field| !field.optional && matches!(field.ty, Type::Array(_))).collect();
    match certain.as_slice() {
        [field] => {
            let Type::Array(array) = &field.ty else { return Err(NoList::Never) };
            let is_open = !matches!(object.rest, Rest::Closed);
            let others = is_open || object.fields().iter().any(|other| other.name != field.name && can_be(&other.ty));
            let name = others.then(|| field.name.to_string());
            Ok(List { items: array.items.clone(), least: array.least, field: name })
        }
        [] if object.fields().iter().any(|field| field.ty.is_json()) => Ok(List::unknown()),
        [] => match object.fields().iter().find(|field| can_be(&field.ty)) {
            Some(field) => Err(NoList::InDoubt(field.name.to_string())),
            None => Err(NoList::Never),
        },
        fields => Err(NoList::Several(fields.iter().map(|field| field.name.to_string()).collect())),
    }
}

/// What a fact about the `count` of a transform says of its `items`, which it counts.
pub(super) fn of_counted(workflow: &Workflow, fact: &Fact) -> Option<Fact> {
    let Origin::Path(Root::Output(node)) = fact.about.root else { return None };
    let Kind::Transform(transform) = &workflow.node(node).kind else { return None };
    let field = |name: &str| Step::Field(name.into());
    if !transform.step.gives_list() || fact.about.steps != [field("result"), field("count")] {
        return None;
    }
    let steps = vec![field("result"), field("items"), field("length")];
    Some(Fact { about: Reference { root: fact.about.root.clone(), steps }, test: fact.test.clone() })
}

/// Whether the list that a transform works on is there, whatever comes: in the field `holder`, or the only one there can be.
fn holds_list(input: &Type, holder: Option<&str>) -> bool {
    let is_certain = |field: &&Field| !field.optional && matches!(field.ty, Type::Array(_));
    let holds = |object: &Object| {
        let names_none = |list: List| list.field.is_none() || list.field.as_deref() == holder;
        object.fields().iter().filter(is_certain).count() == 1 && list_in(object).is_ok_and(names_none)
    };
    !input.is_never()
        && input.members().iter().all(|ty| match ty {
            Type::Array(_) => true,
            Type::Object(object) => holds(object),
            _ => false,
        })
}

/// Whether an expression of a node calls anything.
fn calls(node: &Node) -> bool {
    let mut found = false;
    node.expressions(&mut |expr| found |= expr.calls());
    found
}

/// The objects that `add_fields` and `extract_fields` work on, and whether they come as a list: `None` is unknown.
pub(super) fn objects_of(input: &Type) -> (Type, Option<bool>) {
    match input {
        Type::Array(array) => (array.items.clone(), Some(true)),
        Type::Object(object) => match (object.field("items"), object.field("count"), object.field("total")) {
            (Some(items), Some(count), Some(total))
                if !items.optional
                    && !count.optional
                    && !total.optional
                    && count.ty == Type::Number
                    && total.ty == Type::Number =>
            {
                match &items.ty {
                    Type::Array(array) => (array.items.clone(), Some(true)),
                    _ => (Type::Json, None),
                }
            }
            (None, ..) | (_, None, _) | (.., None) if matches!(object.rest, Rest::Closed) => {
                (input.clone(), Some(false))
            }
            _ => (Type::Json, None),
        },
        _ => (Type::Json, None),
    }
}

/// What the paths of `fields` begin at.
struct Fields {
    of: Type,
    /// An item of a list, not the input itself.
    is_item: bool,
}

/// Where a list is expected wrapped, as transforms give it, an object may be one. All others have the fields they declare, also where
/// it is not known which of them it is: what none of them has is a mistake.
fn read_from(input: &Type) -> Fields {
    let is_item = input.members().iter().any(|ty| matches!(ty, Type::Array(_))) || objects_of(input).1 == Some(true);
    let is_wrapped = |object: &Object| ["items", "count", "total"].iter().all(|name| object.field(name).is_some());
    let of = |ty: &Type| match ty {
        Type::Array(array) => array.items.clone(),
        Type::Object(object) if is_wrapped(object) => objects_of(ty).0,
        Type::Object(object) if object.fields().is_empty() && object.rest != Rest::Closed => Type::Json,
        Type::Object(_) | Type::Never | Type::Missing | Type::Null => ty.clone(),
        _ => Type::Json,
    };
    Fields { of: input.each(of), is_item }
}

/// Where a part of a path stands among the others of `fields`, as it was written; else where all of them do.
fn span_in(text: &str, fields: Span, path: &str, part: std::ops::Range<usize>) -> Span {
    let of_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.');
    let is_whole = |at: usize| {
        let (before, after) = (&text[..at], &text[at + path.len()..]);
        // A name of `{ name: "path" }` is no path.
        let is_name = after.trim_start_matches(['"', '\\']).trim_start().starts_with(':');
        !before.ends_with(of_path) && !after.starts_with(of_path) && !is_name
    };
    let found = text.match_indices(path).map(|(at, _)| at).find(|at| is_whole(*at));
    found.map_or(fields, |at| Span {
        start: fields.start + (at + part.start) as u32,
        end: fields.start + (at + part.end) as u32,
        ..fields
    })
}

fn made_of(is_list: Option<bool>, made: Type) -> Type {
    match is_list {
        Some(true) => listed(made, 0),
        Some(false) => made,
        None => Type::Json,
    }
}

fn listed(items: Type, least: usize) -> Type {
    closed(vec![Field::required("items", Type::array(items, least)), counted("count"), counted("total")])
}

fn closed(fields: Vec<Field>) -> Type {
    Type::object(fields, Rest::Closed)
}

fn counted(name: &str) -> Field {
    Field::required(name, Type::Number)
}

/// A field as it is in JSON: what is missing is left out.
fn field(name: &str, ty: Type) -> Field {
    let optional = ty.may_be_missing();
    Field { optional, ..Field::required(name, ty.without_missing()) }
}

impl Typing<'_> {
    /// Whether `calculate_total` can add up whatever this gives: numbers, what is left out, and what operators make of numbers that
    /// are there. A division is none of them: `0 / 0` is no number.
    fn adds_up(&mut self, of: &Expr) -> bool {
        let is_number =
            |ty: &Type| ty.members().iter().all(|ty| matches!(ty, Type::Number | Type::Literal(Literal::Number(_))));
        fn is_computed(typing: &mut Typing, of: &Expr, is_number: fn(&Type) -> bool) -> bool {
            match &of.kind {
                ExprKind::Binary(Binary::Add | Binary::Subtract | Binary::Multiply, left, right) => {
                    is_computed(typing, left, is_number) && is_computed(typing, right, is_number)
                }
                ExprKind::Binary(..) | ExprKind::Unary(..) | ExprKind::Conditional(..) => false,
                _ => is_number(&typing.infer(of)),
            }
        }
        match &of.kind {
            ExprKind::Binary(..) => is_computed(self, of, is_number),
            ExprKind::Unary(..) | ExprKind::Conditional(..) => false,
            _ => is_number(&self.infer(of).without_nullish()),
        }
    }

    /// What `calculate_total` adds up: a number, text that is one, or nothing.
    fn addend(&mut self, of: &Expr, ty: &Type) {
        let present = ty.without_nullish();
        let is_number = |text: &str| {
            !text.is_empty() && matches!(js::plus(&Value::string(text)), Value::Number(number) if !number.is_nan())
        };
        let is_none = |ty: &&Type| match ty {
            Type::Array(_) | Type::Object(_) | Type::Bool | Type::Literal(Literal::Bool(_)) => true,
            Type::Literal(Literal::String(text)) => !is_number(text),
            _ => false,
        };
        if let Some(wrong) = present.members().iter().find(is_none) {
            let found = messages::does_not_fit(self, of, wrong, &Use::Total);
            self.report(found);
        } else if let Some(text) = present.members().iter().find(|ty| matches!(ty, Type::String(_))) {
            let found = messages::text_in_total(self, of, text);
            self.report(found);
        }
    }
}

/// What `json_to_csv` gives.
fn csv() -> Type {
    closed(vec![
        Field::required("csv", Type::STRING),
        counted("count"),
        Field::required("columns", Type::array(Type::STRING, 0)),
    ])
}
