//! Is a trail as it was written?
//!
//! Comes in: files, oldest first. Goes out: how far they go, and every line that is not as it was.
//! Always true: a line that was changed, removed, added or moved is found, unless everything behind it was made anew. Lines
//! cut off at the end leave no trace in the file: compare the last number and hash with one kept elsewhere.

use super::{BEGINNING, hash};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub lines: u64,
    /// Of the last line.
    pub number: u64,
    pub hash: String,
    /// Bytes of an unfinished line at the very end: it is being written, or a crash came first. The next start of the
    /// service removes it.
    pub torn: u64,
    /// In the order of the lines; empty: the trail is intact.
    pub broken: Vec<Broken>,
}

/// A place where the trail is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub file: PathBuf,
    /// Counts from 1.
    pub line: u64,
    pub what: String,
}

/// A line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub number: u64,
    /// Everything in front of `,"hash"`.
    pub body: &'a str,
    pub hash: &'a str,
}

/// `None`: not a line of a trail.
pub(super) fn parts(line: &str) -> Option<Parts<'_>> {
    let (body, rest) = line.rsplit_once(",\"hash\":\"")?;
    let hash = rest.strip_suffix("\"}")?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let (number, _) = body.strip_prefix("{\"seq\":")?.split_once(',')?;
    // A trail does not get as far as the last of all numbers, which none could follow.
    let number = number.parse().ok().filter(|number| is_hash && *number < u64::MAX)?;
    Some(Parts { number, body, hash })
}

/// Reads all files as one trail.
///
/// # Errors
/// A file that cannot be read; the message names it.
pub fn verify(files: &[PathBuf]) -> Result<Report, String> {
    let mut report = Report { lines: 0, number: 0, hash: BEGINNING.to_owned(), torn: 0, broken: Vec::new() };
    for (index, file) in files.iter().enumerate() {
        let is_last = index + 1 == files.len();
        read(file, is_last, &mut report).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    }
    Ok(report)
}

fn read(file: &Path, is_last: bool, report: &mut Report) -> io::Result<()> {
    let broken = |line, what: &str| Broken { file: file.to_owned(), line, what: what.to_owned() };
    let mut reader = BufReader::new(File::open(file)?);
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        line += 1;
        let Some(text) = bytes.strip_suffix(b"\n") else {
            if is_last {
                report.torn = bytes.len() as u64;
            } else {
                report.broken.push(broken(line, "is unfinished, although another file follows"));
            }
            return Ok(());
        };
        match std::str::from_utf8(text).ok().and_then(parts) {
            Some(parts) => {
                let what = check(line, parts, report);
                report.broken.extend(what.map(|what| broken(line, &what)));
            }
            None => report.broken.push(broken(line, "is not a line of an audit trail")),
        }
    }
}

/// What is wrong with a line.
fn check(line: u64, parts: Parts, report: &mut Report) -> Option<String> {
    let Parts { number, body, hash: shown } = parts;
    let begins = line == 1 && report.lines == 0;
    // Where a file begins, the chain is named, so that a file can be verified without those before it.
    if begins && let Some(previous) = previous(body) {
        previous.clone_into(&mut report.hash);
        report.number = number.saturating_sub(1);
    }
    let expected = report.number + 1;
    let fits = hash(&report.hash, body) == shown;
    report.lines += 1;
    report.number = number;
    shown.clone_into(&mut report.hash);
    if begins && previous(body).is_none() {
        return Some(format!("is not how a trail begins: the lines before seq {number} are missing"));
    }
    match number.checked_sub(expected) {
        None => Some(format!("is not in its place, or twice: seq {number} where {expected} is expected")),
        Some(0) if fits => None,
        Some(0) => Some(format!("was changed, or the line before it was and got a new hash (seq {number})")),
        Some(1) => Some(format!("follows a line that is missing: seq {expected}")),
        Some(_) => Some(format!("follows lines that are missing: seq {expected} to {}", number - 1)),
    }
}

/// The hash that the first line of a file says it follows.
fn previous(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once(",\"previous\":\"")?;
    rest.split('"').next().filter(|hash| hash.len() == 64)
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: this line {}", self.file.display(), self.line, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Body;
    use super::super::trail::Trail;
    use super::*;
    use std::fs;

    /// What verify says of a trail of a begin and five nodes after its lines were tampered with.
    fn check(tamper: impl FnOnce(&mut Vec<String>), expected: &[(u64, &str)]) {
        let file = std::env::temp_dir().join(format!("flow-verify-{}", uuid::Uuid::now_v7().simple()));
        let trail = Trail::open(&file, "order").unwrap();
        for node in ["a", "b", "c", "d", "e"] {
            trail.push(Body::now("node started").text("node", node));
        }
        trail.commit().unwrap();
        let mut lines: Vec<String> = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
        tamper(&mut lines);
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let report = verify(std::slice::from_ref(&file)).unwrap();
        let found: Vec<(u64, &str)> = report.broken.iter().map(|broken| (broken.line, &*broken.what)).collect();
        fs::remove_file(&file).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_untouched_trail_is_intact() {
        check(|_| {}, &[]);
    }

    #[test]
    fn a_changed_line_is_named() {
        let changed = |number| format!("was changed, or the line before it was and got a new hash (seq {number})");
        check(|lines| lines[2] = lines[2].replace("\"b\"", "\"x\""), &[(3, &changed(3))]);
        check(|lines| lines[5] = lines[5].replace("\"e\"", "\"x\""), &[(6, &changed(6))]);
        let with_a_new_hash = |lines: &mut Vec<String>| {
            let before = parts(&lines[1]).unwrap().hash.to_owned();
            let body = parts(&lines[2]).unwrap().body.replace("\"b\"", "\"x\"");
            lines[2] = format!("{body},\"hash\":\"{}\"}}", hash(&before, &body));
        };
        check(with_a_new_hash, &[(4, &changed(4))]);
    }

    #[test]
    fn missing_lines_are_named() {
        check(|lines| _ = lines.remove(2), &[(3, "follows a line that is missing: seq 3")]);
        check(|lines| _ = lines.drain(2..4), &[(3, "follows lines that are missing: seq 3 to 4")]);
        check(|lines| _ = lines.remove(0), &[(1, "is not how a trail begins: the lines before seq 2 are missing")]);
    }

    #[test]
    fn moved_lines_are_named() {
        check(
            |lines| lines.swap(2, 3),
            &[
                (3, "follows a line that is missing: seq 3"),
                (4, "is not in its place, or twice: seq 3 where 5 is expected"),
                (5, "follows a line that is missing: seq 4"),
            ],
        );
        check(
            |lines| lines.insert(3, lines[2].clone()),
            &[(4, "is not in its place, or twice: seq 3 where 4 is expected")],
        );
    }

    #[test]
    fn foreign_lines_are_named() {
        let foreign = "is not a line of an audit trail";
        check(|lines| lines.insert(3, "{}".to_owned()), &[(4, foreign)]);
        let last_number = |lines: &mut Vec<String>| {
            let line = lines[5].replace("\"seq\":6", &format!("\"seq\":{}", u64::MAX));
            lines.splice(5.., [line.clone(), line]);
        };
        check(last_number, &[(6, foreign), (7, foreign)]);
    }

    #[test]
    fn only_the_last_file_may_end_in_an_unfinished_line() {
        let file = std::env::temp_dir().join(format!("flow-verify-{}", uuid::Uuid::now_v7().simple()));
        let next = file.with_extension("next");
        drop(Trail::open(&file, "order").unwrap());
        let whole = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{whole}{{\"seq\":2")).unwrap();
        fs::write(&next, "").unwrap();
        let alone = verify(std::slice::from_ref(&file)).unwrap();
        let both = verify(&[file.clone(), next.clone()]).unwrap();
        fs::remove_file(&file).unwrap();
        fs::remove_file(&next).unwrap();
        assert_eq!((alone.torn, alone.broken), (8, vec![]));
        let what = String::from("is unfinished, although another file follows");
        assert_eq!((both.torn, both.broken), (0, vec![Broken { file, line: 2, what }]));
    }
}
