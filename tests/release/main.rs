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
#[path = "../bench/counts.rs"]
mod counts;
#[expect(dead_code, reason = "the benchmarks use the rest")]
#[path = "../bench/home.rs"]
mod home;
mod startup;

use std::path::PathBuf;

fn program(name: &str) -> PathBuf {
    home::program().with_file_name(name)
}
