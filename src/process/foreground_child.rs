//! Waits for a command in the foreground, as a shell does, and handles signals meanwhile.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `on_signal` with the number of each signal that asks this process to end. The signal has
/// no other effect then.
///
/// # Errors
/// When the kernel refuses.
pub fn on_end_signals(mut on_signal: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || signals.forever().for_each(&mut on_signal));
    Ok(())
}

/// Ignores the terminal's signals while a command has the terminal. They are handled, not ignored,
/// and before the command starts: it begins with the default actions even if `ob` was started with
/// a signal ignored.
#[derive(Debug)]
pub struct ForegroundChild(Signals);

impl ForegroundChild {
    /// Handles the signals of the terminal from now on.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new() -> io::Result<Self> {
        Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP]).map(Self)
    }

    /// Waits for `child`. The terminal's signals reach it directly; other signals are passed on.
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

/// Returns the command's exit code as a shell does: its own, or 128 plus the signal that ended it.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
