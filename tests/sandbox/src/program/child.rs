//! Waiting for a child as a shell would: the terminal's signals are the child's to decide on,
//! those sent to us are passed on, and its end becomes ours. Signals are caught rather than
//! ignored, so that the child starts with the default action for each.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitCode, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// The signals that would end this program before it has cleaned up.
#[derive(Debug)]
pub(super) struct Caught {
    signals: Signals,
}

impl Caught {
    pub(super) fn new() -> io::Result<Caught> {
        Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]).map(|signals| Caught { signals })
    }

    /// Waits for a signal.
    pub(super) fn wait(mut self) {
        self.signals.forever().next();
    }

    /// Waits for the child, passing on what is not typed at the terminal.
    pub(super) fn wait_for(mut self, mut child: Child) -> io::Result<ExitCode> {
        let handle = self.signals.handle();
        let id = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let passing_on = std::thread::spawn(move || {
            for signal in self.signals.forever() {
                if matches!(signal, SIGHUP | SIGTERM)
                    && let Ok(signal) = Signal::try_from(signal)
                {
                    // Gone already: the wait below says so.
                    let _ = kill(id, signal);
                }
            }
        });
        let status = child.wait();
        handle.close();
        let _ = passing_on.join();
        status.map(code)
    }
}

/// The child's own exit code, or 128 and the signal that ended it.
fn code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
