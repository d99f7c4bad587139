#![no_main]
#![expect(dead_code, reason = "each target uses one of the harnesses")]

#[path = "../harnesses/mod.rs"]
mod harnesses;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (harnesses::settings::HARNESS.target)(bytes));
