//! `flowc doctor`: what this machine lacks, and how to get it.
//!
//! Comes in: the machine. Goes out: one line per thing, and what to do about those that are not right.
//! Always true: nothing is changed, nothing is compiled.

use super::{Shell, print};
use crate::build::{self, Health};
use std::process::{Command, ExitCode, Stdio};

/// What was found about one thing.
struct Finding {
    /// `None`: good to have, and not there.
    good: Option<bool>,
    what: String,
    /// How to get it.
    help: Option<&'static str>,
}

impl Shell {
    pub(super) fn doctor(&self) -> ExitCode {
        let findings = [rust(), linker(), cache(), runtime(), static_libc()];
        let mut code = 0;
        for finding in &findings {
            let mark = match finding.good {
                Some(true) => "ok  ",
                Some(false) => "BAD ",
                None => "    ",
            };
            print(&format!("{mark}  {}\n", finding.what));
            if let (Some(false) | None, Some(help)) = (finding.good, finding.help) {
                print(&format!("      {help}\n"));
            }
            if finding.good == Some(false) {
                code = 1;
            }
        }
        ExitCode::from(code)
    }
}

fn rust() -> Finding {
    match build::health() {
        Health::NoCompiler(message) => Finding {
            good: Some(false),
            what: message.lines().next().unwrap_or_default().to_owned(),
            help: Some("install Rust from https://rustup.rs"),
        },
        Health::Found { rustc, .. } => {
            Finding { good: Some(true), what: format!("Rust compiler: {rustc}"), help: None }
        }
    }
}

fn linker() -> Finding {
    let good = answers("cc", &["--version"]).is_some();
    let what = if good { "C linker: cc" } else { "there is no C linker `cc`, with which rustc links" };
    let help = "Debian, Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc; macOS: xcode-select --install";
    Finding { good: Some(good), what: what.to_owned(), help: Some(help) }
}

fn cache() -> Finding {
    let help = Some("set FLOWC_CACHE_DIR to a folder that can be written");
    match build::cache_folder() {
        Err(message) => Finding { good: Some(false), what: message, help },
        Ok(folder) => {
            let writable = std::fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder)).is_ok();
            let what =
                if writable { "folder for compiled files" } else { "the folder for compiled files cannot be written" };
            Finding { good: Some(writable), what: format!("{what}: {}", folder.display()), help }
        }
    }
}

fn runtime() -> Finding {
    let ready = matches!(build::health(), Health::Found { runtime: true, .. });
    match ready {
        true => Finding { good: Some(true), what: "the runtime is compiled".to_owned(), help: None },
        false => Finding {
            good: None,
            what: "the runtime is not compiled yet: the first build takes a minute or two".to_owned(),
            help: Some("`flowc warm` does it now"),
        },
    }
}

/// Only `build --dist` needs it.
fn static_libc() -> Finding {
    let found = answers("cc", &["-print-file-name=libc.a"]).is_some_and(|path| path.trim().contains('/'));
    match found {
        true => Finding { good: Some(true), what: "static C library, for `build --dist`".to_owned(), help: None },
        false => Finding {
            good: None,
            what: "no static C library: `build --dist` will not link".to_owned(),
            help: Some("Debian, Ubuntu: apt install libc6-dev; Fedora: dnf install glibc-static"),
        },
    }
}

fn answers(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
