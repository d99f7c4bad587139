#![no_main]
#![expect(dead_code, reason = "each target is one topic of several")]

#[path = "../topics/mod.rs"]
mod topics;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (topics::ini::TOPIC.target)(bytes));
