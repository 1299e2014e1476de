//! Any workflow: an accepted one gives Rust, and the same Rust the second time.
#![no_main]

#[path = "../../src/generate.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod generate;
#[path = "../../src/promise.rs"]
#[allow(dead_code, reason = "each target uses a part")]
mod promise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| promise::codegen(bytes));
