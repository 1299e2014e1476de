//! The `data_transform` node: what generated code calls to compute one.
//!
//! Comes in: a value (by default the result of the node that activated this one) and, where the author wrote an
//! expression over `item`, a function from an item and its index. Goes out: the node's `result`.
//! Always true: pure; the input is never changed. A list is an array, or an object with exactly one field that is an
//! array, such as an HTTP answer or another transform's `{items, count, total}`.

use crate::expr;
use crate::expr::work::{Counted, step};
use crate::scope::Scope;
use crate::value::{Fault, JsString, Object, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// A function of the author over an item and its index.
pub type OfItem<'a> = &'a dyn Fn(&Value, usize) -> Result<Value, Fault>;

/// The fields an author adds to an item, by its value and index.
pub type FieldsOfItem<'a> = &'a dyn Fn(&Value, usize) -> Result<Vec<(&'static str, Value)>, Fault>;

/// Which way [`sort_items`] sorts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// The default input: the result of the node whose edge activated this one.
pub fn input(scope: &Scope) -> Value {
    scope.activating_result().value()
}

/// The list in this field of an object, whatever else is in it. The input itself where there is none: then it may be the list, or
/// hold one in another field.
pub fn list_in(input: Value, field: &str) -> Value {
    match expr::member(&input, field) {
        list @ Value::Array(_) if matches!(input, Value::Object(_)) => list,
        _ => input,
    }
}

/// The value at a dotted path such as `customer.address.city`; undefined where it leads nowhere.
pub fn field(item: &Value, path: &str) -> Value {
    path.split('.').fold(item.clone(), |value, name| expr::member(&value, name))
}

/// The items for which `keep` is true: `{items, count, total}`, where `total` counts the input.
///
/// # Errors
/// When the input is no list, or `keep` fails.
pub fn filter_items(input: &Value, keep: &dyn Fn(&Value, usize) -> Result<bool, Fault>) -> Result<Value, Fault> {
    let items = list(input)?;
    let _counted = Counted::begin();
    let mut kept = Vec::new();
    for (index, item) in items.iter().enumerate() {
        step()?;
        if keep(item, index)? {
            kept.push(item.clone());
        }
    }
    Ok(list_result(kept, items.len(), []))
}

/// What `f` makes of each item: `{items, count, total}`.
///
/// # Errors
/// When the input is no list, or `f` fails.
pub fn map_items(input: &Value, f: OfItem) -> Result<Value, Fault> {
    let items = list(input)?;
    Ok(list_result(of_each(&items, f)?, items.len(), []))
}

/// The items in the order of their keys: `{items, count, total}`. Stable. Numbers stand before texts; an item without a
/// key stands at the end, whichever the order.
///
/// # Errors
/// When the input is no list, or `key` fails.
pub fn sort_items(input: &Value, key: OfItem, order: Order) -> Result<Value, Fault> {
    let items = list(input)?;
    let mut keyed: Vec<(Value, &Value)> = of_each(&items, key)?.into_iter().zip(items.iter()).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a.is_nullish(), b.is_nullish(), order) {
        (false, false, Order::Ascending) => compare(a, b),
        (false, false, Order::Descending) => compare(b, a),
        (a_missing, b_missing, _) => a_missing.cmp(&b_missing),
    });
    Ok(list_result(keyed.into_iter().map(|(_, item)| item.clone()).collect(), items.len(), []))
}

/// The items by the text of their keys, groups in the order in which they first occur:
/// `{items: [{key, items, count}], groups: {<key>: [items]}, count, total}`, where `count` counts the groups and `total` the
/// input.
///
/// # Errors
/// When the input is no list, or `key` fails.
pub fn group_items(input: &Value, key: OfItem) -> Result<Value, Fault> {
    let items = list(input)?;
    let mut positions = std::collections::HashMap::new();
    let mut groups: Vec<(JsString, Value, Vec<Value>)> = Vec::new();
    for (item, value) in items.iter().zip(of_each(&items, key)?) {
        let name = JsString::from(value.to_text().as_str());
        let position = *positions.entry(name.clone()).or_insert(groups.len());
        if position == groups.len() {
            groups.push((name, value, Vec::new()));
        }
        groups[position].2.push(item.clone());
    }
    let mut by_name = Vec::with_capacity(groups.len());
    let mut entries = Vec::with_capacity(groups.len());
    for (name, key, members) in groups {
        let count = Value::from(members.len() as f64);
        let members = Value::array(members);
        entries.push(Value::object([("key", key), ("items", members.clone()), ("count", count)]));
        by_name.push((name, members));
    }
    let by_name = Value::Object(Arc::new(Object::new(by_name)));
    Ok(list_result(entries, items.len(), [("groups", by_name)]))
}

/// The sum of a number of each item: `{total, count}`. Text that is a number counts as one; a missing or null one is no
/// addend, and not counted.
///
/// # Errors
/// When the input is no list, `number` fails, or an item's value is no number.
pub fn calculate_total(input: &Value, number: OfItem) -> Result<Value, Fault> {
    let (mut total, mut count) = (0.0, 0.0);
    for (index, value) in of_each(&list(input)?, number)?.into_iter().enumerate() {
        if value.is_nullish() {
            continue;
        }
        let addend = match &value {
            Value::Number(_) => value,
            Value::String(text) if !text.is_empty() => expr::plus(&value),
            Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Undefined | Value::Null => {
                Value::Number(f64::NAN)
            }
        };
        match addend {
            Value::Number(addend) if !addend.is_nan() => total += addend,
            _ => return Err(Fault::new(format!("item {index} of the list has no number to add"))),
        }
        count += 1.0;
    }
    Ok(Value::object([("total", Value::from(total)), ("count", Value::from(count))]))
}

/// The input with more fields; fields it has are replaced. Of a list: each of its items, as `{items, count, total}`.
///
/// # Errors
/// When the input is neither an object nor a list of objects, or `fields` fails.
pub fn add_fields(input: &Value, fields: FieldsOfItem) -> Result<Value, Fault> {
    each_object(input, &|object, item, index| {
        let own = object.iter().map(|(name, value)| (name.clone(), value.clone()));
        let added = fields(item, index)?;
        let added = added.into_iter().map(|(name, value)| (JsString::from(name), value));
        Ok(Object::new(own.chain(added).collect()))
    })
}

/// Some fields of the input, each a name and the dotted path it is read from. Of a list: of each item, as
/// `{items, count, total}`.
///
/// # Errors
/// When the input is neither an object nor a list of objects.
pub fn extract_fields(input: &Value, fields: &[(&str, &str)]) -> Result<Value, Fault> {
    each_object(input, &|_, item, _| {
        Ok(Object::new(fields.iter().map(|(name, path)| (JsString::from(*name), field(item, path))).collect()))
    })
}

/// A list of objects as RFC 4180 text with a header line: `{csv, count, columns}`. `paths` lead to the columns, and are
/// their headings; without them: every field that occurs, in the order in which they first do. An array or object in a cell is
/// compact JSON.
///
/// Spreadsheets run a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula. Text from
/// outside that begins so, and is no number, is therefore written with a `'` before it, which they show as text.
///
/// # Errors
/// When the input is no list of objects.
pub fn json_to_csv(input: &Value, paths: Option<&[&str]>) -> Result<Value, Fault> {
    let items = list(input)?;
    let columns: Vec<JsString> = match paths {
        Some(paths) => paths.iter().map(|column| JsString::from(*column)).collect(),
        None => {
            let mut seen = std::collections::HashSet::new();
            let names = items.iter().filter_map(|item| match item {
                Value::Object(object) => Some(object.iter().map(|(name, _)| name)),
                _ => None,
            });
            names.flatten().filter(|name| seen.insert((*name).clone())).cloned().collect()
        }
    };
    let mut csv = String::new();
    push_row(&mut csv, columns.iter().map(|name| Value::String(name.clone())));
    for (index, item) in items.iter().enumerate() {
        let Value::Object(object) = item else {
            return Err(Fault::new(format!("item {index} of the list is not an object, so it makes no row")));
        };
        match paths {
            Some(paths) => push_row(&mut csv, paths.iter().map(|path| field(item, path))),
            None => {
                push_row(&mut csv, columns.iter().map(|name| object.get_key(name).cloned().unwrap_or(Value::Undefined)))
            }
        }
    }
    let count = Value::from(items.len() as f64);
    let columns = Value::array(columns.into_iter().map(Value::String).collect());
    Ok(Value::object([("csv", Value::string(&csv)), ("count", count), ("columns", columns)]))
}

fn push_row(csv: &mut String, cells: impl Iterator<Item = Value>) {
    for (index, value) in cells.enumerate() {
        if index > 0 {
            csv.push(',');
        }
        let mut text = value.to_text();
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let number = matches!(value, Value::Number(_))
            || (text.trim().parse::<f64>().is_ok() && text.contains(|c: char| c.is_ascii_digit()));
        if formula && !number {
            text.insert(0, '\'');
        }
        if text.contains([',', '"', '\r', '\n']) {
            csv.push('"');
            csv.push_str(&text.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(&text);
        }
    }
    csv.push_str("\r\n");
}

/// What `f` gives for each item, as long as it does not take too long.
fn of_each(items: &[Value], f: OfItem) -> Result<Vec<Value>, Fault> {
    let _counted = Counted::begin();
    let value = |(index, item)| step().and_then(|()| f(item, index));
    items.iter().enumerate().map(value).collect()
}

/// The items a list transform works on.
fn list(input: &Value) -> Result<Arc<Vec<Value>>, Fault> {
    let none = || Fault::new("the input of the transform is not a list, and has no single field that is one");
    match input {
        Value::Array(items) => Ok(items.clone()),
        Value::Object(object) => {
            let mut arrays = object.iter().filter_map(|(_, value)| match value {
                Value::Array(items) => Some(items),
                _ => None,
            });
            match (arrays.next(), arrays.next()) {
                (Some(items), None) => Ok(items.clone()),
                _ => Err(none()),
            }
        }
        Value::Undefined => Err(Fault::new("the transform has no input: the value it is given is missing")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(none()),
    }
}

/// Applies `f` to an object, or to each item of an array or of another transform's list.
fn each_object(input: &Value, f: &dyn Fn(&Object, &Value, usize) -> Result<Object, Fault>) -> Result<Value, Fault> {
    let items = match input {
        Value::Array(items) => items,
        Value::Object(object) => match (object.get("items"), object.get("count"), object.get("total")) {
            (Some(Value::Array(items)), Some(Value::Number(_)), Some(Value::Number(_))) => items,
            _ => return Ok(Value::Object(Arc::new(f(object, input, 0)?))),
        },
        Value::Undefined => return Err(Fault::new("the transform has no input: the value it is given is missing")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(Fault::new("the input of the transform is neither an object nor a list"));
        }
    };
    let _counted = Counted::begin();
    let mut made = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        step()?;
        let Value::Object(object) = item else {
            return Err(Fault::new(format!("item {index} of the list is not an object, so it has no fields")));
        };
        made.push(Value::Object(Arc::new(f(object, item, index)?)));
    }
    Ok(list_result(made, items.len(), []))
}

fn list_result<const N: usize>(items: Vec<Value>, total: usize, more: [(&str, Value); N]) -> Value {
    let count = Value::from(items.len() as f64);
    let fields = [("items", Value::array(items)), ("count", count), ("total", Value::from(total as f64))];
    Value::object(fields.into_iter().chain(more))
}

/// Numbers by size, then texts as JavaScript compares them, then anything else by its text.
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null | Value::Undefined => 2,
    };
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
        (Value::String(a), Value::String(b)) => a.compare(b),
        _ => rank(a).cmp(&rank(b)).then_with(|| a.to_text().cmp(&b.to_text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        Value::from_json(json).unwrap()
    }

    fn json(result: Result<Value, Fault>) -> String {
        match result {
            Ok(value) => value.to_json().unwrap(),
            Err(fault) => fault.message,
        }
    }

    fn by(path: &'static str) -> impl Fn(&Value, usize) -> Result<Value, Fault> {
        move |item, _| Ok(field(item, path))
    }

    #[test]
    fn a_list_is_an_array_or_the_only_array_of_an_object() {
        let all = |_: &Value, _: usize| Ok(true);
        for input in [
            r#"[1,2]"#,
            r#"{"status_code":200,"response":[1,2],"headers":{}}"#,
            r#"{"items":[1,2],"count":2,"total":5}"#,
        ] {
            assert_eq!(json(filter_items(&value(input), &all)), r#"{"items":[1,2],"count":2,"total":2}"#);
        }
        let none = "the input of the transform is not a list, and has no single field that is one";
        for input in [r#"{"a":[],"b":[]}"#, r#"{"a":1}"#, "null", "\"text\""] {
            assert_eq!(json(filter_items(&value(input), &all)), none);
        }
        assert!(json(filter_items(&Value::Undefined, &all)).contains("missing"));
    }

    #[test]
    fn a_named_list_is_found_beside_others() {
        let named = |input: &str| list_in(value(input), "items").to_json().unwrap();
        assert_eq!(named(r#"{"items":[1],"notes":[2]}"#), "[1]");
        for itself in [r#"{"items":{},"notes":[2]}"#, r#"{"notes":[2]}"#, "[1]", "\"text\""] {
            assert_eq!(named(itself), itself);
        }
    }

    #[test]
    fn filter_and_map_see_items_and_indexes() {
        let orders = value(r#"[{"s":"ok"},{"s":"failed"},{"s":"failed"}]"#);
        let failed = |item: &Value, _: usize| Ok(expr::equals(&expr::member(item, "s"), &Value::string("failed")));
        assert_eq!(
            json(filter_items(&orders, &failed)),
            r#"{"items":[{"s":"failed"},{"s":"failed"}],"count":2,"total":3}"#
        );
        let index = |_: &Value, index: usize| Ok(Value::from(index as f64));
        assert_eq!(json(map_items(&orders, &index)), r#"{"items":[0,1,2],"count":3,"total":3}"#);
        assert_eq!(json(map_items(&orders, &|_, _| Err(Fault::new("thrown")))), "thrown");
    }

    #[test]
    fn sorting_is_stable_and_puts_missing_keys_last() {
        let items = value(r#"[{"k":"b","n":1},{"n":2},{"k":"a","n":3},{"k":10,"n":4},{"k":9,"n":5},{"k":"a","n":6}]"#);
        let numbers = |result: Result<Value, Fault>| json(map_items(&result.unwrap(), &by("n")));
        assert_eq!(
            numbers(sort_items(&items, &by("k"), Order::Ascending)),
            r#"{"items":[5,4,3,6,1,2],"count":6,"total":6}"#
        );
        assert_eq!(
            numbers(sort_items(&items, &by("k"), Order::Descending)),
            r#"{"items":[1,3,6,4,5,2],"count":6,"total":6}"#
        );
    }

    #[test]
    fn groups_keep_the_order_of_their_first_item() {
        let items = value(r#"[{"c":"x"},{"c":1},{"c":"x","n":2}]"#);
        let expected = r#"{"items":[{"key":"x","items":[{"c":"x"},{"c":"x","n":2}],"count":2},{"key":1,"items":[{"c":1}],"count":1}],"count":2,"total":3,"groups":{"1":[{"c":1}],"x":[{"c":"x"},{"c":"x","n":2}]}}"#;
        assert_eq!(json(group_items(&items, &by("c"))), expected);
    }

    #[test]
    fn totals_add_numbers() {
        let total = |input: &str| json(calculate_total(&value(input), &by("price.amount")));
        assert_eq!(
            total(r#"[{"price":{"amount":1.5}},{"price":{"amount":"2"}},{},{"price":null}]"#),
            r#"{"total":3.5,"count":2}"#
        );
        assert_eq!(total("[]"), r#"{"total":0,"count":0}"#);
        assert_eq!(total(r#"[{"price":{"amount":"2 EUR"}}]"#), "item 0 of the list has no number to add");
        assert_eq!(total(r#"[{"price":{"amount":true}}]"#), "item 0 of the list has no number to add");
    }

    #[test]
    fn fields_are_added_to_an_object_or_to_each_item() {
        let add =
            |item: &Value, index: usize| Ok(vec![("a", Value::from(index as f64)), ("b", expr::member(item, "x"))]);
        assert_eq!(json(add_fields(&value(r#"{"x":1,"a":9,"tags":[1]}"#), &add)), r#"{"x":1,"a":0,"tags":[1],"b":1}"#);
        assert_eq!(
            json(add_fields(&value(r#"[{"x":1},{}]"#), &add)),
            r#"{"items":[{"x":1,"a":0,"b":1},{"a":1}],"count":2,"total":2}"#
        );
        assert_eq!(json(add_fields(&value("[1]"), &add)), "item 0 of the list is not an object, so it has no fields");
    }

    #[test]
    fn a_path_names_an_element_as_an_expression_does() {
        let item = value(r#"{"items":["a","b"],"name":"xy"}"#);
        assert_eq!(field(&item, "items.1").to_text(), "b");
        assert_eq!(field(&item, "items.length").to_text(), "2");
        for path in ["items.01", "items.+1", "items.2", "items.1.2", "name.01"] {
            assert!(matches!(field(&item, path), Value::Undefined), "{path}");
        }
    }

    #[test]
    fn fields_are_extracted_by_path() {
        let fields = [("email", "customer.email"), ("first", "items.0.sku"), ("gone", "a.b.c")];
        let input = value(r#"{"customer":{"email":"a@b"},"items":[{"sku":"S"}]}"#);
        assert_eq!(json(extract_fields(&input, &fields)), r#"{"email":"a@b","first":"S"}"#);
    }

    #[test]
    fn csv_quotes_and_defuses() {
        let input = value(r#"[{"a":"x,\"y\"","b":-1},{"b":"=1+1","c":{"k":[1]}},{"a":"-5","b":"+49 1","c":"l\nm"}]"#);
        let expected = "a,b,c\r\n\"x,\"\"y\"\"\",-1,\r\n,'=1+1,\"{\"\"k\"\":[1]}\"\r\n-5,'+49 1,\"l\nm\"\r\n";
        let result = json_to_csv(&input, None).unwrap();
        assert_eq!(field(&result, "csv").to_text(), expected);
        assert_eq!(field(&result, "count").to_text(), "3");
        assert_eq!(
            field(&json_to_csv(&input, Some(&["b"])).unwrap(), "csv").to_text(),
            "b\r\n-1\r\n'=1+1\r\n'+49 1\r\n"
        );
        assert!(json_to_csv(&value("[1]"), None).is_err());
        let nested = value(r#"[{"k":1,"n":{"m":["x","y"]}},{"n.m":2}]"#);
        let csv = |paths| field(&json_to_csv(&nested, paths).unwrap(), "csv").to_text();
        assert_eq!(csv(Some(&["k", "n.m.1"])), "k,n.m.1\r\n1,y\r\n,\r\n");
        assert_eq!(csv(None), "k,n,n.m\r\n1,\"{\"\"m\"\":[\"\"x\"\",\"\"y\"\"]}\",\r\n,,2\r\n");
    }
}
