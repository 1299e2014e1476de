//! Input that nobody wrote by accident ends in a diagnostic: never in a hang, an overflow of the stack, or gigabytes.
//!
//! The real binary reads each text with its memory limited by the system; the wall clock is a safety net, wide enough
//! for an unoptimised flowc on a busy machine.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "tests start programs")]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Address space, in KiB. Reading the largest text there is takes less than half of it.
const MEMORY: usize = 2 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(300);
/// What is said about a workflow, whatever is wrong with it.
const WORDS_MAX: usize = 4_000_000;

/// `flowc check` of a text: its exit code, and what it said.
fn check(text: &str) -> (Option<i32>, String) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY} && exec \"$0\" check -"), env!("CARGO_BIN_EXE_flowc")])
        .env("NO_COLOR", "1")
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stderr) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
    std::thread::scope(|scope| {
        // flowc may refuse the text before it has read all of it.
        scope.spawn(move || _ = stdin.write_all(text.as_bytes()));
        let said = scope.spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).map(|_| said).unwrap()
        });
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        (status.expect("flowc ends in time").code(), said.join().unwrap())
    })
}

/// Every text is refused, with one of these codes first, in a text that somebody can read.
#[track_caller]
fn refused(code: &str, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let start: String = text.chars().take(60).collect();
        let (status, said) = check(&text);
        let shown: String = said.chars().take(600).collect();
        assert_eq!(status, Some(1), "{start}\n{shown}");
        assert!(
            said.starts_with(&format!("error[{code}]")) || said.contains(&format!("\nerror[{code}]")),
            "{start}\n{shown}"
        );
        assert!(said.len() < WORDS_MAX, "{start}: {} bytes are said\n{shown}", said.len());
    }
}

/// Every text is read to the end: it is accepted or refused, and not much is said.
#[track_caller]
fn read(texts: impl IntoIterator<Item = String>) {
    for text in texts {
        let start: String = text.chars().take(60).collect();
        let (status, said) = check(&text);
        let shown: String = said.chars().take(600).collect();
        assert!(matches!(status, Some(0 | 1)), "{status:?} for {start}\n{shown}");
        assert!(said.len() < WORDS_MAX, "{start}: {} bytes are said\n{shown}", said.len());
    }
}

const START: &str = r#"{"id":"start","type":"trigger","trigger_type":"manual","name":"S","config":{}}"#;

fn workflow(nodes: impl IntoIterator<Item = String>, edges: impl IntoIterator<Item = String>) -> String {
    let mut text = format!(r#"{{"name":"h","version":"1.0.0","nodes":[{START}"#);
    nodes.into_iter().for_each(|node| _ = write!(text, ",{node}"));
    text.push_str(r#"],"connections":[{"from":"start","to":"n0"}"#);
    edges.into_iter().for_each(|edge| _ = write!(text, ",{edge}"));
    text.push_str("]}");
    text
}

fn filter(index: usize, condition: &str) -> String {
    format!(
        r#"{{"id":"n{index}","type":"action","action_type":"data_filter","name":"F","config":{{"filter_condition":{condition:?}}}}}"#
    )
}

fn filters(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| filter(index, "input_data.a > 1"))
}

fn edge(from: usize, to: usize) -> String {
    format!(r#"{{"from":"n{from}","to":"n{to}"}}"#)
}

fn edge_when(from: usize, to: usize, condition: &str) -> String {
    format!(r#"{{"from":"n{from}","to":"n{to}","condition":{condition:?}}}"#)
}

/// As a condition, and as a template in a request.
fn expressions(text: &str) -> [String; 2] {
    let request = format!(
        r#"{{"id":"n0","type":"action","action_type":"http","name":"H","config":{{"url":"https://a.example/","method":"POST","body":{{"x":{:?}}}}}}}"#,
        format!("${{{text}}}")
    );
    [workflow([filter(0, text)], []), workflow([request], [])]
}

/// Of the webhook that starts the workflow; the request reads a path into it.
fn schema(schema: &str) -> String {
    format!(
        r#"{{"name":"h","version":"1.0.0","nodes":[{{"id":"start","type":"trigger","trigger_type":"webhook","name":"S","config":{{"webhook_id":"a","input_schema":{schema}}}}},{}],"connections":[{{"from":"start","to":"n0"}}]}}"#,
        filter(0, "input_data.a.b.a == 'x' || input_data.a.b.a == 'y'")
    )
}

// ---- Text that is no workflow

#[test]
fn deep_nesting() {
    refused("too-deep", ["[", "{\"a\":", "[{\"a\":"].map(|open| open.repeat(500_000)));
}

#[test]
fn fifty_megabytes() {
    refused("too-large", [" ".repeat(50_000_000), format!("[{}]", "0,".repeat(25_000_000))]);
}

#[test]
fn words_without_sense() {
    let as_json = ["{}", "\"", "[,", "-", "1e"];
    refused("json-syntax", as_json.map(|piece| piece.repeat(1_000_000)));
    let as_flow = [",", "x ", "'", "\\", "/* "];
    refused("flow-syntax", as_flow.map(|piece| piece.repeat(1_000_000)));
    read(["\u{feff}".repeat(1_000_000)]);
    refused("json-syntax", [format!("\"{}", "\\n".repeat(2_000_000))]);
    // A comment of the .flow language.
    read(["//".repeat(1_000_000)]);
}

#[test]
fn millions_of_values() {
    refused("too-large", [format!("[{}0]", "0,".repeat(4_000_000))]);
    refused("too-large", [format!("{{\"nodes\":[{}{{}}]}}", "{},".repeat(4_000_000))]);
}

#[test]
fn more_findings_than_anyone_reads() {
    let (status, said) = check(&format!("{{{}\"\":0}}", "\"\":0,".repeat(500_000)));
    assert_eq!(status, Some(1));
    assert!(said.contains(" more findings are not shown"), "{}", &said[said.len() - 1_000..]);
    assert!(said.len() < WORDS_MAX);
    let keys: String = (0..200_000).map(|index| format!("\"k{index}\":0,")).collect();
    refused("unknown-key", [format!("{{{keys}\"name\":0}}")]);
    refused("missing-key", [format!("{{\"nodes\":[{}{{}}]}}", "{},".repeat(200_000))]);
    let nodes = (0..50_000).map(|index| filter(index, "input_data.a >"));
    refused("expression-syntax", [workflow(nodes, [])]);
}

// ---- Graphs

#[test]
fn a_hundred_thousand_nodes() {
    let chain = (1..100_000).map(|to| edge(to - 1, to));
    let star = (1..100_000).map(|to| format!(r#"{{"from":"start","to":"n{to}"}}"#));
    read([workflow(filters(100_000), chain), workflow(filters(100_000), star), workflow(filters(100_000), [])]);
    let same_id = (0..100_000).map(|_| filter(0, "true"));
    refused("duplicate-id", [workflow(same_id, [])]);
    let unknown = (0..100_000).map(|index| filter(index, "true").replace("data_filter", &format!("htp{index}")));
    refused("unknown-kind", [workflow(unknown, [])]);
}

#[test]
fn a_hundred_thousand_edges() {
    let dense = (0..450).flat_map(|from| (from + 1..450).map(move |to| edge(from, to)));
    read([workflow(filters(450), dense)]);
    let dense =
        |from: usize, to: usize| edge_when(from, to, &format!("result.passed == {}", (from + to).is_multiple_of(2)));
    read([workflow(filters(300), (0..300).flat_map(|from| (from + 1..300).map(move |to| dense(from, to))))]);
    refused("duplicate-connection", [workflow(filters(2), (0..100_000).map(|_| edge(0, 1)))]);
    refused("unknown-node", [workflow(filters(1_000), (0..100_000).map(|to| edge(to % 1_000, to + 1_000)))]);
}

#[test]
fn fifty_thousand_conditions_on_one_node() {
    let cases = (1..50_000).map(|to| edge_when(0, to, &format!("input_data.x == 'v{to}'")));
    read([workflow(filters(50_000), cases)]);
}

#[test]
fn branches_that_meet_again_and_again() {
    let ladder = |steps: usize| {
        let edges = (0..steps).flat_map(move |step| {
            let [from, yes, no, join] = [3 * step, 3 * step + 1, 3 * step + 2, 3 * step + 3];
            let passed = edge_when(from, yes, "result.passed == true");
            [passed, edge_when(from, no, "result.passed == false"), edge(yes, join), edge(no, join)]
        });
        workflow(filters(3 * steps + 1), edges)
    };
    read([ladder(5_000)]);
}

#[test]
fn circles() {
    refused("cycle", [workflow(filters(100_000), (0..100_000).map(|from| edge(from, (from + 1) % 100_000)))]);
    refused("cycle", [workflow(filters(50_000), (0..50_000).map(|from| edge(from, from ^ 1)))]);
}

#[test]
fn references_across_the_whole_workflow() {
    let far = (0..10_000).map(|reader| {
        filter(reader, &format!("previous_outputs.n{}.result.passed == true", reader * 7_919 % reader.max(1)))
    });
    read([workflow(far, (1..10_000).map(|to| edge(to - 1, to)))]);
    let later =
        (0..20_000).map(|reader| filter(reader, &format!("previous_outputs.n{}.status", (reader + 1) % 20_000)));
    refused("not-yet-run", [workflow(later, (1..20_000).map(|to| edge(0, to)))]);
}

// ---- Expressions

#[test]
fn pathological_expressions() {
    let shapes = [
        "(".repeat(10_000) + "a" + &")".repeat(10_000),
        "a.".repeat(500_000) + "a",
        "!".repeat(1_000_000) + "a",
        "a?b:".repeat(250_000) + "c",
        "a?b?".repeat(250_000) + "c",
        "- ".repeat(500_000) + "a",
        "a+".repeat(500_000) + "a",
        "a||".repeat(300_000) + "a",
    ];
    refused("too-deep", shapes.iter().flat_map(|text| expressions(text)));
    let pieces =
        ["${", "'", "`${", "a[", "a(", "f(x=>", "{a:", ",", "\u{e9}", "a?.", "1", "a-", "$", " ", "[a,", "x=>", "\\"];
    read(pieces.iter().flat_map(|piece| expressions(&piece.repeat(100_000 / piece.len()))));
    read(expressions(&"${".repeat(500_000)));
}

#[test]
fn a_megabyte_of_templates() {
    for piece in ["${a.b} ", "${a.b + 1} ", "${a b} ", "${} ", "$${ "] {
        read(expressions(&piece.repeat(1_000_000 / piece.len())));
    }
}

#[test]
fn constants_that_would_grow_without_end() {
    let doubled = "[1, 2, 3]".to_owned() + &".concat([1, 2, 3])".repeat(60);
    let shapes = [
        "'aaaaaaaaaa'.repeat(100000).repeat(100000).repeat(100000)",
        "'a'.padStart(1e9).padStart(1e9) == 'x'",
        "'a,'.repeat(1000000).split(',').map(x => x).join('').length > 3",
        &doubled,
    ];
    read(shapes.iter().flat_map(|text| expressions(text)));
}

/// Whichever of two nodes ran, asked inside the question which of them ran.
#[test]
fn defaults_inside_defaults() {
    let request = |index: usize, config: &str| {
        format!(
            r#"{{"id":"n{index}","type":"action","action_type":"http","config":{{"url":"https://a.example/",{config}}}}}"#
        )
    };
    let answer = r#""response_schema":{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]}"#;
    let nested = (0..60).fold("previous_outputs.n1.result.x".to_owned(), |text, _| {
        format!("previous_outputs.n1.result.x.concat({text} || previous_outputs.n2.result.x)")
    });
    let reader = request(3, &format!(r#""params":{{"x":"is ${{{nested}}}"}}"#));
    let nodes = [filter(0, "input_data.a > 1"), request(1, answer), request(2, answer), reader];
    let edges = [edge_when(0, 1, "input_data.b"), edge_when(0, 2, "!input_data.b"), edge(1, 3), edge(2, 3)];
    read([workflow(nodes, edges)]);
}

// ---- Schemas

#[test]
fn schemas_without_end() {
    let itself = r##"{"$ref":"#","properties":{"a":{"$ref":"#"}}}"##;
    let defined = r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"},"b":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"array","items":{"$ref":"#/$defs/a"}}]}}}}}"##;
    let circle = r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##;
    read([itself, defined, circle].map(schema));
    let deep = r#"{"type":"object","properties":{"a":"#.repeat(100) + "true" + &"}}".repeat(100);
    read([schema(&deep)]);
    refused(
        "too-deep",
        [schema(&(r#"{"type":"object","properties":{"a":"#.repeat(100_000) + "true" + &"}}".repeat(100_000)))],
    );
}

/// Written in a few lines, they would be of any size if they were written out.
#[test]
fn schemas_that_double() {
    let definitions = |of: &dyn Fn(usize) -> String| {
        let each: String = (0..60).map(|index| format!(r#""a{index}":{},"#, of(index))).collect();
        schema(&format!(r##"{{"$ref":"#/$defs/a0","$defs":{{{each}"a60":{{"type":"string"}}}}}}"##))
    };
    let next = |index: usize| format!(r##"{{"$ref":"#/$defs/a{}"}}"##, index + 1);
    read([
        definitions(&|index| format!(r#"{{"type":"object","properties":{{"a":{0},"b":{0}}}}}"#, next(index))),
        definitions(&|index| {
            format!(r#"{{"anyOf":[{0},{{"type":"object","properties":{{"x{index}":{0}}}}}]}}"#, next(index))
        }),
        definitions(&|index| {
            format!(r#"{{"anyOf":[{{"type":"array","items":{0}}},{{"properties":{{"a":{0},"b":{0}}}}}]}}"#, next(index))
        }),
    ]);
}

#[test]
fn wide_schemas() {
    let list = |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<Vec<_>>().join(",");
    read([
        schema(&format!(r#"{{"enum":[{}]}}"#, list(100_000, &|index| format!("\"v{index}\"")))),
        schema(&format!(
            r#"{{"type":"object","properties":{{{}}}}}"#,
            list(100_000, &|index| format!("\"p{index}\":{{\"type\":\"string\"}}"))
        )),
        schema(&format!(
            r#"{{"anyOf":[{}]}}"#,
            list(5_000, &|index| format!("{{\"type\":\"object\",\"properties\":{{\"p{index}\":{{}}}}}}"))
        )),
    ]);
}
