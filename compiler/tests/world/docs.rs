//! README and `docs/`: what they tell people to type works.
//!
//! Every ```` ```console ```` block is run: each line after `$ `, by bash. One folder for each document, its blocks in
//! order; `examples/` is in it, and beside them what documents take for granted: `order-fulfillment/`, `order.flow`,
//! `order.json`, `test-data.json`, and the program `./order`. Services and mail server answer,
//! and the environment leads to them. A command has to end with 0; `flowc check` and `flowc test` may also find something.
//! What serves (`… serve`, `flowc dev`) goes on in the background to the end of its block, and the next line comes when it
//! listens on port 8000. A word behind `console` says what is different:
//! - `no-run`: it would install, deploy, or take minutes;
//! - `dist`: only with `FLOW_TEST_DIST=1`, as in CI, because it compiles the runtime once more.
//!
//! Every ```` ```json ```` block is JSON, and every ```` ```python ```` block Python.

use super::{Shop, example, flowc_file, until};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{MutexGuard, PoisonError};

struct Block {
    /// `console no-run`.
    info: String,
    text: String,
    line: usize,
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
    let mut documents = vec![root.join("README.md"), root.join("clients/python/README.md")];
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    documents.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    documents.sort();
    documents
}

#[test]
fn every_block_of_code_is_what_it_says() {
    for document in documents() {
        for Block { info, text, line } in blocks(&fs::read_to_string(&document).unwrap()) {
            let place = format!("{}:{line}", document.display());
            match info.split(' ').next().unwrap_or_default() {
                "json" if !info.ends_with("no-run") => {
                    let read: Result<serde_json::Value, _> = serde_json::from_str(&text);
                    assert!(read.is_ok(), "{place}: {}", read.unwrap_err());
                }
                "python" => {
                    let arguments = ["-c", "import ast, sys; ast.parse(sys.argv[1])", &text];
                    assert!(Command::new("python3").args(arguments).status().unwrap().success(), "{place}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn every_command_works() {
    let shop = Shop::open();
    for document in documents() {
        let blocks = blocks(&fs::read_to_string(&document).unwrap());
        let console: Vec<Block> = blocks.into_iter().filter(|block| block.info.starts_with("console")).collect();
        let dist = std::env::var_os("FLOW_TEST_DIST").is_some();
        let runs = |block: &&Block| !block.info.ends_with("no-run") && (dist || !block.info.ends_with("dist"));
        if console.iter().filter(runs).count() == 0 {
            continue;
        }
        let folder = surroundings();
        for block in console.iter().filter(runs) {
            println!("{}:{}", document.display(), block.line);
            run(&shop, folder.path(), block, &document);
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
    fs::create_dir(folder.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(flowc_file(), folder.path().join("bin/flowc")).unwrap();
    let built = super::flowc(folder.path(), &["build", "order-fulfillment", "-o", "order", "-A", "warnings"]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    folder
}

fn run(shop: &Shop, folder: &Path, block: &Block, document: &Path) {
    let place = format!("{}:{}", document.display(), block.line);
    let commands: Vec<&str> = block.text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(!commands.is_empty(), "{place}: no line begins with `$ `");
    let bash = |script: &str| {
        let mut bash = Command::new("bash");
        let path = format!("{}:{}", folder.join("bin").display(), shop.env["PATH"]);
        bash.args(["-o", "pipefail", "-c", script]).current_dir(folder).env_clear().envs(&shop.env).env("PATH", path);
        bash.env("CI", "true").stdin(Stdio::null());
        bash
    };
    let mut server: Option<Server> = None;
    for command in commands {
        if command.contains(" serve") || command.starts_with("flowc dev") {
            drop(server.take());
            let port = super::PORT_8000.lock().unwrap_or_else(PoisonError::into_inner);
            until("port 8000 is free", || TcpListener::bind("127.0.0.1:8000").ok().map(drop));
            // Bash becomes the program, so that what is ended is the program.
            let program = command.find("./").or(command.find("flowc")).unwrap_or_default();
            let command = format!("{}exec {}", &command[..program], &command[program..]);
            let child = bash(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            server = Some(Server(child, port));
            until("a server", || TcpStream::connect("127.0.0.1:8000").ok().map(drop));
            continue;
        }
        let output = bash(command).output().unwrap();
        let finds = command.starts_with("flowc check") || command.starts_with("flowc test");
        let code = output.status.code();
        assert!(
            code == Some(0) || (finds && code == Some(1)),
            "{place}: {command}: {}\n{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
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
