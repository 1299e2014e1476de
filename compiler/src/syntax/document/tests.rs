//! JSON that is no workflow, and what its author reads.

use crate::diagnostic::{Diagnostics, render};
use crate::source::{SourceFile, Sources};

fn rendered(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    let sources = Sources::new(SourceFile { name: String::from("w"), text: text.to_owned() });
    crate::syntax::parse(&sources, &mut diagnostics);
    render::plain_for_tests(&diagnostics, &sources)
}

#[rustfmt::skip]
const MISTAKES: &[(&str, &str)] = &[
    (
        "[]",
        r#"
error[wrong-type]: a workflow is an object, not an array
  ┌─ w:1:1
  │
1 │ []
  │ ^
  │
  = help: write `{ "nodes": [ … ], "connections": [ … ] }`
"#,
    ),
    (
        "{\"name\": \"x\"}",
        r#"
error[missing-key]: a workflow needs the key `nodes`
  ┌─ w:1:1
  │
1 │ {"name": "x"}
  │ ^
  │
  = help: add "nodes": [ … ]
"#,
    ),
    (
        "{\"nodes\": {}}",
        r#"
error[wrong-type]: `nodes` of a workflow is an array, not an object
  ┌─ w:1:11
  │
1 │ {"nodes": {}}
  │           ^^ expected an array
"#,
    ),
    (
        "{\"nodes\": [1], \"connections\": [null]}",
        r#"
error[wrong-type]: a node is an object, not a number
  ┌─ w:1:12
  │
1 │ {"nodes": [1], "connections": [null]}
  │            ^

error[wrong-type]: a connection is an object, not null
  ┌─ w:1:32
  │
1 │ {"nodes": [1], "connections": [null]}
  │                                ^^^^
"#,
    ),
    (
        "{\"name\": 1, \"version\": 2.0, \"nodes\": [], \"settings\": []}",
        r#"
error[wrong-type]: `name` of a workflow is a string, not a number
  ┌─ w:1:10
  │
1 │ {"name": 1, "version": 2.0, "nodes": [], "settings": []}
  │          ^ expected a string
  │
  = help: write it in quotes: "1"

error[wrong-type]: `version` of a workflow is a string, not a number
  ┌─ w:1:24
  │
1 │ {"name": 1, "version": 2.0, "nodes": [], "settings": []}
  │                        ^^^ expected a string
  │
  = help: write it in quotes: "2.0"

error[wrong-type]: `settings` of a workflow is an object, not an array
  ┌─ w:1:54
  │
1 │ {"name": 1, "version": 2.0, "nodes": [], "settings": []}
  │                                                      ^^ expected an object
"#,
    ),
    (
        "{\"nodes\": [], \"conections\": [], \"zzz\": 1}",
        r#"
error[unknown-key]: a workflow has no key `conections`
  ┌─ w:1:15
  │
1 │ {"nodes": [], "conections": [], "zzz": 1}
  │               ^^^^^^^^^^^^
  │
  = help: did you mean `connections`?

error[unknown-key]: a workflow has no key `zzz`
  ┌─ w:1:33
  │
1 │ {"nodes": [], "conections": [], "zzz": 1}
  │                                 ^^^^^
  │
  = help: a workflow has the keys `name`, `description`, `version`, `nodes`, `connections`, `settings` and `allow`
"#,
    ),
    (
        "{\"nodes\": [{}]}",
        r#"
error[missing-key]: a node needs the key `id`
  ┌─ w:1:12
  │
1 │ {"nodes": [{}]}
  │            ^
  │
  = help: add "id": "…": connections and templates name the node by it

error[missing-key]: a node needs the key `type`
  ┌─ w:1:12
  │
1 │ {"nodes": [{}]}
  │            ^
  │
  = help: add "type": "trigger" and a `trigger_type`, or "type": "action" and an `action_type`
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\"}]}",
        r#"
error[missing-key]: a node needs the key `type`
  ┌─ w:1:19
  │
1 │ {"nodes": [{"id": "a"}]}
  │                   ^^^
  │
  = help: add "type": "trigger" and a `trigger_type`, or "type": "action" and an `action_type`
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"trigger_type\": \"webhook\"}]}",
        r#"
error[missing-key]: a node needs the key `type`
  ┌─ w:1:19
  │
1 │ {"nodes": [{"id": "a", "trigger_type": "webhook"}]}
  │                   ^^^
  │
  = help: add "type": "trigger"
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"http\"}]}",
        r#"
error[invalid-node-type]: the `type` of a node is `trigger` or `action`, not `http`
  ┌─ w:1:32
  │
1 │ {"nodes": [{"id": "a", "type": "http"}]}
  │                                ^^^^^^
  │
  = help: for a node of kind `http` write "type": "action", "action_type": "http"
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"triger\"}]}",
        r#"
error[invalid-node-type]: the `type` of a node is `trigger` or `action`, not `triger`
  ┌─ w:1:32
  │
1 │ {"nodes": [{"id": "a", "type": "triger"}]}
  │                                ^^^^^^^^
  │
  = help: did you mean `trigger`?
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"webhook\"}]}",
        r#"
error[invalid-node-type]: the `type` of a node is `trigger` or `action`, not `webhook`
  ┌─ w:1:32
  │
1 │ {"nodes": [{"id": "a", "type": "webhook"}]}
  │                                ^^^^^^^^^
  │
  = help: write "type": "trigger", "trigger_type": "webhook"
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"action\"}]}",
        r#"
error[missing-key]: an action needs the key `action_type`
  ┌─ w:1:32
  │
1 │ {"nodes": [{"id": "a", "type": "action"}]}
  │                                ^^^^^^^^
  │
  = help: such as "action_type": "http"
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"action\", \"trigger_type\": \"http\"}]}",
        r#"
error[unknown-key]: an action has no `trigger_type`
  ┌─ w:1:42
  │
1 │ {"nodes": [{"id": "a", "type": "action", "trigger_type": "http"}]}
  │                                --------  ^^^^^^^^^^^^^^
  │                                │
  │                                this makes it an action
  │
  = help: the kind of an action stands in `action_type`
"#,
    ),
    (
        "{\"nodes\": [{\"id\": \"a\", \"type\": \"action\", \"action_type\": \"http\", \"trigger_type\": \"webhook\", \"dependson\": [\"b\"]}]}",
        r#"
error[unknown-key]: an action has no `trigger_type`
  ┌─ w:1:65
  │
1 │ {"nodes": [{"id": "a", "type": "action", "action_type": "http", "trigger_type": "webhook", "dependson": ["b"]}]}
  │                                --------                         ^^^^^^^^^^^^^^
  │                                │
  │                                this makes it an action
  │
  = help: the kind of an action stands in `action_type`

error[unknown-key]: a node has no key `dependson`
  ┌─ w:1:92
  │
1 │ {"nodes": [{"id": "a", "type": "action", "action_type": "http", "trigger_type": "webhook", "dependson": ["b"]}]}
  │                                                                                            ^^^^^^^^^^^
  │
  = help: did you mean `dependencies`?
"#,
    ),
    (
        "{\"nodes\": [{\"id\": 7, \"type\": \"action\", \"action_type\": \"http\", \"config\": [], \"dependencies\": [\"b\", 1]}]}",
        r#"
error[wrong-type]: `id` of a node is a string, not a number
  ┌─ w:1:19
  │
1 │ {"nodes": [{"id": 7, "type": "action", "action_type": "http", "config": [], "dependencies": ["b", 1]}]}
  │                   ^ expected a string
  │
  = help: write it in quotes: "7"

error[wrong-type]: `config` of a node is an object, not an array
  ┌─ w:1:73
  │
1 │ {"nodes": [{"id": 7, "type": "action", "action_type": "http", "config": [], "dependencies": ["b", 1]}]}
  │                                                                         ^^ expected an object

error[wrong-type]: a dependency is the id of a node in a string, not a number
  ┌─ w:1:99
  │
1 │ {"nodes": [{"id": 7, "type": "action", "action_type": "http", "config": [], "dependencies": ["b", 1]}]}
  │                                                                                                   ^
"#,
    ),
    (
        "{\"nodes\": [], \"connections\": [{\"form\": \"a\", \"to\": \"b\", \"condition\": true}]}",
        r#"
error[unknown-key]: a connection has no key `form`
  ┌─ w:1:32
  │
1 │ {"nodes": [], "connections": [{"form": "a", "to": "b", "condition": true}]}
  │                                ^^^^^^
  │
  = help: did you mean `from`?

error[wrong-type]: `condition` of a connection is a string, not a boolean
  ┌─ w:1:69
  │
1 │ {"nodes": [], "connections": [{"form": "a", "to": "b", "condition": true}]}
  │                                                                     ^^^^ expected a string
  │
  = help: a condition is an expression in a string, such as "result.success == true"
"#,
    ),
];

#[test]
fn every_finding_of_one_run() {
    for (text, expected) in MISTAKES {
        assert_eq!(rendered(text), expected.trim(), "for {text}");
    }
}
