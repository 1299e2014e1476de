//! What a program prints.
//!
//! Comes in: text. Goes out: on stdout and stderr.
//! Always true: nobody who stops reading (`| head`) and no full disk ends a program. What could not be written to stdout is
//! remembered, because a command whose result is lost has failed.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

static LOST: OnceLock<String> = OnceLock::new();

/// A result, on stdout.
pub fn result(text: &str) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // The first reason is the one that counts.
            let _ = LOST.set(format!("cannot write to stdout: {error}"));
        }
        Ok(()) | Err(_) => {}
    }
}

/// Why some of the results are lost.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// A line for people, on stderr.
pub fn talk(line: Arguments) {
    // Whoever cannot be told of it goes on all the same.
    let _ = writeln!(io::stderr(), "{line}");
}

/// As `eprintln!`, which panics where stderr cannot be written.
#[macro_export]
macro_rules! talk {
    ($($line:tt)*) => { $crate::out::talk(format_args!($($line)*)) };
}
