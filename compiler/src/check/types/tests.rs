//! The types of expressions are compared with the values of the runtime's own operators: a value outside of its
//! expression's type, or a fault where nothing was found, is a mistake in the checker.

use super::infer::Typing;
use super::names::Names;
use crate::check::knowledge::Place;
use crate::diagnostic::Severity;
use crate::files::Files;
use crate::model::expr::{Path, Root};
use crate::model::ty::Type;
use crate::model::{EnvId, Kind, NodeId, Workflow, eval};
use crate::pipeline::{self, Parsed};
use crate::source::{SourceFile, Sources};
use flow_runtime::expr as js;
use flow_runtime::value::Value;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The input of generated expressions: fields of every type, some of which may be missing or null.
const SCHEMA: &str = r#"{
  "type": "object",
  "required": ["s", "n", "b", "k", "l", "ns", "os", "o", "u"],
  "additionalProperties": false,
  "properties": {
    "s": { "type": "string" },
    "n": { "type": "number" },
    "b": { "type": "boolean" },
    "k": { "enum": ["a", "bc", 3] },
    "l": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
    "ns": { "type": "array", "items": { "type": "number" } },
    "os": { "type": "array", "items": {
      "type": "object", "required": ["x"], "additionalProperties": false,
      "properties": { "x": { "type": "number" }, "y": { "type": "string" } } } },
    "o": { "type": "object", "required": ["p"], "additionalProperties": false,
      "properties": { "p": { "type": ["string", "null"] }, "q": { "type": "number" } } },
    "u": { "oneOf": [
      { "type": "object", "required": ["t", "v"], "additionalProperties": false,
        "properties": { "t": { "const": "v" }, "v": { "type": "string" } } },
      { "type": "object", "required": ["t", "w"], "additionalProperties": false,
        "properties": { "t": { "const": "w" }, "w": { "type": "number" } } } ] },
    "ms": { "type": "string" },
    "mn": { "type": ["number", "null"] },
    "ml": { "type": "array", "items": { "type": ["number", "null"] } },
    "mt": { "type": "string" },
    "x": { "oneOf": [
      { "type": "string" },
      { "type": "array", "items": { "type": "number" } },
      { "type": "object", "required": ["length"], "additionalProperties": false,
        "properties": { "length": { "type": "number" } } } ] },
    "t": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "number" }], "items": { "type": "boolean" } }
  }
}"#;

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![Just(""), Just("a"), Just("bc"), Just("12"), Just(" x, y "), Just("0")].prop_map(Value::string)
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![Just(0.0), Just(1.0), Just(-2.5), Just(3.0), Just(100.0)].prop_map(Value::Number)
}

fn list(item: impl Strategy<Value = Value>, least: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, least..4).prop_map(Value::array)
}

fn or(one: impl Strategy<Value = Value>, other: Value) -> impl Strategy<Value = Value> {
    prop_oneof![one, Just(other)]
}

fn object(fields: Vec<(&'static str, Value)>) -> Value {
    Value::object(fields.into_iter().filter(|(_, value)| !matches!(value, Value::Undefined)))
}

fn any_with_a_length() -> impl Strategy<Value = Value> {
    prop_oneof![text(), list(number(), 0), number().prop_map(|length| object(vec![("length", length)]))]
}

fn tuple() -> impl Strategy<Value = Value> {
    let whole = (text(), number(), any::<bool>()).prop_map(|(s, n, b)| vec![s, n, Value::Bool(b)]);
    (whole, 0..4usize).prop_map(|(whole, length)| Value::array(whole.into_iter().take(length).collect()))
}

/// A test of elements and lengths, and what it is asked for: what a test says is where the checker can go wrong.
fn tested() -> impl Strategy<Value = String> {
    let lists = ["l", "ns", "os", "ml", "ms", "x", "t", "u", "o.p", "l[0]"];
    let list = prop::sample::select(lists.to_vec());
    let tests = [
        "LIST",
        "!LIST",
        "LIST.length",
        "LIST.length > A",
        "LIST.length < A",
        "!(LIST.length <= A)",
        "LIST.length == A",
        "LIST.length != A",
        "LIST != ''",
        "LIST[A]",
        "LIST[A] != null",
        "LIST[A] === undefined",
        "LIST[A].x > 0",
        "LIST[A].y",
        "LIST[A].length > B",
        "LIST[A] == 'a'",
        "LIST[A] < 1",
        "OTHER || LIST",
        "OTHER != null || LIST != null",
        "(OTHER ?? LIST) != null",
        "(OTHER || LIST) == 'a'",
        "(OTHER && LIST) || LIST[A]",
    ];
    let parts = [
        "LIST",
        "LIST[A]",
        "LIST[B]",
        "LIST[LIST.length - A]",
        "LIST[LIST.length - B]",
        "LIST[A].x",
        "LIST[A].y",
        "LIST[A].length",
        "LIST[A][B]",
        "OTHER || LIST",
        "OTHER ?? LIST",
        "OTHER ? OTHER : LIST",
        "LIST || OTHER",
        "[OTHER, LIST][A]",
        "Object.entries(input_data.o)[A][B]",
        "LIST.length",
    ];
    let (test, part) = (prop::sample::select(tests.to_vec()), prop::sample::select(parts.to_vec()));
    (test, part.clone(), part, list.clone(), list, 0..3usize, 0..3usize).prop_map(
        |(test, yes, no, list, other, a, b)| {
            let text = format!("(({test}) ? ({yes}) : ({no}))");
            let text =
                text.replace("LIST", &format!("input_data.{list}")).replace("OTHER", &format!("input_data.{other}"));
            text.replace('A', &a.to_string()).replace('B', &b.to_string())
        },
    )
}

/// An input that the schema accepts.
fn input() -> impl Strategy<Value = Value> {
    let either = prop_oneof![
        text().prop_map(|v| object(vec![("t", Value::string("v")), ("v", v)])),
        number().prop_map(|w| object(vec![("t", Value::string("w")), ("w", w)])),
    ];
    let one = (number(), or(text(), Value::Undefined)).prop_map(|(x, y)| object(vec![("x", x), ("y", y)]));
    let inner =
        (or(text(), Value::Null), or(number(), Value::Undefined)).prop_map(|(p, q)| object(vec![("p", p), ("q", q)]));
    let word = prop_oneof![Just(Value::string("a")), Just(Value::string("bc")), Just(Value::Number(3.0))];
    let maybe = (
        or(text(), Value::Undefined),
        or(or(number(), Value::Null), Value::Undefined),
        or(list(or(number(), Value::Null), 0), Value::Undefined),
        or(text(), Value::Undefined),
        or(any_with_a_length(), Value::Undefined),
        or(tuple(), Value::Undefined),
    );
    let first = (text(), number(), any::<bool>(), word, list(text(), 1), list(number(), 0));
    (first, list(one, 0), inner, either, maybe).prop_map(|((s, n, b, k, l, ns), os, o, u, (ms, mn, ml, mt, x, t))| {
        object(vec![
            ("s", s),
            ("n", n),
            ("b", Value::Bool(b)),
            ("k", k),
            ("l", l),
            ("ns", ns),
            ("os", os),
            ("o", o),
            ("u", u),
            ("ms", ms),
            ("mn", mn),
            ("ml", ml),
            ("mt", mt),
            ("x", x),
            ("t", t),
        ])
    })
}

/// An expression as text: any operator, method and function on anything.
fn expression() -> impl Strategy<Value = String> {
    let names = [
        "s",
        "n",
        "b",
        "k",
        "l",
        "ns",
        "os",
        "o",
        "u",
        "ms",
        "mn",
        "ml",
        "o.p",
        "o.q",
        "u.t",
        "u.v",
        "u.w",
        "l[0]",
        "ns[0]",
        "os[0].x",
        "os[1].y",
        "l.length",
        "ms.length",
        "ml[1]",
        "mt",
        "x",
        "t[1]",
    ];
    let names = prop::sample::select(names.to_vec()).prop_map(|name| format!("input_data.{name}"));
    let constants =
        ["0", "1", "'a'", "'12'", "''", "true", "false", "null", "undefined", "[]", "[1, 'a']", "({})", "{ a: 1 }"];
    let leaf = prop_oneof![4 => names.clone(), 1 => prop::sample::select(constants.to_vec()).prop_map(|c| c.trim_matches(['(', ')']).to_owned())];
    let methods: Vec<String> = js::Method::ALL
        .iter()
        .map(|method| match method.name() {
            "repeat" => ".repeat(2)".to_owned(),
            "toFixed" => ".toFixed(1)".to_owned(),
            "toString" => ".toString()".to_owned(),
            "replace" | "replaceAll" => format!(".{}('a', 'b')", method.name()),
            "padStart" | "padEnd" => format!(".{}(3)", method.name()),
            "at" => ".at(-1)".to_owned(),
            "split" => ".split(',')".to_owned(),
            name if method.arity().0 == 0 => format!(".{name}()"),
            name => format!(".{name}(ARG)"),
        })
        .collect();
    let each = [
        ".map(x => BODY)",
        ".filter(x => x)",
        ".filter(x => x.y)",
        ".find(x => x)",
        ".some(x => x)",
        ".every(x => x > 1)",
        ".map(x => x.x)",
        ".map(x => [x])",
        ".flatMap(x => [x, BODY])",
        ".findIndex(x => x)",
        ".reduce((a, x) => a + x, 0)",
        ".reduce((a, x) => a.concat([x]), [])",
        ".sort((a, b) => a - b)",
        ".map((x, i) => i)",
        ".filter(x => x.y != null).map(x => x.y)",
    ];
    // Most are calls that fit: a mistake in a signature shows only where nothing else is wrong.
    let arrays = [
        "input_data.l",
        "input_data.ns",
        "input_data.os",
        "(input_data.ml ?? [])",
        "input_data.ns.filter(x => x > 1)",
        "input_data.os.map(x => x.y)",
        "[input_data.n, input_data.ms]",
        "[input_data.l, input_data.ns]",
        "input_data.ml",
    ];
    let texts = [
        "input_data.s",
        "input_data.l[0]",
        "(input_data.ms ?? 'a')",
        "String(input_data.n)",
        "input_data.ms",
        "`${input_data.b}`",
    ];
    let argument = prop::sample::select(vec!["'a'", "1", "0", "input_data.s", "input_data.n", "-1"]);
    let called = |receivers: &[&'static str]| {
        (prop::sample::select(receivers.to_vec()), prop::sample::select(methods.clone()), argument.clone())
            .prop_map(|(receiver, method, argument)| format!("{receiver}{}", method.replace("ARG", argument)))
    };
    let walked = (prop::sample::select(arrays.to_vec()), prop::sample::select(each.to_vec()), names.clone())
        .prop_map(|(receiver, call, body)| format!("{receiver}{}", call.replace("BODY", &body)));
    let leaf = prop_oneof![4 => leaf, 3 => called(&arrays), 3 => called(&texts), 4 => walked, 4 => tested()];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        let operators = ["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "===", "!==", "&&", "||"];
        let (methods, each) = (methods.clone(), each.to_vec());
        let globals = ["String", "Number", "Boolean", "JSON.stringify", "Object.keys", "Object.values", "Object.entries", "Math.abs", "Math.max"];
        prop_oneof![
            3 => (inner.clone(), prop::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("(({left}) ?? ({right}))")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            2 => (names.clone(), inner.clone()).prop_map(|(name, then)| format!("({name} && {name} + {then})")),
            2 => (names.clone(), inner.clone()).prop_map(|(name, then)| format!("({name} != null ? {name} : {then})")),
            1 => inner.clone().prop_map(|then| format!("(input_data.u.t == 'v' ? input_data.u.v : input_data.u.w * ({then}))")),
            1 => inner.clone().prop_map(|operand| format!("(!{operand})")),
            3 => (inner.clone(), prop::sample::select(methods), inner.clone())
                .prop_map(|(receiver, method, argument)| format!("({receiver}){}", method.replace("ARG", &argument))),
            3 => (inner.clone(), prop::sample::select(each), inner.clone())
                .prop_map(|(receiver, call, body)| format!("({receiver}){}", call.replace("BODY", &body))),
            2 => (prop::sample::select(globals.to_vec()), inner.clone()).prop_map(|(name, argument)| format!("{name}({argument})")),
            1 => inner.clone().prop_map(|part| format!("`a ${{{part}}}`")),
            1 => (inner.clone(), names.clone()).prop_map(|(value, index)| format!("({value})[{index}]")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("[{a}, {b}]")),
        ]
    })
}

struct Input(Value);

impl eval::Names for Input {
    fn path(&self, path: &Path) -> Value {
        match path.root {
            Root::Input => path.steps.iter().fold(self.0.clone(), |value, step| js::member(&value, step)),
            Root::Output(_) | Root::Error => Value::Undefined,
        }
    }
    fn env(&self, _: EnvId) -> Value {
        Value::string("e")
    }
    fn timestamp(&self) -> Value {
        Value::string("t")
    }
    fn execution_id(&self) -> Value {
        Value::string("i")
    }
    fn previous_outputs(&self) -> Value {
        Value::object([])
    }
}

/// A workflow with the schema and one filter; `None` when the expression is refused before it has a type.
fn lowered(expression: &str) -> Option<(Workflow, Sources)> {
    let quoted = Value::string(expression).to_json()?;
    let text = format!(
        r#"{{"nodes":[{{"id":"start","type":"trigger","trigger_type":"manual","config":{{"input_schema":{SCHEMA}}}}},
        {{"id":"a","type":"action","action_type":"data_filter","dependencies":["start"],"config":{{"filter_condition":{quoted}}}}}]}}"#
    );
    let file = SourceFile { name: "w".to_owned(), text };
    let sources = Sources::new(file.clone());
    let no_files: BTreeMap<String, String> = BTreeMap::new();
    let lowered = Parsed::read(file).ok()?.lower("w", &no_files as &dyn Files);
    Some((lowered.model, sources))
}

fn input_type(workflow: &Workflow) -> Type {
    match &workflow.nodes[0].kind {
        Kind::Manual(manual) => manual.input_schema.as_ref().expect("a schema").ty.clone(),
        _ => panic!("the trigger comes first"),
    }
}

/// How many of the generated expressions nothing was found in, and were evaluated without a fault.
#[derive(Default)]
struct Seen {
    all: usize,
    fine: usize,
    typed: usize,
}

#[test]
fn values_are_of_the_type_of_their_expression() {
    let seen = RefCell::new(Seen::default());
    let config = ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&(expression(), prop::collection::vec(input(), 6)), |(expression, inputs)| {
        let Some((workflow, sources)) = lowered(&expression) else { return Ok(()) };
        let Kind::Filter(filter) = &workflow.nodes[1].kind else { return Ok(()) };
        let input = input_type(&workflow);
        let outputs = [Type::Json, Type::Json];
        let names = Names {
            workflow: &workflow,
            place: Place::Node(NodeId(1)),
            supposed: Default::default(),
            input: &input,
            outputs: &outputs,
            knowledge: None,
        };
        let mut typing = Typing::new(&names, &sources);
        let ty = typing.infer(&filter.condition);
        let errors = typing.found.iter().filter(|found| found.severity == Severity::Error).count();
        let mut seen = seen.borrow_mut();
        seen.all += 1;
        seen.fine += usize::from(errors == 0);
        seen.typed += usize::from(errors == 0 && !ty.is_json());
        for value in inputs {
            prop_assert!(input.admits(&value), "the input itself: {value:?}");
            match eval::eval(&filter.condition, &Input(value.clone())) {
                Ok(result) => prop_assert!(
                    ty.admits(&result),
                    "`{expression}` is `{ty}`, and {:?} for {:?}",
                    result.to_json(),
                    value.to_json()
                ),
                // What is `json` is not checked before it runs.
                Err(fault) => {
                    let unknown = ty_mentions_json(&workflow, &filter.condition, &names, &sources);
                    prop_assert!(errors > 0 || unknown, "`{expression}`: {} for {:?}", fault.message, value.to_json());
                }
            }
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let seen = seen.into_inner();
    // The test means nothing when all expressions are wrong, or of no known type.
    assert!(
        seen.fine * 5 > seen.all && seen.typed * 2 > seen.fine,
        "{} of {}, typed {}",
        seen.fine,
        seen.all,
        seen.typed
    );
}

/// Whether some part of an expression may be anything.
fn ty_mentions_json(_: &Workflow, expr: &crate::model::Expr, names: &Names, sources: &Sources) -> bool {
    let mut any = false;
    expr.walk(&mut |part| {
        let mut typing = Typing::new(names, sources);
        any |= typing.infer(part).is_json();
    });
    any
}

/// Accepted with a schema: the generated program is Rust, as far as its syntax goes.
#[test]
fn accepted_expressions_become_rust() {
    let config = ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let accepted = RefCell::new(0);
    let result = runner.run(&expression(), |expression| {
        let quoted = Value::string(&expression).to_json().unwrap_or_default();
        let text = format!(
            r#"{{"nodes":[{{"id":"start","type":"trigger","trigger_type":"manual","config":{{"input_schema":{SCHEMA}}}}},
            {{"id":"a","type":"action","action_type":"data_filter","dependencies":["start"],"config":{{"filter_condition":{quoted}}}}}]}}"#
        );
        let file = SourceFile { name: "w".to_owned(), text };
        if let Ok(fine) = pipeline::check(file, "w", &BTreeMap::new()) {
            let generated = fine.plan().generate();
            prop_assert!(syn::parse_file(generated.main_rs()).is_ok(), "{expression}");
            *accepted.borrow_mut() += 1;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(accepted.into_inner() > 20);
}
