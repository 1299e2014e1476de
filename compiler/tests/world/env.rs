//! `flowc env`, `flowc package`, completions, manuals, `flowc doctor`.

use super::{example, flowc, flowc_file};
use std::process::Command;

/// The names of the example, in the order in which they are listed.
const NAMES: [&str; 13] = [
    "ECOMMERCE_API_KEY",
    "ECOMMERCE_API_URL",
    "INVENTORY_API_KEY",
    "INVENTORY_API_URL",
    "PAYMENT_API_KEY",
    "PAYMENT_API_URL",
    "SHIPPING_API_KEY",
    "SHIPPING_API_URL",
    "SMTP_PASSWORD",
    "SMTP_PORT",
    "SMTP_SERVER",
    "SMTP_USERNAME",
    "WEBHOOK_SECRET",
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}

#[test]
fn every_name_of_the_configuration_is_found_and_no_value_is_shown() {
    let output = flowc(&example(), &["env", "workflow.json", "--check"]);
    let listed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{listed}");
    let names: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, NAMES);
    for (name, ty) in
        [("PAYMENT_API_URL", "url"), ("SMTP_PORT", "port"), ("SMTP_SERVER", "host"), ("SMTP_PASSWORD", "secret")]
    {
        let line = listed.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains(&format!(" {ty} ")) && line.contains(" config "), "{line}");
    }
    assert!(!listed.contains("your-") && !listed.contains("https://"), "{listed}");
}

#[test]
fn sources_are_asked_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("config.json", r#"{ "a_key": "config", "b_key": "config", "c_key": "config", "d_key": "config" }"#);
    write(".env", "A_KEY=dotenv\nB_KEY=dotenv\nC_KEY=dotenv\n");
    write("secret", "file\n");
    let fields =
        ["A_KEY", "B_KEY", "C_KEY", "D_KEY", "E_KEY"].map(|name| format!("\"{name}\": \"${{{name}}}\"")).join(", ");
    write(
        "workflow.json",
        &format!(
            r#"{{ "name": "W", "nodes": [
                {{ "id": "start", "type": "trigger", "trigger_type": "manual", "config": {{}} }},
                {{ "id": "call", "type": "action", "action_type": "http",
                   "config": {{ "method": "GET", "url": "https://x.example/", "headers": {{ {fields} }} }} }}],
                "connections": [{{ "from": "start", "to": "call" }}] }}"#
        ),
    );
    let output = Command::new(flowc_file())
        .args(["env", ".", "--check"])
        .current_dir(folder.path())
        .env("A_KEY", "process")
        .env("B_KEY_FILE", folder.path().join("secret"))
        .output()
        .unwrap();
    assert_eq!(
        text(&output.stdout),
        "NAME   TYPE    FOUND    USED BY\n\
         A_KEY  secret  process  call\n\
         B_KEY  secret  file     call\n\
         C_KEY  secret  .env     call\n\
         D_KEY  secret  config   call\n\
         E_KEY  secret  MISSING  call\n"
    );
    assert_eq!(output.status.code(), Some(2));
    let (_, code) = ("", flowc(folder.path(), &["env", ".", "--write", ".env.example"]).status.code());
    assert_eq!(code, Some(0));
    let example = std::fs::read_to_string(folder.path().join(".env.example")).unwrap();
    assert!(example.ends_with("\n# secret: call\nE_KEY=\n"), "{example}");
    assert_eq!(flowc(folder.path(), &["env", ".", "--write", ".env.example"]).status.code(), Some(2));
}

#[test]
fn every_command_explains_itself() {
    let help = text(&flowc(&example(), &["--help"]).stdout);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // Longer explanations go on in the next line, further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 15, "{help}");
    for command in &commands {
        let output = flowc(&example(), &[command, "--help"]);
        let said = text(&output.stdout);
        assert!(output.status.success() && said.contains("Usage: flowc "), "{command}: {said}");
        assert!(said.lines().all(|line| line.chars().count() <= 100), "{command}: a line is too long\n{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(flowc(folder.path(), &["man", "man1"]).status.success());
    for command in &commands {
        let page = std::fs::read_to_string(folder.path().join(format!("man1/flowc-{command}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&flowc(folder.path(), &["completions", shell]).stdout);
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
    }
}

#[test]
fn bash_accepts_its_completions() {
    let script = flowc(&example(), &["completions", "bash"]).stdout;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flowc.bash");
    std::fs::write(&file, script).unwrap();
    let command = format!(
        "source {}; COMP_WORDS=(flowc pac); COMP_CWORD=1; _flowc flowc pac flowc; echo ${{COMPREPLY[@]}}",
        file.display()
    );
    let output = Command::new("bash").args(["-c", &command]).output().unwrap();
    assert_eq!(text(&output.stdout).trim(), "package", "{}", text(&output.stderr));
}

#[test]
fn the_doctor_finds_what_is_missing() {
    let output = flowc(&example(), &["doctor"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ok    Rust compiler: 1.") && said.contains("ok    C linker: cc"), "{said}");
    let output =
        Command::new(flowc_file()).arg("doctor").env("RUSTC", "/no/such/rustc").env("PATH", "").output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("BAD   there is no Rust compiler") && said.contains("apt install gcc"), "{said}");
}
