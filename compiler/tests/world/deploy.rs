//! `flowc package`: files for a deployment, checked by the programs that read them.

use super::{Shop, example, flowc};
use std::net::UdpSocket;
use std::process::Command;

#[test]
fn a_package_holds_no_key_and_its_unit_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deploy");
    let output = flowc(&example(), &["package", "workflow.json", "-o", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let unit = "order-fulfillment.service";
    for name in ["Dockerfile", "compose.yaml", unit, "kubernetes.yaml", ".env.example"] {
        let text = read(name);
        assert!(!text.contains('{') || name == "kubernetes.yaml", "{name}: a placeholder is left\n{text}");
        assert!(!text.contains("your-"), "{name}: a value is in it\n{text}");
    }
    assert!(read("Dockerfile").contains("\nFROM scratch\n") && !read("Dockerfile").contains("ENV "));
    assert!(!read("kubernetes.yaml").contains("{name}") && !read("kubernetes.yaml").contains("{title}"));
    assert!(read(".env.example").contains("\nPAYMENT_API_KEY=\n"));
    assert_eq!(flowc(&example(), &["package", "workflow.json", "-o", out.to_str().unwrap()]).status.code(), Some(2));

    // The executable has to be there for `verify`: any will do.
    let text = read(unit).replace("/usr/local/bin/order-fulfillment", "/bin/true");
    let file = folder.path().join(unit);
    std::fs::write(&file, text).unwrap();
    let Ok(verify) = Command::new("systemd-analyze").arg("verify").arg(&file).output() else {
        println!("systemd-analyze is not installed: the unit was not checked");
        return;
    };
    let said = String::from_utf8_lossy(&verify.stderr);
    assert!(verify.status.success() && !said.contains(unit), "{said}");
    // 10 is exposed, 0 is locked up; what systemd calls OK ends at 5.0.
    let mut command = Command::new("systemd-analyze");
    let security = command.args(["security", "--offline=true", "--threshold=25"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&security.stdout);
    let last = said.lines().rev().find(|line| line.contains("exposure level")).unwrap_or_default().to_owned();
    println!("{last}");
    assert!(security.status.success(), "{last}\n{}", String::from_utf8_lossy(&security.stderr));
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

#[test]
fn a_static_executable_runs_where_there_is_nothing_else() {
    if std::env::var_os("FLOW_TEST_DIST").is_none() {
        println!("FLOW_TEST_DIST is not set: the runtime was not compiled once more for a static executable");
        return;
    }
    let mut shop = Shop::open();
    let root = tempfile::tempdir().unwrap();
    let program = root.path().join("order");
    let arguments = ["build", "--dist", "workflow.json", "-A", "warnings", "-o", program.to_str().unwrap()];
    let built = flowc(&example(), &arguments);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    println!("a static executable of {:.1} MB", std::fs::metadata(&program).unwrap().len() as f64 / 1e6);
    let linked = Command::new("ldd").arg(&program).output().unwrap();
    let said = String::from_utf8_lossy(&linked.stdout).into_owned() + &String::from_utf8_lossy(&linked.stderr);
    assert!(said.contains("statically linked") || said.contains("not a dynamic executable"), "{said}");

    let whoami = Command::new("id").arg("-u").output().unwrap().stdout;
    if whoami.trim_ascii() != b"0" {
        println!("only root may change the root folder: the executable was not run in an empty one");
        return;
    }
    // Names come from a name server, the mail server's certificate from a file; nothing else is there.
    name_server("127.0.0.77:53");
    let write = |name: &str, text: &[u8]| {
        let file = root.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("etc/resolv.conf", b"nameserver 127.0.0.77\n");
    write("ca.pem", &std::fs::read(shop.world.ca_file()).unwrap());
    write("order.json", &std::fs::read(example().join("order.json")).unwrap());
    std::fs::create_dir(root.path().join("tmp")).unwrap();
    shop.env.insert("SSL_CERT_FILE".to_owned(), "/ca.pem".to_owned());
    let urls: Vec<String> = shop.env.keys().filter(|name| name.ends_with("_URL")).cloned().collect();
    for name in urls {
        let host = name.to_lowercase().replace('_', "-");
        let named = shop.env[&name].replace("127.0.0.1", &format!("{host}.test"));
        shop.env.insert(name, named);
    }
    shop.env.retain(|name, _| !["PATH", "HOME"].contains(&name.as_str()));
    let mut chroot = Command::new("chroot");
    chroot.arg(root.path()).args(["/order", "run", "--input", "/order.json"]).env_clear().envs(&shop.env);
    let output = chroot.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stdout));
    let mails = shop.world.log().mails();
    assert_eq!(mails.len(), 2, "{said}");
    assert!(mails.iter().all(|mail| mail.tls));
    assert!(shop.world.log().requests().iter().all(|request| request.header("host").unwrap().contains(".test:")));
}
