//! Reading documents: against the public test suite, and against texts made to hurt.

use flow_runtime::value::{DEPTH_MAX, Doc, Limits, Shape, ShapeField, Value};
use std::fs;
use std::time::{Duration, Instant};

const EMPTY: Shape = Shape { slots: 0, fields: &[] };

static SHAPE: Shape = Shape {
    slots: 2,
    fields: &[ShapeField { name: "a", slot: Some(0), fields: &[ShapeField { name: "b", slot: Some(1), fields: &[] }] }],
};

#[test]
fn json_test_suite() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance/json-test-suite/test_parsing");
    let mut decided = 0;
    for file in fs::read_dir(folder).expect("the suite is in the repository") {
        let path = file.expect("readable").path();
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("readable");
        let result = Doc::read(&bytes, &SHAPE, &Limits::default());
        match name.as_bytes()[0] {
            b'y' => assert!(result.is_ok(), "{name}: {result:?}"),
            b'n' => assert!(result.is_err(), "{name}"),
            _ => continue,
        }
        decided += 1;
    }
    assert!(decided > 280, "only {decided} files");
}

#[test]
fn depth_is_limited_and_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let limits = Limits { depth: 20, ..Limits::default() };
        assert!(Doc::read(nested(20).as_bytes(), &SHAPE, &limits).is_ok());
        let error = Doc::read(nested(21).as_bytes(), &SHAPE, &limits).expect_err("too deep");
        assert_eq!(error.offset, open.len() * 20);
        // Whatever the limits say, values stay shallow enough for any stack.
        let endless = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(
            Value::from_json(Doc::read(nested(DEPTH_MAX).as_bytes(), &EMPTY, &endless).expect("at the limit").text())
                .is_ok()
        );
        assert!(Doc::read(nested(DEPTH_MAX + 1).as_bytes(), &EMPTY, &endless).is_err());
        assert!(Doc::read(open.repeat(1_000_000).as_bytes(), &EMPTY, &endless).is_err());
        assert!(Value::from_json(&open.repeat(1_000_000)).is_err());
    }
}

#[test]
fn size_is_limited() {
    let limits = Limits { size: 4, ..Limits::default() };
    assert!(Doc::read(b"1234", &EMPTY, &limits).is_ok());
    assert_eq!(Doc::read(b"12345", &EMPTY, &limits).expect_err("too long").offset, 4);
}

/// Each would take hours if anything were quadratic.
#[test]
fn hostile_documents_take_no_longer_than_others() {
    let members = |key: &dyn Fn(usize) -> String| {
        let members: Vec<String> = (0..100_000).map(|n| format!("{}:{n}", key(n))).collect();
        format!("{{{}}}", members.join(","))
    };
    let hostile = [
        ("unique keys", members(&|n| format!("\"k{n}\""))),
        ("keys of one hash", members(&|n| format!("\"a{n:05}a{n:05}a\""))),
        ("one key", members(&|_| "\"k\"".to_owned())),
        ("escaped keys", members(&|n| format!("\"\\u0061{n}\""))),
        ("integers descending", members(&|n| format!("\"{}\"", 100_000 - n))),
        ("a number of a million digits", "9".repeat(1_000_000)),
        ("a fraction of a million digits", format!("0.{}1", "0".repeat(1_000_000))),
        ("an exponent of a million digits", format!("1e{}", "9".repeat(1_000_000))),
        ("escapes", format!("\"{}\"", "\\ud83d".repeat(200_000))),
        ("a million empty arrays", format!("[{}[]]", "[],".repeat(1_000_000))),
        ("objects in a row", format!("[{}1]", "{\"a\":{\"b\":1}},".repeat(100_000))),
    ];
    for (what, text) in hostile {
        let begun = Instant::now();
        let doc = Doc::read(text.as_bytes(), &SHAPE, &Limits::default()).expect(what);
        let value = Value::from_json(doc.text()).expect(what);
        assert_eq!(value.to_json().as_deref(), Some(doc.text()), "{what}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} took {:?}", begun.elapsed());
    }
}
