//! The expression language against Node.js, case by case.

use crate::node::{Case, cases, check};
use crate::random::Random;
use flow_runtime::expr::{self, EachMethod, Global, Method};
use flow_runtime::value::{Fault, Value};

type Operator = (&'static str, fn(&Value, &Value) -> Value);

#[test]
fn operators() {
    const OPERATORS: &[Operator] = &[
        ("add", expr::add),
        ("sub", expr::sub),
        ("mul", expr::mul),
        ("div", expr::div),
        ("rem", expr::rem),
        ("index", expr::index),
        ("equals", |a, b| expr::equals(a, b).into()),
        ("strict_equals", |a, b| expr::strict_equals(a, b).into()),
        ("less", |a, b| expr::less(a, b).into()),
        ("less_or_equal", |a, b| expr::less_or_equal(a, b).into()),
        ("greater", |a, b| expr::greater(a, b).into()),
        ("greater_or_equal", |a, b| expr::greater_or_equal(a, b).into()),
    ];
    let mut random = Random::new(1);
    let mut all = Vec::new();
    for _ in 0..cases(300) {
        for (name, operator) in OPERATORS {
            let a = random.value(2);
            // Equal values would hardly ever meet by chance.
            let b = match random.below(8) {
                0 => a.clone(),
                1 => Value::Number(expr::global(Global::Number, std::slice::from_ref(&a)).map_or(0.0, as_number)),
                2 => expr::call(&a, Method::ToString, &[]).unwrap_or(Value::Null),
                _ => random.value(2),
            };
            all.push(Case::new("operator", name, &[a.clone(), b.clone()], Ok(operator(&a, &b))));
        }
        let a = random.value(2);
        all.push(Case::new("operator", "neg", std::slice::from_ref(&a), Ok(expr::neg(&a))));
        all.push(Case::new("operator", "plus", std::slice::from_ref(&a), Ok(expr::plus(&a))));
        all.push(Case::new("operator", "truthy", std::slice::from_ref(&a), Ok(a.truthy().into())));
        let pieces = [random.value(1), random.value(1), random.value(1)];
        all.push(Case::new("operator", "text", &pieces, Ok(expr::text(&pieces))));
    }
    check(all);
}

#[test]
fn methods_of_strings() {
    let mut random = Random::new(2);
    let mut all = Vec::new();
    for _ in 0..cases(120) {
        for method in Method::ALL {
            let receiver = Value::String(random.string());
            let args = match method {
                Method::Repeat | Method::At | Method::CharAt | Method::Slice | Method::Substring => {
                    arguments(&mut random, *method, &[Kind::Position, Kind::Position])
                }
                Method::PadEnd | Method::PadStart => arguments(&mut random, *method, &[Kind::Position, Kind::Text]),
                Method::Concat | Method::Replace | Method::ReplaceAll => {
                    arguments(&mut random, *method, &[Kind::Text, Kind::Text])
                }
                _ => arguments(&mut random, *method, &[Kind::Text, Kind::Position]),
            };
            // Sizes that Node would really make, and we refuse.
            if huge(*method, &args) {
                continue;
            }
            all.push(method_case(*method, receiver, args));
        }
    }
    check(all);
}

#[test]
fn methods_of_arrays() {
    let mut random = Random::new(3);
    let mut all = Vec::new();
    for _ in 0..cases(120) {
        for method in Method::ALL {
            let receiver = random.array(2);
            let args = match method {
                Method::Includes | Method::IndexOf | Method::LastIndexOf => {
                    // Identity of objects is departure 3: its own tests.
                    let mut args = arguments(&mut random, *method, &[Kind::Primitive, Kind::Position]);
                    if let (Value::Array(items), true) = (&receiver, random.one_in(2)) {
                        args[0] = items.iter().find(|item| !is_object(item)).cloned().unwrap_or(Value::Null);
                    }
                    args
                }
                Method::Concat => arguments(&mut random, *method, &[Kind::Any, Kind::Any]),
                Method::Join => arguments(&mut random, *method, &[Kind::Text]),
                _ => arguments(&mut random, *method, &[Kind::Position, Kind::Position]),
            };
            all.push(method_case(*method, receiver, args));
        }
    }
    check(all);
}

#[test]
fn methods_of_numbers() {
    let mut random = Random::new(4);
    let mut all = Vec::new();
    for round in 0..cases(1500) {
        let number = random.number();
        let digits = random.pick(&[0.0, 1.0, 2.0, 2.0, 3.0, 5.0, 10.0, 20.0, 100.0, 101.0, -1.0]);
        all.push(method_case(Method::ToFixed, number.into(), vec![digits.into()]));
        // The largest numbers have a thousand digits in base 2: a few of them suffice.
        let radix = (random.below(37) as f64 + 1.0).into();
        all.push(method_case(Method::ToString, number.into(), vec![radix]));
        if round % 8 == 0 {
            let method = random.pick(Method::ALL);
            let receiver = random.pick(&[Value::from(number), true.into(), Value::object([("a", number.into())])]);
            all.push(method_case(method, receiver, vec![]));
        }
    }
    check(all);
}

#[test]
fn globals() {
    let mut random = Random::new(5);
    let mut all = Vec::new();
    for _ in 0..cases(150) {
        for global in Global::ALL.iter().filter(|global| **global != Global::JsonParse) {
            let (min, max) = global.arity();
            let count = min + random.below(max.min(min + 3) - min + 1);
            let mut args: Vec<Value> = (0..count)
                .map(|_| {
                    if global.name().starts_with("Math.") && !random.one_in(8) {
                        random.number().into()
                    } else {
                        random.value(2)
                    }
                })
                .collect();
            if let (Global::JsonStringify, [_, replacer, indent @ ..]) = (global, &mut args[..]) {
                *replacer = random.pick(&[Value::Null, Value::Undefined, true.into()]);
                // V8 breaks lines for an indentation of less than one, where the standard says none: it becomes 0 here.
                if let [Value::Number(indent)] = indent {
                    *indent = indent.trunc();
                }
            }
            all.push(Case::new("global", global.name(), &args, expr::global(*global, &args)));
        }
    }
    check(all);
}

#[test]
fn math_functions_on_many_numbers() {
    let mut random = Random::new(6);
    let mut all = Vec::new();
    for global in Global::ALL.iter().filter(|global| global.name().starts_with("Math.")) {
        for _ in 0..cases(400) {
            let count = global.arity().0.max(1);
            let args: Vec<Value> = (0..count).map(|_| near_its_domain(&mut random).into()).collect();
            all.push(Case::new("global", global.name(), &args, expr::global(*global, &args)));
        }
    }
    for name in ["E", "LN10", "LN2", "LOG10E", "LOG2E", "PI", "SQRT1_2", "SQRT2"] {
        all.push(Case::new("constant", name, &[], Ok(expr::math_constant(name).unwrap_or(0.0).into())));
    }
    check(all);
}

fn near_its_domain(random: &mut Random) -> f64 {
    match random.below(6) {
        0 => random.number(),
        1 => random.unit() * 2.0 - 1.0,
        2 => random.unit() * 40.0 - 20.0,
        3 => random.unit() * 1500.0 - 750.0,
        4 => random.unit() * 10f64.powi(random.below(600) as i32 - 300),
        _ => random.below(100) as f64 - 20.0,
    }
}

#[test]
fn methods_with_arrows() {
    type Arrow = (&'static str, fn(&[Value]) -> Result<Value, Fault>);
    const ARROWS: &[Arrow] = &[
        ("x => x", |args| Ok(args[0].clone())),
        ("(x, i) => i % 2", |args| Ok(expr::rem(&args[1], &Value::from(2.0)))),
        ("(x, i, a) => [x, a.length]", |args| {
            Ok(Value::array(vec![args[0].clone(), expr::member(&args[2], "length")]))
        }),
        ("x => x > 1", |args| Ok(expr::greater(&args[0], &Value::from(1.0)).into())),
    ];
    const COMPARISONS: &[Arrow] = &[
        ("(a, b) => a - b", |args| Ok(expr::sub(&args[0], &args[1]))),
        ("(a, b) => b - a", |args| Ok(expr::sub(&args[1], &args[0]))),
        // A common mistake: never says that `a` comes first.
        ("(a, b) => a > b", |args| Ok(expr::greater(&args[0], &args[1]).into())),
        ("(a, b) => a % 7 - b % 7", |args| {
            let seven = Value::from(7.0);
            Ok(expr::sub(&expr::rem(&args[0], &seven), &expr::rem(&args[1], &seven)))
        }),
        ("(a, b) => (a * 7919 + b * 104729) % 11 - 5", |args| {
            let mixed = expr::add(&expr::mul(&args[0], &7919.0.into()), &expr::mul(&args[1], &104729.0.into()));
            Ok(expr::sub(&expr::rem(&mixed, &11.0.into()), &5.0.into()))
        }),
    ];
    let mut random = Random::new(7);
    let mut all = Vec::new();
    for _ in 0..cases(60) {
        for method in EachMethod::ALL {
            let receiver = random.array(1);
            let (source, arrow) = random.pick(ARROWS);
            let ours = expr::call_each(&receiver, *method, &arrow);
            all.push(Case::new("arrow", &format!("{}:{source}", method.name()), &[receiver], ours));
        }
        for (at, (source, comparison)) in COMPARISONS.iter().enumerate() {
            // What contradicts itself agrees with V8 in short arrays only.
            let length = random.below(if matches!(at, 2 | 4) { 64 } else { 300 });
            let items = (0..length)
                .map(|_| if random.one_in(30) { Value::Undefined } else { (random.below(90) as f64).into() });
            let receiver = Value::array(items.collect());
            all.push(Case::new(
                "arrow",
                &format!("sort:{source}"),
                std::slice::from_ref(&receiver),
                expr::sort_by(&receiver, comparison),
            ));
        }
        let receiver = random.array(0);
        let sum = |args: &[Value]| Ok(expr::add(&expr::add(&args[0], &args[1]), &args[2]));
        let source = "reduce:(sum, x, i) => sum + x + i";
        all.push(Case::new("arrow", source, std::slice::from_ref(&receiver), expr::reduce(&receiver, &sum, None)));
        let initial = random.primitive();
        let ours = expr::reduce(&receiver, &sum, Some(initial.clone()));
        all.push(Case::new("arrow", source, &[receiver, initial], ours));
    }
    check(all);
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Position,
    Primitive,
    Any,
}

/// As many as the method may take, of these kinds.
fn arguments(random: &mut Random, method: Method, kinds: &[Kind]) -> Vec<Value> {
    let (min, max) = method.arity();
    let count = (min + random.below(3)).min(max).min(kinds.len());
    let argument = |kind: &Kind| match kind {
        Kind::Text if random.one_in(8) => random.value(1),
        Kind::Text => random.string().into(),
        Kind::Position => random.position(),
        Kind::Primitive => random.primitive(),
        Kind::Any => random.value(2),
    };
    kinds[..count].iter().map(argument).collect()
}

fn method_case(method: Method, receiver: Value, args: Vec<Value>) -> Case {
    let ours = expr::call(&receiver, method, &args);
    let mut all = vec![receiver];
    all.extend(args);
    Case::new("method", method.name(), &all, ours)
}

fn huge(method: Method, args: &[Value]) -> bool {
    matches!(method, Method::Repeat | Method::PadStart | Method::PadEnd)
        && args.first().is_some_and(|count| expr::greater(count, &Value::from(1000.0)))
}

fn is_object(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

fn as_number(value: Value) -> f64 {
    if let Value::Number(number) = value { number } else { f64::NAN }
}
