//! `flowc test`: scenarios played in compiled workflows.
#![expect(clippy::disallowed_methods, reason = "tests write workflows and start programs")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One request, and a way for each answer.
const ORDER: &str = r#"{
  "name": "Order",
  "nodes": [
    { "id": "start", "type": "trigger", "trigger_type": "manual", "config": {} },
    { "id": "charge", "type": "action", "action_type": "http",
      "config": { "method": "POST", "url": "${PAYMENT_API_URL}/charge", "body": { "amount": "${input_data.total}" },
                  "headers": { "Idempotency-Key": "${input_data.order_id}" }, "retry_count": 2, "retry_delay": 60 } },
    { "id": "thank", "type": "action", "action_type": "send_email",
      "config": { "smtp_server": "${SMTP_SERVER}", "from_email": "shop@example.com", "to_email": "${input_data.email}",
                  "subject": "Thank you", "body": "Order ${input_data.order_id} at ${timestamp}" } },
    { "id": "apologise", "type": "action", "action_type": "send_email",
      "config": { "smtp_server": "${SMTP_SERVER}", "from_email": "shop@example.com", "to_email": "${input_data.email}",
                  "subject": "Sorry", "body": "${previous_outputs.charge.error.message}" } }
  ],
  "connections": [
    { "from": "start", "to": "charge" },
    { "from": "charge", "to": "thank", "condition": "result.success == true" },
    { "from": "charge", "to": "apologise", "condition": "result.success == false" }
  ]
}"#;

const INPUT: &str = r#""input": { "order_id": "A-1", "total": 10.5, "email": "ann@example.com" }"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(scenarios: &[(&str, String)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        fs::create_dir_all(folder.path("order/scenarios")).unwrap();
        fs::write(folder.path("order/workflow.json"), ORDER).unwrap();
        for (name, text) in scenarios {
            fs::write(folder.path(&format!("order/scenarios/{name}.json")), text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn test(&self, arguments: &[&str]) -> (i32, String, String) {
        let arguments: Vec<&str> = ["test", "order"].iter().chain(arguments).copied().collect();
        flowc(self.0.path(), &arguments)
    }
}

/// Exit code, stdout, stderr.
fn flowc(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_flowc"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_is_covered_in_both_dialects() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment");
    for workflow in ["workflow.json", "order.flow"] {
        let (code, stdout, stderr) = flowc(&example, &["test", workflow, "--full-coverage"]);
        assert_eq!((code, stdout.as_str()), (0, ""), "{workflow}: {stderr}");
        assert!(stderr.contains("coverage: 12 of 12 nodes, 11 of 11 connections\n"), "{stderr}");
    }
}

#[test]
fn the_scenario_of_the_documents_is_as_it_expects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/testing.md")).unwrap();
    let (_, rest) = document.split_once("```json\n").unwrap();
    let (scenario, _) = rest.split_once("```").unwrap();
    let folder = Folder::new(&[("declined", scenario.to_owned())]);
    fs::copy(root.join("examples/order-fulfillment/workflow.json"), folder.path("order/workflow.json")).unwrap();
    let (code, _, stderr) = folder.test(&[]);
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn fifty_scenarios() {
    let scenario = |status: u32| format!("{{ {INPUT}, \"answers\": {{ \"charge\": {{ \"status\": {status} }} }} }}");
    let scenarios: Vec<(String, String)> = (0..50).map(|at| (format!("s{at}"), scenario(200 + at * 6))).collect();
    let named: Vec<(&str, String)> = scenarios.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let folder = Folder::new(&named);
    assert_eq!(folder.test(&["--update"]).0, 0);
    let (code, _, stderr) = folder.test(&[]);
    assert_eq!(code, 0, "{stderr}");
    // How long it took stands there; under a second on a quiet machine.
    println!("{}", stderr.lines().last().unwrap());
    assert!(stderr.contains("50 scenarios as expected"), "{stderr}");
}

#[test]
fn what_is_not_as_expected_is_shown_and_can_be_accepted() {
    let declined = format!(
        r#"{{ {INPUT}, "answers": {{ "charge": {{ "fault": "timeout" }} }},
           "expect": {{ "status": "completed", "nodes": {{ "start": "completed", "charge": "completed", "thank": "completed" }},
                        "requests": [{{ "body": {{ "amount": 11 }} }}], "mails": [{{ "text": "one\ntwo" }}], "duration": 210 }} }}"#
    );
    let folder = Folder::new(&[("declined", declined)]);
    let (code, stdout, _) = folder.test(&["--junit", "junit.xml"]);
    assert_eq!(code, 1);
    assert_eq!(
        stdout,
        " FAILED  declined
         nodes: `charge` failed, expected completed
         nodes: `thank` did not run, expected completed
         nodes: `apologise` ran, which was not expected
         requests[0].attempts: 3, expected 1
         requests[0].body.amount: 10.5, expected 11
         mails[0].text:
           - one
           + timed out after 30 s
           - two
1 of 1 scenario not as expected; `--update` accepts what happened
"
    );
    let junit = fs::read_to_string(folder.path("junit.xml")).unwrap();
    assert!(junit.contains("<failure message=\"nodes: `charge` failed, expected completed\">"), "{junit}");
    let (code, _, stderr) = folder.test(&["--update"]);
    assert_eq!(code, 0, "{stderr}");
    let text = fs::read_to_string(folder.path("order/scenarios/declined.json")).unwrap();
    assert!(text.contains(r#""requests": [{ "attempts": 3, "body": { "amount": 10.5 } }]"#), "{text}");
    let (code, _, stderr) = folder.test(&[]);
    assert_eq!(code, 0, "{stderr}");
    // The charge succeeds in no scenario.
    assert!(stderr.contains("coverage: 3 of 4 nodes, 2 of 3 connections\n  in no scenario runs thank\n"), "{stderr}");
    let (code, stdout, _) = folder.test(&["--full-coverage"]);
    assert_eq!((code, stdout.as_str()), (1, "not everything is reached by a scenario\n"));
}

#[test]
fn a_request_without_an_answer_is_named() {
    let folder = Folder::new(&[("open", format!("{{ {INPUT}, \"expect\": {{}} }}"))]);
    let (code, stdout, _) = folder.test(&[]);
    assert_eq!(code, 1);
    assert!(stdout.contains("`charge` made a request, and `answers` has nothing for `charge`"), "{stdout}");
}

#[test]
fn files_that_are_no_scenarios_end_with_2() {
    for (text, says) in [
        ("{", "order/scenarios/bad.json: EOF"),
        (r#"{ "answer": {} }"#, "there is no key `answer`: did you mean `answers`?"),
    ] {
        let folder = Folder::new(&[("bad", text.to_owned())]);
        let (code, _, stderr) = folder.test(&[]);
        assert_eq!(code, 2);
        assert!(stderr.contains(says), "{stderr}");
    }
    let (code, _, stderr) = Folder::new(&[]).test(&[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("`flowc test --generate order` writes some"), "{stderr}");
}

#[test]
fn a_scenario_for_every_connection_is_generated() {
    let folder = Folder::new(&[]);
    let (code, _, stderr) = folder.test(&["--generate"]);
    assert_eq!(code, 0, "{stderr}");
    let mut files: Vec<String> = fs::read_dir(folder.path("order/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["charge--apologise.json", "charge--thank.json", "start--charge.json"]);
    let (code, _, stderr) = folder.test(&["--full-coverage"]);
    assert_eq!(code, 0, "{stderr}");
    let (_, _, stderr) = folder.test(&["--generate"]);
    assert!(stderr.contains("every connection is taken by a scenario already"), "{stderr}");
}
