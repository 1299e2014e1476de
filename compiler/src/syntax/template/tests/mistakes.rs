//! Wrong expressions, and what their authors read.

use super::rendered;

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    (
        "",
        r#"
error[expression-syntax]: the expression is empty
  ┌─ w:1:1
  │
1 │
  │ ^
  │
  = help: write the value, such as `input_data.order_id`
"#,
    ),
    (
        "  ",
        r#"
error[expression-syntax]: the expression is empty
  ┌─ w:1:1
  │
1 │
  │ ^^
  │
  = help: write the value, such as `input_data.order_id`
"#,
    ),
    (
        "a +",
        r#"
error[expression-syntax]: expected a value after `+`
  ┌─ w:1:4
  │
1 │ a +
  │    ^ found the end of the expression
"#,
    ),
    (
        "a && || b",
        r#"
error[expression-syntax]: expected a value after `&&`
  ┌─ w:1:6
  │
1 │ a && || b
  │      ^^ found `||`
"#,
    ),
    (
        "a b",
        r#"
error[expression-syntax]: expected an operator, or the end of the expression
  ┌─ w:1:3
  │
1 │ a b
  │   ^ found `b`
"#,
    ),
    (
        "a == 'x",
        r#"
error[expression-syntax]: this string is never closed
  ┌─ w:1:6
  │
1 │ a == 'x
  │      ^ the string starts here
  │
  = help: close it with `'`, as it was opened
"#,
    ),
    (
        "(1 + 2",
        r#"
error[expression-syntax]: expected `)` to close the parenthesis opened here
  ┌─ w:1:7
  │
1 │ (1 + 2
  │ -     ^ found the end of the expression
  │ │
  │ opened here
"#,
    ),
    (
        "f(a, b",
        r#"
error[expression-syntax]: expected `)` to close the parenthesis opened here
  ┌─ w:1:7
  │
1 │ f(a, b
  │  -    ^ found the end of the expression
  │  │
  │  opened here
"#,
    ),
    (
        "items.map(x => x.a",
        r#"
error[expression-syntax]: expected `)` to close the parenthesis opened here
  ┌─ w:1:19
  │
1 │ items.map(x => x.a
  │          -        ^ found the end of the expression
  │          │
  │          opened here
"#,
    ),
    (
        "[1, 2",
        r#"
error[expression-syntax]: expected `]` to close the bracket opened here
  ┌─ w:1:6
  │
1 │ [1, 2
  │ -    ^ found the end of the expression
  │ │
  │ opened here
"#,
    ),
    (
        "[1,, 2]",
        r#"
error[expression-syntax]: expected a value after `,`
  ┌─ w:1:4
  │
1 │ [1,, 2]
  │    ^ found `,`
"#,
    ),
    (
        "{a: 1",
        r#"
error[expression-syntax]: expected `}` to close the brace opened here
  ┌─ w:1:6
  │
1 │ {a: 1
  │ -    ^ found the end of the expression
  │ │
  │ opened here
"#,
    ),
    (
        "{a b}",
        r#"
error[expression-syntax]: expected `:` after this key
  ┌─ w:1:4
  │
1 │ {a b}
  │    ^ found `b`
"#,
    ),
    (
        "{a: 1, : 2}",
        r#"
error[expression-syntax]: expected a key
  ┌─ w:1:8
  │
1 │ {a: 1, : 2}
  │        ^ found `:`
  │
  = help: a key is a name or a string
"#,
    ),
    (
        "(1 + 2]",
        r#"
error[expression-syntax]: expected `)` to close the parenthesis opened here
  ┌─ w:1:7
  │
1 │ (1 + 2]
  │ -     ^ found `]`
  │ │
  │ opened here
"#,
    ),
    (
        "a)",
        r#"
error[expression-syntax]: this `)` closes nothing
  ┌─ w:1:2
  │
1 │ a)
  │  ^
"#,
    ),
    (
        "a ? b",
        r#"
error[expression-syntax]: expected `:` and a value for the other case of this `?`
  ┌─ w:1:6
  │
1 │ a ? b
  │   -  ^ found the end of the expression
  │   │
  │   opened here
"#,
    ),
    (
        "a : b",
        r#"
error[expression-syntax]: there is a `:` without a `?` before it
  ┌─ w:1:3
  │
1 │ a : b
  │   ^
"#,
    ),
    (
        "a.",
        r#"
error[expression-syntax]: expected a name after `.`
  ┌─ w:1:3
  │
1 │ a.
  │   ^ found the end of the expression
"#,
    ),
    (
        "a.[0]",
        r#"
error[expression-syntax]: expected a name after `.`
  ┌─ w:1:3
  │
1 │ a.[0]
  │   ^ found `[`
  │
  = help: leave out the dot before `[`
"#,
    ),
    (
        "previous_outputs.2fa-check.result",
        r#"
error[expression-syntax]: expected a name after `.`
  ┌─ w:1:18
  │
1 │ previous_outputs.2fa-check.result
  │                  ^^^ found `2fa`
  │
  = help: a name that starts with a digit is written `["2fa-check"]`, without the dot
"#,
    ),
    (
        "items.0",
        r#"
error[expression-syntax]: expected a name after `.`
  ┌─ w:1:7
  │
1 │ items.0
  │       ^ found `0`
  │
  = help: an element of an array is `[0]`
"#,
    ),
    (
        "a?.[",
        r#"
error[expression-syntax]: expected a value after `[`
  ┌─ w:1:5
  │
1 │ a?.[
  │     ^ found the end of the expression
"#,
    ),
    (
        "a . [0]",
        r#"
error[expression-syntax]: expected a name after `.`
  ┌─ w:1:5
  │
1 │ a . [0]
  │     ^ found `[`
  │
  = help: leave out the dot before `[`
"#,
    ),
    (
        "010",
        r#"
error[expression-syntax]: a number has no leading zeros
  ┌─ w:1:1
  │
1 │ 010
  │ ^^^
  │
  = help: leave them out, or write a string if they matter
"#,
    ),
    (
        "5.toFixed(2)",
        r#"
error[expression-syntax]: a number with a point cannot be followed by a name
  ┌─ w:1:1
  │
1 │ 5.toFixed(2)
  │ ^^^^^^^^^
  │
  = help: write `(5).toFixed(…)`
"#,
    ),
    (
        "1__0",
        r#"
error[expression-syntax]: a `_` in a number stands between two digits
  ┌─ w:1:1
  │
1 │ 1__0
  │ ^^^^
"#,
    ),
    (
        "1e",
        r#"
error[expression-syntax]: digits are missing in the exponent
  ┌─ w:1:1
  │
1 │ 1e
  │ ^^
  │
  = help: write it as in `1e6`
"#,
    ),
    (
        "2fa",
        r#"
error[expression-syntax]: `2fa` is not a number
  ┌─ w:1:1
  │
1 │ 2fa
  │ ^^^
  │
  = help: a name that starts with a digit is written in quotes after its object: `input_data["2fa"]`
"#,
    ),
    (
        "'\\x4'",
        r#"
error[expression-syntax]: `\x` is not an escape
  ┌─ w:1:2
  │
1 │ '\x4'
  │  ^^
  │
  = help: `\x` needs two hexadecimal digits, such as `\x41`
"#,
    ),
    (
        "'\\u{110000}'",
        r#"
error[expression-syntax]: `\u{` is not an escape
  ┌─ w:1:2
  │
1 │ '\u{110000}'
  │  ^^^
  │
  = help: write the number of a character, at most 10FFFF, as in `\u{1F600}`
"#,
    ),
    (
        "'\\1'",
        r#"
error[expression-syntax]: `\1` is not an escape
  ┌─ w:1:2
  │
1 │ '\1'
  │  ^^
  │
  = help: write a character by number as `\x41` or `\u{41}`
"#,
    ),
    (
        "a ?? b || c",
        r#"
error[expression-syntax]: `??` and `||` or `&&` stand side by side without parentheses
  ┌─ w:1:3
  │
1 │ a ?? b || c
  │   ^^ ------ put parentheses around this, or around the other side
  │   │
  │   which of the two comes first is not clear
  │
  = help: JavaScript wants the parentheses too
"#,
    ),
    (
        "{true}",
        r#"
error[expression-syntax]: expected `:` after the key `true`
  ┌─ w:1:2
  │
1 │ {true}
  │  ^^^^
"#,
    ),
    (
        "f((a, a) => a)",
        r#"
error[expression-syntax]: two parameters are called `a`
  ┌─ w:1:7
  │
1 │ f((a, a) => a)
  │    -  ^
  │    │
  │    first here
"#,
    ),
    (
        "f(true => a)",
        r#"
error[expression-syntax]: `true` is a value, and cannot be the name of a parameter
  ┌─ w:1:3
  │
1 │ f(true => a)
  │   ^^^^
"#,
    ),
    (
        "a and b",
        r#"
error[expression-syntax]: expected an operator, or the end of the expression
  ┌─ w:1:3
  │
1 │ a and b
  │   ^^^ found `and`
  │
  = help: for "and" write `&&`
"#,
    ),
    (
        "not a",
        r#"
error[expression-syntax]: expected an operator, or the end of the expression
  ┌─ w:1:5
  │
1 │ not a
  │     ^ found `a`
  │
  = help: for "not" write `!`
"#,
    ),
    (
        "a is b",
        r#"
error[expression-syntax]: expected an operator, or the end of the expression
  ┌─ w:1:3
  │
1 │ a is b
  │   ^^ found `is`
  │
  = help: for "is" write `==`
"#,
    ),
    (
        "a == ‘x’",
        r#"
error[expression-syntax]: expected a value after `==`
  ┌─ w:1:6
  │
1 │ a == ‘x’
  │      ^ found `‘`
  │
  = help: strings stand in straight quotes, `'` or `"`
"#,
    ),
    (
        "`a ${b",
        r#"
error[unterminated-template]: this `${` is never closed
  ┌─ w:1:4
  │
1 │ `a ${b
  │    ^^ - the text ends here
  │    │
  │    the template starts here
  │
  = help: close it with `}`; to write the two characters themselves use `$${`
"#,
    ),
    (
        "`a ${b c} d`",
        r#"
error[expression-syntax]: expected an operator, or `}` to close the template
  ┌─ w:1:8
  │
1 │ `a ${b c} d`
  │        ^ found `c`
"#,
    ),
    (
        "`a ${}`",
        r#"
error[expression-syntax]: there is no expression between `${` and `}`
  ┌─ w:1:4
  │
1 │ `a ${}`
  │    ^^^
  │
  = help: write the value to insert; the two characters themselves are written `$${`
"#,
    ),
    (
        "@a",
        r#"
error[expression-syntax]: expected a value
  ┌─ w:1:1
  │
1 │ @a
  │ ^ found `@`
  │
  = help: a name starts with a letter, `_` or `$`
"#,
    ),
    (
        "a[]",
        r#"
error[expression-syntax]: expected a value after `[`
  ┌─ w:1:3
  │
1 │ a[]
  │   ^ found `]`
"#,
    ),
    (
        "()",
        r#"
error[expression-syntax]: expected a value after `(`
  ┌─ w:1:2
  │
1 │ ()
  │  ^ found `)`
"#,
    ),
    (
        "${a} and more",
        r#"
error[expression-syntax]: an expression cannot continue after its `${…}`
  ┌─ w:1:6
  │
1 │ ${a} and more
  │      ^^^^^^^^
  │
  = help: write the whole expression without `${` and `}`, or inside one pair of them
"#,
    ),
    (
        "a ${b}",
        r#"
error[expression-syntax]: expected an operator, or the end of the expression
  ┌─ w:1:3
  │
1 │ a ${b}
  │   ^ found `$`
  │
  = help: this is an expression already: leave out `${` and `}`
"#,
    ),
];

#[test]
fn every_mistake_in_its_own_words() {
    for (text, expected) in MISTAKES {
        assert_eq!(rendered(text), expected.trim(), "for {text}");
    }
}
