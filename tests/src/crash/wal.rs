//! What a disk makes of SQLite's write-ahead log when a process dies at the wrong moment.
//!
//! Always true: nothing that was synced is touched. What is left of the last write may be any bytes at all.

use super::Random;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Of the file.
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// Writes random bytes behind the last frame that counts, as a write that was torn would. False: there is no log.
///
/// # Errors
/// When the file cannot be read or written.
pub fn tear_tail(log: &Path, random: &mut Random) -> io::Result<bool> {
    let Ok(mut file) = OpenOptions::new().read(true).write(true).open(log) else { return Ok(false) };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < HEADER {
        return Ok(false);
    }
    let number = |at: u64| u32::from_be_bytes(bytes[at as usize..at as usize + 4].try_into().unwrap_or_default());
    let (page, salts) = (u64::from(number(8)), (number(16), number(20)));
    let mut end = HEADER;
    while end + FRAME_HEADER + page <= bytes.len() as u64 && (number(end + 8), number(end + 12)) == salts {
        end += FRAME_HEADER + page;
    }
    let mut garbage = Vec::new();
    for _ in 0..1 + random.below(2 * (FRAME_HEADER + page) / 8) {
        garbage.extend(random.draw().to_be_bytes());
    }
    // Half of the time it looks like the beginning of a frame.
    if random.below(2) == 0 {
        let salts: Vec<u8> = [salts.0, salts.1].iter().flat_map(|salt| salt.to_be_bytes()).collect();
        garbage.resize(garbage.len().max(16), 0);
        garbage[8..16].copy_from_slice(&salts);
    }
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&garbage)?;
    Ok(true)
}

/// What was written to each file and not synced before the end, from the record of strace (`-f -y -s 0`).
pub fn unsynced(record: &str) -> BTreeMap<PathBuf, Vec<Range<u64>>> {
    let mut open: BTreeMap<PathBuf, Vec<Range<u64>>> = BTreeMap::new();
    // By thread: the file of a sync that has begun, and what had been written by then.
    let mut syncing: BTreeMap<&str, (PathBuf, usize)> = BTreeMap::new();
    for line in record.lines() {
        let Some((thread, call)) = line.split_once(' ').map(|(thread, call)| (thread, call.trim_start())) else {
            continue;
        };
        if let Some(arguments) = call.strip_prefix("pwrite64(") {
            // Counts from the moment it begins: how far it came is not known.
            if let (Some(path), Some(range)) = (path(arguments), written(arguments)) {
                open.entry(path).or_default().push(range);
            }
        } else if let Some(arguments) = call.strip_prefix("fdatasync(").or_else(|| call.strip_prefix("fsync(")) {
            let Some(path) = path(arguments) else { continue };
            let count = open.get(&path).map_or(0, Vec::len);
            if call.contains(" = 0") {
                open.remove(&path);
            } else if call.contains("<unfinished") {
                syncing.insert(thread, (path, count));
            }
        } else if call.contains("sync resumed>")
            && call.contains(" = 0")
            && let Some((path, count)) = syncing.remove(thread)
            && let Some(ranges) = open.get_mut(&path)
        {
            ranges.drain(..count.min(ranges.len()));
        }
    }
    open.retain(|_, ranges| !ranges.is_empty());
    open
}

/// Garbles some of what was not synced.
///
/// # Errors
/// When a file cannot be written.
pub fn garble(unsynced: &BTreeMap<PathBuf, Vec<Range<u64>>>, random: &mut Random) -> io::Result<()> {
    for (path, ranges) in unsynced {
        let Ok(mut file) = OpenOptions::new().write(true).open(path) else { continue };
        let length = file.metadata()?.len();
        for range in ranges {
            if random.below(4) == 0 || range.start >= length {
                continue; // this one reached the disk
            }
            let from = range.start + random.below(range.end - range.start);
            let garbage: Vec<u8> = (from..range.end.min(length)).map(|_| random.draw() as u8).collect();
            file.seek(SeekFrom::Start(from))?;
            file.write_all(&garbage)?;
        }
    }
    Ok(())
}

/// `7</data/journal.db-wal>, …`
fn path(arguments: &str) -> Option<PathBuf> {
    let (_, rest) = arguments.split_once('<')?;
    Some(PathBuf::from(rest.split_once('>')?.0))
}

/// `…, ""..., 4096, 32) = 4096`: the length and the offset.
fn written(arguments: &str) -> Option<Range<u64>> {
    let (_, rest) = arguments.split_once("\"\"")?;
    let rest = rest.trim_start_matches("...").trim_start_matches(", ");
    let (length, rest) = rest.split_once(", ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let (length, offset): (u64, u64) = (length.parse().ok()?, digits.parse().ok()?);
    (length > 0).then_some(offset..offset + length)
}

/// The whole of a small text file.
///
/// # Errors
/// When it cannot be read.
pub fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sync_has_passed_is_safe() {
        let record = "\
12 pwrite64(7</d/j-wal>, \"\"..., 32, 0) = 32
12 pwrite64(7</d/j-wal>, \"\"..., 4096, 56) = 4096
13 pwrite64(8</d/j>, \"\"..., 4096, 0 <unfinished ...>
12 fdatasync(7</d/j-wal> <unfinished ...>
12 pwrite64(7</d/j-wal>, \"\"..., 24, 4152) = 24
13 <... pwrite64 resumed>) = 4096
12 <... fdatasync resumed>) = 0
12 fdatasync(8</d/j>) = -1 EIO (Input/output error)
12 +++ killed by SIGKILL +++";
        let left = unsynced(record);
        let of = |path: &str| {
            let ranges = left.get(Path::new(path)).into_iter().flatten();
            ranges.map(|range| (range.start, range.end)).collect::<Vec<_>>()
        };
        assert_eq!(of("/d/j-wal"), [(4152, 4176)]);
        assert_eq!(of("/d/j"), [(0, 4096)]);
    }
}
