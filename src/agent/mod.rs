//! The agent: one process per user, the only holder of the Okta session and of credentials.
//!
//! It keeps them in memory only. It has no terminal and reads no settings, and the kernel stops it
//! from writing files, starting programs and more (`model::BARRED`), as far as the kernel can. All
//! network access and all parsing of foreign bytes happen here. Questions for the user go to the
//! client that waits.

mod approvals;
mod arguments;
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
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use self::arguments::{Arguments, Unusable};
use self::timeouts::Timeouts;
use crate::link::{OTHER_BUILD, OUT_OF_DESCRIPTORS, READY};
use crate::process;
use crate::report::{ErrorCode, Report};

/// Descriptors that a ready agent has open, apart from its standard streams and its socket.
const MIN_DESCRIPTORS: usize = 8;
const STARTED_BY_HAND: &str =
    "ob-agent is a part of ob, which starts it when needed; see `ob help agent`\n";

/// Runs the program `ob-agent`: the agent, until it is to end.
///
/// Where it cannot start, the reason is written to the ready pipe, its standard output.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(print_panic_place));
    let started = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => start_and_serve(&arguments).map_err(|report| {
            let causes = report.causes.iter().map(String::as_str);
            let parts: Vec<_> = std::iter::once(&*report.summary).chain(causes).collect();
            parts.join(": ").into_bytes()
        }),
        Err(Unusable::OtherBuild) => Err(OTHER_BUILD.to_vec()),
        Err(Unusable::NotByOb) => Err(STARTED_BY_HAND.as_bytes().to_vec()),
    };
    match started {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = write_to_ready_pipe(&reason);
            ExitCode::FAILURE
        }
    }
}

/// Prints only the panic's location: the payload may hold a secret. `ob` lets standard error of the
/// agent lead to `/dev/null`; a tracer sees it.
#[expect(
    clippy::print_stderr,
    reason = "the agent has no terminal, which is the module that prints"
)]
fn print_panic_place(panic: &PanicHookInfo<'_>) {
    if let Some(place) = panic.location() {
        eprintln!("ob-agent: panic at {}:{}", place.file(), place.line());
    }
}

fn start_and_serve(start: &Arguments) -> Result<(), Report> {
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
        write_to_ready_pipe(READY)
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

/// Writes to the pipe on which the client waits.
fn write_to_ready_pipe(text: &[u8]) -> io::Result<()> {
    let mut pipe = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    pipe.write_all(text)
}

fn cannot<E: Display>(what: &'static str) -> impl Fn(E) -> Report {
    move |error| {
        Report::new(ErrorCode::AgentStart, format!("the agent cannot {what}"))
            .cause(&error)
            .hint("`ob --no-agent …` works without the agent")
    }
}
