//! The audit trail: who started what, when each node began and ended, and how. JSON lines that can only be added to.
//!
//! Comes in: what [`crate::observe`] hears. Goes out: lines in a file, each with a hash over the line and the hash before
//! it, so that a line that was changed, removed or moved is found ([`verify`]).
//! Always true: a line holds ids, nodes, states, codes, moments and transaction ids; no input, no result, no message of an
//! error. A line is pushed before the event it tells of goes to the journal.
//!
//! A line is `{"seq":N,…,"hash":"H"}` where H is SHA-256, in hexadecimal, over the H of the line before (64 digits; zeros
//! for the very first) and everything in front of `,"hash"`.

mod line;
mod trail;
mod verify;

pub use line::{Body, TRANSACTION_IDS};
pub use trail::{Trail, TrailError};
pub use verify::{Broken, Report, verify};

/// What the first line follows.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 over the hash before and a line, in hexadecimal.
fn hash(previous: &str, body: &str) -> String {
    use sha2::{Digest, Sha256};
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::new().chain_update(previous).chain_update(body).finalize();
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
