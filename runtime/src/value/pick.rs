//! The fields of a shape in text that is canonical already: what the engine has put together itself.
//!
//! Comes in: canonical text, a tree of names. Goes out: where the named fields stand.
//! Always true: the same places that reading the text again would give; nothing is checked, so that what nobody asks for is
//! skipped and not looked at.

use super::canonical::Slot;
use super::doc::{Shape, ShapeField};
use super::json::Reader;
use super::raw::{skip_string, skip_value};
use super::write::write_escaped;

/// An object that is still open.
struct Open<'s> {
    fields: &'s [ShapeField],
    /// How many of them have not been met.
    left: usize,
    slot: Option<usize>,
    from: usize,
}

pub(super) fn pick(text: &str, shape: &Shape) -> Box<[Slot]> {
    let mut slots: Box<[Slot]> = vec![None; shape.slots].into();
    let mut reader = Reader::new(text);
    let mut open: Vec<Open> = Vec::new();
    let root = ShapeField { name: "", slot: None, fields: shape.fields };
    let mut wanted = Some(&root);
    loop {
        let from = reader.at;
        match wanted {
            Some(field) if !field.fields.is_empty() && reader.eat(b'{') => {
                open.push(Open { fields: field.fields, left: field.fields.len(), slot: field.slot, from });
            }
            field => {
                skip_value(&mut reader);
                settle(&mut slots, field.and_then(|field| field.slot), from, reader.at);
            }
        }
        // To the next value somebody may ask for.
        loop {
            let Some(object) = open.last_mut() else { return slots };
            if object.left == 0 {
                // Outside the outermost object nothing is asked for.
                if open.len() == 1 {
                    return slots;
                }
                skip_rest(&mut reader);
            }
            reader.eat(b',');
            if reader.eat(b'"') {
                let Some(object) = open.last_mut() else { return slots };
                let key_from = reader.at;
                skip_string(&mut reader);
                let key = text.get(key_from..reader.at.saturating_sub(1)).unwrap_or_default();
                wanted = find(object.fields, key);
                object.left -= usize::from(wanted.is_some());
                reader.eat(b':');
                break;
            }
            reader.eat(b'}');
            if let Some(object) = open.pop() {
                settle(&mut slots, object.slot, object.from, reader.at);
            }
        }
    }
}

fn settle(slots: &mut [Slot], slot: Option<usize>, from: usize, to: usize) {
    if let Some(slot) = slot {
        slots[slot] = Some((from as u32, to as u32));
    }
}

fn find<'s>(fields: &'s [ShapeField], key: &str) -> Option<&'s ShapeField> {
    if !key.contains('\\') {
        return fields.iter().find(|field| field.name == key);
    }
    let mut escaped = String::new();
    fields.iter().find(|field| {
        escaped.clear();
        write_escaped(field.name, &mut escaped);
        escaped == key
    })
}

/// Behind the other members of the innermost object, before its bracket.
fn skip_rest(reader: &mut Reader) {
    while reader.peek().is_some_and(|byte| byte != b'}') {
        reader.eat(b',');
        if reader.eat(b'"') {
            skip_string(reader);
        }
        reader.eat(b':');
        skip_value(reader);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Doc, Limits};
    use super::*;
    use proptest::prelude::*;

    static DEEP: [ShapeField; 2] = [ShapeField::both("a", 4, &[ShapeField::leaf("q\"", 5)]), ShapeField::leaf("b", 6)];
    static SHAPE: Shape = Shape::new(
        7,
        &[
            ShapeField::both("a", 0, &[ShapeField::leaf("b", 1), ShapeField::branch("c", &DEEP)]),
            ShapeField::leaf("q\"", 2),
            ShapeField::both("c", 3, &[]),
        ],
    );

    fn json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just("12.5".to_owned()),
            Just(r#""a\"},{é""#.to_owned()),
            Just("{}".to_owned()),
            Just("[]".to_owned()),
        ];
        scalar.prop_recursive(5, 64, 6, |inner| {
            let key = prop::sample::select(vec!["a", "b", "c", "q\\\"", "\\u0000", "d"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::btree_map(key, inner, 0..6).prop_map(|fields| {
                    let fields: Vec<String> =
                        fields.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_places_are_those_of_reading(text in json()) {
            let read = Doc::read(text.as_bytes(), &SHAPE, &Limits::default()).unwrap();
            prop_assert_eq!(&pick(&text, &SHAPE), &pick(read.text(), &SHAPE));
            prop_assert_eq!(Doc::of_canonical(text, &SHAPE).unwrap(), read);
        }
    }
}
