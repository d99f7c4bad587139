//! The release programs: what each contains, and what starting the client costs.
//!
//! `cargo test --test release` builds them first, as `cargo build --release` does: a build for
//! tests has more features of the libraries. The counts do not depend on the machine's speed; times
//! are in `cargo bench`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test starts programs and prints what it counted"
)]

mod contents;
mod startup;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The directory of the programs.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/programs");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--bins", "--target-dir"]);
    let status = cargo.arg(&target).current_dir(root).status();
    assert!(status.unwrap().success());
    target.join("release")
});

fn program(name: &str) -> PathBuf {
    PROGRAMS.join(name)
}
