//! Reading documents, against Node.js and serde_json.

use crate::node::{Case, cases, check};
use crate::process::encoded;
use crate::random::Random;
use crate::ugly;
use flow_runtime::value::{Doc, Limits, Raw, Shape, ShapeField, Value, write_string};

const fn leaf(name: &'static str, slot: usize) -> ShapeField {
    ShapeField { name, slot: Some(slot), fields: &[] }
}

static SHAPE: Shape = Shape {
    slots: 9,
    fields: &[
        ShapeField {
            name: "a",
            slot: Some(0),
            fields: &[
                leaf("b", 1),
                ShapeField { name: "a", slot: None, fields: &[leaf("a", 2), leaf("length", 3)] },
                leaf("é", 4),
            ],
        },
        leaf("q\"q", 5),
        leaf("__proto__", 6),
        leaf("1", 7),
        leaf("b", 8),
    ],
};

/// Where the slots of [`SHAPE`] lie.
const PATHS: &[&[&str]] = &[
    &["a"],
    &["a", "b"],
    &["a", "a", "a"],
    &["a", "a", "length"],
    &["a", "é"],
    &["q\"q"],
    &["__proto__"],
    &["1"],
    &["b"],
];

#[test]
fn accepts_what_serde_json_accepts() {
    let mut random = Random::new(11);
    let mut accepted = 0;
    for _ in 0..cases(20_000) {
        let bytes = ugly::broken(&mut random);
        let ours = Doc::read(&bytes, &SHAPE, &Limits::default());
        match serde_json::from_slice::<serde_json::Value>(&bytes) {
            Ok(_) => assert!(ours.is_ok(), "{ours:?}: {}", String::from_utf8_lossy(&bytes)),
            // It refuses what it cannot hold: large numbers, lone surrogates. RFC 8259 does not, nor does JavaScript.
            Err(error)
                if ["number out of range", "surrogate", "hex escape"]
                    .iter()
                    .any(|what| error.to_string().contains(what)) => {}
            Err(error) => assert!(ours.is_err(), "{error}: {}", String::from_utf8_lossy(&bytes)),
        }
        accepted += usize::from(ours.is_ok());
        if let Err(error) = ours {
            assert!(error.offset <= bytes.len());
        }
    }
    assert!(accepted > 1000, "the generator should not break everything");
}

#[test]
fn canonical_text_and_slots_are_what_node_says() {
    let mut random = Random::new(12);
    let mut all = Vec::new();
    for round in 0..cases(4000) {
        let source = match round % 3 {
            0 => match String::from_utf8(ugly::broken(&mut random)) {
                Ok(source) => source,
                Err(_) => continue,
            },
            _ => ugly::document(&mut random),
        };
        let mut question = String::from("{\"ask\":\"document\",\"args\":[");
        write_string(&source, &mut question);
        let paths = PATHS.iter().map(|path| Value::array(path.iter().map(|name| Value::string(name)).collect()));
        question.push_str(&format!(",{}]}}", Value::array(paths.collect()).to_json().expect("an array")));
        let ours = match Doc::read(source.as_bytes(), &SHAPE, &Limits::default()) {
            Err(_) => "\"throws\"".to_owned(),
            Ok(doc) => {
                check_reading_again(&doc);
                let slots = (0..SHAPE.slots).map(|slot| about(Raw::new(doc.slot(slot), "")));
                encoded(&Ok(Value::array([Value::string(doc.text())].into_iter().chain(slots).collect())))
            }
        };
        all.push(Case { question, ours });
    }
    check(all);
}

/// What the question `document` asks about each path.
fn about(raw: Raw) -> Value {
    let text = raw.text().map_or(Value::Undefined, Value::string);
    assert_eq!(raw.value().to_json().as_deref(), raw.text());
    assert_eq!(
        raw.string().map(|string| Value::String(string).to_json()),
        raw.text().filter(|t| t.starts_with('"')).map(|t| Some(t.to_owned()))
    );
    Value::array(vec![text, raw.truthy().into(), raw.length()])
}

/// Canonical text stays as it is, and every way to read it agrees.
fn check_reading_again(doc: &Doc) {
    let again = Doc::read(doc.text().as_bytes(), &SHAPE, &Limits::default()).expect("canonical text is JSON");
    assert_eq!(again.text(), doc.text());
    assert_eq!(Value::from_json(doc.text()).expect("JSON").to_json().as_deref(), Some(doc.text()));
    for (slot, path) in PATHS.iter().enumerate() {
        assert_eq!(again.slot(slot), doc.slot(slot));
        let scanned = path.iter().fold(Raw::new(Some(doc.text()), ""), |raw, name| raw.get(name));
        assert_eq!(scanned.text(), doc.slot(slot), "{path:?} of {}", doc.text());
    }
}
