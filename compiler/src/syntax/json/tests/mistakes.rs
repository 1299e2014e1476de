//! Wrong JSON texts, and what their authors read.

use super::rendered;

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    (
        "",
        r#"
error[json-syntax]: the file is empty
  ┌─ w:1:1
  │
1 │
  │ ^
  │
  = help: a workflow is a JSON object: `{ "nodes": [ … ], "connections": [ … ] }`
"#,
    ),
    (
        "{\"a\": 1 \"b\": 2}",
        r#"
error[json-syntax]: expected `,` or `}` after this value
  ┌─ w:1:8
  │
1 │ {"a": 1 "b": 2}
  │        ^ a `,` is missing here
"#,
    ),
    (
        "{\"a\": [1 2]}",
        r#"
error[json-syntax]: expected `,` or `]` after this value
  ┌─ w:1:9
  │
1 │ {"a": [1 2]}
  │         ^ a `,` is missing here
"#,
    ),
    (
        "{\"a\": 1,}",
        r#"
error[json-syntax]: there is a comma, but nothing follows before `}`
  ┌─ w:1:8
  │
1 │ {"a": 1,}
  │        ^ this comma is one too many
  │
  = help: remove the comma
"#,
    ),
    (
        "[1, 2, ]",
        r#"
error[json-syntax]: there is a comma, but nothing follows before `]`
  ┌─ w:1:6
  │
1 │ [1, 2, ]
  │      ^ this comma is one too many
  │
  = help: remove the comma
"#,
    ),
    (
        "[,1]",
        r#"
error[json-syntax]: there is a comma, but nothing stands before it
  ┌─ w:1:2
  │
1 │ [,1]
  │  ^
  │
  = help: remove the comma
"#,
    ),
    (
        "{\"a\": 1,, \"b\": 2}",
        r#"
error[json-syntax]: there is a comma, but nothing stands before it
  ┌─ w:1:9
  │
1 │ {"a": 1,, "b": 2}
  │         ^
  │
  = help: remove the comma
"#,
    ),
    (
        "{'a': 1}",
        r#"
error[json-syntax]: JSON strings stand in double quotes
  ┌─ w:1:2
  │
1 │ {'a': 1}
  │  ^^^ in single quotes
  │
  = help: write "a"
"#,
    ),
    (
        "{a: 1}",
        r#"
error[json-syntax]: a key stands in double quotes
  ┌─ w:1:2
  │
1 │ {a: 1}
  │  ^ without quotes
  │
  = help: write "a"
"#,
    ),
    (
        "{\"a\" 1}",
        r#"
error[json-syntax]: expected `:` after this key
  ┌─ w:1:5
  │
1 │ {"a" 1}
  │     ^ a `:` is missing here
"#,
    ),
    (
        "{\"a\": }",
        r#"
error[json-syntax]: expected a value after this `:`
  ┌─ w:1:6
  │
1 │ {"a": }
  │      ^- found `}`
"#,
    ),
    (
        "{\"a\": \"b",
        r#"
error[json-syntax]: this string is never closed
  ┌─ w:1:7
  │
1 │ {"a": "b
  │       ^ - and its line ends here without another `"`
  │       │
  │       the string starts here
  │
  = help: close it with `"`; a line break inside a string is written `\n`, a quote `\"`
"#,
    ),
    (
        "{\n  \"a\": \"b,\n  \"c\": 1\n}",
        r#"
error[json-syntax]: this string is never closed
  ┌─ w:2:8
  │
2 │   "a": "b,
  │        ^  - and its line ends here without another `"`
  │        │
  │        the string starts here
  │
  = help: close it with `"`; a line break inside a string is written `\n`, a quote `\"`
"#,
    ),
    (
        "{\"a\": [1, 2}",
        r#"
error[json-syntax]: expected `]` to close the array, found `}`
  ┌─ w:1:12
  │
1 │ {"a": [1, 2}
  │       -    ^
  │       │
  │       the array starts with this `[`
"#,
    ),
    (
        "{\"a\": {\"b\": 1",
        r#"
error[json-syntax]: this `{` is never closed
  ┌─ w:1:7
  │
1 │ {"a": {"b": 1
  │       ^      - the file ends here, a `}` is missing
"#,
    ),
    (
        "{\"a\": 1}}",
        r#"
error[json-syntax]: this `}` closes nothing
  ┌─ w:1:9
  │
1 │ {"a": 1}}
  │         ^
  │
  = help: there is one too many here, or one too few `{` or `[` before
"#,
    ),
    (
        "{\"a\": 1} {\"b\": 2}",
        r#"
error[json-syntax]: nothing may follow the end of the document
  ┌─ w:1:10
  │
1 │ {"a": 1} {"b": 2}
  │          ^ found `{`
  │
  = help: a file holds one workflow
"#,
    ),
    (
        "{\"a\": 1} // done",
        r#"
error[json-syntax]: JSON has no comments
  ┌─ w:1:10
  │
1 │ {"a": 1} // done
  │          ^^^^^^^
  │
  = help: remove it, or say it in the `description` of the workflow or of a node
"#,
    ),
    (
        "{ /* hm */ }",
        r#"
error[json-syntax]: JSON has no comments
  ┌─ w:1:3
  │
1 │ { /* hm */ }
  │   ^^^^^^^^
  │
  = help: remove it, or say it in the `description` of the workflow or of a node
"#,
    ),
    (
        "{\"a\": NaN}",
        r#"
error[json-syntax]: JSON has no `NaN`
  ┌─ w:1:7
  │
1 │ {"a": NaN}
  │       ^^^
  │
  = help: use null, or a number
"#,
    ),
    (
        "{\"a\": True}",
        r#"
error[json-syntax]: `True` is not a JSON value
  ┌─ w:1:7
  │
1 │ {"a": True}
  │       ^^^^
  │
  = help: did you mean true?
"#,
    ),
    (
        "{\"a\": None}",
        r#"
error[json-syntax]: JSON has no `None`
  ┌─ w:1:7
  │
1 │ {"a": None}
  │       ^^^^
  │
  = help: write null, or leave the key out
"#,
    ),
    (
        "{\"a\": yes}",
        r#"
error[json-syntax]: `yes` is not a JSON value
  ┌─ w:1:7
  │
1 │ {"a": yes}
  │       ^^^
  │
  = help: a text stands in double quotes: "yes"
"#,
    ),
    (
        "{\"a\": 012}",
        r#"
error[json-syntax]: a JSON number has no leading zeros
  ┌─ w:1:7
  │
1 │ {"a": 012}
  │       ^^^
  │
  = help: leave them out, or write a string if they matter
"#,
    ),
    (
        "{\"a\": .5}",
        r#"
error[json-syntax]: a JSON number starts with a digit
  ┌─ w:1:7
  │
1 │ {"a": .5}
  │       ^^
  │
  = help: write a 0 before the point
"#,
    ),
    (
        "{\"a\": 1.}",
        r#"
error[json-syntax]: digits are missing after the decimal point
  ┌─ w:1:7
  │
1 │ {"a": 1.}
  │       ^^
  │
  = help: write `.0`, or leave out the point
"#,
    ),
    (
        "{\"a\": 1e}",
        r#"
error[json-syntax]: digits are missing in the exponent
  ┌─ w:1:7
  │
1 │ {"a": 1e}
  │       ^^
  │
  = help: write it as in 1e6
"#,
    ),
    (
        "{\"a\": +1}",
        r#"
error[json-syntax]: a JSON number has no `+` in front
  ┌─ w:1:7
  │
1 │ {"a": +1}
  │       ^^
  │
  = help: leave out the `+`
"#,
    ),
    (
        "{\"a\": 0xff}",
        r#"
error[json-syntax]: JSON has no hexadecimal numbers
  ┌─ w:1:7
  │
1 │ {"a": 0xff}
  │       ^^^^
  │
  = help: write it in decimal
"#,
    ),
    (
        "{\"a\": 2024-01-01}",
        r#"
error[json-syntax]: this is not a number
  ┌─ w:1:7
  │
1 │ {"a": 2024-01-01}
  │       ^^^^^^^^^^
  │
  = help: a text such as a date or a version stands in double quotes
"#,
    ),
    (
        "{\"a\": \"C:\\data\"}",
        r#"
error[json-syntax]: there is no escape `\d` in JSON
  ┌─ w:1:10
  │
1 │ {"a": "C:\data"}
  │          ^^
  │
  = help: a backslash itself is written `\\`; escapes are \" \\ \/ \b \f \n \r \t \u
"#,
    ),
    (
        "{\"a\": \"\\u00g0\"}",
        r#"
error[json-syntax]: `\u` needs four hexadecimal digits
  ┌─ w:1:8
  │
1 │ {"a": "\u00g0"}
  │        ^^^^
  │
  = help: such as `\u00e9`; a backslash itself is written `\\`
"#,
    ),
    (
        "{\"a\": \"\\ud83d!\"}",
        r#"
error[json-syntax]: half of a surrogate pair is no character
  ┌─ w:1:8
  │
1 │ {"a": "\ud83d!"}
  │        ^^^^^^
  │
  = help: write the character itself, or both halves: `\ud83d\ude00`
"#,
    ),
    (
        "{\"a\": \"x\ty\"}",
        r#"
error[json-syntax]: the control character U+0009 cannot stand in a string as it is
  ┌─ w:1:9
  │
1 │ {"a": "x    y"}
  │         ^^^^
  │
  = help: write a tab as `\t`
"#,
    ),
    (
        "{\"a\": “b”}",
        r#"
error[json-syntax]: JSON strings stand in straight double quotes
  ┌─ w:1:7
  │
1 │ {"a": “b”}
  │       ^ a typographic quote
  │
  = help: write `"`
"#,
    ),
    (
        "{\"a\": 1; \"b\": 2}",
        r#"
error[json-syntax]: expected `,` or `}` after this value
  ┌─ w:1:8
  │
1 │ {"a": 1; "b": 2}
  │        ^
  │        │
  │        found `;`
"#,
    ),
    (
        "{\"a\" = 1}",
        r#"
error[json-syntax]: expected `:` after this key
  ┌─ w:1:5
  │
1 │ {"a" = 1}
  │     ^ a `:` is missing here
  │
  = help: write `:` between a key and its value
"#,
    ),
    (
        "[\"a\": 1]",
        r#"
error[json-syntax]: an array has no keys
  ┌─ w:1:5
  │
1 │ ["a": 1]
  │ -   ^ a colon stands between a key and its value
  │ │
  │ the array that starts here is not closed yet
  │
  = help: close the array with `]`, or write an object in `{ }`
"#,
    ),
    (
        "{1: 2}",
        r#"
error[json-syntax]: a key is a string in double quotes
  ┌─ w:1:2
  │
1 │ {1: 2}
  │  ^ a number
  │
  = help: write "1"
"#,
    ),
    (
        "{\"a\"}",
        r#"
error[json-syntax]: expected `:` after this key
  ┌─ w:1:5
  │
1 │ {"a"}
  │     ^ a `:` is missing here
"#,
    ),
];

#[test]
fn every_mistake_in_its_own_words() {
    for (text, expected) in MISTAKES {
        assert_eq!(rendered(text), expected.trim(), "for {text}");
    }
}
