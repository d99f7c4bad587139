//! The part of `ob vpn` that runs as root. An administrator installs it; see docs/vpn-sudo.md.

use std::alloc::System;
use std::process::ExitCode;

/// Wipes what is freed: a profile holds a private key.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    ob::privileged::main()
}
