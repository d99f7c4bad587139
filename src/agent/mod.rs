//! The agent: one process per user, the only holder of the Okta session and of credentials.
//!
//! It keeps them in memory only. It has no terminal and reads no settings, and the kernel stops it
//! from writing files, starting programs and more (`model::BARRED`), as far as the kernel can. All
//! network access and all parsing of foreign bytes happen here. Questions for the user go to the
//! client that waits.

mod approvals;
mod credential_key;
mod handlers;
mod server;
mod shutdown;
mod single_flight;
mod terminal_answers;
mod timeouts;
mod usage;
mod vault;
mod waiters;

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use self::timeouts::Timeouts;
use crate::link::OUT_OF_DESCRIPTORS;
use crate::process;
use crate::report::{ErrorCode, Report};

/// Descriptors that a ready agent has open, apart from its standard streams and its socket.
const MIN_DESCRIPTORS: usize = 8;

/// The arguments of `ob agent run`.
#[derive(Debug)]
pub struct Start {
    /// Fork first. The client that started the agent becomes the user's command, which must not
    /// be the agent's parent.
    pub detach: bool,
    /// Serve one conversation on standard input, then end. Otherwise standard input is the
    /// listening socket.
    pub private: bool,
    /// The directory of the socket, watched for its loss.
    pub directory: Option<PathBuf>,
}

/// Runs the agent until it is to end.
///
/// # Errors
/// When it cannot start. The reason is also written to the ready pipe.
pub fn run(start: &Start) -> Result<(), Report> {
    start_and_serve(start).inspect_err(|report| {
        let causes = report.causes.iter().map(String::as_str);
        let parts: Vec<_> = std::iter::once(&*report.summary).chain(causes).collect();
        let _ = write_to_ready_pipe(parts.join(": ").as_bytes());
    })
}

fn start_and_serve(start: &Start) -> Result<(), Report> {
    process::close_inherited_fds();
    process::harden_agent()?;
    process::raise_descriptors()?;
    if start.detach {
        process::detach().map_err(cannot("detach"))?;
    }
    let socket = standard_input().map_err(cannot("take its socket"))?;
    // Checked before the runtime opens its descriptors: it panics where none are left.
    if !process::has_descriptors(MIN_DESCRIPTORS) {
        return Err(cannot("start")(OUT_OF_DESCRIPTORS));
    }
    let directory = start.directory.as_deref();
    // The runtime and /dev/null are opened before the confinement forbids it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot("start its runtime"))?;
    let nothing = process::nothing().map_err(cannot("open /dev/null"))?;
    let confinement = process::confine(directory);
    let timeouts = Timeouts::default();
    let report_ready = || {
        write_to_ready_pipe(b"+")
            .and_then(|()| process::silence(&nothing))
            .map_err(cannot("say that it is ready"))
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let served = if start.private {
            report_ready()?;
            server::serve_one(UnixStream::from(socket), confinement, timeouts).await
        } else {
            let watch = shutdown::SocketWatch::new(directory);
            let watch = watch.map_err(cannot("watch its socket"))?;
            report_ready()?;
            server::serve(UnixListener::from(socket), watch, confinement, timeouts).await
        };
        served.map_err(cannot("serve"))
    })
}

fn standard_input() -> io::Result<OwnedFd> {
    #[expect(
        clippy::disallowed_methods,
        reason = "only the descriptor is duplicated; nothing is read through it"
    )]
    io::stdin().as_fd().try_clone_to_owned()
}

/// Writes to the pipe on which the client waits for `+`; any other text is why the start failed.
fn write_to_ready_pipe(text: &[u8]) -> io::Result<()> {
    let mut pipe = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    pipe.write_all(text)
}

fn cannot<E: Display>(what: &'static str) -> impl Fn(E) -> Report {
    move |error| {
        Report::new(ErrorCode::AgentStart, format!("the agent cannot {what}"))
            .cause(&error)
            .hint("`ob --no-agent …` does without one")
    }
}
