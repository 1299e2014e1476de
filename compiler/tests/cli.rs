//! `flowc` as people and scripts meet it: arguments, streams, exit codes.
#![expect(clippy::disallowed_methods, reason = "tests write workflows and start programs")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The smallest workflow that does something: a trigger by hand and a value.
const GREETING: &str = r#"{
  "name": "Greeting", "version": "1.0.0",
  "nodes": [
    { "id": "start", "type": "trigger", "trigger_type": "manual", "name": "Start", "config": {} },
    { "id": "greet", "type": "action", "action_type": "data_transform", "name": "Greet",
      "config": { "transform_type": "add_fields", "fields": { "text": "Hello ${input_data.name}" } } }
  ],
  "connections": [{ "from": "start", "to": "greet" }]
}"#;

fn flowc(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flowc"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code, stdout, stderr.
fn outcome(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder `greeting` with a workflow.
fn greeting() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("greeting")).unwrap();
    fs::write(folder.path().join("greeting/workflow.json"), GREETING).unwrap();
    folder
}

#[test]
fn a_good_workflow_checks_with_0() {
    let (code, stdout, stderr) = outcome(flowc(greeting().path(), &["check", "greeting"], ""));
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "greeting: no errors\n"));
    let (code, _, stderr) = outcome(flowc(greeting().path(), &["check", "-q", "greeting"], ""));
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn errors_are_counted_and_end_with_1() {
    let broken = GREETING.replace("\"to\": \"greet\"", "\"to\": \"great\"");
    let (code, stdout, stderr) = outcome(flowc(greeting().path(), &["check", "-"], &broken));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("error[unknown-node]") && stderr.contains("<stdin>:8:"), "{stderr}");
    assert!(stderr.contains("\nerror: could not compile workflow: 1 error"), "{stderr}");
}

#[test]
fn all_paths_are_checked_and_the_worst_decides() {
    let folder = greeting();
    fs::write(folder.path().join("broken.json"), "{").unwrap();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "broken.json", "greeting"], ""));
    assert_eq!(code, 1);
    assert!(stderr.contains("greeting: no errors"), "{stderr}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "missing.json", "broken.json", "greeting"], ""));
    assert_eq!(code, 2);
    assert!(stderr.contains("there is no file missing.json") && stderr.contains("error[json-syntax]"), "{stderr}");
}

#[test]
fn wrong_usage_ends_with_2() {
    let folder = greeting();
    for arguments in [&["check"][..], &["frobnicate"], &["build", "-"], &["explain", "no-such"], &["run", "greeting"]] {
        let (code, stdout, stderr) = outcome(flowc(folder.path(), arguments, ""));
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?} {stderr}");
        assert!(stderr.contains("error: "), "{arguments:?} {stderr}");
    }
}

#[test]
fn bytes_that_are_no_text_are_a_diagnostic() {
    let folder = greeting();
    fs::write(folder.path().join("binary.json"), b"{\"name\": \"\xff\"}").unwrap();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "binary.json"], ""));
    assert_eq!(code, 1);
    assert!(stderr.contains("error[invalid-utf8]"), "{stderr}");
}

/// Its one warning: nothing reads `password`.
const WARNED: &str = r#"{ "nodes": [{ "id": "report", "type": "action", "action_type": "send_email", "config": {
  "smtp_server": "localhost", "password": "${SMTP_PASSWORD}", "to_email": "ann@example.com", "subject": "Report",
  "body": "All is well." } }] }"#;

#[test]
fn lints_are_as_loud_as_asked_for() {
    let folder = greeting();
    let check = |options: &[&str]| outcome(flowc(folder.path(), &[&["check", "-"], options].concat(), WARNED));
    let (code, _, stderr) = check(&[]);
    assert_eq!(code, 0);
    assert!(stderr.contains("warning[dead-key]") && stderr.contains("workflow: no errors; 1 warning\n"), "{stderr}");
    assert!(stderr.ends_with("`allow` in its node, with that name, accepts it\n"), "{stderr}");
    let (code, _, stderr) = check(&["-A", "dead-key"]);
    assert_eq!((code, stderr.as_str()), (0, "workflow: no errors\n"));
    let (code, _, stderr) = check(&["--deny", "warnings"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("error[dead-key]") && stderr.contains("= note: `dead-key` is denied by `-D warnings`"));
    assert!(stderr.ends_with("error: could not compile workflow: 1 error\n"), "{stderr}");
    assert_eq!(check(&["-D", "warnings", "-A", "dead_key"]).0, 0, "the later wins");
    assert_eq!(check(&["-A", "dead-key", "-D", "dead-key"]).0, 1, "the later wins");
}

#[test]
fn what_is_denied_is_not_built() {
    let folder = greeting();
    fs::write(folder.path().join("report.json"), WARNED).unwrap();
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["build", "report.json", "-Dwarnings"], ""));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("error[dead-key]") && !folder.path().join("report").exists(), "{stderr}");
}

#[test]
fn levels_are_for_lints() {
    let folder = greeting();
    for (name, says) in [("dead-kye", "did you mean `dead-key`?"), ("unknown-node", "is an error, not a lint")] {
        let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "greeting", "--allow", name], ""));
        assert_eq!(code, 2);
        assert!(stderr.contains(says), "{stderr}");
    }
}

#[test]
fn colours_only_when_asked_for() {
    let folder = greeting();
    let (_, _, plain) = outcome(flowc(folder.path(), &["check", "-"], "{"));
    let (_, _, coloured) = outcome(flowc(folder.path(), &["check", "-", "--color", "always"], "{"));
    assert!(!plain.contains('\u{1b}') && coloured.contains("\u{1b}["));
}

#[test]
fn every_stage_can_be_seen() {
    let folder = greeting();
    for (stage, expected) in
        [("ast", "Workflow {"), ("model", "Workflow {"), ("plan", "Plan {"), ("rust", "static WORKFLOW: Workflow")]
    {
        let (code, stdout, stderr) = outcome(flowc(folder.path(), &["emit", "--stage", stage, "greeting"], ""));
        assert_eq!((code, stderr.as_str()), (0, ""), "{stage}");
        assert!(stdout.contains(expected), "{stage}: {stdout}");
        let from_stdin = outcome(flowc(folder.path(), &["emit", "--stage", stage, "-"], GREETING));
        assert_eq!(from_stdin.0, 0, "{stage}");
    }
}

#[test]
fn audit_prints_the_map_and_ends_as_check_does() {
    let folder = greeting();
    let (code, stdout, _) = outcome(flowc(folder.path(), &["audit", "greeting"], ""));
    assert_eq!(code, 0);
    assert!(stdout.contains("input_data.name") && stdout.contains("the record of the execution"), "{stdout}");
    let (code, stdout, _) = outcome(flowc(folder.path(), &["audit", "-", "--format", "json"], GREETING));
    let map: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let flows = map["destinations"][0]["flows"].as_array().unwrap();
    assert!(code == 0 && flows.iter().any(|flow| flow["name"] == "input_data.name"), "{stdout}");
    let broken = GREETING.replace("\"to\": \"greet\"", "\"to\": \"great\"");
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["audit", "-"], &broken));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
}

#[test]
fn a_code_is_explained_with_or_without_its_brackets() {
    let folder = greeting();
    let (code, stdout, _) = outcome(flowc(folder.path(), &["explain", "[json-syntax]"], ""));
    assert_eq!(code, 0);
    assert!(stdout.contains("json-syntax"), "{stdout}");
}

#[test]
fn a_workflow_is_built_here_and_runs_without_flowc() {
    let folder = greeting();
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["build", "greeting", "-o", "bin/"], ""));
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    let last = stderr.lines().last().unwrap();
    assert!(last.starts_with("built bin/greeting (") && last.contains(" MB) in "), "{stderr}");
    fs::write(folder.path().join("input.json"), r#"{"name": "Ada"}"#).unwrap();
    let output = Command::new(folder.path().join("bin/greeting"))
        .args(["run", "--input", "input.json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (code, stdout, stderr) = outcome(output);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Hello Ada"), "{stdout}");
}

#[test]
fn an_executable_does_not_take_the_place_of_its_workflow() {
    let folder = greeting();
    let arguments = ["build", "greeting", "-o", "greeting/../greeting/workflow.json"];
    let (code, _, stderr) = outcome(flowc(folder.path(), &arguments, ""));
    assert_eq!(code, 2);
    assert!(stderr.ends_with("workflow.json is the workflow itself: name another file with `-o`\n"), "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("greeting/workflow.json")).unwrap(), GREETING);
}

#[cfg(unix)]
#[test]
fn a_pipe_beside_a_workflow_is_not_waited_for() {
    let folder = greeting();
    let schema = r#""config": { "input_schema": { "$ref": "pipe" } } }"#;
    let workflow = GREETING.replacen(r#""config": {} }"#, schema, 1);
    fs::write(folder.path().join("greeting/workflow.json"), workflow).unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("greeting/pipe")).status().unwrap();
    assert!(made.success());
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "greeting"], ""));
    assert_eq!(code, 1);
    assert!(stderr.contains("`pipe` cannot be read: it is no file"), "{stderr}");
}

#[test]
fn run_hands_on_the_input_and_the_exit_code() {
    let folder = greeting();
    let (code, stdout, stderr) =
        outcome(flowc(folder.path(), &["run", "-q", "greeting", "--input", "-"], r#"{"name": "Grace"}"#));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("Hello Grace"), "{stdout}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["run", "-q", "greeting", "--input", "-"], "no JSON"));
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn without_a_compiler_it_says_what_to_install() {
    let folder = greeting();
    let output = Command::new(env!("CARGO_BIN_EXE_flowc"))
        .args(["build", "greeting"])
        .current_dir(folder.path())
        .env("RUSTC", "no-such-rustc")
        .output()
        .unwrap();
    let (code, _, stderr) = outcome(output);
    assert_eq!(code, 2);
    assert!(stderr.contains("there is no Rust compiler") && stderr.contains("= help: install Rust"), "{stderr}");
}

#[test]
fn the_schema_is_printed_and_may_be_named() {
    let (code, stdout, stderr) = outcome(flowc(greeting().path(), &["schema"], ""));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\""), "{stdout}");
    let named = GREETING.replacen('{', "{ \"$schema\": \"./workflow.schema.json\",", 1);
    assert_eq!(outcome(flowc(greeting().path(), &["check", "-"], &named)).0, 0);
}

/// A payment and what follows from it.
const SHOP: &str = r#"manual start

http pay {
    POST "https://pay.example.com/charge"
    headers: { "Idempotency-Key": order_id }
    body: { order_id, total }
}

transform receipt {
    add: { text: "paid" }
}

flow {
    start -> pay -> receipt
}
"#;

#[test]
fn a_diff_says_by_its_exit_code_whether_to_deploy() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.flow"), SHOP).unwrap();
    let check = |new: &str, options: &[&str], expected: i32, says: &str| {
        fs::write(folder.path().join("new.flow"), new).unwrap();
        let (code, stdout, stderr) =
            outcome(flowc(folder.path(), &[&["diff", "old.flow", "new.flow"], options].concat(), ""));
        assert_eq!((code, stderr.as_str()), (expected, ""), "{stdout}");
        assert!(stdout.contains(says), "{stdout}");
    };
    check(
        SHOP,
        &["--deny-drain"],
        0,
        "receipt  continues\n\n3 nodes continue: executions under way go on with the new version\n",
    );
    let drained = SHOP.replace("order_id, total", "order_id, amount: total");
    check(&drained, &[], 0, "start    drain first\n           `pay` changed: `body`\npay      drain first, as above\n");
    check(&drained, &["--deny-drain"], 1, "receipt  continues\n");
    check(&drained, &["--format", "json"], 0, "\"verdict\": \"drain first\"");
    let gone = SHOP.replace("receipt", "invoice");
    check(&gone, &[], 1, "receipt  incompatible\n");
    check(&gone, &["--format", "json"], 1, "\"code\": \"node-gone\"");
    // One version comes from a version control system, say.
    let piped = outcome(flowc(folder.path(), &["diff", "old.flow", "-"], SHOP));
    assert_eq!((piped.0, piped.2.as_str()), (0, ""), "{}", piped.1);
}

#[test]
fn a_diff_of_what_is_no_workflow_says_why() {
    let folder = greeting();
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["diff", "greeting", "elsewhere.json"], ""));
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("elsewhere.json"), "{stderr}");
    fs::write(folder.path().join("broken.json"), GREETING.replace("\"to\": \"greet\"", "\"to\": \"great\"")).unwrap();
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["diff", "greeting", "broken.json"], ""));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("error[unknown-node]"), "{stderr}");
    assert_eq!(outcome(flowc(folder.path(), &["diff", "greeting"], "")).0, 2);
}

/// What is changed by hand is laid out again; `--check` only says so.
#[test]
fn flow_files_are_laid_out_in_place() {
    let folder = greeting();
    let messy = "// kept\nmanual   start\nhttp call {  GET \"https://example.com\" }\n";
    let tidy = "// kept\nmanual start\nhttp call { GET \"https://example.com\" }\n";
    let file = folder.path().join("call.flow");
    fs::write(&file, messy).unwrap();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["fmt", "--check", "call.flow"], ""));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("call.flow is laid out differently"), "{stderr}");
    assert_eq!(fs::read_to_string(&file).unwrap(), messy);
    let (code, stdout, _) = outcome(flowc(folder.path(), &["fmt", "call.flow"], ""));
    assert_eq!((code, stdout.as_str(), fs::read_to_string(&file).unwrap().as_str()), (0, "", tidy));
    assert_eq!(outcome(flowc(folder.path(), &["fmt", "--check", "call.flow"], "")).0, 0);
    let (code, stdout, _) = outcome(flowc(folder.path(), &["fmt", "-"], messy));
    assert_eq!((code, stdout.as_str()), (0, tidy));
    let (code, stdout, stderr) = outcome(flowc(folder.path(), &["fmt", "-"], "http call {"));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(stderr.contains("error[flow-syntax]"), "{stderr}");
    assert_eq!(outcome(flowc(folder.path(), &["fmt", "greeting/workflow.json"], "")).0, 2);
}

/// The link stays, and leads to what was written.
#[cfg(unix)]
#[test]
fn what_is_written_in_place_is_written_through_a_link() {
    let folder = greeting();
    let path = |name: &str| folder.path().join(name);
    let is_link = |name: &str| fs::symlink_metadata(path(name)).unwrap().is_symlink();
    fs::create_dir(path("real")).unwrap();
    fs::write(path("real/call.flow"), "manual   start\n").unwrap();
    for (target, link) in [("real/call.flow", "link.flow"), ("link.flow", "second.flow"), ("real/new.flow", "new.flow")]
    {
        std::os::unix::fs::symlink(target, path(link)).unwrap();
    }
    assert_eq!(outcome(flowc(folder.path(), &["fmt", "second.flow"], "")).0, 0);
    assert!(is_link("link.flow") && is_link("second.flow"));
    assert_eq!(fs::read_to_string(path("real/call.flow")).unwrap(), "manual start\n");
    assert_eq!(outcome(flowc(folder.path(), &["convert", "greeting", "-o", "new.flow"], "")).0, 0);
    assert!(is_link("new.flow") && fs::read_to_string(path("real/new.flow")).unwrap().contains("manual"));
}

#[test]
fn a_conversion_into_itself_is_refused() {
    let folder = greeting();
    let text = "// kept\nmanual start\n";
    fs::write(folder.path().join("call.flow"), text).unwrap();
    for output in ["call.flow", "./call.flow", "other.flow"] {
        let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "call.flow", "-o", output], ""));
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("call.flow is a .flow text already: `flowc fmt` lays it out"), "{stderr}");
    }
    let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "greeting", "-o", "other.json"], ""));
    assert!(code == 2 && stderr.contains("workflow.json is JSON already"), "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("call.flow")).unwrap(), text);
    assert!(!folder.path().join("other.flow").exists());
}

#[test]
fn a_workflow_is_converted_there_and_back() {
    let folder = greeting();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "greeting", "-o", "hello.flow"], ""));
    assert_eq!(code, 0, "{stderr}");
    let text = fs::read_to_string(folder.path().join("hello.flow")).unwrap();
    assert!(text.starts_with("/// Greeting\nworkflow greeting { version: \"1.0.0\" }\n"), "{text}");
    assert!(text.contains("transform greet { add: { text: \"Hello ${name}\" } }"), "{text}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "hello.flow", "-o", "hello.json"], ""));
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("for it to stay `greeting`, call the file greeting.json"), "{stderr}");
    let model = |file: &str| outcome(flowc(folder.path(), &["emit", "--stage", "rust", file], "")).1;
    let code = |text: String, file: &str| {
        // The hash is of the text as the author wrote it: what an API client compares its `flow_data` with.
        let same = |line: &&str| !line.contains(", line ") && !line.trim_start().starts_with("hash: ");
        text.replace(file, "FILE").lines().filter(same).collect::<String>()
    };
    assert_eq!(code(model("greeting"), "workflow.json"), code(model("hello.flow"), "hello.flow"));
    // To the other dialect, on stdout; a text of either is known by its first word.
    let (_, stdout, _) = outcome(flowc(folder.path(), &["convert", "-"], &text));
    assert!(stdout.starts_with("{\n  \"name\": \"Greeting\""), "{stdout}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "greeting", "-o", "hello.toml"], ""));
    assert_eq!(code, 2, "{stderr}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["convert", "-"], "{ \"nodes\": [{}] }"));
    assert_eq!(code, 1, "{stderr}");
}

/// Checked and converted like any other; only an executable of its own it cannot be.
#[test]
fn a_rust_node_needs_a_program_around_it() {
    let folder = greeting();
    let text = "flow { start -> check }\n\nmanual start\nrust check = crate::check(order)\n";
    fs::write(folder.path().join("check.flow"), text).unwrap();
    assert_eq!(outcome(flowc(folder.path(), &["check", "check.flow"], "")).0, 0);
    let (code, stdout, _) = outcome(flowc(folder.path(), &["convert", "check.flow"], ""));
    assert!(code == 0 && stdout.contains("\"function\": \"crate::check\""), "{stdout}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["build", "check.flow"], ""));
    assert_eq!(code, 1);
    assert!(stderr.contains("check.flow:4:14") && stderr.contains("only inside `flow!`"), "{stderr}");
}

#[test]
fn a_new_workflow_is_right_and_laid_out() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["new", "my-orders"], ""));
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "--deny", "warnings", "my-orders"], ""));
    assert_eq!((code, stderr.as_str()), (0, "my-orders: no errors\n"));
    assert_eq!(outcome(flowc(folder.path(), &["fmt", "--check", "my-orders"], "")).0, 0);
    let run = |input: &str| {
        let (code, stdout, stderr) = outcome(flowc(folder.path(), &["run", "-q", "my-orders", "--input", input], ""));
        assert_eq!(code, 0, "{stderr}");
        stdout
    };
    let good = run("my-orders/input.json");
    assert!(good.contains("order A-1001 comes to 21"), "{good}");
    let refused = run("my-orders/inputs/without-items.json");
    assert!(refused.contains("order A-1002 has no items"), "{refused}");
    assert_eq!(outcome(flowc(folder.path(), &["new", "my-orders"], "")).0, 2, "it exists");
    assert_eq!(outcome(flowc(folder.path(), &["new", "my orders"], "")).0, 2, "no name");
}

#[test]
fn a_program_is_called_what_its_text_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("draft.flow"), "workflow night-shift {}\n\nmanual start\n").unwrap();
    let (code, _, stderr) = outcome(flowc(folder.path(), &["check", "draft.flow"], ""));
    assert_eq!((code, stderr.as_str()), (0, "night-shift: no errors\n"));
}
