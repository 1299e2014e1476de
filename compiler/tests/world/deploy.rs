//! `flowc package`: files for a deployment, checked by the programs that read them.

use super::{example, flowc};
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
