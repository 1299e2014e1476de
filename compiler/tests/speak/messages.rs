//! `--message-format`: the same findings in every form, exactly.

use super::{Outcome, expect, flowc, folder};
use cargo_metadata::Message;
use serde_json::Value;
use std::path::Path;

/// Two workflows with errors, warnings, several labels, characters outside of ASCII, and names that have to be escaped.
fn check(environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    // New lints shall not change what is expected.
    let paths = ["check", "-q", "-A", "warnings", "-W", "ignored-body", "100%,quiet.json", "café.json"];
    flowc(&folder("messages/flows"), environment, &[&paths[..], arguments].concat(), "")
}

fn golden(name: &str, actual: &str) {
    expect(&folder("messages").join(name), actual);
}

#[test]
fn human() {
    let (code, stdout, stderr) = check(&[], &[]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    golden("human.txt", &stderr);
    assert_eq!(check(&[], &["--message-format", "human"]), (code, stdout, stderr));
}

#[test]
fn short() {
    let (code, stdout, stderr) = check(&[], &["--message-format", "short"]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    golden("short.txt", &stderr);
}

#[test]
fn json() {
    let (code, stdout, stderr) = check(&[], &["--message-format", "json"]);
    let summary = "error: could not compile café: 4 errors\n";
    assert_eq!((code, stderr.as_str()), (1, summary));
    let lines = stdout.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        // The pages have tests of their own.
        if let Some(page) = line.pointer_mut("/message/code/explanation") {
            assert!(page.take().as_str().unwrap().starts_with("# "));
        }
        format!("{line:#}\n")
    });
    golden("json.txt", &lines.collect::<String>());
}

/// Whatever reads cargo's messages reads these.
#[test]
fn json_is_in_cargos_shape() {
    let (_, stdout, _) = check(&[], &["--message-format", "json"]);
    let messages: Vec<Message> = Message::parse_stream(stdout.as_bytes()).map(Result::unwrap).collect();
    let found = messages.iter().filter_map(|message| match message {
        Message::CompilerMessage(found) => Some(found.message.code.as_ref().unwrap().code.as_str()),
        _ => None,
    });
    let expected = ["ignored-body", "unknown-node", "unknown-key", "duplicate-id", "expression-syntax"];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(matches!(messages.last(), Some(Message::BuildFinished(finished)) if !finished.success));
}

#[test]
fn github() {
    let (code, stdout, stderr) = check(&[], &["--message-format", "github"]);
    assert_eq!(code, 1);
    assert!(!stderr.contains("unknown"), "{stderr}");
    golden("github.txt", &stdout);
}

#[test]
fn sarif() {
    let (code, stdout, _) = check(&[], &["--message-format", "sarif"]);
    assert_eq!(code, 1);
    let mut document: Value = serde_json::from_str(&stdout).unwrap();
    let rules = document.pointer_mut("/runs/0/tool/driver/rules").and_then(Value::as_array_mut).unwrap();
    for rule in rules {
        for text in ["/fullDescription/text", "/help/text", "/help/markdown"] {
            assert!(rule.pointer_mut(text).unwrap().take().is_string());
        }
    }
    golden("sarif.txt", &format!("{document:#}\n"));
}

#[test]
fn actions_are_annotated_unless_a_form_is_asked_for() {
    let actions = [("GITHUB_ACTIONS", "true")];
    let (_, annotations, _) = check(&[], &["--message-format", "github"]);
    let (_, _, human) = check(&[], &[]);
    assert_eq!(check(&actions, &[]), (1, annotations, human.clone()));
    assert_eq!(check(&actions, &["--message-format", "human"]), (1, String::new(), human));
}

/// GitHub counts paths from the root of the repository.
#[test]
fn annotations_name_files_as_the_repository_does() {
    let root = folder("");
    let environment = [("GITHUB_WORKSPACE", root.to_str().unwrap())];
    let (_, stdout, _) = check(&environment, &["--message-format", "github"]);
    assert!(stdout.starts_with("::warning file=messages/flows/100%25%2Cquiet.json,line=4,"), "{stdout}");
    let (_, stdout, _) = check(&environment, &["--message-format", "sarif"]);
    assert!(stdout.contains("\"uri\": \"messages/flows/100%25%2Cquiet.json\""), "{stdout}");
}

#[test]
fn what_cannot_be_read_is_told_in_every_form() {
    let here = folder("messages/flows");
    let flowc = |form: &str| flowc(&here, &[], &["check", "no-such.json", "--message-format", form], "");
    for form in ["human", "short", "json", "github", "sarif"] {
        let (code, _, stderr) = flowc(form);
        assert_eq!((code, stderr.as_str()), (2, "error: there is no file no-such.json\n"), "{form}");
    }
    assert_eq!(flowc("github").1, "::error::there is no file no-such.json\n");
    assert_eq!(flowc("json").1, "{\"reason\":\"build-finished\",\"success\":false}\n");
    let document: Value = serde_json::from_str(&flowc("sarif").1).unwrap();
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "there is no file no-such.json");
}

/// `emit` shows a stage on standard output: messages stay away from it.
#[test]
fn messages_do_not_mix_with_what_a_command_shows() {
    let here = folder("messages/flows");
    let arguments = [
        "emit",
        "--stage",
        "rust",
        "100%,quiet.json",
        "--message-format",
        "json",
        "-A",
        "warnings",
        "-W",
        "ignored-body",
    ];
    let (code, stdout, stderr) = flowc(&here, &[], &arguments, "");
    assert_eq!(code, 0);
    assert!(stdout.starts_with("//!") && !stdout.contains("compiler-message"), "{stdout}");
    assert!(stderr.starts_with("{\"reason\":\"compiler-message\""), "{stderr}");
}

/// As rustc and cargo decide it; standard error is no terminal here.
#[test]
fn colours_are_a_question_of_flags_then_environment() {
    let coloured =
        |environment: &[(&str, &str)], arguments: &[&str]| check(environment, arguments).2.contains('\u{1b}');
    assert!(!coloured(&[], &[]));
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(coloured(&[("NO_COLOR", "1"), ("TERM", "dumb")], &["--color", "always"]));
    assert!(!coloured(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], &[]));
    assert!(!check(&[], &["--color", "always", "--message-format", "json"]).1.contains("\\u001b"));
}

/// A built executable is told as cargo tells it.
#[test]
fn json_names_the_executable() {
    let out = tempfile::tempdir().unwrap();
    let here = folder("messages/flows");
    let target = out.path().join("quiet");
    let only = ["-A", "warnings", "-W", "ignored-body"];
    let arguments = ["build", "100%,quiet.json", "--message-format", "json", "-o", target.to_str().unwrap()];
    let arguments = [&arguments[..], &only].concat();
    let (code, stdout, stderr) = flowc(&here, &[], &arguments, "");
    assert_eq!(code, 0, "{stderr}");
    let messages: Vec<Message> = Message::parse_stream(stdout.as_bytes()).map(Result::unwrap).collect();
    let [Message::CompilerMessage(_), Message::CompilerArtifact(artifact), Message::BuildFinished(finished)] =
        messages.as_slice()
    else {
        panic!("{stdout}")
    };
    assert_eq!(artifact.executable.as_ref().map(|path| path.as_std_path()), Some(target.as_path()));
    assert!(finished.success && Path::new(&target).exists());
}
