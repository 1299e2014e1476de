//! JavaScript's operators, methods and globals on values: the one place that knows the semantics.
//!
//! Comes in: [`crate::value::Value`]s. Goes out: a value, or a [`crate::value::Fault`] where JavaScript would throw.
//! Always true: pure; the same arguments give the same value, in the compiler (constant folding) and in a binary.
//! Any data is safe: what would grow without bounds is a fault (see `limits.rs`), and so is what would take too long (see
//! `work.rs`).
//! Deliberately absent: regular expressions, `Math.random`, dates, locales, anything inherited from a prototype.

mod array_methods;
mod convert;
mod fdlibm;
mod globals;
mod limits;
mod math;
mod names;
mod number_methods;
mod operators;
mod replace;
mod search;
mod sort;
mod string_methods;
mod trigonometry;
pub(crate) mod work;

pub use globals::global;
pub use limits::{ITEMS_MAX, TEXT_MAX};
pub use math::math_constant;
pub use names::{EachMethod, Global, Method};
pub use operators::{
    add, div, equals, greater, greater_or_equal, index, less, less_or_equal, member, mul, neg, plus, rem, same,
    strict_equals, sub, text,
};

use crate::value::{Fault, Value};
use convert::kind;

/// `receiver.method(args)`; undefined when the receiver is undefined or null (departure 1).
///
/// # Errors
/// Where JavaScript throws: the receiver has no such method, an argument is out of range.
pub fn call(receiver: &Value, method: Method, args: &[Value]) -> Result<Value, Fault> {
    let result = match receiver {
        Value::Undefined | Value::Null => return Ok(Value::Undefined),
        Value::String(string) => {
            work::text(string);
            string_methods::call(string, method, args)
        }
        Value::Array(items) => array_methods::call(items, method, args),
        Value::Number(number) => match method {
            Method::ToFixed => Some(number_methods::to_fixed(*number, argument(args, 0)).map(text_value)),
            Method::ToString => Some(number_methods::to_string(*number, argument(args, 0)).map(text_value)),
            _ => None,
        },
        Value::Bool(_) | Value::Object(_) => (method == Method::ToString).then(|| Ok(receiver.to_js_string().into())),
    };
    let result = result.unwrap_or_else(|| Err(no_method(receiver, method.name())));
    result.inspect(work::made)
}

/// `receiver.method(f)`; `f` gets `[item, index, array]`.
///
/// # Errors
/// When `f` fails, or the receiver is no array. Undefined and null give undefined, and `f` is not called.
pub fn call_each(
    receiver: &Value,
    method: EachMethod,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => counted(f, |f| array_methods::call_each(items, method, f)),
        _ => Err(no_method(receiver, method.name())),
    }
}

/// `receiver.reduce(f, initial)`; `f` gets `[accumulator, item, index, array]`. `None`: no initial value was given.
///
/// # Errors
/// As [`call_each`], and for an empty array without an initial value.
pub fn reduce(
    receiver: &Value,
    f: &dyn Fn(&[Value]) -> Result<Value, Fault>,
    initial: Option<Value>,
) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => counted(f, |f| array_methods::reduce(items, f, initial)),
        _ => Err(no_method(receiver, "reduce")),
    }
}

/// `receiver.sort(f)`, as a new array; `f` gets `[a, b]`. Stable; undefined stands at the end.
///
/// # Errors
/// As [`call_each`].
pub fn sort_by(receiver: &Value, f: &dyn Fn(&[Value]) -> Result<Value, Fault>) -> Result<Value, Fault> {
    match receiver {
        Value::Undefined | Value::Null => Ok(Value::Undefined),
        Value::Array(items) => counted(f, |f| sort::sort_by_comparison(items, f)).map(Value::array),
        _ => Err(no_method(receiver, "sort")),
    }
}

/// A function of the items of a list.
type OfItems<'a> = &'a dyn Fn(&[Value]) -> Result<Value, Fault>;

/// Does something with a function for each item, as long as it does not take too long.
fn counted<T>(f: OfItems, run: impl FnOnce(OfItems) -> Result<T, Fault>) -> Result<T, Fault> {
    let _counted = work::Counted::begin();
    run(&|args| {
        work::step()?;
        f(args)
    })
}

/// The argument at a place; undefined when there are fewer.
fn argument(args: &[Value], at: usize) -> &Value {
    args.get(at).unwrap_or(&Value::Undefined)
}

fn text_value(text: String) -> Value {
    Value::String(text.into())
}

fn no_method(receiver: &Value, method: &str) -> Fault {
    Fault::new(format!("{} has no method {method}()", kind(receiver)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    /// `receiver.method(...args)`, all as JSON; `Err` when it is a fault.
    fn called(receiver: &str, method: &str, args: &str) -> Result<String, String> {
        let Value::Array(args) = json(args) else { panic!("arguments are an array") };
        let method = Method::from_name(method).unwrap();
        let value = call(&json(receiver), method, &args).map_err(|fault| fault.message)?;
        Ok(value.to_json().unwrap_or_else(|| "undefined".to_owned()))
    }

    #[test]
    fn methods() {
        for (receiver, method, args, expected) in [
            (r#"[1,2,3]"#, "at", "[-1]", "3"),
            (r#""abc""#, "at", "[-4]", "undefined"),
            (r#""abc""#, "charAt", "[1]", r#""b""#),
            (r#"[1]"#, "concat", "[[2,[3]],4]", "[1,2,[3],4]"),
            (r#""a""#, "concat", r#"["b",1,{"c":2}]"#, r#""ab1{\"c\":2}""#),
            (r#""order-17""#, "endsWith", r#"["17"]"#, "true"),
            (r#"[1,[2,[3]]]"#, "flat", "[]", "[1,2,[3]]"),
            (r#"[{"a":1}]"#, "includes", r#"[{"a":1}]"#, "true"),
            (r#"[{"a":1}]"#, "indexOf", r#"[{"a":1}]"#, "0"),
            (r#"[1,null,"a",{"b":2}]"#, "join", r#"["; "]"#, r#""1; ; a; {\"b\":2}""#),
            (r#"[1,2,1]"#, "lastIndexOf", "[1]", "2"),
            (r#""ab""#, "padEnd", r#"[5,"xy"]"#, r#""abxyx""#),
            (r#""7""#, "padStart", r#"[3,"0"]"#, r#""007""#),
            (r#""ab""#, "repeat", "[3]", r#""ababab""#),
            (r#""a-b-c""#, "replace", r#"["-","[$&]"]"#, r#""a[-]b-c""#),
            (r#""a-b-c""#, "replaceAll", r#"["-","$$"]"#, r#""a$b$c""#),
            (r#""ab""#, "replaceAll", r#"["","."]"#, r#"".a.b.""#),
            (r#"[1,2,3]"#, "reverse", "[]", "[3,2,1]"),
            (r#"[1,2,3]"#, "slice", "[-2]", "[2,3]"),
            (r#""😀x""#, "slice", "[2]", r#""x""#),
            (r#"[10,9,"b",null,"a"]"#, "sort", "[]", r#"[10,9,"a","b",null]"#),
            (r#""a,b,,c""#, "split", r#"[","]"#, r#"["a","b","","c"]"#),
            (r#""😀""#, "split", r#"[""]"#, r#"["\ud83d","\ude00"]"#),
            (r#""SKU-1""#, "startsWith", r#"["SKU"]"#, "true"),
            (r#""abc""#, "substring", "[2,0]", r#""ab""#),
            ("1.005", "toFixed", "[2]", r#""1.00""#),
            ("2.5", "toFixed", "[0]", r#""3""#),
            ("-1.5", "toFixed", "[0]", r#""-2""#),
            ("99.5", "toFixed", "[]", r#""100""#),
            ("1e21", "toFixed", "[2]", r#""1e+21""#),
            (r#""ÀΣ""#, "toLowerCase", "[]", r#""àς""#),
            ("255", "toString", "[16]", r#""ff""#),
            ("0.5", "toString", "[2]", r#""0.1""#),
            (r#"{"a":[1]}"#, "toString", "[]", r#""{\"a\":[1]}""#),
            (r#""straße""#, "toUpperCase", "[]", r#""STRASSE""#),
            ("\" a\u{A0}\"", "trim", "[]", r#""a""#),
            (r#"" a ""#, "trimEnd", "[]", r#"" a""#),
            (r#"" a ""#, "trimStart", "[]", r#""a ""#),
        ] {
            assert_eq!(called(receiver, method, args).as_deref(), Ok(expected), "{receiver}.{method}({args})");
        }
    }

    #[test]
    fn methods_of_nothing_are_missing() {
        for method in Method::ALL {
            assert!(matches!(call(&Value::Undefined, *method, &[]), Ok(Value::Undefined)));
            assert!(matches!(call(&Value::Null, *method, &[]), Ok(Value::Undefined)));
        }
        let never = |_: &[Value]| panic!("there is nothing to call it with");
        assert!(matches!(call_each(&Value::Undefined, EachMethod::Map, &never), Ok(Value::Undefined)));
        assert!(matches!(reduce(&Value::Null, &never, Some(1.0.into())), Ok(Value::Undefined)));
        assert!(matches!(sort_by(&Value::Undefined, &never), Ok(Value::Undefined)));
    }

    #[test]
    fn what_javascript_throws_is_a_fault_without_data() {
        for (receiver, method, args, message) in [
            ("17.25", "trim", "[]", "a number has no method trim()"),
            (r#"{"trim":1}"#, "trim", "[]", "an object has no method trim()"),
            (r#""secret""#, "join", "[]", "a string has no method join()"),
            (r#""a""#, "repeat", "[-1]", "repeat() takes a count that is neither negative nor infinite"),
            ("1", "toFixed", "[101]", "toFixed() takes 0 to 100 digits"),
            ("1", "toString", "[37]", "toString() takes a radix from 2 to 36"),
        ] {
            assert_eq!(called(receiver, method, args), Err(message.to_owned()));
        }
        let empty = reduce(&json("[]"), &|_| Ok(Value::Null), None).unwrap_err();
        assert_eq!(empty.message, "reduce() of an empty array without an initial value");
        assert!(call_each(&json("\"a\""), EachMethod::Map, &|_| Ok(Value::Null)).is_err());
    }

    #[test]
    fn hostile_sizes_are_faults() {
        let (large, many) = (format!("\"{}\"", "a".repeat(100_000)), format!("[{}0]", "0,".repeat(600_000)));
        for (receiver, method, args) in [
            (r#""a""#, "repeat", "[1e9]"),
            (r#""ab""#, "repeat", "[1e300]"),
            (r#""a""#, "padStart", "[1e9]"),
            (r#""a""#, "padEnd", r#"[1e300,"xy"]"#),
            (&large, "replaceAll", r#"["a","$`"]"#),
            (
                &large,
                "replaceAll",
                r#"["","0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"]"#,
            ),
            (&many, "join", r#"["0123456789012345678901234567890123456789"]"#),
            (&many, "concat", &format!("[{many}]")),
        ] {
            assert!(called(receiver, method, args).is_err(), "{method}({})", &args[..args.len().min(20)]);
        }
    }

    /// An array of `length` zeros.
    fn zeros(length: usize) -> Value {
        Value::array(vec![0.0.into(); length])
    }

    #[test]
    fn what_arrows_make_cannot_outgrow_the_machine() {
        type Step = fn(&[Value]) -> Result<Value, Fault>;
        let steps: [(&str, Step); 4] = [
            ("text that doubles", |args| Ok(add(&args[0], &args[0]))),
            ("nesting", |args| Ok(Value::array(vec![args[0].clone()]))),
            ("an array that holds itself twice", |args| Ok(Value::array(vec![args[0].clone(), args[0].clone()]))),
            ("an array that doubles", |args| match &args[0] {
                Value::Array(_) => call(&args[0], Method::Concat, &args[..1]),
                _ => Ok(zeros(2)),
            }),
        ];
        for (what, step) in steps {
            assert!(reduce(&zeros(1_000_000), &step, Some(Value::string("a"))).is_err(), "{what}");
        }
        let large = Value::string(&"a".repeat(1_000_000));
        assert!(call_each(&zeros(1000), EachMethod::Map, &|_| Ok(large.clone())).is_err());
    }

    #[test]
    fn what_is_done_for_each_item_cannot_take_for_ever() {
        let numbers = |count: u32| Value::array((0..count).map(|number| f64::from(number).into()).collect());
        let (few, many, long) = (numbers(100), numbers(10_000), Value::string(&"x".repeat(10_000)));
        let same = Value::string(&"x".repeat(10_000));
        let umlauts = Value::string(&"ä".repeat(10_000));
        let steps: [OfItems; 9] = [
            &|args| call(&many, Method::IndexOf, &args[..1]),
            &|_| Ok(equals(&long, &same).into()),
            &|_| Ok(strict_equals(&many, &many).into()),
            &|_| Ok(add(&long, &long)),
            &|_| Ok(index(&umlauts, &9_000.0.into())),
            &|_| Ok(member(&umlauts, "length")),
            &|_| Ok(equals(&many, &long).into()),
            &|_| call(&Value::string("x"), Method::Repeat, &[1e4.into()]),
            &|_| global(Global::JsonStringify, std::slice::from_ref(&many)),
        ];
        for (at, step) in steps.into_iter().enumerate() {
            let said = |items: &Value| {
                let _few = work::Counted::at_most(1_000_000);
                call_each(items, EachMethod::Map, step).map_err(|fault| fault.message).err()
            };
            let refused = "this would take too long: too much is done for each item of a long list";
            assert_eq!(said(&numbers(1_500)).as_deref(), Some(refused), "{at}");
            // What follows begins anew.
            assert_eq!(said(&numbers(10)), None, "{at}");
        }
        // Once, and for each item of what is made of it, is as much as it takes.
        assert!(call_each(&many, EachMethod::Map, &|args| call(&few, Method::IndexOf, &args[..1])).is_ok());
    }

    #[test]
    fn a_fault_in_an_arrow_is_the_fault_of_the_call() {
        let fault = |_: &[Value]| Err(Fault::new("inside"));
        assert_eq!(call_each(&zeros(2), EachMethod::Filter, &fault).unwrap_err().message, "inside");
        assert_eq!(sort_by(&zeros(200), &fault).unwrap_err().message, "inside");
        assert_eq!(reduce(&zeros(2), &fault, None).unwrap_err().message, "inside");
    }
}
