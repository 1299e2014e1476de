//! JSON Schemas: what the checker's types and the run-time validator both come from.
//!
//! Always true: rules name each other by position, so a schema that contains itself is no problem; every `$ref` has been
//! followed. What a rule says is a conjunction: a value must satisfy all of it.

mod meet;
mod to_json;
mod to_type;

pub(super) use to_type::{Note, to_type};

use super::ty::{Format, Private, Type};
use crate::source::Span;
use flow_runtime::value::Value;

/// A schema that could be read.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The first one is the schema itself.
    pub rules: Vec<Rule>,
    /// The key that holds it, for messages.
    pub span: Span,
    /// What is known about a value that it accepts.
    pub ty: Type,
}

impl Schema {
    /// What is said of the value at a path of declared fields.
    pub fn at(&self, steps: &[String]) -> Option<RuleId> {
        steps.iter().try_fold(RuleId::ROOT, |id, step| {
            let rule = &self.rules[id.0];
            let rule = match rule.all_of.as_slice() {
                [only] if rule.properties.is_empty() => &self.rules[only.0],
                _ => rule,
            };
            rule.properties.iter().find(|property| property.name == *step).map(|property| property.rule)
        })
    }

    /// Whether a number at a path has to be whole.
    pub fn is_whole(&self, steps: &[String]) -> bool {
        self.at(steps).is_some_and(|id| self.rules[id.0].integer)
    }
}

/// Index into [`Schema::rules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub usize);

impl RuleId {
    pub const ROOT: RuleId = RuleId(0);
}

/// What one schema says about a value. `None` and empty lists say nothing.
#[derive(Debug, Clone)]
pub struct Rule {
    pub span: Span,
    pub kinds: Kinds,
    /// Numbers are whole.
    pub integer: bool,
    /// `enum` and `const`.
    pub values: Option<Vec<Value>>,
    pub format: Option<Format>,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub minimum: Option<Limit>,
    pub maximum: Option<Limit>,
    pub multiple_of: Option<f64>,
    pub min_items: Option<usize>,
    pub max_items: Option<usize>,
    pub unique_items: bool,
    /// Of the first elements, one each.
    pub prefix_items: Vec<RuleId>,
    /// Of the other elements.
    pub items: Option<RuleId>,
    pub min_properties: Option<usize>,
    pub max_properties: Option<usize>,
    pub properties: Vec<Property>,
    /// Also names that are not in `properties`.
    pub required: Vec<String>,
    pub additional: Additional,
    pub all_of: Vec<RuleId>,
    pub any_of: Vec<RuleId>,
    pub one_of: Vec<RuleId>,
    pub description: Option<String>,
    /// `title`: the name of the type in Rust.
    pub title: Option<String>,
    pub private: Option<Private>,
    /// Something in it is not understood and could change what it accepts: nothing is known about the value.
    pub opaque: bool,
}

/// Which kinds of JSON values are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    pub null: bool,
    pub bool: bool,
    pub number: bool,
    pub string: bool,
    pub array: bool,
    pub object: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    pub value: f64,
    /// The value itself is not accepted.
    pub exclusive: bool,
}

#[derive(Debug, Clone)]
pub struct Property {
    pub name: String,
    /// Of its name.
    pub span: Span,
    pub rule: RuleId,
}

/// What holds for fields that are not in `properties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Additional {
    /// Nothing is said: they are accepted, and reading one is taken for a mistake.
    Unsaid,
    /// They are accepted, whatever they hold.
    Allowed,
    Forbidden,
    Like(RuleId),
}

impl Kinds {
    pub const ALL: Kinds = Kinds { null: true, bool: true, number: true, string: true, array: true, object: true };
    pub const NONE: Kinds =
        Kinds { null: false, bool: false, number: false, string: false, array: false, object: false };

    /// What both accept.
    pub fn and(self, other: Kinds) -> Kinds {
        self.with(other, |one, other| one && other)
    }

    /// What either accepts.
    pub fn or(self, other: Kinds) -> Kinds {
        self.with(other, |one, other| one || other)
    }

    fn with(self, other: Kinds, of: fn(bool, bool) -> bool) -> Kinds {
        Kinds {
            null: of(self.null, other.null),
            bool: of(self.bool, other.bool),
            number: of(self.number, other.number),
            string: of(self.string, other.string),
            array: of(self.array, other.array),
            object: of(self.object, other.object),
        }
    }
}

impl Rule {
    /// Accepts everything.
    pub fn anything(span: Span) -> Rule {
        Rule {
            span,
            kinds: Kinds::ALL,
            integer: false,
            values: None,
            format: None,
            min_length: None,
            max_length: None,
            minimum: None,
            maximum: None,
            multiple_of: None,
            min_items: None,
            max_items: None,
            unique_items: false,
            prefix_items: Vec::new(),
            items: None,
            min_properties: None,
            max_properties: None,
            properties: Vec::new(),
            required: Vec::new(),
            additional: Additional::Unsaid,
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            description: None,
            title: None,
            private: None,
            opaque: false,
        }
    }
}
