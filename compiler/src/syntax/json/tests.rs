//! What is read, what is refused and in which words, and that nothing makes the reader panic.

mod mistakes;

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::render;
use crate::source::{SourceFile, Sources};

/// The whole way from bytes: what is wrong, rendered.
fn read_bytes(bytes: &[u8]) -> Result<Value, String> {
    let mut diagnostics = Diagnostics::default();
    let file = SourceFile::from_bytes("w.json", bytes.to_vec(), &mut diagnostics);
    let value = match diagnostics.has_errors() {
        false => read(&file.text, FileId::WORKFLOW, &mut diagnostics),
        true => None,
    };
    value.ok_or_else(|| render::render(&diagnostics.sorted(), &Sources::new(file), false))
}

fn rendered(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    let sources = Sources::new(SourceFile { name: String::from("w"), text: text.to_owned() });
    let value = read(text, FileId::WORKFLOW, &mut diagnostics);
    assert!(value.is_none(), "{text} is wrong");
    render::plain_for_tests(&diagnostics, &sources)
}

#[test]
fn json_test_suite() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/json-test-suite/test_parsing");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the suite is in the repository") {
        let path = entry.expect("a file of the suite").path();
        let name = path.file_name().expect("files have names").to_string_lossy().into_owned();
        let result = read_bytes(&std::fs::read(&path).expect("a file of the suite"));
        match name.split('_').next() {
            Some("y") => assert!(result.is_ok(), "{name} is JSON\n{}", result.unwrap_err()),
            Some("n") => assert!(result.is_err(), "{name} is no JSON"),
            _ => {}
        }
        seen += 1;
    }
    assert!(seen > 300, "the suite is there as a whole");
}

#[test]
fn every_span_covers_what_was_written() {
    let text = " { \"a\" : [ 1.50 , \"b\" , { } ] } ";
    let value = read_bytes(text.as_bytes()).expect("JSON");
    let ValueKind::Object(object) = &value.kind else { panic!("{value:?}") };
    let entry = &object.entries[0];
    let ValueKind::Array(items) = &entry.value.kind else { panic!("{entry:?}") };
    let written = |span: Span| &text[span.range()];
    assert_eq!(written(value.span), "{ \"a\" : [ 1.50 , \"b\" , { } ] }");
    assert_eq!(written(entry.key.span), "\"a\"");
    assert_eq!(written(entry.value.span), "[ 1.50 , \"b\" , { } ]");
    assert_eq!(items.iter().map(|item| written(item.span)).collect::<Vec<_>>(), ["1.50", "\"b\"", "{ }"]);
    assert_eq!(items[0].kind, ValueKind::Number(String::from("1.50"), 1.5));
}

#[test]
fn decoded_offsets_lead_back_to_the_source() {
    let text = r#" "a\"b\u00e9c\ud83d\ude00d\ne" "#;
    let value = read_bytes(text.as_bytes()).expect("JSON");
    let ValueKind::String(string) = value.kind else { panic!("{value:?}") };
    assert_eq!(string.value, "a\"b\u{e9}c\u{1F600}d\ne");
    let written = [
        ("a", "a"),
        ("\"", "\\\""),
        ("b", "b"),
        ("\u{e9}", "\\u00e9"),
        ("c", "c"),
        ("\u{1F600}", "\\ud83d\\ude00"),
        ("d", "d"),
        ("\n", "\\n"),
        ("e", "e"),
        ("b\u{e9}c", "b\\u00e9c"),
        ("d\ne", "d\\ne"),
    ];
    for (decoded, source) in written {
        let start = string.value.find(decoded).expect("part of the text");
        assert_eq!(&text[string.span_of(start..start + decoded.len()).range()], source);
    }
    assert_eq!(
        string.span_of(0..string.value.len()).range(),
        string.span.start as usize + 1..string.span.end as usize - 1
    );
}

#[test]
fn byte_order_mark_is_tolerated() {
    let value = read_bytes(b"\xEF\xBB\xBF[1]").expect("JSON");
    assert_eq!(value.span.range(), 3..6);
}

#[test]
fn only_four_characters_are_white_space() {
    assert!(
        rendered("{\"a\":\u{a0}1}").starts_with("error[json-syntax]: the character U+00A0 is no white space in JSON")
    );
    assert!(rendered("[\u{c}]").starts_with("error[json-syntax]: the character U+000C is no white space in JSON"));
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_bytes(nested(DEPTH_MAX).as_bytes()).is_ok());
    let found = rendered(&nested(DEPTH_MAX + 1));
    assert!(found.starts_with("error[too-deep]: more than 128 arrays"), "{found}");
    assert!(rendered(&"[{\"a\":".repeat(20_000)).starts_with("error[too-deep]"));
}

#[test]
fn size_is_limited() {
    let found = rendered(&" ".repeat(SIZE_MAX + 1));
    assert!(found.starts_with("error[too-large]: the file is larger than the 16 MiB flowc reads"));
}

#[test]
fn both_places_of_a_duplicate_key() {
    let mut diagnostics = Diagnostics::default();
    let value = read(r#"{"a":1,"b":2,"a":3,"a":4}"#, FileId::WORKFLOW, &mut diagnostics);
    assert!(value.is_some());
    let found = diagnostics.sorted();
    let places = found.iter().map(|found| (found.primary.span.start, found.labels[0].span.start));
    assert_eq!(places.collect::<Vec<_>>(), [(13, 1), (19, 1)]);
    assert!(found.iter().all(|found| found.code == Code::DuplicateKey));
}

/// Reads all tokens of a text by the grammar alone, and wants each that is read without it to be the same.
fn compare_tokens(text: &str) {
    let mut at = 0;
    loop {
        let token = by_grammar(text, at, FileId::WORKFLOW).unwrap_or_else(|_| panic!("the grammar matches {text:?}"));
        if let Some((rule, range)) = quick::word(text, at) {
            assert_eq!((rule, range), (token.rule, token.span.range()), "at {at} in {text:?}");
        } else {
            // After `true` and the like a character beyond ASCII may be a letter: the grammar knows.
            let right = matches!(token.text, "{" | "}" | "[" | "]" | ":" | ",");
            let right = right || matches!(token.rule, Rule::string | Rule::number | Rule::EOI);
            assert!(!right, "{:?} is right, and should be quick in {text:?}", token.text);
        }
        if token.rule == Rule::EOI {
            return;
        }
        at = token.span.end as usize;
    }
}

#[test]
fn tokens_of_the_suite_are_those_of_the_grammar() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/json-test-suite/test_parsing");
    for entry in std::fs::read_dir(folder).expect("the suite is in the repository") {
        let bytes = std::fs::read(entry.expect("a file").path()).expect("a file of the suite");
        // Reading every rest of 100,000 brackets by the grammar would take for ever.
        if let Ok(text) = str::from_utf8(&bytes[..bytes.len().min(1_000)]) {
            compare_tokens(text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn tokens_are_those_of_the_grammar(text in "([\\[\\]{}:,\"\\\\ ]|[0-9.eE+-]|true|null|false|nul|_|\\$|\"a\"|\"b\":|\"\\\\u00e9\\\\n\"|\"\\\\\n|\n|\r|\t|//|#|'|\u{b}|\u{feff}|\u{e9}){0,24}", any in "\\PC{0,12}") {
        compare_tokens(&text);
        compare_tokens(&any);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*|([\\[\\]{}:,\"\\\\'/*u0-9a-f.eE+ \n\t-]|true|null|\"a\"|\"b\":|\\\\u[0-9a-f]{4}|\u{e9})*") {
        let _ = read_bytes(text.as_bytes());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn agrees_with_another_reader(text in "([\\[\\]{}:,\"\\\\ ]|[0-9.eE+-]|true|null|\"a\"|\"b\":|\"\\\\u00e9\\\\n\"|\u{e9})*") {
        let other: Result<serde_json::Value, _> = serde_json::from_str(&text);
        // Numbers beyond the range of doubles are infinite here, and an error there.
        let out_of_range = other.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range"));
        prop_assume!(!out_of_range);
        prop_assert_eq!(read_bytes(text.as_bytes()).is_ok(), other.is_ok());
    }
}
