//! The agent: holds the session, and is the only program that reaches the network. `ob` starts it.

use std::alloc::System;
use std::process::ExitCode;

/// Wipes what is freed: the agent holds every secret.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    ob::agent::main()
}
