//! Signals that arrive while a person is being asked.
//!
//! A terminal left without echo is the worst souvenir a program can leave. From the first question on, one
//! thread waits for the signals that end or stop a program: it restores the terminal, throws away what was
//! half typed (a password must not land in the shell's next line), lets the caller cancel what it began, and
//! then lets the signal do what it always does. Once installed it stays: the handlers cannot be taken back
//! without leaving the signals dead. The command `ob` becomes starts with the default ones again.

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
    b"\r\nob: no answer is wanted here any more; what you type is thrown away until Enter or a pause";

/// What to do to a question that is cut short.
pub(super) struct Open {
    tty: File,
    /// The terminal's settings before the first question.
    before: Termios,
    /// Repeated when the person comes back to a stopped question; empty if it draws itself.
    text: String,
    /// It was answered. The terminal shows nothing that is typed until the next one.
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

/// What the caller wants done before the process ends.
pub(super) type Abort = Box<dyn FnOnce() + Send>;

struct State {
    watching: bool,
    /// A signal is ending the process: no answer may be acted on any more.
    leaving: bool,
    question: Option<Open>,
    abort: Option<Abort>,
    /// While nothing is being asked, somebody else decides what a signal means.
    beside_others: bool,
    /// How much is being done in one piece.
    pieces: usize,
}

/// Signals are the process's, so what they act on is as well.
static STATE: Mutex<State> = Mutex::new(State {
    watching: false,
    leaving: false,
    question: None,
    abort: None,
    beside_others: false,
    pieces: 0,
});

/// Told when a piece is done.
static DONE: Condvar = Condvar::new();
/// A disk that does not answer must not keep the person for ever.
const LONGEST_PIECE: Duration = Duration::from_secs(5);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has `abort` called if a signal ends the process from now on; `None` takes that back.
pub(super) fn on_abort(abort: Option<Abort>) {
    state().abort = abort;
}

/// Has `finish` done, within two seconds, before a signal ends the process: for work that is worth keeping.
///
/// # Errors
/// When the process has no descriptor or thread left.
pub fn finish_first(finish: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut state = unless_leaving();
    state.begin_watch()?;
    state.abort = Some(Box::new(finish));
    Ok(())
}

/// Does `work` in one piece: a signal that would end or stop the process does so when it is done, or after five seconds.
pub fn defer_signals<T>(work: impl FnOnce() -> T) -> T {
    {
        let mut state = unless_leaving();
        // Without a descriptor or a thread for it the work is to be done all the same.
        let _ = state.begin_watch();
        state.pieces += 1;
    }
    let done = work();
    state().pieces -= 1;
    DONE.notify_all();
    drop(unless_leaving());
    done
}

/// Waits until nothing is being done in one piece.
fn between_pieces(state: MutexGuard<'static, State>) -> MutexGuard<'static, State> {
    let waited = DONE.wait_timeout_while(state, LONGEST_PIECE, |state| state.pieces > 0);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

/// From now on the signals that end a process end it only while a question is open: else somebody else hears them.
pub fn leave_signals_to_others() {
    unless_leaving().beside_others = true;
}

/// Stands guard over `question` until [`end`].
pub(super) fn begin(mut question: Open) -> io::Result<()> {
    let mut state = unless_leaving();
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

/// The question is over: the terminal is as it was before, but that it shows nothing of what is typed until the
/// next one, where that is `unseen`.
///
/// Does not return once a signal has begun to end the process.
pub(super) fn end(unseen: bool) {
    let mut state = unless_leaving();
    let Some(mut question) = state.question.take() else {
        return;
    };
    if !is_in_front(&question.tty) {
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

/// A hidden question is over before anybody has answered it. The person is still typing: seen by nobody and read
/// by nobody, until they end the line or stop, because the rest of a password is no shell's next line either.
///
/// A signal may come meanwhile; [`take_back`] ends this.
pub(super) fn drain_typeahead(quiet: Duration, at_most: Duration) {
    let tty = match &mut unless_leaving().question {
        Some(question) => {
            // Who stops us now and comes back is asked nothing any more.
            question.text.clear();
            question.tty.try_clone()
        }
        None => return,
    };
    let Ok(tty) = tty else { return };
    if !is_in_front(&tty) {
        return;
    }
    let Ok(mut keys) = tcgetattr(&tty) else {
        return;
    };
    // Key by key, so that what is half typed counts as well.
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
        let patience = quiet.min(end.saturating_duration_since(Instant::now()));
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
        match poll(&mut [PollFd::new(tty.as_fd(), PollFlags::POLLIN)], patience) {
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

/// The question is over before anybody has answered it; what was half typed is thrown away.
pub(super) fn take_back() {
    if let Some(question) = unless_leaving().question.take() {
        restore(&question);
        let _ = (&question.tty).write_all(b"\r\n");
    }
}

/// Does not return once the process is being ended: the line that was typed after Ctrl-C is no answer.
fn unless_leaving() -> MutexGuard<'static, State> {
    let state = state();
    if !state.leaving {
        return state;
    }
    drop(state);
    loop {
        thread::park();
    }
}

/// Waits for the signal that has already been seen by somebody else to end the process.
pub(super) fn await_the_end() {
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
    state.beside_others && !state.question.as_ref().is_some_and(is_asking) && signal != SIGQUIT
}

fn leave(signal: c_int) {
    let (question, abort) = {
        let mut state = state();
        state.leaving = true;
        (state.question.take(), state.abort.take())
    };
    if let Some(question) = &question {
        restore(question);
        let _ = (&question.tty).write_all(b"\r\n");
    }
    if let Some(abort) = abort {
        // A server that does not answer must not keep the person waiting for their prompt.
        let (done, finished) = channel();
        thread::spawn(move || {
            abort();
            let _ = done.send(());
        });
        let _ = finished.recv_timeout(Duration::from_secs(2));
    }
    drop(between_pieces(state()));
    // Once more: a menu that was between two keys has made the terminal raw again.
    if let Some(question) = &question {
        restore(question);
    }
    let _ = emulate_default_handler(signal);
}

fn stop() {
    if is_orphaned() {
        return;
    }
    // Held while stopped: nobody changes the question in between.
    let mut state = between_pieces(state());
    let question = state.question.as_ref();
    let during = question.and_then(|question| tcgetattr(&question.tty).ok());
    if let Some(question) = question {
        restore(question);
    }
    let _ = emulate_default_handler(SIGTSTP);
    // Who goes on in the background waits for no question, and leaves the terminal to whose it is now.
    if question.is_some_and(|question| question.answered && !is_in_front(&question.tty)) {
        state.question = None;
    } else if let (Some(question), Some(during)) = (question, during) {
        let _ = tcsetattr(&question.tty, SetArg::TCSAFLUSH, &during);
        let _ = (&question.tty).write_all(question.text.as_bytes());
    }
}

/// Whether the terminal is ours. Who changes it from the background is stopped for that, in the middle of an error
/// or of the way out.
pub(super) fn is_in_front(tty: &File) -> bool {
    tcgetpgrp(tty) == Ok(getpgrp())
}

/// Flushes as well: what was half typed was meant for us.
fn restore(question: &Open) {
    if !is_in_front(&question.tty) {
        return;
    }
    let _ = tcsetattr(&question.tty, SetArg::TCSAFLUSH, &question.before);
    let _ = (&question.tty).write_all(b"\x1b[?25h");
}

/// Whether no shell is there that could continue us: the kernel then ignores SIGTSTP, and so must we.
fn is_orphaned() -> bool {
    let parent = getppid();
    parent.as_raw() == 0 || getsid(Some(parent)) != getsid(None)
}

/// All but those that were ignored when we started: `nohup` means it.
fn wanted() -> Vec<c_int> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]
        .into_iter()
        .filter(|signal| ignored >> (signal - 1) & 1 == 0)
        .collect()
}

/// The mask of ignored signals from proc_pid_status(5); none where there is no such file.
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
