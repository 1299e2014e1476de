//! Text with wrong templates in it, and what its author reads.

use super::rendered_template;

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    (
        "Hello ${",
        r#"
error[unterminated-template]: this `${` is never closed
  ┌─ w:1:7
  │
1 │ Hello ${
  │       ^^- the text ends here
  │       │
  │       the template starts here
  │
  = help: close it with `}`; to write the two characters themselves use `$${`
"#,
    ),
    (
        "Hello ${}",
        r#"
error[expression-syntax]: there is no expression between `${` and `}`
  ┌─ w:1:7
  │
1 │ Hello ${}
  │       ^^^
  │
  = help: write the value to insert; the two characters themselves are written `$${`
"#,
    ),
    (
        "Hello ${name",
        r#"
error[unterminated-template]: this `${` is never closed
  ┌─ w:1:7
  │
1 │ Hello ${name
  │       ^^    - the text ends here
  │       │
  │       the template starts here
  │
  = help: close it with `}`; to write the two characters themselves use `$${`
"#,
    ),
    (
        "Hello ${name! and ${other}",
        r#"
error[unterminated-template]: this `${` is never closed
  ┌─ w:1:7
  │
1 │ Hello ${name! and ${other}
  │       ^^    - a `}` is missing, perhaps here
  │       │
  │       the template starts here
  │
  = help: close it with `}`; to write the two characters themselves use `$${`
"#,
    ),
    (
        "Hello ${name || 'x} there",
        r#"
error[expression-syntax]: this string is never closed
  ┌─ w:1:17
  │
1 │ Hello ${name || 'x} there
  │                 ^ the string starts here
  │
  = help: close it with `'`, as it was opened
"#,
    ),
    (
        "${a b} and ${c d}",
        r#"
error[expression-syntax]: expected an operator, or `}` to close the template
  ┌─ w:1:5
  │
1 │ ${a b} and ${c d}
  │     ^ found `b`

error[expression-syntax]: expected an operator, or `}` to close the template
  ┌─ w:1:16
  │
1 │ ${a b} and ${c d}
  │                ^ found `d`
"#,
    ),
    (
        "${a; b}",
        r#"
error[unsupported-expression]: an expression is one value, without statements
  ┌─ w:1:4
  │
1 │ ${a; b}
  │    ^
  │
  = help: leave out the `;`
"#,
    ),
    (
        "${f(a}",
        r#"
error[expression-syntax]: expected `)` to close the parenthesis opened here
  ┌─ w:1:6
  │
1 │ ${f(a}
  │    - ^ found `}`
  │    │
  │    opened here
"#,
    ),
    (
        "${ {a: 1 }",
        r#"
error[unterminated-template]: this `${` is never closed
  ┌─ w:1:1
  │
1 │ ${ {a: 1 }
  │ ^^        - the text ends here
  │ │
  │ the template starts here
  │
  = help: close it with `}`; to write the two characters themselves use `$${`
"#,
    ),
    (
        "${x => x}",
        r#"
error[unsupported-expression]: a function can only be the argument of a method
  ┌─ w:1:5
  │
1 │ ${x => x}
  │     ^^
  │
  = help: write it where it is used: `items.map(item => item.price)`
"#,
    ),
];

#[test]
fn mistakes_in_templates() {
    for (text, expected) in MISTAKES {
        assert_eq!(rendered_template(text), expected.trim(), "for {text}");
    }
}
