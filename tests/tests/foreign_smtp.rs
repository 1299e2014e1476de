//! The seed's workflow against aiosmtpd: a mail server that nobody here wrote, with STARTTLS and a login required.

use flow_tests::case::Case;
use flow_tests::{compile, folder};
use flow_world::process::Process;
use flow_world::{Letter, Script, World};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The first Python that has aiosmtpd: the one on the path, or Debian's own.
fn python() -> &'static str {
    let has = |python: &&str| {
        let import = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(has).unwrap_or_else(|| {
        panic!("aiosmtpd is missing: install Debian's package python3-aiosmtpd, or `pip install aiosmtpd`")
    })
}

#[test]
fn mails_of_a_valid_order_reach_aiosmtpd() {
    let case = Case::read(&folder("run", "order-valid"));
    let binary = compile::binary(&case.workflow_text(), &case.workflow);
    let world = World::start().unwrap();
    let script = case.service.keys().flat_map(|name| case.script(name, str::to_owned).routes).collect();
    let services = world.http("everything", Script { routes: script }).unwrap();
    let (certificate, key) = world.server_certificate_files();
    let mut server = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aiosmtpd_server.py"))
        .args([certificate, key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines.next().unwrap().unwrap();

    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("order.json");
    std::fs::write(&input, case.input(&folder("run", "order-valid"))).unwrap();
    let mut env = case.env.clone();
    for value in env.values_mut() {
        let service =
            value.split_once('}').filter(|(name, _)| name.starts_with('{')).map(|(_, path)| services.url() + path);
        *value = service.unwrap_or_else(|| value.clone());
    }
    env.insert("SMTP_PORT".to_owned(), port);
    env.insert("SSL_CERT_FILE".to_owned(), world.ca_file().to_str().unwrap().to_owned());
    let arguments = ["run", "--input", input.to_str().unwrap()];
    let ended = Process::start(&binary, &arguments, directory.path(), &env).wait(Duration::from_secs(60));
    drop(server.stdin.take()); // it ends
    let mails: Vec<Value> = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    server.wait().unwrap();

    assert!(ended.status.success(), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(mails.len(), 2, "{mails:?}");
    for (mail, from, to, subject) in [
        (&mails[0], "orders@yourstore.com", "john.doe@example.com", "Order Confirmation - #ORD-2024-001234"),
        (&mails[1], "system@yourstore.com", "warehouse@yourstore.com", "Order Fulfillment Required - #ORD-2024-001234"),
    ] {
        assert_eq!(mail["from"], from);
        assert_eq!(mail["to"], serde_json::json!([to]));
        assert_eq!((&mail["tls"], &mail["user"]), (&Value::Bool(true), &Value::from("orders")));
        let letter = Letter::read(mail["content"].as_str().unwrap().as_bytes());
        assert_eq!(letter.header("Subject"), Some(subject));
        assert!(letter.text("text/plain").unwrap().contains("1Z999"), "{letter:?}");
    }
}
