//! What must hold for the tree of cases and examples as a whole.

use flow_compiler::diagnostic::Code;
use flow_tests::compile;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The seed's files are compiled byte for byte as they were given.
#[test]
fn the_seeds_files_are_unchanged() {
    for (file, expected) in [
        ("workflow.json", "7ce06121a8795734925123dbd332c23906ccbc221d5a01960a1eeaf815846d90"),
        ("config.json", "0955f5d6178e205588faa9a876f3401c526d753bb37ac7998acfa506ba219428"),
        ("test-data.json", "c5496c969e5193d758b80a484b196585f31b64417f36f1549c36e4ecacbcdce0"),
    ] {
        let bytes = fs::read(root().join("examples/order-fulfillment").join(file)).unwrap();
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected, "{file} was edited");
    }
}

/// Every code has a case that shows what it looks like.
#[test]
fn every_diagnostic_code_has_a_ui_case() {
    let mut seen = BTreeSet::new();
    for case in folders(&root().join("tests/ui")) {
        let file = flow_tests::written(&case);
        seen.extend(compile::check(&fs::read(&file).unwrap(), &file).codes);
    }
    // A file of that size does not belong into a repository.
    let large = vec![b' '; 16 * 1024 * 1024 + 1];
    seen.extend(compile::check(&large, Path::new("large/workflow.json")).codes);
    let without: Vec<&str> = Code::ALL.iter().map(|code| code.slug()).filter(|slug| !seen.contains(slug)).collect();
    assert!(without.is_empty(), "codes without a case: {}", without.join(", "));
}

/// `docs/checker.md` shows the whole of what is said about the example.
#[test]
fn the_tour_shows_what_is_said() {
    let file = root().join("examples/order-fulfillment/workflow.json");
    let said = compile::check(&fs::read(&file).unwrap(), &file).text;
    let said = said.replace("─ workflow.json:", "─ examples/order-fulfillment/workflow.json:");
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    let said = lines.join("\n");
    let tour = root().join("docs/checker.md");
    let written = fs::read_to_string(&tour).unwrap();
    let (before, rest) = written.split_once("<!-- flowc check examples/order-fulfillment -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let expected = format!(
        "{before}<!-- flowc check examples/order-fulfillment -->\n```text\n{}\n```\n<!-- end -->{after}",
        said.trim_end()
    );
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&tour, &expected).unwrap();
    } else {
        assert!(written == expected, "docs/checker.md is stale: BLESS=1 cargo test -p flow-tests --test tidy tour");
    }
}

/// A case that compares with nothing proves nothing.
#[test]
fn every_case_has_what_its_tier_needs() {
    for (tier, needs) in [("ui", "expected.txt"), ("run", "expected.txt"), ("codegen", "expected/main.rs")] {
        for case in folders(&root().join("tests").join(tier)) {
            assert!(case.join(needs).exists(), "{} has no {needs}", case.display());
        }
    }
}

/// What a client may be told stands in the service's own OpenAPI document, and in its manual.
#[test]
fn every_code_of_a_refusal_is_documented() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (document, manual) = (read("compiler/src/codegen/openapi/frame.json"), read("docs/api.md"));
    let sources =
        ["error", "body", "input", "webhook", "api/mod", "api/keys", "api/list", "api/execute", "api/validate"];
    let mut codes = BTreeSet::new();
    for source in sources {
        let text = read(&format!("runtime/src/server/{source}.rs"));
        let text = text.split("#[cfg(test)]").next().unwrap();
        let words = text.split('"').skip(1).step_by(2);
        let is_code =
            |word: &&str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        codes.extend(words.filter(is_code).map(str::to_owned));
    }
    // Not a refusal, and what nobody can ask of a document: the words of the log.
    codes.remove("ACCEPTED");
    assert!(codes.contains("BUSY") && codes.len() > 20, "{codes:?}");
    let missing = |text: &str| codes.iter().filter(|code| !text.contains(&format!("`{code}`"))).cloned().collect();
    assert_eq!((missing(&document), missing(&manual)), (Vec::<String>::new(), Vec::<String>::new()));
}

/// Whoever builds alarms from the log needs its words.
#[test]
fn every_event_of_the_log_is_documented() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (log, manual) = (read("runtime/src/log.rs"), read("docs/operation.md"));
    let events: BTreeSet<&str> = log
        .split("say!(")
        .skip(1)
        .filter_map(|event| event.split('"').nth(1))
        .chain(log.split("const WEBHOOK: &str = \"").nth(1).and_then(|rest| rest.split('"').next()))
        .collect();
    assert!(events.contains("journal failed") && events.len() > 20, "{events:?}");
    let missing: Vec<_> = events.iter().filter(|event| !manual.contains(&format!("`{event}`"))).collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}
