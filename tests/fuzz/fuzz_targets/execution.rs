#![no_main]

#[path = "../chain_targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::execution(data));
