//! `settings`: what holds for a whole execution.

use super::{Key, KeyType};

pub const SETTINGS: &[Key] = &[
    Key {
        name: "timeout",
        ty: KeyType::Seconds,
        required: false,
        default: "no limit",
        doc: "Wall clock for a whole execution, retries, waits and handlers included. When it expires, work in flight is cancelled and the status is `error` with code `TIMEOUT`.",
    },
    Key {
        name: "max_retries",
        ty: KeyType::Count,
        required: false,
        default: "0",
        doc: "The `retry_count` of nodes that name none. It never restarts a workflow and does not apply to nodes without I/O.",
    },
    Key {
        name: "fail_fast",
        ty: KeyType::Bool,
        required: false,
        default: "false",
        doc: "`true`: the first unhandled failure cancels everything else. `false`: it skips only what follows it; other branches finish.",
    },
    Key {
        name: "parallel_execution",
        ty: KeyType::Bool,
        required: false,
        default: "true",
        doc: "`false`: one node at a time.",
    },
    Key {
        name: "max_parallel_nodes",
        ty: KeyType::PositiveCount,
        required: false,
        default: "10",
        doc: "How many nodes of one execution run at once. A node that waits for a retry does not count.",
    },
    Key {
        name: "store",
        ty: KeyType::OneOf(&["sqlite", "memory"]),
        required: false,
        default: "sqlite",
        doc: "Where executions are kept. `sqlite`: in a file, so that they survive the process. `memory`: nowhere; the executable has no store in it and is smaller.",
    },
];
