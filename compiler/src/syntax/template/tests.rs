//! Text → tree, in a compact form: `(+ a (* b c))`.

mod mistakes;
mod robustness;
mod shapes;
mod templates;
mod unsupported;

use super::*;
use crate::diagnostic::{Code, Diagnostics, render};
use crate::source::{SourceFile, Sources, Span};
use crate::syntax::ast::{ExprKind, TemplatePart, Unary};
use flow_runtime::value::JsString;

fn sources(text: &str) -> Sources {
    Sources::new(SourceFile { name: String::from("w"), text: text.to_owned() })
}

fn rendered(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    assert_eq!(parse_expression(&plain(text), &mut diagnostics), None, "{text} is wrong");
    render::plain_for_tests(&diagnostics, &sources(text))
}

fn rendered_template(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    parse_template(&plain(text), &mut diagnostics);
    render::plain_for_tests(&diagnostics, &sources(text))
}

/// Text that stands in the source as it is, from its first character on.
pub fn plain(text: &str) -> Text {
    Text::verbatim(text.to_owned(), Span::new(0, text.len()), 0)
}

fn string(text: &JsString) -> String {
    match text {
        JsString::Utf8(text) => format!("{text:?}"),
        JsString::Utf16(units) => format!("{units:x?}"),
    }
}

/// The tree without spans.
pub fn compact(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(|item| format!(" {}", compact(item))).collect::<String>();
    match &expr.kind {
        ExprKind::Undefined => String::from("undefined"),
        ExprKind::Null => String::from("null"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(value) => format!("{value:?}"),
        ExprKind::String(value) => string(value),
        ExprKind::Template(parts) => {
            let parts = parts.iter().map(|part| match part {
                TemplatePart::Literal(text) => format!(" {}", string(text)),
                TemplatePart::Expression(expr) => format!(" {}", compact(expr)),
            });
            format!("(`{})", parts.collect::<String>())
        }
        ExprKind::Array(items) => format!("[{}]", list(items).trim_start()),
        ExprKind::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{:?}:{}", key.name, compact(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
        }
        ExprKind::Name(name) => name.clone(),
        ExprKind::Member(object, property) => format!("(. {} {})", compact(object), property.name),
        ExprKind::Index(object, index) => format!("([] {} {})", compact(object), compact(index)),
        ExprKind::Call(callee, arguments) => format!("(call {}{})", compact(callee), list(arguments)),
        ExprKind::Unary(unary, operand) => {
            let sign = match unary {
                Unary::Not => "!",
                Unary::Minus => "-",
                Unary::Plus => "+",
            };
            format!("({sign} {})", compact(operand))
        }
        ExprKind::Binary(binary, left, right) => {
            let sign = binary.sign();
            format!("({sign} {} {})", compact(left), compact(right))
        }
        ExprKind::Conditional(test, yes, no) => format!("(? {} {} {})", compact(test), compact(yes), compact(no)),
        ExprKind::Arrow(parameters, body) => {
            let parameters = parameters.iter().map(|parameter| parameter.name.as_str()).collect::<Vec<_>>();
            format!("(=> ({}) {})", parameters.join(" "), compact(body))
        }
    }
}

/// The tree of an expression, or the code and headline of what is wrong with it.
fn read(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    match parse_expression(&plain(text), &mut diagnostics) {
        Some(expr) => compact(&expr),
        None => diagnostics.iter().map(|found| format!("{}: {}", found.code.slug(), found.headline)).collect(),
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(read(text), *expected, "for {text}");
    }
}

#[test]
fn precedence_is_that_of_javascript() {
    check(&[
        ("1 + 2 * 3", "(+ 1.0 (* 2.0 3.0))"),
        ("(1 + 2) * 3", "(* (+ 1.0 2.0) 3.0)"),
        ("1 - 2 - 3", "(- (- 1.0 2.0) 3.0)"),
        ("8 / 4 / 2 % 3", "(% (/ (/ 8.0 4.0) 2.0) 3.0)"),
        ("-a * b", "(* (- a) b)"),
        ("- a.b", "(- (. a b))"),
        ("!a == b", "(== (! a) b)"),
        ("!!a", "(! (! a))"),
        ("- -a", "(- (- a))"),
        ("1 - -a", "(- 1.0 (- a))"),
        ("a + +b", "(+ a (+ b))"),
        ("a < b == c > d", "(== (< a b) (> c d))"),
        ("a < b < c", "(< (< a b) c)"),
        ("a == b != c === d", "(=== (!= (== a b) c) d)"),
        ("a && b || c && d", "(|| (&& a b) (&& c d))"),
        ("a || b || c", "(|| (|| a b) c)"),
        ("a ?? b ?? c", "(?? (?? a b) c)"),
        ("a ?? (b || c)", "(?? a (|| b c))"),
        ("(a && b) ?? c", "(?? (&& a b) c)"),
        ("a ?? b == c", "(?? a (== b c))"),
        ("a ? b : c", "(? a b c)"),
        ("a ? b : c ? d : e", "(? a b (? c d e))"),
        ("a ? b ? c : d : e", "(? a (? b c d) e)"),
        ("a || b ? c || d : e || f", "(? (|| a b) (|| c d) (|| e f))"),
        ("a ?? b ? c || d : e && f", "(? (?? a b) (|| c d) (&& e f))"),
        ("a?.5:1", "(? a 0.5 1.0)"),
        ("a ?. [0] ?.\n[b]", "([] ([] a 0.0) b)"),
        ("a + b > c && !d", "(&& (> (+ a b) c) (! d))"),
    ]);
}

#[test]
fn a_hyphen_inside_a_name_belongs_to_it() {
    check(&[
        (
            "previous_outputs.process-payment.result.transaction_id",
            "(. (. (. previous_outputs process-payment) result) transaction_id)",
        ),
        ("order-2", "order-2"),
        ("true-love", "true-love"),
        ("typeof-x", "typeof-x"),
        ("a - b", "(- a b)"),
        ("a -b", "(- a b)"),
        ("a- b", "(- a b)"),
        ("items[0]-1", "(- ([] items 0.0) 1.0)"),
        ("1-2", "(- 1.0 2.0)"),
        ("2-x", "(- 2.0 x)"),
        ("(a)-b", "(- a b)"),
        ("items.length-1", "(. items length-1)"),
        ("{process-payment}", "{\"process-payment\":process-payment}"),
    ]);
}

#[test]
fn seed_expressions() {
    check(&[
        (
            "input_data.order_id && input_data.items && input_data.items.length > 0",
            "(&& (&& (. input_data order_id) (. input_data items)) (> (. (. input_data items) length) 0.0))",
        ),
        ("result.success == false", "(== (. result success) false)"),
        ("${result.success == false}", "(== (. result success) false)"),
        ("item.status == 'error'", "(== (. item status) \"error\")"),
        ("JSON.stringify(input_data)", "(call (. JSON stringify) input_data)"),
        ("input_data.headers || {}", "(|| (. input_data headers) {})"),
    ]);
}

#[test]
fn mixed_coalesce_wants_parentheses() {
    let mixed = "expression-syntax: `??` and `||` or `&&` stand side by side without parentheses";
    check(&[("a ?? b || c", mixed), ("a || b ?? c", mixed), ("a && b ?? c", mixed), ("a ?? b && c", mixed)]);
}

#[test]
fn template_parts_and_their_places() {
    let mut diagnostics = Diagnostics::default();
    let template = parse_template(&plain("a $${x} ${ b } c"), &mut diagnostics);
    assert!(diagnostics.is_empty());
    let [Part::Literal(first, first_span), Part::Expression(expr, span), Part::Literal(last, _)] = &template.parts[..]
    else {
        panic!("{template:?}")
    };
    assert_eq!((first.as_str(), first_span.range()), ("a ${x} ", 0..8));
    assert_eq!((compact(expr), span.range(), expr.span.range()), (String::from("b"), 8..14, 11..12));
    assert_eq!(last, " c");
}

#[test]
fn unterminated_template() {
    let mut diagnostics = Diagnostics::default();
    let template = parse_template(&plain("Order ${input_data.order_id is ready"), &mut diagnostics);
    assert_eq!(template.parts.len(), 1);
    let found = diagnostics.sorted();
    assert_eq!(found[0].code, Code::UnterminatedTemplate);
    assert_eq!(found[0].primary.span.range(), 6..8);
}
