//! The supervisor of one openvpn: a process of its own that owns its management socket.
//!
//! It is started by a verb, told everything it needs, and stays until the tunnel ends. It has no terminal,
//! reads no settings and opens no network connection; what only a person knows it asks whoever started it,
//! what only the session knows it asks the agent. Losing it takes the tunnel down: openvpn is the one that
//! called, and ends with the call. Profile and tokens are in its memory for as long as they are needed.

mod actions;
mod agent_client;
mod auth;
mod connections;
mod deadlines;
mod events;
mod log;
mod management;
mod name_servers;
mod private_dir;
mod reaper;
mod runtime_files;
mod supervisor;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::SockType;
use tokio::runtime::Runtime;

use crate::link::{DESCRIPTOR_LIMIT_HINT, OUT_OF_DESCRIPTORS};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::wire::{self, FromTunnel};

pub use reaper::{Leftovers, run_reaper, run_reserve};

/// What a supervisor has open at once, with its reaper, the reserve, the agent and one more client.
const DESCRIPTORS: usize = 20;

/// How a supervisor was started.
#[derive(Debug)]
pub struct Start {
    /// The runtime directory, with the agent's socket in it.
    pub directory: PathBuf,
    /// For one command: it is not the machine's tunnel and is not found by `ob vpn status`.
    pub private: bool,
}

/// Where the supervisor of the machine's tunnel listens.
pub fn control_socket(directory: &Path) -> PathBuf {
    directory.join("vpn.sock")
}

/// What stands there while the machine's tunnel is up, for a prompt to test: a link that leads to the tunnel's
/// device where the system shows one, so that it leads nowhere once the device is gone, whoever was killed.
pub fn mark(directory: &Path) -> PathBuf {
    directory.join("vpn.up")
}

/// There is one tunnel of a user and machine at a time.
pub fn already_up() -> Report {
    runtime_files::already_up()
}

/// Removes what a supervisor that was killed has left behind.
pub fn clean_up(directory: &Path) {
    runtime_files::clean_up(directory);
}

/// Supervises one tunnel until it ends.
///
/// # Errors
/// When it cannot start; whoever started it has been told, if it can be.
pub fn run(start: &Start) -> Result<(), Report> {
    let (runtime, starter) = begin().inspect_err(tell_starter)?;
    let local = tokio::task::LocalSet::new();
    local.block_on(
        &runtime,
        supervisor::supervise(UnixStream::from(starter), start),
    )
}

/// What it needs before it can talk to anybody.
fn begin() -> Result<(Runtime, OwnedFd), Report> {
    process::shield()?;
    process::raise_descriptors()?;
    process::detach().map_err(|error| cannot("detach", &error))?;
    // Asked before the runtime does, and before a socket is missing somewhere.
    if !process::has_descriptors(DESCRIPTORS) {
        return Err(without_hint("start", &OUT_OF_DESCRIPTORS).hint(DESCRIPTOR_LIMIT_HINT));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| cannot("start its runtime", &error))?;
    let starter = standard_input().map_err(|error| cannot("take its socket", &error))?;
    let nothing = process::nothing().map_err(|error| cannot("open /dev/null", &error))?;
    process::silence(&nothing).map_err(|error| cannot("let its socket go", &error))?;
    Ok((runtime, starter))
}

/// Says why there will be no supervisor, with no descriptor but the one it was started with.
#[expect(
    clippy::disallowed_methods,
    reason = "for the descriptor; nothing is read through it"
)]
fn tell_starter(report: &Report) {
    // Started by hand it has none, and reports where it was started.
    if getsockopt(&io::stdin(), SockType).is_err() {
        return;
    }
    for message in [connections::hello(), FromTunnel::Failed(report.clone())] {
        if let Ok(frame) = wire::encode(&message, wire::FROM_AGENT_MAX) {
            // Whoever does not hear it notices that we are gone.
            let _ = nix::unistd::write(io::stdin(), &frame);
        }
    }
}

fn standard_input() -> io::Result<OwnedFd> {
    #[expect(
        clippy::disallowed_methods,
        reason = "for the descriptor; nothing is read through it"
    )]
    io::stdin().as_fd().try_clone_to_owned()
}

fn cannot(what: &str, error: &dyn std::fmt::Display) -> Report {
    without_hint(what, error).hint("`ob vpn up` tries again")
}

fn without_hint(what: &str, error: &dyn std::fmt::Display) -> Report {
    Report::new(
        ErrorCode::VpnSupervisor,
        format!("the tunnel's supervisor cannot {what}"),
    )
    .cause(error)
}
