//! Reading a field or an element of a typed value, as the language does: every `.` and `[]` is `?.`.

use super::{Field, Literal, Object, Rest, Type};
use crate::source::Span;

/// What reading a field gives.
#[derive(Debug, Clone)]
pub struct Read {
    pub ty: Type,
    /// No alternative has such a field, so it is missing whatever the data: a mistake.
    pub unknown: bool,
    /// Where the field is declared; of an unknown one, where the object is.
    pub declared: Option<Span>,
}

impl Read {
    pub(super) fn of(ty: Type) -> Read {
        Read { ty, unknown: false, declared: None }
    }
}

impl Type {
    /// `value.name`
    pub fn field(&self, name: &str) -> Read {
        match self {
            Type::Json => Read::of(Type::Json),
            Type::Object(object) => object.read(name),
            Type::String(_) | Type::Literal(Literal::String(_)) | Type::Array(_) if name == "length" => {
                Read::of(Type::Number)
            }
            Type::Union(members) => {
                // Behind what is missing or null nothing is read: it says nothing about the name.
                let reads: Vec<Read> = members.iter().map(|ty| ty.field(name)).collect();
                let says = |(ty, _): &(&Type, &Read)| !matches!(ty, Type::Missing | Type::Null);
                let mut saying = members.iter().zip(&reads).filter(says).peekable();
                let unknown = saying.peek().is_some() && saying.all(|(_, read)| read.unknown);
                let declared = reads.iter().filter(|read| read.unknown == unknown).find_map(|read| read.declared);
                let known =
                    reads.into_iter().map(|read| if read.unknown { Type::Missing.or_json(&read) } else { read.ty });
                let ty = if unknown { Type::Json } else { Type::union(known) };
                Read { ty, unknown, declared }
            }
            Type::Missing | Type::Null => Read::of(Type::Missing),
            Type::Never => Read::of(Type::Never),
            // `items.0`, as a dotted path may say.
            Type::Array(_) | Type::String(_) | Type::Literal(Literal::String(_))
                if name.parse::<usize>().is_ok_and(|at| at.to_string() == name) =>
            {
                Read::of(self.element(name.parse().unwrap_or(0)))
            }
            Type::Bool | Type::Number | Type::String(_) | Type::Literal(_) | Type::Array(_) => {
                Read { ty: Type::Missing, unknown: true, declared: None }
            }
        }
    }

    /// In a union where others have the field: what an alternative without it gives. An object that is not closed may
    /// hold anything under any name.
    fn or_json(self, read: &Read) -> Type {
        if read.ty.is_json() { Type::Json } else { self }
    }

    /// `value[index]` with a known position.
    pub fn element(&self, index: usize) -> Type {
        let one = |ty: &Type| match ty {
            Type::Json => Type::Json,
            Type::Array(array) if index < array.least => array.element(index).clone(),
            Type::Array(array) => array.element(index).join(&Type::Missing),
            Type::String(_) | Type::Literal(Literal::String(_)) => Type::STRING.join(&Type::Missing),
            Type::Object(object) => match object.field(&index.to_string()) {
                Some(field) => field.read(),
                None => object.rest_type().join(&Type::Missing),
            },
            _ => Type::Missing,
        };
        self.each(one)
    }

    /// `value[index]` with an index of this type. Of an index nobody knows, nobody knows where it leads.
    pub fn any_element(&self, index: &Type) -> Type {
        Type::union(index.members().iter().map(|index| match index {
            Type::Json => Type::Json,
            Type::Literal(Literal::String(name)) => self.field(name).ty,
            Type::Number | Type::Literal(Literal::Number(_)) => self.some_element(false),
            // Anything else is taken as a name.
            _ => self.some_element(true),
        }))
    }

    fn some_element(&self, by_name: bool) -> Type {
        let length = if by_name { Type::Number } else { Type::Never };
        let one = |ty: &Type| match ty {
            Type::Json => Type::Json,
            Type::Array(array) => array.items.join(&Type::Missing).join(&length),
            Type::String(_) | Type::Literal(Literal::String(_)) => Type::STRING.join(&Type::Missing).join(&length),
            Type::Object(object) => object.values().join(&Type::Missing),
            Type::Never => Type::Never,
            _ => Type::Missing,
        };
        self.each(one)
    }

    /// The names that can be read, for "did you mean".
    pub fn field_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for ty in self.members() {
            match ty {
                Type::Object(object) => names.extend(object.fields().iter().map(|field| field.name.to_string())),
                Type::Array(_) | Type::String(_) => names.push("length".to_string()),
                _ => {}
            }
        }
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }
}

impl Object {
    fn read(&self, name: &str) -> Read {
        match (self.field(name), &self.rest) {
            (Some(field), _) => Read { ty: field.read(), unknown: false, declared: field.span },
            (None, Rest::Closed) => Read { ty: Type::Missing, unknown: true, declared: self.span },
            (None, Rest::Undeclared) => Read { ty: Type::Json, unknown: true, declared: self.span },
            (None, Rest::Of(ty)) => Read { ty: ty.join(&Type::Missing), unknown: false, declared: self.span },
        }
    }

    /// What any of its fields holds.
    pub fn values(&self) -> Type {
        Type::union(self.fields().iter().map(Field::read).chain([self.rest_type()]))
    }
}
