//! What an operator sees of a compiled workflow: metrics, logs, the audit trail; and what must never be seen.
//!
//! The seed's workflow as a process of its own, in the worlds of the run tier.

mod windows {
    mod audit;
    mod canary;
    mod log;
    mod metrics;
    mod otlp;
    mod stage;
    mod trace;
}
