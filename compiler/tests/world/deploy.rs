//! What is deployed: `flowc package`'s files, checked by the programs that read them, and `flowc build --dist`'s executable, in a
//! root folder with nothing else.

use super::{Shop, example, flowc, installed};
use flow_world::Script;
use flow_world::process::{Process, call};
use serde_json::Value;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Has systemd look at a unit.
pub fn verify(unit: &Path, place: &str) {
    let verify = Command::new("systemd-analyze").arg("verify").arg(unit).output().unwrap();
    let said = String::from_utf8_lossy(&verify.stderr);
    let name = unit.file_name().unwrap().to_str().unwrap();
    assert!(verify.status.success() && !said.contains(name), "{place}: {said}");
}

#[test]
fn a_package_holds_no_key_and_is_accepted_by_those_who_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deploy");
    let output = flowc(&example(), &["package", "workflow.json", "-o", out.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("flowc build --dist workflow.json -o "), "{said}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let unit = "order-fulfillment.service";
    for name in ["Dockerfile", ".dockerignore", "compose.yaml", unit, "kubernetes.yaml", ".env.example"] {
        let text = read(name);
        for placeholder in ["{name}", "{title}", "{version}"] {
            assert!(!text.contains(placeholder), "{name}: a placeholder is left\n{text}");
        }
        assert!(!text.contains("your-"), "{name}: a value is in it\n{text}");
    }
    assert!(read("Dockerfile").contains("\nFROM scratch\nCOPY order-fulfillment /order-fulfillment\n"));
    assert!(!read("Dockerfile").contains("ENV ") && !read("Dockerfile").contains("ARG "));
    assert_eq!(read(".dockerignore").lines().last(), Some("!order-fulfillment"));
    assert!(read(".env.example").contains("\nPAYMENT_API_KEY=\n"));
    assert_eq!(flowc(&example(), &["package", "workflow.json", "-o", out.to_str().unwrap()]).status.code(), Some(2));

    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&out).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {said}");
        said
    };
    run("python3", &["-c", "import yaml; yaml.safe_load(open('compose.yaml'))"]);
    if installed("kubernetes-validate") {
        run("kubernetes-validate", &["--strict", "--quiet", "kubernetes.yaml"]);
    }
    if installed("systemd-analyze") {
        // The executable has to be there: any will do.
        let file = folder.path().join(unit);
        std::fs::write(&file, read(unit).replace("/usr/local/bin/order-fulfillment", "/bin/true")).unwrap();
        verify(&file, unit);
        // 100 is exposed, 0 is locked up; what systemd calls OK ends at 50.
        let said = run("systemd-analyze", &["security", "--offline=true", "--threshold=25", file.to_str().unwrap()]);
        println!("{}", said.lines().rev().find(|line| line.contains("exposure level")).unwrap_or_default());
    }
}

#[test]
fn a_title_is_only_a_title() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(example().join("workflow.json")).unwrap();
    let title = r#""name": "syntax=evil/frontend \\ 100% {name} \n# escape=` \\""#;
    let renamed = text.replacen(r#""name": "E-commerce Order Fulfillment""#, title, 1);
    assert_ne!(text, renamed);
    std::fs::write(folder.path().join("My Order.json"), renamed).unwrap();
    let output = flowc(folder.path(), &["package", "My Order.json", "-o", "."]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    // Behind `# name=value` at the top, Docker looks for instructions to itself.
    let first = read("Dockerfile").lines().next().unwrap().to_owned();
    assert!(first.split('=').next().unwrap().split_whitespace().count() > 2, "{first}");
    let unit = read("my-order.service");
    assert!(unit.contains("\nDescription=syntax=evil/frontend   100%% {name}  # escape=`\n"), "{unit}");
    assert!(read("kubernetes.yaml").contains("\n  name: my-order\n"));
}

/// Answers every question about an address with 127.0.0.1. Ends with the test's process.
fn name_server(address: &str) {
    let socket = UdpSocket::bind(address).unwrap();
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut question) {
            let question = &question[..length];
            // The header is 12 bytes; then the name, ended by a zero, its type and its class.
            let Some(end) = question.get(12..).and_then(|rest| rest.iter().position(|byte| *byte == 0)) else {
                continue;
            };
            let end = 12 + end + 5;
            let Some(asked) = question.get(12..end) else { continue };
            let is_a = asked[asked.len() - 4..asked.len() - 2] == [0, 1];
            let mut answer = Vec::new();
            answer.extend_from_slice(&question[..2]);
            answer.extend_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
            answer.extend_from_slice(asked);
            if is_a {
                answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, client);
        }
    });
}

/// Starts a program with this folder as the root of all files: as root, or as somebody who may call himself that.
fn chroot(folder: &Path, arguments: &[&str]) -> (PathBuf, Vec<String>) {
    let found = |name: &str| {
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(|folder| Path::new(folder).join(name));
        folders.into_iter().find(|file| file.exists()).unwrap_or_else(|| panic!("there is no {name}"))
    };
    let mut line = vec![folder.display().to_string()];
    line.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    if is_root() {
        return (found("chroot"), line);
    }
    line.splice(0..0, ["--map-root-user".to_owned(), found("chroot").display().to_string()]);
    (found("unshare"), line)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

#[test]
fn a_static_executable_runs_where_there_is_nothing_else() {
    let mut shop = Shop::open();
    let root = tempfile::tempdir().unwrap();
    let program = root.path().join("order");
    let arguments = ["build", "--dist", "workflow.json", "-A", "warnings", "-o", program.to_str().unwrap()];
    let built = flowc(&example(), &arguments);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    println!("a static executable of {:.2} MB", std::fs::metadata(&program).unwrap().len() as f64 / 1e6);
    let linked = Command::new("ldd").arg(&program).output().unwrap();
    let said = String::from_utf8_lossy(&linked.stdout).into_owned() + &String::from_utf8_lossy(&linked.stderr);
    assert!(said.contains("statically linked") || said.contains("not a dynamic executable"), "{said}");

    // Names come from a name server, and one from a file, as in a container; who may not be a name server has the file alone.
    let write = |name: &str, text: &[u8]| {
        let file = root.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let names = ["inventory", "payment", "shipping", "ecommerce", "mail"].map(|name| format!("{name}.world.test"));
    let mut hosts = vec![&names[4]];
    if is_root() {
        name_server("127.0.0.77:53");
        write("etc/resolv.conf", b"nameserver 127.0.0.77\n");
    } else {
        println!("only root may be a name server: all names come from a file");
        hosts.extend(&names[..4]);
    }
    let hosts: String = hosts.iter().map(|name| format!("127.0.0.1 {name}\n")).collect();
    write("etc/hosts", hosts.as_bytes());
    write("ca.pem", &std::fs::read(shop.world.ca_file()).unwrap());

    let charge = Script::default().answer("POST /payments/charge", r#"{"success": true, "transaction_id": "TXN-1"}"#);
    let payment = shop.world.https("payment over TLS", charge).unwrap();
    shop.env.insert("PAYMENT_API_URL".to_owned(), payment.url().replace("127.0.0.1", "localhost"));
    for (name, host) in ["INVENTORY", "PAYMENT", "SHIPPING", "ECOMMERCE"].iter().zip(&names) {
        let url = shop.env.get_mut(&format!("{name}_API_URL")).unwrap();
        *url = url.replace("127.0.0.1", host).replace("localhost", host);
    }
    let mut env = shop.env.clone();
    env.retain(|name, _| ["_API_URL", "_API_KEY", "SMTP_", "WEBHOOK_"].iter().any(|part| name.contains(part)));
    let mut set = |name: &str, value: &str| _ = env.insert(name.to_owned(), value.to_owned());
    set("SMTP_SERVER", &names[4]);
    set("SSL_CERT_FILE", "/ca.pem");
    set("FLOW_API_KEYS", "key");

    let start = |arguments: &[&str]| {
        let (program, line) = chroot(root.path(), arguments);
        Process::start(&program, &line.iter().map(String::as_str).collect::<Vec<_>>(), root.path(), &env)
    };
    let mut service = start(&["/order", "serve", "--listen", "127.0.0.1:0"]);
    let data = std::fs::read_to_string(example().join("test-data.json")).unwrap();
    let order = &serde_json::from_str::<Value>(&data).unwrap()["valid_order"];
    let body = serde_json::json!({ "input_variables": order, "wait": 60 }).to_string();
    let head = "POST /api/v1/flows/execute";
    let (status, answer) = call(service.listening(), head, &[("authorization", "Bearer key")], body.as_bytes());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &answer["execution"]["status"]), (200, &Value::from("completed")), "{answer:#}");

    let log = shop.world.log();
    let mails = log.mails();
    assert_eq!((mails.len(), mails.iter().all(|mail| mail.tls)), (2, true), "mails come over STARTTLS");
    let requests = log.requests();
    let host = |service: &str| {
        let request = requests.iter().find(|request| request.service == service).unwrap_or_else(|| panic!("{service}"));
        request.header("host").unwrap_or_default().to_owned()
    };
    // Over TLS the certificate is for that name alone.
    assert!(requests.iter().any(|request| request.service == "payment over TLS"));
    assert!(host("INVENTORY").starts_with("inventory.world.test:"), "{}", host("INVENTORY"));

    // What it did is on disk, and the same program reads it.
    service.kill();
    let listed = start(&["/order", "executions", "--json"]).wait(super::LIMIT);
    let id = answer["execution_id"].as_str().unwrap();
    assert!(listed.stdout.contains(id) && listed.stdout.contains("completed"), "{}{}", listed.stdout, listed.stderr);
}
