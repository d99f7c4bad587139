//! `ob security-key`: the process that talks to a security key.

use std::process::ExitCode;

use crate::client::Context;
#[cfg(feature = "fido2")]
use crate::process;
#[cfg(not(feature = "fido2"))]
use crate::report::Exit;
use crate::report::{ErrorCode, Report};

/// Be the process that talks to a security key; `ob` does this by itself when it needs one
#[derive(clap::Args, Clone, Debug)]
pub struct Args {}

/// Runs `ob security-key`.
///
/// # Errors
/// When this build cannot talk to a key, or the process was not started for that.
#[cfg(feature = "fido2")]
pub fn run(_args: &Args, _context: &Context) -> Result<ExitCode, Report> {
    let served = process::end_with_starter().and_then(|()| crate::security_key::serve());
    served.map(|()| ExitCode::SUCCESS).map_err(|error| {
        Report::new(
            ErrorCode::SecurityKeyServed,
            "nobody asks for a security key",
        )
        .cause(error)
        .hint("`ob login --factor webauthn` does")
    })
}

/// Runs `ob security-key`.
///
/// # Errors
/// Always: this build cannot talk to a key.
#[cfg(not(feature = "fido2"))]
pub fn run(_args: &Args, _context: &Context) -> Result<ExitCode, Report> {
    Err(Report::new(
        ErrorCode::SecurityKeyNotBuilt,
        "this ob cannot talk to a security key",
    )
    .exit(Exit::Usage)
    .hint("build it so: `cargo install --path . --features fido2`"))
}
