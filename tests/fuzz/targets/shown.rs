#![no_main]

#[path = "../topics/mod.rs"]
mod topics;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (topics::shown::TOPIC.target)(bytes));
