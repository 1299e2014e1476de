//! Any workflow: checking it never panics.
#![no_main]

#[path = "../../src/generate.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod generate;
#[path = "../../src/promise.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod promise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promise::check(bytes));
