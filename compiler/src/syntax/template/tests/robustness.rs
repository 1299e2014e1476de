//! Nothing an author or an attacker writes makes the reader panic, hang or run out of stack.

use proptest::prelude::*;

use super::*;
use crate::source::FileId;
use crate::syntax::ast::{Value, ValueKind};
use crate::syntax::json;

/// Every expression of a tree, the root first.
fn walk(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Template(parts) => {
            for part in parts {
                if let TemplatePart::Expression(expr) = part {
                    walk(expr, visit);
                }
            }
        }
        ExprKind::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        ExprKind::Object(entries) => entries.iter().for_each(|(_, value)| walk(value, visit)),
        ExprKind::Member(object, _) => walk(object, visit),
        ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => {
            walk(left, visit);
            walk(right, visit);
        }
        ExprKind::Call(callee, arguments) => {
            walk(callee, visit);
            arguments.iter().for_each(|argument| walk(argument, visit));
        }
        ExprKind::Unary(_, operand) => walk(operand, visit),
        ExprKind::Conditional(test, yes, no) => [test, yes, no].into_iter().for_each(|part| walk(part, visit)),
        ExprKind::Arrow(_, body) => walk(body, visit),
        ExprKind::Undefined
        | ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_) => {}
    }
}

/// Text in a JSON string, each character escaped or not as `escaped` says, in turn.
pub fn as_json(text: &str, escaped: &[bool]) -> String {
    let mut source = String::from("\"");
    for (character, &escape) in text.chars().zip(escaped.iter().cycle()) {
        if escape || character < ' ' || matches!(character, '"' | '\\') {
            for unit in character.encode_utf16(&mut [0; 2]) {
                source.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            source.push(character);
        }
    }
    source.push('"');
    source
}

pub fn read_json(source: &str) -> Text {
    match json::read(source, FileId::WORKFLOW, &mut Diagnostics::default()) {
        Some(Value { kind: ValueKind::String(text), .. }) => text,
        other => panic!("{source} is a string, not {other:?}"),
    }
}

/// Reads a text both ways and looks at every span there is.
fn check_spans(source: &str) {
    let text = read_json(source);
    let mut diagnostics = Diagnostics::default();
    let template = parse_template(&text, &mut diagnostics);
    let alone = parse_expression(&text, &mut diagnostics);
    let decoded = |span: Span| read_json(&format!("\"{}\"", &source[span.range()])).value;
    let mut check = |expr: &Expr| {
        let written = decoded(expr.span);
        assert!(!written.is_empty());
        if let ExprKind::Name(name) = &expr.kind {
            assert!(written.contains(name.as_str()), "{written} for {name} in {source}");
        }
    };
    for part in &template.parts {
        match part {
            Part::Literal(value, span) => assert_eq!(*value, decoded(*span).replace("$${", "${")),
            Part::Expression(expr, _) => walk(expr, &mut check),
        }
    }
    if let Some(expr) = &alone {
        walk(expr, &mut check);
    }
    for found in diagnostics.iter() {
        for label in found.labels.iter().chain([&found.primary]) {
            let _ = &source[label.span.range()];
        }
    }
    // The renderer looks at them as well.
    let sources = Sources::new(SourceFile { name: String::from("w"), text: source.to_owned() });
    render::render(&diagnostics.sorted(), &sources, false);
}

/// Pieces of expressions, so that much of the soup is nearly right.
pub const SOUP: &str = "(\\$\\{|\\}|\\{|\\(|\\)|\\[|\\]|a|b-c|item\\.x|1|0x|\\.5|'s'|\"t\"|'|\"|`| |=>|x => |\\?|:|\\?\\?|\\|\\||&&|==|<|\\+|-|\\*|/|!|,|\\.|\\?\\.|\\.\\.\\.|=|new |typeof |in |\\\\|\\\\u\\{|\\n|\u{e9}|\u{1F600}|\u{2028}|\\$|\\$\\$\\{|true|null|;|@|_1){0,30}";

proptest! {
    #[test]
    fn spans_lie_in_the_source(text in SOUP, escaped in proptest::collection::vec(any::<bool>(), 1..9)) {
        check_spans(&as_json(&text, &escaped));
    }

    #[test]
    fn any_text_at_all(text in "\\PC{0,40}", escaped in proptest::collection::vec(any::<bool>(), 1..9)) {
        check_spans(&as_json(&text, &escaped));
    }
}

#[test]
fn endless_nesting_is_an_error() {
    let openers = [
        "(",
        "[",
        "{a:",
        "{[",
        "{",
        "f(",
        "x[",
        "a?",
        "a?b:",
        "!",
        "- ",
        "`${",
        "a=>",
        "f(a=>",
        "{...",
        "...",
        "[...",
        "((a,b)=>",
        "a ?? (",
        "${",
        "{'",
        "{\"a\":`",
        "a.b(c=>({d:",
        "~",
        "new ",
        "x.y?.[",
    ];
    // What the smallest thread of a test or server has.
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
        for opener in openers {
            for text in [opener.repeat(5_000), format!("${{{}", opener.repeat(2_000))] {
                let mut diagnostics = Diagnostics::default();
                let expr = parse_expression(&plain(&text), &mut diagnostics);
                assert!(expr.is_none() && diagnostics.has_errors(), "{opener}");
                parse_template(&plain(&text), &mut Diagnostics::default());
            }
        }
    });
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn long_chains_are_an_error_before_they_are_a_deep_tree() {
    for (piece, end) in [("a + ", "a"), ("a.", "a"), ("a ?? ", "a"), ("a[0]", ""), ("a(b).", "c"), ("a ? b : ", "c")] {
        let text = format!("{}{end}", piece.repeat(2_000)).replace("]a[", "][");
        let mut diagnostics = Diagnostics::default();
        assert_eq!(parse_expression(&plain(&text), &mut diagnostics), None, "{piece}");
        assert!(diagnostics.iter().all(|found| found.code == Code::TooDeep), "{piece}");
    }
}

#[test]
fn what_people_write_is_not_too_deep() {
    let nested = format!("{}a{}", "(".repeat(50), ")".repeat(50));
    let chain = vec!["a"; 200].join(" + ");
    let list = format!("[{}]", vec!["-a"; 5_000].join(","));
    let tests = format!("{}d", "a == b ? c : ".repeat(50));
    for text in [nested, chain, list, tests] {
        let mut diagnostics = Diagnostics::default();
        assert!(parse_expression(&plain(&text), &mut diagnostics).is_some(), "{diagnostics:?}");
    }
}

/// Backtracking would show here: what is read again at every level takes for ever.
#[test]
fn long_mistakes_are_read_once() {
    for piece in ["(a,", "f(a,b,", "{a:{b ", "'a\\'", "${'", "a b ", "`${a} ", "x=>", "[a,[", "a?b:", "\"\\\""] {
        let text = format!("${{{}", piece.repeat(2_000));
        parse_template(&plain(&text), &mut Diagnostics::default());
    }
}
