use std::alloc::System;
use std::process::ExitCode;

/// Wipes memory when it is freed.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    ob::main()
}
