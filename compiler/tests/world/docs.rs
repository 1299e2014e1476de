//! README and `docs/`: what they tell people to type works, and what they show is what comes.
//!
//! Every ```` ```console ```` block is run: each line after `$ `, by bash; a line that ends in `\` goes on in the next. What stands
//! below a command is what it prints, where `…` stands for anything; below nothing, anything may come. One folder for each
//! document, its blocks in order; `examples/` is in it, and beside them what documents take for granted: see
//! [`surroundings`]. Services and mail server answer, and the environment leads to them. A command has to end with 0, unless
//! `; echo $?` shows with what; `flowc check` and `flowc test` may also find something.
//! Variables that a line sets hold to the end of the document. What serves (`… serve`, `flowc dev`) goes on in the background
//! until something else serves or the document ends, and the next line comes when it listens on port 8000.
//! `no-run: WHY` behind `console` leaves a block out. It is for what a test cannot do: install, deploy, take hours.
//!
//! The other blocks are given to whoever reads their language: `flow` to `flowc check`, `json`, `yaml`, `toml` and `python`
//! to their parsers, `promql` to Prometheus, `ini` to systemd.

use super::{Shop, example, flowc_file, until};
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{MutexGuard, PoisonError};

struct Block {
    /// `console no-run: it installs`.
    info: String,
    text: String,
    line: usize,
}

impl Block {
    fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }

    /// Why it is not run.
    fn no_run(&self) -> Option<&str> {
        let (_, reason) = self.info.split_once(" no-run")?;
        Some(reason.trim_start_matches([':', ' ']))
    }
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in markdown.lines().enumerate() {
        match (&mut open, line.trim().strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block { info: info.trim().to_owned(), text: String::new(), line: at + 1 })
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

fn documents() -> Vec<PathBuf> {
    let root = example().join("../..").canonicalize().unwrap();
    let beside = [
        "README.md",
        "clients/python/README.md",
        "examples/order-fulfillment/README.md",
        "examples/monitoring/README.md",
    ];
    let mut documents = beside.map(|file| root.join(file)).to_vec();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    documents.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    documents.sort();
    documents
}

#[test]
fn every_block_of_code_is_what_it_says() {
    for document in documents() {
        for block in blocks(&fs::read_to_string(&document).unwrap()) {
            let place = format!("{}:{}", document.display(), block.line);
            let python = |script: &str| read_by("python3", &["-c", script], &block.text, &place);
            match block.language() {
                "console" => match block.no_run() {
                    Some(reason) => assert!(reason.len() > 10, "{place}: say why it is not run: `no-run: WHY`"),
                    None => assert!(block.text.lines().any(|line| line.starts_with("$ ")), "{place}: nothing to run"),
                },
                "json" => {
                    let read: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                    assert!(read.is_ok(), "{place}: {}", read.unwrap_err());
                }
                "flow" => read_by(flowc_file().to_str().unwrap(), &["check", "-"], &block.text, &place),
                "python" => python("import ast, sys; ast.parse(sys.stdin.read())"),
                "toml" => python("import tomllib, sys; tomllib.loads(sys.stdin.read())"),
                "yaml" => python("import yaml, sys; yaml.safe_load(sys.stdin.read())"),
                "promql" => promql(&block.text, &place),
                "ini" => unit(&block.text, &place),
                // Rust is rustc's, in other tests; a text is a text.
                "rust" | "text" => {}
                other => panic!("{place}: nobody reads `{other}`"),
            }
        }
    }
}

/// Whether a program accepts a text.
fn read_by(program: &str, arguments: &[&str], text: &str, place: &str) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{place}: {program}: {error}"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place}: {said}");
}

/// One query a line, as recording rules.
fn promql(text: &str, place: &str) {
    let rule = |(at, line): (usize, &str)| format!("      - record: r{at}\n        expr: {line:?}\n");
    let queries = text.lines().filter(|line| !line.starts_with('#'));
    let rules: String = queries.enumerate().map(rule).collect();
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    fs::write(file.path(), format!("groups:\n  - name: queries\n    rules:\n{rules}")).unwrap();
    if super::installed("promtool") {
        read_by("promtool", &["check", "rules", file.path().to_str().unwrap()], "", place);
    }
}

/// A systemd unit, or a part of one. The program it starts is not installed here.
fn unit(text: &str, place: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.service");
    fs::write(&file, text.replace("/usr/local/bin/order", "/bin/true")).unwrap();
    if super::installed("systemd-analyze") {
        super::deploy::verify(&file, place);
    }
}

#[test]
fn every_command_works() {
    let shop = Shop::open();
    for document in documents() {
        let mut console = blocks(&fs::read_to_string(&document).unwrap());
        console.retain(|block| block.language() == "console" && block.no_run().is_none());
        if console.is_empty() {
            continue;
        }
        let folder = surroundings();
        let mut reader = Reader { shop: &shop, folder: folder.path(), variables: String::new(), server: None };
        for block in &console {
            reader.follow(block, &format!("{}:{}", document.display(), block.line));
        }
    }
}

/// What documents take for granted.
fn surroundings() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: &str| {
        let status = Command::new("cp").arg("-r").arg(from).arg(folder.path().join(to)).status().unwrap();
        assert!(status.success(), "{}", from.display());
    };
    fs::create_dir(folder.path().join("examples")).unwrap();
    copy(&example(), "examples/order-fulfillment");
    copy(&example().join("../monitoring"), "examples/monitoring");
    for name in ["order.json", "test-data.json", "order.flow", "config.json"] {
        copy(&example().join(name), name);
    }
    copy(&example(), "order-fulfillment");
    // A version that runs somewhere.
    copy(&example(), "deployed");
    fs::create_dir(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(flowc_file(), folder.path().join("bin/flowc")).unwrap();
    let built = super::flowc(folder.path(), &["build", "order-fulfillment", "-o", "order", "-A", "warnings"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    folder
}

/// Whoever follows a document, line by line.
struct Reader<'a> {
    shop: &'a Shop,
    folder: &'a Path,
    /// What variables were set to, in bash's own words.
    variables: String,
    server: Option<Server>,
}

impl Reader<'_> {
    fn follow(&mut self, block: &Block, place: &str) {
        println!("{place}");
        for (command, shown) in commands(&block.text) {
            if let Some(name) = variable_set_by(&command) {
                // As bash itself would write it down: what a command has printed into it stays as it is.
                let output = self.bash(&format!("{command}\ndeclare -p {name}")).output().unwrap();
                assert!(output.status.success(), "{place}: {command}: {}", String::from_utf8_lossy(&output.stderr));
                self.variables += &String::from_utf8(output.stdout).unwrap();
            } else if command.contains(" serve") || command.starts_with("flowc dev") {
                self.serve(&command);
            } else {
                self.run(&command, &shown, place);
            }
        }
    }

    fn serve(&mut self, command: &str) {
        drop(self.server.take());
        let port = super::PORT_8000.lock().unwrap_or_else(PoisonError::into_inner);
        until("port 8000 is free", || TcpListener::bind("127.0.0.1:8000").ok().map(drop));
        // Bash becomes the program, so that what is ended is the program.
        let program = command.find("./").or(command.find("flowc")).unwrap_or_default();
        let command = format!("{}exec {}", &command[..program], &command[program..]);
        let child = self.bash(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.server = Some(Server(child, port));
        until("a server", || TcpStream::connect("127.0.0.1:8000").ok().map(drop));
    }

    fn run(&self, command: &str, shown: &str, place: &str) {
        let output = self.bash(&format!("exec 2>&1; {command}")).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let finds = command.starts_with("flowc check") || command.starts_with("flowc test");
        let code = output.status.code();
        assert!(code == Some(0) || (finds && code == Some(1)), "{place}: {command}: {}\n{printed}", output.status);
        assert!(
            shown.is_empty() || fits(shown, &printed),
            "{place}: {command}: it shows\n{shown}\nit printed\n{printed}"
        );
    }

    fn bash(&self, script: &str) -> Command {
        let mut bash = Command::new("bash");
        let path = format!("{}:{}", self.folder.join("bin").display(), self.shop.env["PATH"]);
        bash.args(["-o", "pipefail", "-c", &format!("{}{script}", self.variables)]);
        bash.current_dir(self.folder).env_clear().envs(&self.shop.env).env("PATH", path);
        bash.env("CI", "true").stdin(Stdio::null());
        bash
    }
}

/// Commands, each with what is shown below it.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (_, Some((command, _))) if goes_on => *command += &format!("\n{line}"),
            (Some(command), _) => found.push((command.to_owned(), String::new())),
            (None, Some((_, shown))) => *shown += &format!("{line}\n"),
            (None, None) => panic!("no command stands above: {line}"),
        }
        goes_on = line.ends_with('\\');
    }
    found
}

/// The name in `name=value` or `export name=value`, where nothing stands behind it that would be run.
fn variable_set_by(command: &str) -> Option<&str> {
    let assignment = command.strip_prefix("export ").unwrap_or(command);
    let (name, value) = assignment.split_once('=')?;
    let (mut quote, mut depth) = (None, 0);
    for c in value.chars() {
        match (quote, c) {
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') if depth == 0 => return None,
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}

/// Whether a text is what is shown, where `…` stands for anything.
fn fits(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (shown.trim_end(), printed.trim_end());
    let Some((front, last)) = shown.rsplit_once('…') else { return shown == printed };
    let mut pieces = front.split('…');
    let Some(mut rest) = printed.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn an_ellipsis_stands_for_anything() {
    for (shown, printed, fit) in [
        ("a\n", "a", true),
        ("a", "ab", false),
        ("a…", "ab", true),
        ("…b", "ab", true),
        ("…\nb\n…", "a\nb\nc", true),
        ("{\"id\":\"exec-…\",\"n\":1}", "{\"id\":\"exec-01\",\"n\":1}\n", true),
        ("{\"id\":\"exec-…\",\"n\":1}", "{\"id\":\"exec-01\",\"n\":2}", false),
        ("a…c…e", "abcd", false),
    ] {
        assert_eq!(fits(shown, printed), fit, "{shown} {printed}");
    }
}

/// What serves, and the port it holds.
struct Server(std::process::Child, #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Drop for Server {
    fn drop(&mut self) {
        // Politely: `flowc dev` ends what it has started only when it is asked to.
        let _ = Command::new("kill").arg("-TERM").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
