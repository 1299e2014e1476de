//! What JavaScript has and expressions have not, and the way out.

use super::rendered;

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    (
        "(a, b)",
        r#"
error[unsupported-expression]: an expression has one value: there is no comma operator
  ┌─ w:1:3
  │
1 │ (a, b)
  │   ^
  │
  = help: several values stand in an array, `[a, b]`
"#,
    ),
    (
        "{[k]: 1}",
        r#"
error[unsupported-expression]: the keys of an object are written out, not computed
  ┌─ w:1:2
  │
1 │ {[k]: 1}
  │  ^^^^^^
  │
  = help: write `key: value`
"#,
    ),
    (
        "{...a}",
        r#"
error[unsupported-expression]: `...` is not part of the expression language
  ┌─ w:1:2
  │
1 │ {...a}
  │  ^^^
  │
  = help: join arrays with `concat`, and list the keys of an object one by one
"#,
    ),
    (
        "a ? b, c",
        r#"
error[unsupported-expression]: an expression has one value: there is no comma operator
  ┌─ w:1:6
  │
1 │ a ? b, c
  │      ^
  │
  = help: several values stand in an array, `[a, b]`
"#,
    ),
    (
        "a = 1",
        r#"
error[unsupported-expression]: `=` assigns a value, and an expression changes nothing
  ┌─ w:1:3
  │
1 │ a = 1
  │   ^
  │
  = help: to compare two values write `==`
"#,
    ),
    (
        "a += 1",
        r#"
error[unsupported-expression]: `+=` assigns a value, and an expression changes nothing
  ┌─ w:1:3
  │
1 │ a += 1
  │   ^^
  │
  = help: write the new value itself
"#,
    ),
    (
        "a++",
        r#"
error[unsupported-expression]: `++` changes a value, and an expression changes nothing
  ┌─ w:1:2
  │
1 │ a++
  │  ^^
  │
  = help: write `+ 1` for the next number, or `+ +x` with a space for two signs
"#,
    ),
    (
        "a--b",
        r#"
error[unsupported-expression]: `--` changes a value, and an expression changes nothing
  ┌─ w:1:2
  │
1 │ a--b
  │  ^^
  │
  = help: write `- 1` for the next number, or `- -x` with a space for two signs
"#,
    ),
    (
        "a ** 2",
        r#"
error[unsupported-expression]: there is no operator `**`
  ┌─ w:1:3
  │
1 │ a ** 2
  │   ^^
  │
  = help: write `Math.pow(x, y)`
"#,
    ),
    (
        "a & b",
        r#"
error[unsupported-expression]: there is no bitwise operator `&`
  ┌─ w:1:3
  │
1 │ a & b
  │   ^
  │
  = help: for "both" write `&&`
"#,
    ),
    (
        "~a",
        r#"
error[unsupported-expression]: there is no bitwise operator `~`
  ┌─ w:1:1
  │
1 │ ~a
  │ ^
  │
  = help: for "not" write `!`
"#,
    ),
    (
        "a << 2",
        r#"
error[unsupported-expression]: there is no bitwise operator `<<`
  ┌─ w:1:3
  │
1 │ a << 2
  │   ^^
  │
  = help: multiply or divide by a power of two, with `Math.trunc`
"#,
    ),
    (
        "new Date()",
        r#"
error[unsupported-expression]: `new` is not part of the expression language
  ┌─ w:1:1
  │
1 │ new Date()
  │ ^^^
  │
  = help: dates and other objects are not made here: pass them in the input, or compute them in a node
"#,
    ),
    (
        "typeof a === 'string'",
        r#"
error[unsupported-expression]: `typeof` is not part of the expression language
  ┌─ w:1:1
  │
1 │ typeof a === 'string'
  │ ^^^^^^
  │
  = help: compare with a value: `x == null` is true for what is missing, `x === "text"` for one text
"#,
    ),
    (
        "a instanceof B",
        r#"
error[unsupported-expression]: `instanceof` is not part of the expression language
  ┌─ w:1:3
  │
1 │ a instanceof B
  │   ^^^^^^^^^^
  │
  = help: look at a field that only such values have
"#,
    ),
    (
        "'k' in a",
        r#"
error[unsupported-expression]: `in` is not part of the expression language
  ┌─ w:1:5
  │
1 │ 'k' in a
  │     ^^
  │
  = help: `object.key != null` tells whether a key is there, `list.includes(x)` whether an element is
"#,
    ),
    (
        "function (x) { return x }",
        r#"
error[unsupported-expression]: `function` is not part of the expression language
  ┌─ w:1:1
  │
1 │ function (x) { return x }
  │ ^^^^^^^^
  │
  = help: write a function as `x => x.total`, as the argument of a method such as `map`
"#,
    ),
    (
        "items.map(x => { return x })",
        r#"
error[unsupported-expression]: the body of a function is one expression, without braces and `return`
  ┌─ w:1:16
  │
1 │ items.map(x => { return x })
  │                ^
  │
  = help: write `x => x.total`; an object stands in parentheses: `x => ({ total: x.total })`
"#,
    ),
    (
        "x => x",
        r#"
error[unsupported-expression]: a function can only be the argument of a method
  ┌─ w:1:3
  │
1 │ x => x
  │   ^^
  │
  = help: write it where it is used: `items.map(item => item.price)`
"#,
    ),
    (
        "[(a, b) => a]",
        r#"
error[unsupported-expression]: a function can only be the argument of a method
  ┌─ w:1:4
  │
1 │ [(a, b) => a]
  │    ^
  │
  = help: write it where it is used: `items.map(item => item.price)`
"#,
    ),
    (
        "items.map(([a, b]) => a)",
        r#"
error[unsupported-expression]: a parameter of a function is a name: it is not taken apart there
  ┌─ w:1:20
  │
1 │ items.map(([a, b]) => a)
  │                    ^^
  │
  = help: give it a name, and read its elements: `pair => pair[0]`
"#,
    ),
    (
        "items.map(({ price }) => price)",
        r#"
error[unsupported-expression]: a parameter of a function is a name: it is not taken apart there
  ┌─ w:1:23
  │
1 │ items.map(({ price }) => price)
  │                       ^^
  │
  = help: give it a name, and read its fields: `item => item.price`
"#,
    ),
    (
        "() => 1",
        r#"
error[unsupported-expression]: a function can only be the argument of a method
  ┌─ w:1:2
  │
1 │ () => 1
  │  ^
  │
  = help: write it where it is used: `items.map(item => item.price)`
"#,
    ),
    (
        "f(x => y => y)",
        r#"
error[unsupported-expression]: a function can only be the argument of a method
  ┌─ w:1:10
  │
1 │ f(x => y => y)
  │          ^^
  │
  = help: write it where it is used: `items.map(item => item.price)`
"#,
    ),
    (
        "/ab+/.test(a)",
        r#"
error[unsupported-expression]: regular expressions are not part of the expression language
  ┌─ w:1:1
  │
1 │ /ab+/.test(a)
  │ ^^^^^
  │
  = help: use `includes`, `startsWith`, `endsWith`, `split` or `replaceAll` with a string
"#,
    ),
    (
        "a?.(b)",
        r#"
error[unsupported-expression]: there is no optional call `?.(`
  ┌─ w:1:2
  │
1 │ a?.(b)
  │  ^^
  │
  = help: a method of a missing value is missing anyway: write `(`
"#,
    ),
    (
        "a // rest",
        r#"
error[unsupported-expression]: an expression has no comments
  ┌─ w:1:3
  │
1 │ a // rest
  │   ^^
  │
  = help: say it in the `description` of the node
"#,
    ),
    (
        "f(...a)",
        r#"
error[unsupported-expression]: `...` is not part of the expression language
  ┌─ w:1:3
  │
1 │ f(...a)
  │   ^^^
  │
  = help: join arrays with `concat`, and list the keys of an object one by one
"#,
    ),
    (
        "tag`x`",
        r#"
error[unsupported-expression]: a template literal cannot be called with a function
  ┌─ w:1:4
  │
1 │ tag`x`
  │    ^^^
  │
  = help: write an operator between the two, such as `+`
"#,
    ),
    (
        "a['includes'](b)",
        r#"
error[unsupported-expression]: only a method or a global function can be called
  ┌─ w:1:14
  │
1 │ a['includes'](b)
  │ -------------^^^
  │ │
  │ this is a value, not the name of a function
  │
  = help: write `value.method(…)` or `Math.max(…)`
"#,
    ),
    (
        "1n",
        r#"
error[unsupported-expression]: there are no big integers
  ┌─ w:1:1
  │
1 │ 1n
  │ ^^
  │
  = help: leave out the `n`
"#,
    ),
    (
        "{__proto__: a}",
        r#"
error[unsupported-expression]: the key `__proto__` sets the prototype in JavaScript
  ┌─ w:1:2
  │
1 │ {__proto__: a}
  │  ^^^^^^^^^
  │
  = help: use another key
"#,
    ),
    (
        "a; b",
        r#"
error[unsupported-expression]: an expression is one value, without statements
  ┌─ w:1:2
  │
1 │ a; b
  │  ^
  │
  = help: leave out the `;`
"#,
    ),
    (
        "this.a",
        r#"
error[unsupported-expression]: `this` is not part of the expression language
  ┌─ w:1:1
  │
1 │ this.a
  │ ^^^^
  │
  = help: the data of the workflow has names: `input_data`, `previous_outputs`
"#,
    ),
    (
        "await f(x)",
        r#"
error[unsupported-expression]: `await` is not part of the expression language
  ┌─ w:1:1
  │
1 │ await f(x)
  │ ^^^^^
  │
  = help: every value is there when an expression is evaluated: leave the word out
"#,
    ),
];

#[test]
fn everything_unsupported_names_its_way_out() {
    for (text, expected) in MISTAKES {
        assert_eq!(rendered(text), expected.trim(), "for {text}");
    }
}
