//! What a test leaves of a type: `x.kind == "card"` drops the alternatives of `x` whose `kind` is another.
//!
//! Always true: what is left is still a superset of the values that can occur where the test holds.

use super::access::Read;
use super::{Array, Field, Literal, Object, Rest, Type};
use flow_runtime::expr as js;
use flow_runtime::value::Value;
use std::sync::Arc;

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Field(String),
    Element(usize),
}

/// Something that holds for a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Truthy,
    Falsy,
    /// Missing or null.
    Nullish,
    NotNullish,
    Missing,
    NotMissing,
    Null,
    NotNull,
    /// `==` or (`strict`) `===` with this value.
    Equals {
        value: Literal,
        strict: bool,
    },
    /// `!=` or (`strict`) `!==` with this value.
    Differs {
        value: Literal,
        strict: bool,
    },
    /// `> than`, or `>=`.
    Above {
        than: f64,
        or_equal: bool,
    },
    /// `< than`, or `<=`.
    Below {
        than: f64,
        or_equal: bool,
    },
    /// `> than`, or `>=`, does not hold: so it is also of what is missing, or no number.
    NotAbove {
        than: f64,
        or_equal: bool,
    },
    /// `< than`, or `<=`, does not hold: so it is also of what is missing, or no number.
    NotBelow {
        than: f64,
        or_equal: bool,
    },
    /// A comparison with something that is no constant: what is missing is never larger or smaller.
    Ordered,
    /// At least one of them holds.
    Any(Vec<Test>),
    /// All of them hold.
    All(Vec<Test>),
}

impl Type {
    /// What the value can still be when the test holds for the part of it that the steps lead to. An object that nobody else holds is
    /// changed in place: a long chain of conditions says something of one field after the other.
    pub fn assuming(self, steps: &[Step], test: &Test) -> Type {
        let Some((step, rest)) = steps.split_first() else { return self.passing(test) };
        if let (Step::Field(name), []) = (step, rest)
            && name == "length"
        {
            return self.each(|ty| ty.with_length(test));
        }
        let part = self.part(step);
        match self {
            // A field that no alternative has is a mistake of its own, and says nothing about the rest.
            _ if part.unknown => self,
            Type::Union(_) => self.each(|ty| ty.clone().with_part(step, ty.part(step).ty, rest, test)),
            one => one.with_part(step, part.ty, rest, test),
        }
    }

    fn part(&self, step: &Step) -> Read {
        match step {
            Step::Field(name) => self.field(name),
            Step::Element(index) => Read::of(self.element(*index)),
        }
    }

    /// One alternative, when this part of it passes; `never` when it cannot.
    fn with_part(self, step: &Step, part: Type, rest: &[Step], test: &Test) -> Type {
        let narrowed = part.assuming(rest, test);
        if narrowed.is_never() {
            return Type::Never;
        }
        match (self, step) {
            (Type::Object(object), Step::Field(name)) => Type::Object(object.knowing(name, narrowed)),
            (Type::Array(array), Step::Element(index)) => array.knowing(*index, narrowed),
            (ty, _) => ty,
        }
    }

    /// One alternative, when its `length` passes.
    fn with_length(&self, test: &Test) -> Type {
        let Type::Array(array) = self else {
            let length = Step::Field("length".into());
            return self.clone().with_part(&length, self.part(&length).ty, &[], test);
        };
        match test.shortest_length(array.least) {
            Some(least) => Type::Array(Arc::new(array.with_least(least))),
            None if is_bounded(test) => Type::Never,
            None => self.clone(),
        }
    }

    /// What is left of the alternatives for which the test can hold.
    pub fn passing(&self, test: &Test) -> Type {
        match test {
            Test::Any(tests) => Type::union(tests.iter().map(|test| self.passing(test))),
            Test::All(tests) => tests.iter().fold(self.clone(), |ty, test| ty.passing(test)),
            test => self.each_alternative(|ty| ty.one_passing(test)),
        }
    }

    fn one_passing(&self, test: &Test) -> Type {
        let keep_if = |kept: bool| if kept { self.clone() } else { Type::Never };
        match test {
            Test::Truthy => keep_if(self.can_be_truthy()),
            Test::Falsy => self.falsy(),
            Test::Nullish if self.is_json() => Type::Missing.join(&Type::Null),
            Test::Nullish => keep_if(matches!(self, Type::Missing | Type::Null)),
            Test::NotNullish => keep_if(!matches!(self, Type::Missing | Type::Null)),
            Test::Missing if self.is_json() => Type::Missing,
            Test::Missing => keep_if(matches!(self, Type::Missing)),
            Test::NotMissing => keep_if(!matches!(self, Type::Missing)),
            Test::Null if self.is_json() => Type::Null,
            Test::Null => keep_if(matches!(self, Type::Null)),
            Test::NotNull => keep_if(!matches!(self, Type::Null)),
            Test::Equals { value, strict } => self.equal_to(value, *strict),
            Test::Differs { value, strict } => match self.as_value() {
                Some(own) => keep_if(!equal(&own, &value.to_value(), *strict)),
                None => self.clone(),
            },
            Test::Above { than, or_equal } => keep_if(self.in_order(|own| is_above(own, *than, *or_equal))),
            Test::Below { than, or_equal } => keep_if(self.in_order(|own| is_above(*than, own, *or_equal))),
            Test::NotAbove { than, or_equal } => keep_if(!self.is_in_order(|own| is_above(own, *than, *or_equal))),
            Test::NotBelow { than, or_equal } => keep_if(!self.is_in_order(|own| is_above(*than, own, *or_equal))),
            Test::Ordered => keep_if(!matches!(self, Type::Missing)),
            Test::Any(_) | Test::All(_) => self.passing(test),
        }
    }

    /// Whether some value of it counts as true.
    pub fn can_be_truthy(&self) -> bool {
        match self {
            Type::Never | Type::Missing | Type::Null => false,
            Type::Union(members) => members.iter().any(Type::can_be_truthy),
            ty => ty.as_value().is_none_or(|value| value.truthy()),
        }
    }

    /// Whether some value of it counts as false.
    pub fn can_be_falsy(&self) -> bool {
        !self.passing(&Test::Falsy).is_never()
    }

    /// One alternative, when it counts as false.
    fn falsy(&self) -> Type {
        match self {
            Type::Never | Type::Array(_) | Type::Object(_) => Type::Never,
            Type::Bool => Type::FALSE,
            Type::String(_) => Type::text(""),
            Type::Literal(_) if self.can_be_truthy() => Type::Never,
            // 0, or NaN.
            Type::Json | Type::Missing | Type::Null | Type::Number | Type::Literal(_) | Type::Union(_) => self.clone(),
        }
    }

    /// One alternative, when it equals a value.
    fn equal_to(&self, value: &Literal, strict: bool) -> Type {
        let literal = Type::Literal(value.clone());
        match (self, value) {
            (Type::Json, _) => match (strict, value) {
                (true, _) => literal,
                // Text that reads as the number is equal too.
                (false, _) => Type::Json,
            },
            (Type::String(_), Literal::String(_)) | (Type::Number, Literal::Number(_)) => literal,
            (Type::Bool, Literal::Bool(_)) => literal,
            (ty, _) => match (ty.as_value(), strict) {
                (Some(own), _) if equal(&own, &value.to_value(), strict) => self.clone(),
                (Some(_), _) | (None, true) => Type::Never,
                (None, false) => self.clone(),
            },
        }
    }

    /// Whether a value of it can stand in an order with a number.
    fn in_order(&self, holds: impl Fn(f64) -> bool) -> bool {
        match self {
            Type::Missing | Type::Never => false,
            ty => match ty.as_value() {
                Some(value) => match js::plus(&value) {
                    Value::Number(number) => holds(number),
                    _ => true,
                },
                None => true,
            },
        }
    }

    /// Whether its only value stands in an order with a number.
    fn is_in_order(&self, holds: impl Fn(f64) -> bool) -> bool {
        self.as_value().is_some_and(|value| matches!(js::plus(&value), Value::Number(number) if holds(number)))
    }

    /// The only value of it, if there is only one.
    pub fn as_value(&self) -> Option<Value> {
        match self {
            Type::Missing => Some(Value::Undefined),
            Type::Null => Some(Value::Null),
            Type::Literal(literal) => Some(literal.to_value()),
            _ => None,
        }
    }

    /// Whether `==` (or `===`) between the two can be true. With `==` text can equal a number.
    pub fn can_equal(&self, other: &Type, strict: bool) -> bool {
        let pair = |left: &Type, right: &Type| match (left.as_value(), right.as_value()) {
            _ if left.is_json() || right.is_json() => true,
            (Some(left), Some(right)) => equal(&left, &right, strict),
            (left_value, right_value) => {
                let nullish = |value: &Option<Value>| value.as_ref().is_some_and(Value::is_nullish);
                if nullish(&left_value) || nullish(&right_value) {
                    return false;
                }
                match (left.kind(), right.kind()) {
                    (left, right) if left == right => true,
                    _ if strict => false,
                    // An array or object becomes text first: `["a"] == "a"`.
                    (Kind::Array, _) | (_, Kind::Array) => true,
                    (Kind::Object, _) => is_any_object(&right_value, right.kind()),
                    (_, Kind::Object) => is_any_object(&left_value, left.kind()),
                    // Text equals a number or a boolean when it reads as that number.
                    _ => [(left, &right_value), (right, &left_value)].iter().all(|(ty, value)| ty.can_read_as(value)),
                }
            }
        };
        let others = other.alternatives();
        self.alternatives().iter().any(|left| others.iter().any(|right| pair(left, right)))
    }

    /// Whether a value of it can be the number that the other value is, if that is known: `true` is 1, `"x"` is none.
    fn can_read_as(&self, value: &Option<Value>) -> bool {
        match value {
            None => true,
            Some(value) => match (js::plus(value), self.kind()) {
                (Value::Number(number), _) if number.is_nan() => false,
                (Value::Number(number), Kind::Bool) => number == 0.0 || number == 1.0,
                _ => true,
            },
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Type::Json | Type::Never | Type::Union(_) => Kind::Any,
            Type::Missing | Type::Null => Kind::Nullish,
            Type::Bool | Type::Literal(Literal::Bool(_)) => Kind::Bool,
            Type::Number | Type::Literal(Literal::Number(_)) => Kind::Number,
            Type::String(_) | Type::Literal(Literal::String(_)) => Kind::String,
            Type::Array(_) => Kind::Array,
            Type::Object(_) => Kind::Object,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    Nullish,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Array {
    /// With what is now known of an element; the array itself when that is nothing new.
    fn knowing(self: &Arc<Array>, at: usize, ty: Type) -> Type {
        // Of `json` nothing is known, not even that it is there.
        if ty.is_json() {
            return Type::Array(self.clone());
        }
        let least = if ty.may_be_missing() { self.least } else { self.least.max(at + 1) };
        // In an array that an expression makes an element can be there, and be missing.
        let element = if self.element(at).may_be_missing() { ty } else { ty.without_missing() };
        if least == self.least && element == *self.element(at) {
            return Type::Array(self.clone());
        }
        Type::Array(Arc::new(self.with_least(least).with_element(at, element)))
    }
}

impl Object {
    /// With what is now known of a field; the object itself when that is nothing new.
    fn knowing(mut self: Arc<Object>, name: &str, ty: Type) -> Arc<Object> {
        let optional = ty.may_be_missing();
        let known = self.field(name);
        if ty == Type::Missing && known.is_none() {
            return self;
        }
        let field = match known {
            Some(field) if field.read() == ty => return self,
            Some(field) if ty == Type::Missing => Field { ty: Type::Missing, optional: true, ..field.clone() },
            Some(field) => Field { ty: ty.without_missing(), optional, ..field.clone() },
            None if matches!(self.rest, Rest::Closed) => return self,
            // Of `json` nothing is known, not even that it is there.
            None if ty.is_json() => Field::optional(name, Type::Json),
            None => Field { optional, ..Field::required(name, ty.without_missing()) },
        };
        Arc::make_mut(&mut self).put(field);
        self
    }
}

impl Literal {
    pub fn to_value(&self) -> Value {
        match self {
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Number(value) => Value::Number(*value),
            Literal::String(text) => Value::string(text),
        }
    }

    /// Of a constant; `None`: it is no scalar that could be one.
    pub fn of(value: &Value) -> Option<Literal> {
        match Type::of(value) {
            Type::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

/// Whether `==` takes an object for this: every object becomes the same text, in which there is no number.
fn is_any_object(value: &Option<Value>, kind: Kind) -> bool {
    match value {
        Some(value) => js::equals(&Value::object(std::iter::empty::<(&str, Value)>()), value),
        None => !matches!(kind, Kind::Bool | Kind::Number),
    }
}

fn equal(left: &Value, right: &Value, strict: bool) -> bool {
    if strict { js::strict_equals(left, right) } else { js::equals(left, right) }
}

impl Test {
    /// The shortest length for which it can hold, of those that are no shorter than this one; `None`: nobody knows one.
    pub fn shortest_length(&self, least: usize) -> Option<usize> {
        let passes = |length: &usize| !Type::Literal(Literal::Number(*length as f64)).passing(self).is_never();
        let next = (least..=least.saturating_add(1)).find(passes);
        next.or_else(|| least_above(self).map(|above| above.max(least)))
    }
}

/// The shortest length for which a test that asks for a longer one holds.
fn least_above(test: &Test) -> Option<usize> {
    let length = |at_least: f64| (at_least.is_finite() && at_least > 0.0).then(|| (at_least as usize).min(1 << 24));
    match test {
        // A length is a number: where it is not below, it is above or equal.
        Test::Above { than, or_equal: true } | Test::NotBelow { than, or_equal: false } => length(than.ceil()),
        Test::Above { than, or_equal: false } | Test::NotBelow { than, or_equal: true } => length(than.floor() + 1.0),
        Test::Equals { value: Literal::Number(number), .. } if number.fract() == 0.0 => length(*number),
        Test::All(tests) => tests.iter().filter_map(least_above).max(),
        _ => None,
    }
}

/// Whether the left one is larger than the right one, or equal.
fn is_above(left: f64, right: f64, or_equal: bool) -> bool {
    if or_equal { left >= right } else { left > right }
}

/// Whether the test holds for no length above some short one: then no length passed at all.
fn is_bounded(test: &Test) -> bool {
    matches!(
        test,
        Test::Falsy | Test::Below { .. } | Test::NotAbove { .. } | Test::Nullish | Test::Missing | Test::Null
    )
}
