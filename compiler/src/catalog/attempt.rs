//! The keys of every kind that makes attempts: how long each may take, how many there are, how long to wait in between.

use super::{Key, KeyType};

pub const TIMEOUT: Key =
    Key { name: "timeout", ty: KeyType::Seconds, required: false, default: "30", doc: "For each attempt, in seconds." };

/// `doc` says after what the kind tries again.
pub const fn retry_count(doc: &'static str) -> Key {
    Key { name: "retry_count", ty: KeyType::Count, required: false, default: "`settings.max_retries`", doc }
}

pub const RETRY_DELAY: Key = Key {
    name: "retry_delay",
    ty: KeyType::RetryDelay,
    required: false,
    default: "1",
    doc: "Seconds between attempts, or `{\"strategy\": \"exponential\", \"initial\": 1, \"max\": 30, \"jitter\": true}`. A service that asks for longer (`Retry-After`) is waited for, up to an hour.",
};

/// The keys of `retry_delay` as an object.
pub const RETRY_DELAY_OBJECT: &[Key] = &[
    Key {
        name: "strategy",
        ty: KeyType::OneOf(&["fixed", "exponential"]),
        required: true,
        default: "",
        doc: "`exponential` doubles the wait each time.",
    },
    Key { name: "initial", ty: KeyType::Seconds, required: false, default: "1", doc: "The first wait, in seconds." },
    Key { name: "max", ty: KeyType::Seconds, required: false, default: "30", doc: "The longest wait, in seconds." },
    Key {
        name: "jitter",
        ty: KeyType::Bool,
        required: false,
        default: "false",
        doc: "Shortens each wait by up to half.",
    },
];
