//! Trigger `schedule`: its configuration is checked; compiling it is later work.

use super::{Key, KeyType, KindSpec};

pub const SPEC: KindSpec = KindSpec {
    word: "schedule",
    trigger: true,
    summary: "Starts an execution at set times. Its configuration is checked; this version does not compile it yet (`unsupported-kind`).",
    keys: &[
        Key {
            name: "schedule_type",
            ty: KeyType::OneOf(&["cron", "interval"]),
            required: true,
            default: "",
            doc: "Which of the two below.",
        },
        Key {
            name: "cron_expression",
            ty: KeyType::Literal,
            required: false,
            default: "",
            doc: "Minute, hour, day, month, weekday, as in `0 9 * * 1-5`.",
        },
        Key {
            name: "interval_seconds",
            ty: KeyType::Seconds,
            required: false,
            default: "",
            doc: "From start to start.",
        },
        Key {
            name: "timezone",
            ty: KeyType::Literal,
            required: false,
            default: "UTC",
            doc: "IANA name, as `Europe/Berlin`.",
        },
    ],
    output: "The time it was due.",
    example: r#"{
  "id": "every-morning",
  "type": "trigger",
  "trigger_type": "schedule",
  "config": { "schedule_type": "cron", "cron_expression": "0 9 * * 1-5" }
}"#,
};
