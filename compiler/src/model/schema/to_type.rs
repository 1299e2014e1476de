//! A schema's rules → the type of what they accept.
//!
//! Always true: the type is a superset of what the rules accept. Where a schema contains itself, or is larger than anybody
//! could have meant, the type there is `json`, and a note says so.

use super::meet::meet;
use super::{Additional, Rule, RuleId};
use crate::model::ty::{Array, Field, Format, Object, Rest, Type};
use crate::source::Span;
use std::collections::HashSet;
use std::sync::Arc;

/// A schema may use one part many times over: so many parts are spelled out.
const PARTS_MAX: usize = 20_000;

/// Deeper types are `json`.
const DEPTH_MAX: usize = 64;

/// Why a type is `json` at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::model) enum Note {
    Recursive(Span),
    TooLarge(Span),
}

/// A type, and where it says less than the schema.
pub(in crate::model) struct Typed {
    pub(in crate::model) ty: Type,
    pub(in crate::model) notes: Vec<Note>,
}

pub(in crate::model) fn to_type(rules: &[Rule]) -> Typed {
    let mut conversion = Conversion { rules, states: vec![State::Open; rules.len()], notes: Vec::new() };
    let (ty, _) = conversion.rule(RuleId::ROOT, 0);
    let mut notes = conversion.notes;
    notes.sort();
    notes.dedup();
    Typed { ty, notes }
}

#[derive(Clone)]
enum State {
    Open,
    /// Whoever meets it now is inside it.
    Begun,
    /// With the number of its parts, spelled out.
    Done(Type, usize),
}

struct Conversion<'a> {
    rules: &'a [Rule],
    states: Vec<State>,
    notes: Vec<Note>,
}

impl Conversion<'_> {
    /// The type, and the number of its parts.
    fn rule(&mut self, id: RuleId, depth: usize) -> (Type, usize) {
        let rule = &self.rules[id.0];
        match &self.states[id.0] {
            State::Done(ty, parts) => return (ty.clone(), *parts),
            State::Begun => {
                self.notes.push(Note::Recursive(rule.span));
                return (Type::Json, 1);
            }
            State::Open if depth == DEPTH_MAX => {
                self.notes.push(Note::TooLarge(rule.span));
                return (Type::Json, 1);
            }
            State::Open => self.states[id.0] = State::Begun,
        }
        let mut parts = 1;
        let mut ty = self.all(rule, depth, &mut parts);
        if parts > PARTS_MAX {
            self.notes.push(Note::TooLarge(rule.span));
            (ty, parts) = (Type::Json, 1);
        }
        self.states[id.0] = State::Done(ty.clone(), parts);
        (ty, parts)
    }

    fn all(&mut self, rule: &Rule, depth: usize, parts: &mut usize) -> Type {
        if rule.opaque {
            return Type::Json;
        }
        let mut ty = self.own(rule, depth, parts);
        for id in &rule.all_of {
            ty = meet(&ty, &self.part(*id, depth, parts));
        }
        for alternatives in [&rule.any_of, &rule.one_of] {
            if !alternatives.is_empty() {
                let members: Vec<Type> = alternatives.iter().map(|id| self.part(*id, depth, parts)).collect();
                // Wider than a union keeps apart would forget what the schema says of each.
                ty = meet(&ty, &Type::union(members));
            }
        }
        ty
    }

    fn part(&mut self, id: RuleId, depth: usize, parts: &mut usize) -> Type {
        let (ty, more) = self.rule(id, depth + 1);
        *parts = parts.saturating_add(more);
        ty
    }

    /// What the keywords of the rule itself say.
    fn own(&mut self, rule: &Rule, depth: usize, parts: &mut usize) -> Type {
        let kinds = rule.kinds;
        if let Some(values) = &rule.values {
            let accepted = values.iter().map(Type::of).filter(|ty| match ty {
                Type::Null => kinds.null,
                Type::Array(_) => kinds.array,
                Type::Object(_) => kinds.object,
                Type::Literal(crate::model::ty::Literal::Bool(_)) => kinds.bool,
                Type::Literal(crate::model::ty::Literal::Number(_)) => kinds.number,
                _ => kinds.string,
            });
            return Type::union(accepted);
        }
        if kinds == super::Kinds::ALL {
            return Type::Json;
        }
        let mut members = Vec::new();
        if kinds.object {
            members.push(self.object(rule, depth, parts));
        }
        if kinds.array {
            members.push(self.array(rule, depth, parts));
        }
        if kinds.string {
            members.push(Type::String(rule.format.unwrap_or(Format::Any)));
        }
        if kinds.number {
            members.push(Type::Number);
        }
        if kinds.bool {
            members.push(Type::Bool);
        }
        if kinds.null {
            members.push(Type::Null);
        }
        Type::union(members)
    }

    fn array(&mut self, rule: &Rule, depth: usize, parts: &mut usize) -> Type {
        let others = match rule.items {
            Some(id) => self.part(id, depth, parts),
            None => Type::Json,
        };
        let first: Vec<Type> = rule.prefix_items.iter().map(|id| self.part(*id, depth, parts)).collect();
        let items = Type::union(first.iter().cloned().chain([others]));
        Type::Array(Array::new(items, rule.min_items.unwrap_or(0), first).into())
    }

    fn object(&mut self, rule: &Rule, depth: usize, parts: &mut usize) -> Type {
        let required: HashSet<&str> = rule.required.iter().map(String::as_str).collect();
        let mut fields = Vec::with_capacity(rule.properties.len());
        for property in &rule.properties {
            let ty = self.part(property.rule, depth, parts);
            fields.push(Field {
                name: property.name.as_str().into(),
                ty,
                optional: !required.contains(property.name.as_str()),
                span: Some(property.span),
                private: self.private(property.rule),
            });
        }
        let rest = match rule.additional {
            Additional::Forbidden => Rest::Closed,
            Additional::Allowed => Rest::Of(Type::Json),
            Additional::Like(id) => Rest::Of(self.part(id, depth, parts)),
            // An object of which nothing is declared is any object.
            Additional::Unsaid if rule.properties.is_empty() && rule.required.is_empty() => Rest::Of(Type::Json),
            Additional::Unsaid => Rest::Undeclared,
        };
        let declared: HashSet<&str> = rule.properties.iter().map(|property| property.name.as_str()).collect();
        for name in &rule.required {
            if !declared.contains(name.as_str()) {
                fields.push(Field { span: Some(rule.span), ..Field::required(name, Type::Json) });
            }
        }
        Type::Object(Arc::new(Object::new(fields, rest, Some(rule.span))))
    }

    /// Said of the field, or of the schema it refers to.
    fn private(&self, id: RuleId) -> Option<crate::model::ty::Private> {
        let rule = &self.rules[id.0];
        rule.private.max(rule.all_of.iter().filter_map(|id| self.rules[id.0].private).max())
    }
}
