//! The ways an execution can start, one file per way: the decisions, without I/O.
//!
//! Comes in: what a sender presented, and what the workflow and its operator allow. Goes out: yes, or no and why.
//! Always true: nothing here waits, reads a socket or asks for the time; `server` and `app` do, and hand it in.

mod address;
mod dedupe;
mod input;
mod schema;
mod signature;
mod webhook;

pub use address::{AddressError, AddressList, client_address};
pub use dedupe::{API_DOOR, DedupeKey, Digest, KeyError, key_headers};
pub use input::{InputError, read_input};
pub use schema::{Mismatch, Schema};
pub use signature::{Presented, Rejection, Scheme, Signatures};
pub use webhook::{WebhookTrigger, previous_secrets};
