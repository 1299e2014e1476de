//! Static types: what is known about a value without looking at data.
//!
//! Comes in: schemas, node kinds, literals. Goes out: [`Type`], a lattice from `never` to `json`.
//! Always true: a type is a superset of the values that can occur; cheap to clone; a union is flat, holds neither `json` nor
//! `never`, and nothing twice. `json` is legal everywhere, so it is also the type of an expression whose fault was reported.

mod access;
mod display;
mod narrow;
#[cfg(test)]
mod tests;

pub use access::Read;
pub use narrow::{Step, Test};

use crate::source::Span;
use flow_runtime::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Anything, missing included: checked at run time.
    Json,
    /// No value: what cannot happen.
    Never,
    Missing,
    Null,
    Bool,
    Number,
    String(Format),
    Literal(Literal),
    Array(Arc<Array>),
    Object(Arc<Object>),
    /// At least two, none of them a union.
    Union(Arc<[Type]>),
}

/// What is known about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Any,
    Email,
    Url,
    /// A date and time as RFC 3339 writes it. Of data from outside a schema says so, and nobody has looked.
    Time,
    /// The value of a secret environment variable.
    Secret,
}

/// One known value. A number is never NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Number(f64),
    String(Arc<str>),
}

/// An array's elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Of every element.
    pub items: Type,
    /// It has at least so many.
    pub least: usize,
    /// What more is known of the first ones, where they are there. The last of these is not what `items` says.
    first: Vec<Type>,
}

/// An object's fields, in the order in which they were declared.
#[derive(Debug, Clone)]
pub struct Object {
    fields: Vec<Field>,
    /// Positions in `fields`, by name.
    by_name: Vec<u32>,
    pub rest: Rest,
    /// Where it is declared.
    pub span: Option<Span>,
    /// It stands for several that are not kept apart: an optional field may be one that some of them always have.
    merged: bool,
}

/// Fields that are not declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// There are none.
    Closed,
    /// There may be some, and nobody said which: to read one is taken for a mistake.
    Undeclared,
    /// There may be some, of this type.
    Of(Type),
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: Arc<str>,
    /// Of the value, when it is there.
    pub ty: Type,
    pub optional: bool,
    /// Where it is declared.
    pub span: Option<Span>,
    /// Who may see it: the schema's `x-private`.
    pub private: Option<Private>,
}

/// How private a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Private {
    Personal,
    Sensitive,
}

/// More literals of one kind in a union become their kind: there are lists of all countries, currencies and languages.
const LITERALS_MAX: usize = 512;

/// A union that grows beyond this is widened before it is complete.
const MEMBERS_MAX: usize = 640;

/// More object types in a union become one that covers them all.
const OBJECTS_MAX: usize = 8;

/// More of those that a field tells apart. Services send dozens of kinds of events, and each says in a field which one it is.
const KINDS_MAX: usize = 128;

/// Of so many elements at the start of an array it is known apart what they are.
const FIRST_MAX: usize = 8;

impl Type {
    pub const STRING: Type = Type::String(Format::Any);
    pub const TRUE: Type = Type::Literal(Literal::Bool(true));
    pub const FALSE: Type = Type::Literal(Literal::Bool(false));

    pub fn text(text: &str) -> Type {
        Type::Literal(Literal::String(text.into()))
    }

    pub fn array(items: Type, least: usize) -> Type {
        Type::Array(Arc::new(Array::new(items, least, Vec::new())))
    }

    /// An array of which each element is known.
    pub fn tuple(elements: Vec<Type>) -> Type {
        let (items, least) = (Type::union(elements.iter().cloned()), elements.len());
        Type::Array(Arc::new(Array::new(items, least, elements)))
    }

    pub fn object(fields: Vec<Field>, rest: Rest) -> Type {
        Type::Object(Arc::new(Object::new(fields, rest, None)))
    }

    /// The narrowest type of a value.
    pub fn of(value: &Value) -> Type {
        match value {
            Value::Undefined => Type::Missing,
            Value::Null => Type::Null,
            Value::Bool(value) => Type::Literal(Literal::Bool(*value)),
            Value::Number(value) if value.is_nan() => Type::Number,
            Value::Number(value) => Type::Literal(Literal::Number(*value)),
            Value::String(value) => value.as_str().map_or(Type::STRING, Type::text),
            Value::Array(items) => Type::tuple(items.iter().map(Type::of).collect()),
            Value::Object(object) => {
                let field = |(key, value): (&flow_runtime::value::JsString, &Value)| {
                    Some(Field::required(key.as_str()?, Type::of(value)))
                };
                let fields: Option<Vec<Field>> = object.iter().map(field).collect();
                match fields {
                    Some(fields) => Type::object(fields, Rest::Closed),
                    None => Type::object(Vec::new(), Rest::Of(Type::Json)),
                }
            }
        }
    }

    /// The type of a value that is one or the other.
    pub fn join(&self, other: &Type) -> Type {
        match (self, other) {
            (Type::Json, _) | (_, Type::Json) => Type::Json,
            (Type::Never, one) | (one, Type::Never) => one.clone(),
            _ => Type::union([self.clone(), other.clone()]),
        }
    }

    /// The type of a value that is one of them; `never` when there are none.
    pub fn union(types: impl IntoIterator<Item = Type>) -> Type {
        let mut members: Vec<Type> = Vec::new();
        let mut words = Words::default();
        for ty in types {
            match ty {
                Type::Json => return Type::Json,
                Type::Never => {}
                // It holds nothing twice.
                Type::Union(inner) if members.is_empty() => members.extend(inner.iter().cloned()),
                Type::Union(inner) => inner.iter().for_each(|ty| words.add(&mut members, ty)),
                ty => words.add(&mut members, &ty),
            }
            // Each new member is compared with those before it.
            if members.len() > MEMBERS_MAX {
                widen(&mut members);
            }
        }
        widen(&mut members);
        match members.len() {
            0 => Type::Never,
            1 => members.remove(0),
            _ => Type::Union(members.into()),
        }
    }

    /// The members of a union, `true` and `false` for `bool`; else the type itself. None for `never`.
    pub fn alternatives(&self) -> Vec<Type> {
        match self {
            Type::Never => Vec::new(),
            Type::Bool => vec![Type::TRUE, Type::FALSE],
            Type::Union(members) => members.iter().flat_map(Type::alternatives).collect(),
            ty => vec![ty.clone()],
        }
    }

    /// The members of a union; else the type itself. None for `never`.
    pub fn members(&self) -> &[Type] {
        match self {
            Type::Never => &[],
            Type::Union(members) => members,
            ty => std::slice::from_ref(ty),
        }
    }

    /// Each member of a union changed; else the type itself.
    pub fn each(&self, change: impl Fn(&Type) -> Type) -> Type {
        match self {
            Type::Never => Type::Never,
            Type::Union(members) => Type::union(members.iter().map(change)),
            ty => change(ty),
        }
    }

    /// As [`Type::each`], with `true` and `false` for `bool`.
    pub fn each_alternative(&self, change: impl Fn(&Type) -> Type) -> Type {
        match self {
            Type::Bool | Type::Union(_) => Type::union(self.alternatives().iter().map(change)),
            ty => ty.each(change),
        }
    }

    pub fn is_json(&self) -> bool {
        matches!(self, Type::Json)
    }

    pub fn is_never(&self) -> bool {
        matches!(self, Type::Never)
    }

    /// Whether it is known that the value can be missing. (Of `json` nothing is known.)
    pub fn may_be_missing(&self) -> bool {
        self.members().contains(&Type::Missing)
    }

    /// Whether it is known that the value can be missing or null.
    pub fn may_be_nullish(&self) -> bool {
        self.members().iter().any(|ty| matches!(ty, Type::Missing | Type::Null))
    }

    pub fn without_missing(&self) -> Type {
        self.only(|ty| !matches!(ty, Type::Missing))
    }

    pub fn without_nullish(&self) -> Type {
        self.only(|ty| !matches!(ty, Type::Missing | Type::Null))
    }

    /// Without the exact values of scalars.
    pub fn widened(&self) -> Type {
        Type::union(self.members().iter().map(|ty| match ty {
            Type::Literal(Literal::Bool(_)) => Type::Bool,
            Type::Literal(Literal::Number(_)) => Type::Number,
            Type::Literal(Literal::String(_)) => Type::STRING,
            Type::Array(array) => Type::array(array.items.widened(), 0),
            ty => ty.clone(),
        }))
    }

    /// As an element of an array in JSON: what is missing is `null` there.
    pub fn as_json_element(&self) -> Type {
        Type::union(self.members().iter().map(|ty| match ty {
            Type::Missing => Type::Null,
            Type::Array(array) => Type::Array(Arc::new(array.each(Type::as_json_element))),
            Type::Object(object) => {
                let field = |field: &Field| {
                    let optional = field.optional || field.ty.may_be_missing();
                    Field { ty: field.ty.without_missing().as_json_element(), optional, ..field.clone() }
                };
                let fields = object.fields.iter().map(field).collect();
                Type::Object(Arc::new(Object::new(fields, object.rest.clone(), object.span)))
            }
            ty => ty.clone(),
        }))
    }

    /// What remains of the alternatives.
    pub fn only(&self, keep: impl Fn(&Type) -> bool) -> Type {
        match self {
            Type::Union(members) if members.iter().all(&keep) => self.clone(),
            Type::Union(members) => Type::union(members.iter().filter(|ty| keep(ty)).cloned()),
            ty if keep(ty) => ty.clone(),
            _ => Type::Never,
        }
    }

    /// Whether a value of the other type fits where this one is expected. `json` fits everywhere, and everything fits it.
    pub fn accepts(&self, other: &Type) -> bool {
        if self.is_json() || other.is_json() {
            return true;
        }
        let accepted = |ty: &Type| self.members().iter().any(|expected| expected.accepts_one(ty));
        other.members().iter().all(|ty| accepted(ty) || (*ty == Type::Bool && other.is_both_booleans_in(self)))
    }

    fn is_both_booleans_in(&self, expected: &Type) -> bool {
        expected.members().contains(&Type::TRUE) && expected.members().contains(&Type::FALSE)
    }

    /// Neither is a union.
    fn accepts_one(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Array(expected), Type::Array(given)) => {
                expected.least <= given.least
                    && (given.items.is_never() || expected.items.accepts(&given.items))
                    && (0..expected.first.len()).all(|at| expected.element(at).accepts(given.element(at)))
            }
            (Type::Object(expected), Type::Object(given)) => expected.accepts(given),
            (expected, given) => expected == given || expected.absorbs(given),
        }
    }

    /// Whether a scalar type holds every value of another.
    fn absorbs(&self, other: &Type) -> bool {
        matches!(
            (self, other),
            (Type::Bool, Type::Literal(Literal::Bool(_)))
                | (Type::Number, Type::Literal(Literal::Number(_)))
                | (Type::String(Format::Any), Type::String(_) | Type::Literal(Literal::String(_)))
        )
    }

    /// Whether a value is of this type.
    pub fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Type::Json, _) => true,
            (Type::Missing, Value::Undefined) | (Type::Null, Value::Null) => true,
            (Type::Bool, Value::Bool(_)) | (Type::Number, Value::Number(_)) | (Type::String(_), Value::String(_)) => {
                true
            }
            (Type::Literal(Literal::Bool(literal)), Value::Bool(value)) => literal == value,
            (Type::Literal(Literal::Number(literal)), Value::Number(value)) => literal == value,
            (Type::Literal(Literal::String(literal)), Value::String(value)) => value.as_str() == Some(literal),
            (Type::Array(array), Value::Array(items)) => {
                let is_element =
                    |(at, item): (usize, &Value)| array.items.admits(item) && array.element(at).admits(item);
                items.len() >= array.least && items.iter().enumerate().all(is_element)
            }
            (Type::Object(object), Value::Object(fields)) => object.admits(fields),
            (Type::Union(members), value) => members.iter().any(|ty| ty.admits(value)),
            _ => false,
        }
    }
}

/// The words among the members of a growing union, from when there were many: each new one is looked for among them.
#[derive(Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    /// Among fewer members a word is looked for one by one.
    const MANY: usize = 24;

    /// As [`add`].
    fn add(&mut self, members: &mut Vec<Type>, ty: &Type) {
        // Widened meanwhile, there may be few of them again: those that are added go on being remembered.
        let (Some(word), true) = (ty.as_word(), !self.0.is_empty() || members.len() >= Self::MANY) else {
            return add(members, ty.clone());
        };
        if self.0.is_empty() {
            self.0.extend(members.iter().filter_map(Type::as_word).cloned());
        }
        // Nothing but text covers another word, and no word covers anything.
        let is_text = |known: &Type| matches!(known, Type::String(Format::Any));
        if self.0.insert(Arc::clone(word)) && !members.iter().any(is_text) {
            members.push(ty.clone());
        }
    }
}

/// Adds a member that is no union; what is covered already, or covers others, is not kept twice.
fn add(members: &mut Vec<Type>, ty: Type) {
    if let Type::Array(new) = &ty
        && let Some(known) = members.iter_mut().find(|known| matches!(known, Type::Array(_)))
        && let Type::Array(old) = &*known
    {
        if !Arc::ptr_eq(old, new) {
            *known = Type::Array(Arc::new(old.merge(new)));
        }
        return;
    }
    let both = match &ty {
        Type::Literal(Literal::Bool(value)) => Some(Type::Literal(Literal::Bool(!value))),
        _ => None,
    };
    if let Some(known) = both.and_then(|other| members.iter_mut().find(|known| **known == other)) {
        *known = Type::Bool;
        return;
    }
    if members.iter().any(|known| known.covers(&ty)) {
        return;
    }
    members.retain(|known| !ty.covers(known));
    // Two formats of text are no more than text.
    if matches!(ty, Type::String(_))
        && let Some(known) = members.iter_mut().find(|known| matches!(known, Type::String(_)))
    {
        *known = Type::STRING;
        members.retain(|known| !matches!(known, Type::Literal(Literal::String(_))));
        return;
    }
    members.push(ty);
}

fn widen(members: &mut Vec<Type>) {
    if members.len() <= OBJECTS_MAX.min(LITERALS_MAX) {
        return;
    }
    type Kind = (fn(&Type) -> bool, Type);
    let kinds: [Kind; 2] = [
        (|ty| matches!(ty, Type::Literal(Literal::String(_))), Type::STRING),
        (|ty| matches!(ty, Type::Literal(Literal::Number(_))), Type::Number),
    ];
    for (is_literal, kind) in kinds {
        if members.iter().filter(|ty| is_literal(ty)).count() > LITERALS_MAX {
            members.retain(|ty| !is_literal(ty));
            add(members, kind);
        }
    }
    let objects: Vec<Arc<Object>> = members
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(object) => Some(object.clone()),
            _ => None,
        })
        .collect();
    if objects.len() > OBJECTS_MAX && !(objects.len() <= KINDS_MAX && are_told_apart(&objects)) {
        members.retain(|ty| !matches!(ty, Type::Object(_)));
        members.push(Type::Object(Arc::new(Object::merged(&objects))));
    }
}

/// Whether one field of each says which one it is: it is always there, and holds known words or numbers.
fn are_told_apart(objects: &[Arc<Object>]) -> bool {
    let is_known = |ty: &Type| matches!(ty, Type::Literal(Literal::String(_) | Literal::Number(_)));
    let says = |field: &Field| !field.optional && !field.ty.is_never() && field.ty.members().iter().all(is_known);
    let Some((first, others)) = objects.split_first() else { return false };
    let mut names = first.fields.iter().filter(|field| says(field)).map(|field| &field.name);
    names.any(|name| others.iter().all(|object| object.field(name).is_some_and(says)))
}

impl Type {
    /// The one text it is.
    fn as_word(&self) -> Option<&Arc<str>> {
        match self {
            Type::Literal(Literal::String(word)) => Some(word),
            _ => None,
        }
    }

    /// Whether the other adds nothing to a union with this one. Objects only when they are the same, which is cheap.
    fn covers(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Object(left), Type::Object(right)) => Arc::ptr_eq(left, right) || left == right,
            (left, right) => left == right || left.absorbs(right),
        }
    }
}

impl Array {
    /// `items` covers the first ones, too.
    pub fn new(items: Type, least: usize, mut first: Vec<Type>) -> Array {
        first.truncate(FIRST_MAX);
        while first.pop_if(|last| *last == items).is_some() {}
        Array { items, least, first }
    }

    /// Of an element, where it is there.
    pub fn element(&self, at: usize) -> &Type {
        self.first.get(at).unwrap_or(&self.items)
    }

    /// With every element changed in the same way.
    pub fn each(&self, change: impl Fn(&Type) -> Type) -> Array {
        Array::new(change(&self.items), self.least, self.first.iter().map(&change).collect())
    }

    /// As it is, with so many elements at least.
    pub fn with_least(&self, least: usize) -> Array {
        Array { least, ..self.clone() }
    }

    /// With what is known of one element, if it is among the first.
    fn with_element(mut self, at: usize, ty: Type) -> Array {
        if at >= FIRST_MAX {
            return self;
        }
        while self.first.len() <= at {
            self.first.push(self.items.clone());
        }
        self.first[at] = ty;
        Array::new(self.items, self.least, self.first)
    }

    /// With two arrays' elements taken in pairs, as far as they are told apart.
    pub fn pairs(&self, other: &Array, least: usize, pair: impl Fn(&Type, &Type) -> Type) -> Array {
        let first = 0..self.first.len().max(other.first.len());
        let first = first.map(|at| pair(self.element(at), other.element(at))).collect();
        Array::new(pair(&self.items, &other.items), least, first)
    }

    /// One array type that covers both.
    fn merge(&self, other: &Array) -> Array {
        self.pairs(other, self.least.min(other.least), Type::join)
    }
}

impl Object {
    /// Of two fields with one name the last counts.
    pub fn new(fields: Vec<Field>, rest: Rest, span: Option<Span>) -> Object {
        let mut by_name: Vec<u32> = (0..fields.len() as u32).collect();
        by_name.sort_by(|left, right| fields[*left as usize].name.cmp(&fields[*right as usize].name));
        // The sort is stable: of one name the last stands last.
        let again = by_name.windows(2).filter(|pair| fields[pair[0] as usize].name == fields[pair[1] as usize].name);
        let replaced: HashSet<u32> = again.map(|pair| pair[0]).collect();
        if replaced.is_empty() {
            return Object { fields, by_name, rest, span, merged: false };
        }
        let distinct = (0..).zip(fields).filter(|(position, _)| !replaced.contains(position));
        let distinct = distinct.map(|(_, field)| field).collect();
        Object::new(distinct, rest, span)
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.position(name).ok().map(|found| &self.fields[self.by_name[found] as usize])
    }

    /// Where a name stands in `by_name`, or would.
    fn position(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|position| (*self.fields[*position as usize].name).cmp(name))
    }

    /// With each field put in place of the one of its name, or added.
    pub fn with(&self, others: impl IntoIterator<Item = Field>) -> Object {
        let mut object = self.clone();
        others.into_iter().for_each(|field| object.put(field));
        object
    }

    fn put(&mut self, field: Field) {
        match self.position(&field.name) {
            Ok(position) => self.fields[self.by_name[position] as usize] = field,
            Err(position) => {
                self.by_name.insert(position, self.fields.len() as u32);
                self.fields.push(field);
            }
        }
    }

    /// What a field that is not declared holds when it is there.
    pub fn rest_type(&self) -> Type {
        match &self.rest {
            Rest::Closed => Type::Never,
            Rest::Undeclared => Type::Json,
            Rest::Of(ty) => ty.clone(),
        }
    }

    fn accepts(&self, given: &Object) -> bool {
        let fits = |field: &Field| match given.field(&field.name) {
            Some(theirs) => (field.optional || !theirs.optional) && field.ty.accepts(&theirs.ty),
            None => field.optional && field.ty.accepts(&given.rest_type()),
        };
        let rest = self.rest_type();
        let extra = |field: &Field| {
            self.field(&field.name).is_some() || (!matches!(self.rest, Rest::Closed) && rest.accepts(&field.ty))
        };
        self.fields.iter().all(fits)
            && given.fields.iter().all(extra)
            && (matches!(given.rest, Rest::Closed)
                || (!matches!(self.rest, Rest::Closed) && rest.accepts(&given.rest_type())))
    }

    fn admits(&self, value: &flow_runtime::value::Object) -> bool {
        let rest = self.rest_type();
        self.fields.iter().all(|field| match value.get(&field.name) {
            Some(Value::Undefined) | None => field.optional || field.ty.admits(&Value::Undefined),
            Some(value) => field.ty.admits(value),
        }) && value.iter().all(|(key, value)| {
            matches!(value, Value::Undefined)
                || key.as_str().is_some_and(|key| self.field(key).is_some())
                || rest.admits(value)
        })
    }

    /// Whether it stands for several objects, of which not each has all of its fields.
    pub fn is_merged(&self) -> bool {
        self.merged
    }

    /// One object type that covers them all.
    fn merged(objects: &[Arc<Object>]) -> Object {
        let mut fields: Vec<&Field> = Vec::new();
        let mut seen = HashSet::new();
        for object in objects {
            fields.extend(object.fields.iter().filter(|field| seen.insert(&field.name)));
        }
        let of_all = |field: &Field| {
            let found = || objects.iter().map(|object| object.field(&field.name));
            let ty =
                |object: &Arc<Object>| object.field(&field.name).map_or_else(|| object.rest_type(), |it| it.ty.clone());
            Field {
                ty: Type::union(objects.iter().map(ty)),
                optional: found().any(|found| found.is_none_or(|found| found.optional)),
                private: found().flatten().filter_map(|found| found.private).max(),
                ..field.clone()
            }
        };
        let fields = fields.into_iter().map(of_all).collect();
        let rests = objects.iter().map(|object| object.rest.clone());
        let rest = rests.reduce(|rest, other| rest.merge(other)).unwrap_or(Rest::Closed);
        let span = objects.first().and_then(|object| object.span);
        Object { merged: true, ..Object::new(fields, rest, span) }
    }
}

impl Rest {
    fn merge(self, other: Rest) -> Rest {
        match (self, other) {
            (Rest::Closed, Rest::Closed) => Rest::Closed,
            (Rest::Of(left), Rest::Of(right)) => Rest::Of(left.join(&right)),
            (Rest::Of(ty), Rest::Closed) | (Rest::Closed, Rest::Of(ty)) => Rest::Of(ty),
            (Rest::Of(_), Rest::Undeclared) | (Rest::Undeclared, Rest::Of(_)) => Rest::Of(Type::Json),
            (Rest::Undeclared, Rest::Undeclared | Rest::Closed) | (Rest::Closed, Rest::Undeclared) => Rest::Undeclared,
        }
    }
}

/// Where something was declared does not make it another type.
impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.rest == other.rest
            && self.fields.len() == other.fields.len()
            && self.fields.iter().all(|field| other.field(&field.name) == Some(field))
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.name == other.name
            && self.optional == other.optional
            && self.private == other.private
            && self.ty == other.ty
    }
}

impl Field {
    pub fn required(name: &str, ty: Type) -> Field {
        Field { name: name.into(), ty, optional: false, span: None, private: None }
    }

    pub fn optional(name: &str, ty: Type) -> Field {
        Field { optional: true, ..Field::required(name, ty) }
    }

    /// What reading it gives.
    pub fn read(&self) -> Type {
        if self.optional { self.ty.join(&Type::Missing) } else { self.ty.clone() }
    }
}
