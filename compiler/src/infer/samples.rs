//! Which values of a file are samples.

use crate::syntax::ast::{Object, Value, ValueKind};
use std::collections::HashMap;

/// How a file holds its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The whole object is one.
    One,
    /// Each value of the object is one, under its name.
    Named,
}

/// One input.
#[derive(Debug, Clone)]
pub struct Sample<'a> {
    /// Its key or its number.
    pub name: String,
    pub value: &'a Value,
}

/// The samples of a document: of an array its elements; of an object what the layout says, or else what it looks like.
///
/// # Errors
/// What is wrong, when there are none.
pub fn samples(document: &Value, layout: Option<Layout>) -> Result<Vec<Sample<'_>>, String> {
    let samples: Vec<Sample> = match &document.kind {
        ValueKind::Array(items) => {
            let named = items.iter().enumerate();
            named.map(|(index, value)| Sample { name: (index + 1).to_string(), value }).collect()
        }
        ValueKind::Object(object) => match layout.unwrap_or_else(|| layout_of(object)) {
            Layout::One => vec![Sample { name: "1".to_owned(), value: document }],
            Layout::Named => {
                let entries = object.entries.iter();
                entries.map(|entry| Sample { name: entry.key.value.clone(), value: &entry.value }).collect()
            }
        },
        _ => return Err(format!("an input is an object, not {}", document.describe())),
    };
    if samples.is_empty() {
        return Err("there is no sample in it".to_owned());
    }
    match samples.iter().find(|sample| !matches!(sample.value.kind, ValueKind::Object(_))) {
        Some(other) => Err(format!("sample `{}` is {}, and an input is an object", other.name, other.value.describe())),
        None => Ok(samples),
    }
}

/// Named samples are objects that resemble each other: some key stands in more than half of them.
fn layout_of(object: &Object) -> Layout {
    let mut keys: HashMap<&str, usize> = HashMap::new();
    for entry in &object.entries {
        let ValueKind::Object(sample) = &entry.value.kind else { return Layout::One };
        for entry in &sample.entries {
            *keys.entry(&entry.key.value).or_default() += 1;
        }
    }
    let most = keys.into_values().max().unwrap_or(0);
    if object.entries.len() >= 2 && most * 2 > object.entries.len() { Layout::Named } else { Layout::One }
}
