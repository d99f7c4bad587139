//! The agent: one per user, in memory only, the only holder of the Okta session and of credentials.
//!
//! It has no terminal, reads no settings, and the kernel bars it from writing files, starting programs and more
//! (`model::BARRED`), as far as it can. All network and all parsing of foreign bytes happen here. What a person must
//! answer it asks the client that waits.

mod approvals;
mod choices;
mod handlers;
mod server;
mod shutdown;
mod single_flight;
mod usage;
mod vault;
mod waiters;

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use crate::link::OUT_OF_DESCRIPTORS;
use crate::process;
use crate::report::{Exit, Report};

/// What an agent has open when it is ready, besides its standard streams and its socket.
const DESCRIPTORS: usize = 8;

/// How `ob agent run` was started.
#[derive(Debug)]
pub struct Start {
    /// Fork first, so that the client that started us does not become our parent as the user's command.
    pub detach: bool,
    /// Serve the one conversation on standard input and end; without it standard input is the listening socket.
    pub private: bool,
    /// Where the socket lies, to notice when it is gone.
    pub directory: Option<PathBuf>,
}

/// Runs the agent until its time is over.
///
/// # Errors
/// When it cannot start; the reason has also been said on the ready pipe.
pub fn run(start: &Start) -> Result<(), Report> {
    begin(start).inspect_err(|report| {
        let mut words = report.summary.clone();
        report
            .causes
            .iter()
            .for_each(|cause| words = format!("{words}: {cause}"));
        let _ = say_on_ready_pipe(words.as_bytes());
    })
}

fn begin(start: &Start) -> Result<(), Report> {
    process::close_strays();
    process::shield_agent()?;
    process::raise_descriptors()?;
    if start.detach {
        process::detach().map_err(cannot("detach"))?;
    }
    let socket = standard_input().map_err(cannot("take its socket"))?;
    // Asked before the runtime does, which would panic where it finds none.
    if !process::has_descriptors(DESCRIPTORS) {
        return Err(cannot("start")(OUT_OF_DESCRIPTORS));
    }
    let directory = start.directory.as_deref();
    // The runtime and the watch on the socket need descriptors of their own before the door closes.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot("start its runtime"))?;
    let nothing = process::nothing().map_err(cannot("open /dev/null"))?;
    let confinement = process::confine(directory);
    let ready = || {
        say_on_ready_pipe(b"+")
            .and_then(|()| process::silence(&nothing))
            .map_err(cannot("say that it is ready"))
    };
    let local = tokio::task::LocalSet::new();
    if start.private {
        local.block_on(&runtime, async {
            ready()?;
            server::serve_one(UnixStream::from(socket), confinement)
                .await
                .map_err(cannot("serve"))
        })
    } else {
        local.block_on(&runtime, async {
            let watch = shutdown::Watch::new(directory).map_err(cannot("watch its socket"))?;
            ready()?;
            let listener = UnixListener::from(socket);
            server::serve(listener, watch, confinement)
                .await
                .map_err(cannot("serve"))
        })
    }
}

fn standard_input() -> io::Result<OwnedFd> {
    #[expect(
        clippy::disallowed_methods,
        reason = "for the descriptor; nothing is read through it"
    )]
    io::stdin().as_fd().try_clone_to_owned()
}

/// The client waits for `+`; anything else is why there is no agent.
fn say_on_ready_pipe(words: &[u8]) -> io::Result<()> {
    let mut pipe = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    pipe.write_all(words)
}

fn cannot<E: Display>(what: &'static str) -> impl Fn(E) -> Report {
    move |error| {
        Report::new(
            Exit::Failed,
            "agent.start",
            format!("the agent cannot {what}"),
        )
        .cause(&error)
        .hint("`ob --no-agent …` does without one")
    }
}
