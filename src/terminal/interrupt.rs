//! Signals during prompts.
//!
//! From the first prompt on, one thread waits for the signals that end or stop a program. It
//! restores the terminal, discards what was half typed (a password must not become the shell's next
//! line), lets the caller cancel its work, and then lets the signal take its default effect. The
//! handlers stay installed: removing them would leave the signals ignored. The command that
//! replaces `ob` starts with the default handlers again.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::c_int;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use nix::unistd::{getpgrp, getppid, getsid, read, tcgetpgrp};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use zeroize::Zeroizing;

const NOT_WANTED: &[u8] =
    b"\r\nob: no answer is wanted here any more; what you type is thrown away until Enter or a \
        pause";

/// The state to restore when a prompt is interrupted.
pub(super) struct Open {
    tty: File,
    /// The terminal's settings before the first prompt.
    before: Termios,
    /// Printed again when a stopped prompt continues. Empty if the prompt draws itself.
    text: String,
    /// The prompt was answered. Echo stays off until the next one.
    answered: bool,
}

impl Open {
    pub(super) fn new(tty: File, before: Termios, text: &str) -> Self {
        Self {
            tty,
            before,
            text: text.to_owned(),
            answered: false,
        }
    }
}

/// What the caller does before the process ends.
pub(super) type Abort = Box<dyn FnOnce() + Send>;

struct State {
    watching: bool,
    /// A signal is ending the process: no answer counts any more.
    is_ending: bool,
    question: Option<Open>,
    abort: Option<Abort>,
    /// Between prompts, other code handles the signals.
    handled_elsewhere: bool,
    /// Number of running sections that signals must not interrupt.
    deferrals: usize,
}

/// Global, because signals are handled per process.
static STATE: Mutex<State> = Mutex::new(State {
    watching: false,
    is_ending: false,
    question: None,
    abort: None,
    handled_elsewhere: false,
    deferrals: 0,
});

/// Notified when such a section ends.
static DEFERRAL_ENDED: Condvar = Condvar::new();
/// How long a signal waits for such a section, in case a disk hangs.
const MAX_DEFERRAL: Duration = Duration::from_secs(5);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `abort` if a signal ends the process from now on; `None` cancels that.
pub(super) fn on_abort(abort: Option<Abort>) {
    state().abort = abort;
}

/// Calls `finish`, limited to two seconds, before a signal ends the process.
///
/// # Errors
/// When the process has no descriptor or thread left.
pub fn finish_first(finish: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut state = lock_unless_ending();
    state.begin_watch()?;
    state.abort = Some(Box::new(finish));
    Ok(())
}

/// Runs `work` without interruption: a signal that would end or stop the process takes effect
/// afterwards, or after five seconds.
pub fn defer_signals<T>(work: impl FnOnce() -> T) -> T {
    {
        let mut state = lock_unless_ending();
        // Without a descriptor or a thread for the handler, the work runs unprotected.
        let _ = state.begin_watch();
        state.deferrals += 1;
    }
    let done = work();
    state().deferrals -= 1;
    DEFERRAL_ENDED.notify_all();
    drop(lock_unless_ending());
    done
}

/// Waits until no uninterruptible section runs.
fn wait_for_deferrals(state: MutexGuard<'static, State>) -> MutexGuard<'static, State> {
    let waited =
        DEFERRAL_ENDED.wait_timeout_while(state, MAX_DEFERRAL, |state| state.deferrals > 0);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Handles the ending signals only during prompts from now on; other code handles them otherwise.
pub fn leave_signals_to_others() {
    lock_unless_ending().handled_elsewhere = true;
}

/// Protects the terminal during `question`, until [`end`].
pub(super) fn begin(mut question: Open) -> io::Result<()> {
    let mut state = lock_unless_ending();
    state.begin_watch()?;
    if let Some(answered) = state.question.take() {
        question.before = answered.before;
    }
    state.question = Some(question);
    Ok(())
}

impl State {
    fn begin_watch(&mut self) -> io::Result<()> {
        if !self.watching {
            let signals = Signals::new(wanted())?;
            thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || watch(signals))?;
            self.watching = true;
        }
        Ok(())
    }
}

/// Ends the prompt: restores the terminal, but keeps echo off until the next prompt if `unseen` is
/// set.
///
/// Does not return if a signal is ending the process.
pub(super) fn end(unseen: bool) {
    let mut state = lock_unless_ending();
    let Some(mut question) = state.question.take() else {
        return;
    };
    if !is_foreground(&question.tty) {
        return;
    }
    let mut after = question.before.clone();
    if unseen {
        after.local_flags &= !(LocalFlags::ECHO | LocalFlags::ECHONL);
    }
    let _ = tcsetattr(&question.tty, SetArg::TCSADRAIN, &after);
    if unseen {
        question.answered = true;
        question.text.clear();
        state.question = Some(question);
    }
}

/// Discards what the user still types after a hidden prompt was withdrawn, without echo, until
/// Enter or a pause: the rest of a password must not become the shell's next line.
///
/// Signals are handled meanwhile. Call [`withdraw`] afterwards.
pub(super) fn drain_typeahead(quiet: Duration, at_most: Duration) {
    let tty = match &mut lock_unless_ending().question {
        Some(question) => {
            // After a stop and continue, the prompt is not printed again.
            question.text.clear();
            question.tty.try_clone()
        }
        None => return,
    };
    let Ok(tty) = tty else { return };
    if !is_foreground(&tty) {
        return;
    }
    let Ok(mut keys) = tcgetattr(&tty) else {
        return;
    };
    // Key by key, so that a half-typed line counts as well.
    keys.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ECHONL);
    keys.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
    keys.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
    if tcsetattr(&tty, SetArg::TCSANOW, &keys).is_err() {
        return;
    }
    let _ = (&tty).write_all(NOT_WANTED);
    let end = Instant::now() + at_most;
    let mut typed = Zeroizing::new([0; 256]);
    loop {
        let timeout = quiet.min(end.saturating_duration_since(Instant::now()));
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::ZERO);
        match poll(&mut [PollFd::new(tty.as_fd(), PollFlags::POLLIN)], timeout) {
            Err(Errno::EINTR) => {}
            Ok(ready) if ready > 0 => match read(&tty, &mut typed[..]) {
                Ok(count)
                    if count > 0 && !typed[..count].iter().any(|key| b"\r\n".contains(key)) => {}
                Err(Errno::EINTR) => {}
                _ => return,
            },
            _ => return,
        }
    }
}

/// Withdraws the prompt and discards what was half typed.
pub(super) fn withdraw() {
    if let Some(question) = lock_unless_ending().question.take() {
        restore(&question);
        let _ = (&question.tty).write_all(b"\r\n");
    }
}

/// Locks the state. Does not return if a signal is ending the process: a line that was typed after
/// Ctrl-C is no answer.
fn lock_unless_ending() -> MutexGuard<'static, State> {
    let state = state();
    if !state.is_ending {
        return state;
    }
    drop(state);
    loop {
        thread::park();
    }
}

/// Waits for a signal that the terminal library has received to end the process.
pub(super) fn wait_for_signal() {
    thread::sleep(Duration::from_secs(3));
}

fn watch(mut signals: Signals) {
    for signal in signals.forever() {
        if signal == SIGTSTP {
            stop();
        } else if !is_for_others(signal) {
            leave(signal);
        }
    }
}

fn is_for_others(signal: c_int) -> bool {
    let state = state();
    let is_asking = |open: &Open| !open.answered;
    state.handled_elsewhere && !state.question.as_ref().is_some_and(is_asking) && signal != SIGQUIT
}

fn leave(signal: c_int) {
    let (question, abort) = {
        let mut state = state();
        state.is_ending = true;
        (state.question.take(), state.abort.take())
    };
    if let Some(question) = &question {
        restore(question);
        let _ = (&question.tty).write_all(b"\r\n");
    }
    if let Some(abort) = abort {
        // A server that does not answer must not delay the shell's prompt.
        let (done, finished) = channel();
        thread::spawn(move || {
            abort();
            let _ = done.send(());
        });
        let _ = finished.recv_timeout(Duration::from_secs(2));
    }
    drop(wait_for_deferrals(state()));
    // Once more: a menu between two keys may have made the terminal raw again.
    if let Some(question) = &question {
        restore(question);
    }
    let _ = emulate_default_handler(signal);
}

fn stop() {
    if is_orphaned() {
        return;
    }
    // Locked while stopped, so that the prompt does not change.
    let mut state = wait_for_deferrals(state());
    let question = state.question.as_ref();
    let during = question.and_then(|question| tcgetattr(&question.tty).ok());
    if let Some(question) = question {
        restore(question);
    }
    let _ = emulate_default_handler(SIGTSTP);
    // In the background no prompt is open, and the terminal belongs to another process group.
    if question.is_some_and(|question| question.answered && !is_foreground(&question.tty)) {
        state.question = None;
    } else if let (Some(question), Some(during)) = (question, during) {
        let _ = tcsetattr(&question.tty, SetArg::TCSAFLUSH, &during);
        let _ = (&question.tty).write_all(question.text.as_bytes());
    }
}

/// Whether this process is in the foreground. A background process that changes the terminal is
/// stopped by the kernel, even while it ends.
pub(super) fn is_foreground(tty: &File) -> bool {
    tcgetpgrp(tty) == Ok(getpgrp())
}

/// Restores the terminal and discards unread input.
fn restore(question: &Open) {
    if !is_foreground(&question.tty) {
        return;
    }
    let _ = tcsetattr(&question.tty, SetArg::TCSAFLUSH, &question.before);
    let _ = (&question.tty).write_all(b"\x1b[?25h");
}

/// Whether the process group is orphaned: the kernel then ignores SIGTSTP, and so does `ob`.
fn is_orphaned() -> bool {
    let parent = getppid();
    parent.as_raw() == 0 || getsid(Some(parent)) != getsid(None)
}

/// The handled signals, without those that were ignored at the start (`nohup`).
fn wanted() -> Vec<c_int> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0)
        .collect()
}

/// Returns the mask of ignored signals from proc_pid_status(5); none without that file.
fn ignored(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_proc() {
        let status = "Name:\tob\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert_eq!(ignored(status), 0x1001);
        assert_eq!(ignored(status) >> (SIGHUP - 1) & 1, 1);
        assert_eq!(ignored(""), 0);
    }
}
