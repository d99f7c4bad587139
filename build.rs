//! Links the unwinder into the programs where the C compiler has it as a static library.
//!
//! glibc's dynamic loader then loads one library less at each start of `ob`: 0.1 ms of a warm
//! `ob exec` (docs/performance.md). Without the library, the programs are linked as usual.

use std::path::Path;
use std::process::Command;

const LIBRARY: &str = "libgcc_eh.a";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let is_native = variable("HOST") == variable("TARGET");
    let has_loader = variable("CARGO_CFG_TARGET_OS") == "linux"
        && variable("CARGO_CFG_TARGET_ENV") == "gnu"
        && !variable("CARGO_CFG_TARGET_FEATURE").contains("crt-static");
    if is_native && has_loader && compiler_has_library() {
        println!(
            "cargo::rustc-link-arg-bins=-Wl,--push-state,--whole-archive,-l:{LIBRARY},--pop-state"
        );
    }
}

/// Whether the C compiler, which Rust links with, finds the library.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script has no module that starts programs"
)]
fn compiler_has_library() -> bool {
    let asked = Command::new("cc")
        .arg(format!("-print-file-name={LIBRARY}"))
        .output();
    // It prints the name alone if it finds none.
    asked.is_ok_and(|found| {
        let path = String::from_utf8_lossy(&found.stdout);
        Path::new(path.trim()).is_absolute() && Path::new(path.trim()).exists()
    })
}
