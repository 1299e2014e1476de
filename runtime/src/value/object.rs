//! Objects: fields in JavaScript's order, found by name.

use super::number::array_index;
use super::{JsString, Value};

/// Keys in JavaScript's order: integer-like ones ascending, then the others as they were added.
/// Nothing in the language changes an object, so it is made once, from all its fields.
#[derive(Clone, Debug, Default)]
pub struct Object {
    fields: Vec<(JsString, Value)>,
    /// Positions in `fields` by ascending key; empty for small objects, which are searched from the front.
    by_key: Box<[u32]>,
}

/// Up to here looking at every key is as fast as anything else.
const SMALL: usize = 16;

impl Object {
    /// Of duplicate keys the last value wins, at the first one's place.
    pub fn new(mut fields: Vec<(JsString, Value)>) -> Object {
        let same_key = |(at, (key, _)): (usize, &(JsString, Value))| fields[..at].iter().any(|(other, _)| other == key);
        if fields.len() <= SMALL && !fields.iter().enumerate().any(same_key) {
            integers_first(&mut fields);
            return Object { fields, by_key: Box::default() };
        }
        let mut by_key = sorted(&fields);
        if by_key.windows(2).any(|pair| fields[pair[0] as usize].0 == fields[pair[1] as usize].0) {
            fields = without_duplicates(fields, &by_key);
            by_key = sorted(&fields);
        }
        if integers_first(&mut fields) {
            by_key = sorted(&fields);
        }
        if fields.len() <= SMALL {
            by_key.clear();
        }
        Object { fields, by_key: by_key.into() }
    }

    /// Distinct keys in an order that need not be JavaScript's, to be written as they stand.
    pub(crate) fn in_order(fields: Vec<(JsString, Value)>) -> Object {
        Object { fields, by_key: Box::default() }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&JsString, &Value)> {
        self.fields.iter().map(|(key, value)| (key, value))
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(|key| match key {
            JsString::Utf8(key) => (**key).cmp(name),
            JsString::Utf16(_) => std::cmp::Ordering::Greater,
        })
    }

    /// As [`Object::get`], for a key that may be ill formed.
    pub fn get_key(&self, name: &JsString) -> Option<&Value> {
        self.find(|key| key.cmp(name))
    }

    fn find(&self, compare: impl Fn(&JsString) -> std::cmp::Ordering) -> Option<&Value> {
        if self.by_key.is_empty() {
            return self.fields.iter().find(|(key, _)| compare(key).is_eq()).map(|(_, value)| value);
        }
        let found = self.by_key.binary_search_by(|at| compare(&self.fields[*at as usize].0)).ok()?;
        Some(&self.fields[self.by_key[found] as usize].1)
    }
}

/// Positions by ascending key; those of equal keys in the order they were added.
fn sorted(fields: &[(JsString, Value)]) -> Vec<u32> {
    let mut by_key: Vec<u32> = (0..fields.len() as u32).collect();
    by_key.sort_by(|a, b| fields[*a as usize].0.cmp(&fields[*b as usize].0));
    by_key
}

fn without_duplicates(fields: Vec<(JsString, Value)>, by_key: &[u32]) -> Vec<(JsString, Value)> {
    // For each field: the one its value comes from, or none when an earlier field has its key.
    let mut value_from: Vec<Option<u32>> = vec![None; fields.len()];
    for run in by_key.chunk_by(|a, b| fields[*a as usize].0 == fields[*b as usize].0) {
        value_from[run[0] as usize] = run.last().copied();
    }
    let kept = fields.iter().zip(&value_from);
    kept.filter_map(|((key, _), from)| Some((key.clone(), fields[(*from)? as usize].1.clone()))).collect()
}

/// Whether anything moved.
fn integers_first(fields: &mut [(JsString, Value)]) -> bool {
    let rank =
        |(key, _): &(JsString, Value)| key.as_str().and_then(|key| array_index(key.as_bytes())).unwrap_or(u32::MAX);
    if fields.is_sorted_by_key(rank) {
        return false;
    }
    fields.sort_by_cached_key(rank);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> String {
        let fields = names.iter().enumerate().map(|(at, name)| (JsString::from(*name), Value::from(at as f64)));
        let object = Object::new(fields.collect());
        for (key, _) in object.iter() {
            assert!(object.get_key(key).is_some() && object.get(key.as_str().unwrap()).is_some());
        }
        assert!(object.get("absent").is_none());
        Value::Object(object.into()).to_json().unwrap()
    }

    #[test]
    fn integers_first_then_as_added() {
        assert_eq!(keys(&["b", "10", "a", "9", "01"]), r#"{"9":3,"10":1,"b":0,"a":2,"01":4}"#);
    }

    #[test]
    fn last_duplicate_wins_at_the_first_place() {
        assert_eq!(keys(&["a", "b", "a", "c", "a"]), r#"{"a":4,"b":1,"c":3}"#);
    }

    #[test]
    fn large_objects_find_their_keys() {
        let names: Vec<String> = (0..500).map(|n| format!("k{}", n * 7919 % 500)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(keys(&names).matches(':').count(), 500);
    }
}
