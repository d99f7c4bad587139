//! Makes this process the supervisor of a tunnel.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use tokio::runtime::Runtime;

use super::connections::hello;
use super::deadlines::Timeouts;
use super::failure::{cannot, without_hint};
use super::stdin;
use super::supervisor::{Start, supervise};
use crate::link::{DESCRIPTOR_LIMIT_HINT, OUT_OF_DESCRIPTORS};
use crate::process;
use crate::report::Report;
use crate::wire::{self, FromTunnel};

/// The descriptors of a supervisor with its reaper, the reserve, the agent and one more client.
const NEEDED_DESCRIPTORS: usize = 20;

/// Supervises one tunnel until it ends.
///
/// # Errors
/// When it cannot start. The client that started it has been told, if possible.
pub fn run(start: &Start) -> Result<(), Report> {
    let (runtime, starter) = prepare_process().inspect_err(report_to_starter)?;
    let local = tokio::task::LocalSet::new();
    let starter = UnixStream::from(starter);
    local.block_on(&runtime, supervise(starter, start, &Timeouts::default()))
}

/// Sets up everything that is needed before a client can be served.
fn prepare_process() -> Result<(Runtime, OwnedFd), Report> {
    process::harden()?;
    process::raise_descriptors()?;
    process::detach().map_err(|error| cannot("detach", &error))?;
    // Checked before the runtime or a socket fails for lack of one.
    if !process::has_descriptors(NEEDED_DESCRIPTORS) {
        return Err(without_hint("start", &OUT_OF_DESCRIPTORS).hint(DESCRIPTOR_LIMIT_HINT));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| cannot("start its runtime", &error))?;
    let starter = stdin::duplicate().map_err(|error| cannot("take its socket", &error))?;
    let null = process::nothing().map_err(|error| cannot("open /dev/null", &error))?;
    process::silence(&null).map_err(|error| cannot("let its socket go", &error))?;
    Ok((runtime, starter))
}

/// Reports a failed start over the socket that this process was started with.
fn report_to_starter(report: &Report) {
    for message in [hello(), FromTunnel::Failed(report.clone())] {
        if let Ok(frame) = wire::encode(&message, wire::FROM_AGENT_MAX) {
            stdin::write_to_socket(&frame);
        }
    }
}
