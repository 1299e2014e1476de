//! Names of functions: which there are, and what to write for those that people know from elsewhere.

use crate::diagnostic::suggest;
use flow_runtime::expr::Global;

/// Names that stand for functions, not for data.
pub(super) const NAMESPACES: [&str; 6] = ["Math", "JSON", "Object", "Number", "String", "Boolean"];

/// Methods of JavaScript and of other languages that people reach for, and what to write here.
pub(super) const INSTEAD_OF_METHODS: &[(&str, &str)] = &[
    ("contains", "write `includes`"),
    ("forEach", "nothing can change here: `map` gives a new array"),
    ("push", "nothing can change here: `concat` gives a new array"),
    ("unshift", "nothing can change here: `[first].concat(rest)` gives a new array"),
    ("pop", "nothing can change here: `slice(0, -1)` is all but the last, `at(-1)` the last"),
    ("shift", "nothing can change here: `slice(1)` is all but the first, `[0]` the first"),
    ("splice", "nothing can change here: `slice` gives a part of an array"),
    ("toSorted", "`sort` gives a new array here"),
    ("toReversed", "`reverse` gives a new array here"),
    ("match", "there are no regular expressions: `includes`, `startsWith` and `indexOf` look for text"),
    ("matchAll", "there are no regular expressions: `split` takes text apart"),
    ("test", "there are no regular expressions: `includes`, `startsWith` and `endsWith` look for text"),
    ("substr", "write `slice(start, start + length)`"),
    ("hasOwnProperty", "a field that is missing is `undefined`: compare with `!== undefined`"),
    ("toLocaleString", "what it gives depends on the machine: `toFixed(2)` does not"),
    ("toISOString", "there are no dates: pass them as text; `timestamp` is the time of now"),
    ("now", "there are no dates: `timestamp` is the time of now, as text"),
    ("getTime", "there are no dates: pass them as numbers in the input"),
    ("size", "write `.length`"),
    ("len", "write `.length`"),
    ("length", "it is no function: write `.length`"),
    ("upper", "write `toUpperCase`"),
    ("lower", "write `toLowerCase`"),
    ("strip", "write `trim`"),
];

/// Functions of JavaScript that people reach for, and what to write here.
pub(super) const INSTEAD_OF_FUNCTIONS: &[(&str, &str)] = &[
    ("parseInt", "write `Math.trunc(Number(text))`"),
    ("parseFloat", "write `Number(text)`"),
    ("isNaN", "a number that is none differs from itself: `x !== x`"),
    (
        "Math.random",
        "an execution that goes on after a crash has to compute the same again: pass the number in the input",
    ),
    ("Object.assign", "an `add_fields` transform adds fields to an object"),
    ("String.raw", "write the text itself"),
    ("Number.parseInt", "write `Math.trunc(Number(text))`"),
    ("Number.parseFloat", "write `Number(text)`"),
    ("len", "write `items.length`"),
    ("count", "write `items.length`"),
    ("size", "write `items.length`"),
    ("length", "write `items.length`"),
    ("str", "write `String(value)`"),
    ("toString", "write `String(value)`"),
    ("int", "write `Math.trunc(Number(text))`"),
    ("float", "write `Number(text)`"),
    ("number", "write `Number(text)`"),
    ("bool", "write `Boolean(value)`"),
    ("round", "write `Math.round(number)`"),
    ("floor", "write `Math.floor(number)`"),
    ("ceil", "write `Math.ceil(number)`"),
    ("abs", "write `Math.abs(number)`"),
    ("min", "write `Math.min(a, b)`"),
    ("max", "write `Math.max(a, b)`"),
    ("sum", "write `items.reduce((sum, item) => sum + item.price, 0)`"),
    ("upper", "write `text.toUpperCase()`"),
    ("lower", "write `text.toLowerCase()`"),
    ("trim", "write `text.trim()`"),
    ("contains", "write `text.includes(part)`"),
    ("concat", "write `a + b`, or `items.concat(others)`"),
    ("coalesce", "write `value ?? instead`"),
    ("defined", "write `value != null`"),
    ("isEmpty", "write `items.length == 0`"),
    ("keys", "write `Object.keys(value)`"),
    ("json", "write `JSON.stringify(value)`"),
    ("now", "write `timestamp`"),
    ("timestamp", "it is no function: write `timestamp`"),
    ("Date", "there are no dates: pass them as text; `timestamp` is the time of now"),
    ("uuid", "`execution_id` is another one for every execution"),
    ("env", "a variable of the environment is read by its name: `API_KEY`"),
    ("fetch", "a request is a node of its own"),
];

/// The functions in a namespace, for help lines.
pub(super) fn functions_of(namespace: &str) -> String {
    match namespace {
        "Math" => return "`Math.max`, `Math.round` and the others that JavaScript has, but `Math.random`".into(),
        "Number" | "String" | "Boolean" => return format!("no functions: only `{namespace}(…)` itself can be called"),
        _ => {}
    }
    let inside = |name: &&str| name.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('.'));
    suggest::list(Global::ALL.iter().map(|global| global.name()).filter(inside), "and")
}
