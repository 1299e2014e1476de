//! Canonical text, and that reading it gives the same tree.

use proptest::prelude::*;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::template::parse_expression;
use crate::syntax::template::tests::{compact, plain};

fn read(text: &str) -> Expr {
    let mut diagnostics = Diagnostics::default();
    let expr = parse_expression(&plain(text), &mut diagnostics);
    expr.unwrap_or_else(|| panic!("{text}\n{diagnostics:?}"))
}

#[test]
fn no_more_parentheses_than_needed() {
    let table = [
        ("((a + b)) * (c * d)", "(a + b) * (c * d)"),
        ("a - (b - c) - (d)", "a - (b - c) - d"),
        ("(a ? b : c) ? (d ? e : f) : (g ? h : i)", "(a ? b : c) ? d ? e : f : g ? h : i"),
        ("a ?? (b || c)", "a ?? (b || c)"),
        ("(a ?? b) && !(c && d)", "(a ?? b) && !(c && d)"),
        ("- -a + +(+b)", "- -a + + +b"),
        ("(5).toFixed( 2 ).length", "(5).toFixed(2).length"),
        ("a[ \"b\" ] . c", "a['b'].c"),
        ("items.map((x)=>({x, 'y': 1, 'z z': `a${x}\\${}`}))", "items.map(x => ({ x, y: 1, 'z z': `a${x}\\${}` }))"),
        ("reduce((a, b) => a+b, 0)", "reduce((a, b) => a + b, 0)"),
        ("'it\\'s \\u{1F600}\\n\\ud800'", "'it\\'s \u{1F600}\\n\\ud800'"),
        ("[1e21, 1.50, 0xff, NaN, 1e-7, .5]", "[1e21, 1.5, 255, NaN, 1e-7, 0.5]"),
        ("previous_outputs.process-payment -b", "previous_outputs.process-payment - b"),
    ];
    for (text, expected) in table {
        assert_eq!(expression(&read(text)), expected);
    }
}

fn at(kind: ExprKind) -> Expr {
    Expr { span: Span::new(0, 0), kind }
}

fn property(name: String) -> Property {
    Property { name, span: Span::new(0, 0) }
}

/// No word of the language starts with these letters.
fn name() -> impl Strategy<Value = String> {
    "[xyz_$][a-zA-Z0-9_$\u{e9}]{0,3}(-[a-z0-9]{1,3}){0,2}"
}

fn string() -> impl Strategy<Value = JsString> {
    let unit = prop_oneof![any::<u16>(), 0x20..0x7Fu16, Just(0xD83D), Just(0xDE00), Just(0x5C), Just(0x27), Just(0x60)];
    proptest::collection::vec(unit, 0..8).prop_map(|units| JsString::from_units(&units))
}

fn binary() -> impl Strategy<Value = Binary> {
    use Binary::*;
    proptest::sample::select(vec![
        Add,
        Subtract,
        Multiply,
        Divide,
        Remainder,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        Equal,
        NotEqual,
        StrictEqual,
        StrictNotEqual,
        And,
        Or,
        Coalesce,
    ])
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(ExprKind::Undefined),
        Just(ExprKind::Null),
        any::<bool>().prop_map(ExprKind::Bool),
        any::<f64>().prop_map(|value| ExprKind::Number(value.abs())),
        (0..100u32).prop_map(|value| ExprKind::Number(f64::from(value))),
        string().prop_map(ExprKind::String),
        name().prop_map(ExprKind::Name),
    ];
    leaf.prop_map(at).prop_recursive(6, 48, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let list = || proptest::collection::vec(inner.clone(), 0..4);
        let key = prop_oneof![name(), "[a-z 1'-]{0,4}", Just(String::from("new"))].prop_map(property);
        let callee = prop_oneof![
            name().prop_map(|name| at(ExprKind::Name(name))),
            (boxed(), name()).prop_map(|(object, name)| at(ExprKind::Member(object, property(name)))),
        ];
        let arrow = (proptest::collection::hash_set(name(), 0..3), boxed())
            .prop_map(|(names, body)| at(ExprKind::Arrow(names.into_iter().map(property).collect(), body)));
        let arguments = proptest::collection::vec(prop_oneof![inner.clone(), arrow], 0..3);
        // Two neighbouring literals of a template literal would be read as one, and an empty one as none.
        let template = proptest::collection::vec((string(), inner.clone()), 0..3).prop_map(|parts| {
            let part = |(literal, expr): (JsString, Expr)| {
                let literal = (!literal.is_empty()).then_some(TemplatePart::Literal(literal));
                literal.into_iter().chain([TemplatePart::Expression(expr)])
            };
            ExprKind::Template(parts.into_iter().flat_map(part).collect())
        });
        let unary = proptest::sample::select(vec![Unary::Not, Unary::Minus, Unary::Plus]);
        prop_oneof![
            template,
            list().prop_map(ExprKind::Array),
            proptest::collection::vec((key, inner.clone()), 0..4).prop_map(ExprKind::Object),
            (boxed(), prop_oneof![name(), Just(String::from("in"))])
                .prop_map(|(object, name)| ExprKind::Member(object, property(name))),
            (boxed(), boxed()).prop_map(|(object, index)| ExprKind::Index(object, index)),
            (callee, arguments).prop_map(|(callee, arguments)| ExprKind::Call(Box::new(callee), arguments)),
            (unary, boxed()).prop_map(|(unary, operand)| ExprKind::Unary(unary, operand)),
            (binary(), boxed(), boxed()).prop_map(|(binary, left, right)| ExprKind::Binary(binary, left, right)),
            (boxed(), boxed(), boxed()).prop_map(|(test, yes, no)| ExprKind::Conditional(test, yes, no)),
        ]
        .prop_map(at)
    })
}

proptest! {
    #[test]
    fn printing_and_reading_gives_the_same_tree(expr in expr()) {
        let text = expression(&expr);
        let again = read(&text);
        prop_assert_eq!(compact(&again), compact(&expr), "{}", text);
        prop_assert_eq!(expression(&again), text);
    }
}
