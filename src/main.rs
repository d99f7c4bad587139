use std::alloc::System;
use std::process::ExitCode;

/// Everything that is freed is wiped first, whoever held it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<System> = zeroizing_alloc::ZeroAlloc(System);

fn main() -> ExitCode {
    ob::main()
}
