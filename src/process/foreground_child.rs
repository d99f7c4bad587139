//! Waiting for a command in the foreground as a shell does, and hearing of signals meanwhile.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `told` with the number of each signal that asks this process to end, which it then does not do by itself.
///
/// # Errors
/// When the kernel refuses.
pub fn on_end_signals(mut told: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(&mut told));
    Ok(())
}

/// Stands by while a command has the terminal. Handlers, not "ignore", and set before the command starts: it
/// begins with the defaults, even where we were started with a signal ignored.
#[derive(Debug)]
pub struct ForegroundChild(Signals);

impl ForegroundChild {
    /// # Errors
    /// When the kernel refuses.
    pub fn new() -> io::Result<Self> {
        Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]).map(Self)
    }

    /// Waits for `child`. What is typed at the terminal reaches it by itself; other signals are passed on.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn wait_for(mut self, mut child: Child) -> io::Result<ExitStatus> {
        let id = i32::try_from(child.id()).map(Pid::from_raw);
        thread::spawn(move || {
            for signal in self.0.forever() {
                if matches!(signal, SIGTERM | SIGHUP)
                    && let (Ok(id), Ok(signal)) = (id, Signal::try_from(signal))
                {
                    let _ = kill(id, signal);
                }
            }
        });
        child.wait()
    }
}

/// The exit code of a command as a shell tells it: its own, or 128 and the signal that ended it.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
