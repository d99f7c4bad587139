//! Prompts on the controlling terminal, whatever the standard streams are.
//!
//! The terminal's own line editing reads the answers, with echo off for secrets, so that Ctrl-C,
//! Ctrl-\ and Ctrl-Z remain signals.

mod list;
mod menu;

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{FlushArg, InputFlags, LocalFlags, SetArg, tcflush, tcgetattr, tcsetattr};

use super::error::TerminalError;
use super::interrupt::{self, Open};
use super::line::{EofTracker, line};
use super::output::Output;
use crate::model::Environment;
use crate::sanitize::{escape, escape_lines};
use crate::secret::Secret;

/// How long typing must pause before the rest of a withdrawn secret counts as complete.
const TYPING_PAUSE: Duration = Duration::from_secs(2);
/// Limit of discarding, however much is typed.
const MAX_DRAIN: Duration = Duration::from_secs(10);

/// A prompt, and what answers it without a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Without a colon: `Password for alice@acme.com`.
    pub text: &'a str,
    /// What to do without a terminal: `` use `--password-stdin` ``.
    pub instead: &'a str,
}

/// Waits until the terminal has input. Returns false if the answer is not wanted any more.
pub type Await = Box<dyn FnMut(BorrowedFd<'_>) -> bool + Send>;

/// Asks one question after the other. If a signal ends the process meanwhile, `abort` is called
/// first.
pub struct Questions {
    tty: Option<File>,
    output: Output,
    dumb: bool,
    wait: Option<Await>,
    /// Whether echo stays off between prompts.
    unseen: bool,
}

impl Questions {
    /// Replaces the function that is called before a signal ends the process. It takes effect at
    /// once, for the whole process.
    pub fn abort_with(&self, abort: impl FnOnce() + Send + 'static) {
        interrupt::on_abort(Some(Box::new(abort)));
    }

    /// Opens nothing before the first prompt. `abort` has two seconds to cancel the caller's work.
    pub fn new(
        output: Output,
        environment: &Environment,
        abort: impl FnOnce() + Send + 'static,
    ) -> Self {
        interrupt::on_abort(Some(Box::new(abort)));
        Self {
            tty: None,
            output,
            dumb: environment.raw("TERM").is_none_or(|term| term == "dumb"),
            wait: None,
            unseen: false,
        }
    }

    /// Keeps echo off between the first prompt and the last: what is typed early may be a password.
    #[must_use]
    pub fn unseen_between(mut self) -> Self {
        self.unseen = true;
        self
    }

    /// Discards typed and unread input, which must not become the shell's next line.
    pub fn forget_typed(&self) {
        if let Some(tty) = &self.tty
            && interrupt::is_foreground(tty)
        {
            let _ = tcflush(tty, FlushArg::TCIFLUSH);
        }
    }

    /// Withdraws an open prompt when the other end of `pipe` is closed.
    pub fn until(&mut self, pipe: PipeReader) {
        self.wait = Some(Box::new(move |person| await_line(person, &pipe)));
    }

    /// Withdraws an open prompt when `wait` returns false. A menu stays until a key is pressed.
    #[must_use]
    pub fn while_wanted(mut self, wait: Await) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Whether answers that are not typed (a security key's touch) are still wanted.
    pub fn are_wanted(&mut self) -> bool {
        // `/dev/null` is always readable, so `wait` does not block.
        match (&mut self.wait, File::open("/dev/null")) {
            (Some(wait), Ok(answered)) => wait(answered.as_fd()),
            _ => true,
        }
    }

    /// Asks for a line with echo.
    ///
    /// # Errors
    /// Without a terminal, or when the user ends the input.
    pub fn ask_line(&mut self, question: Question<'_>) -> Result<String, TerminalError> {
        self.ask(question, &format!("{}: ", escape(question.text)), Echo::On)
    }

    /// Asks for a line without echo.
    ///
    /// # Errors
    /// As [`Self::ask_line`].
    pub fn ask_secret(&mut self, question: Question<'_>) -> Result<Secret, TerminalError> {
        let text = format!("{}: ", escape(question.text));
        self.ask(question, &text, Echo::Off).map(Secret::new)
    }

    /// Asks for yes or no. Anything but yes is no.
    ///
    /// # Errors
    /// As [`Self::ask_line`].
    pub fn confirm(&mut self, question: Question<'_>) -> Result<bool, TerminalError> {
        let text = format!("{} [y/N] ", escape(question.text));
        let answer = self.ask(question, &text, Echo::On)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// As [`Self::confirm`], where Enter alone is yes.
    ///
    /// # Errors
    /// As [`Self::ask_line`].
    pub fn confirm_by_default(&mut self, question: Question<'_>) -> Result<bool, TerminalError> {
        let text = format!("{} [Y/n] ", escape(question.text));
        let answer = self.ask(question, &text, Echo::On)?;
        let answer = answer.trim().to_lowercase();
        Ok(matches!(answer.as_str(), "" | "y" | "yes"))
    }

    /// Shows text that belongs to a question. An empty text only checks that there is a terminal.
    ///
    /// # Errors
    /// Without a terminal.
    pub fn show(&mut self, question: Question<'_>, text: &str) -> Result<(), TerminalError> {
        let text = self.output.in_terminal_charset(escape_lines(text));
        let (mut tty, _) = self.tty(question)?;
        tty.write_all(text.as_bytes())
            .map_err(|error| io_failed(&error))
    }

    fn ask(
        &mut self,
        question: Question<'_>,
        text: &str,
        echo: Echo,
    ) -> Result<String, TerminalError> {
        let text = &self.output.in_terminal_charset(text.to_owned());
        let unseen = self.unseen;
        let (tty, wait) = self.tty(question)?;
        let before = tcgetattr(tty).map_err(failed)?;
        let mut during = before.clone();
        // The program before `ob` may have left the terminal raw.
        during.local_flags |= LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::ECHO;
        during.input_flags |= InputFlags::ICRNL;
        if echo == Echo::Off {
            during.local_flags &= !(LocalFlags::ECHO | LocalFlags::ECHONL);
        }
        let guarded = Open::new(copy(tty)?, before, text);
        interrupt::begin(guarded).map_err(|error| io_failed(&error))?;
        let answer = prompt(tty, question, text, echo, wait.as_mut(), || {
            tcsetattr(tty, SetArg::TCSAFLUSH, &during)
        });
        match answer {
            Err(TerminalError::Io {
                errno: Errno::EIO, ..
            }) => interrupt::wait_for_signal(),
            Err(TerminalError::Withdrawn { .. }) => {
                if echo == Echo::Off {
                    interrupt::drain_typeahead(TYPING_PAUSE, MAX_DRAIN);
                }
                interrupt::withdraw();
            }
            _ => {}
        }
        interrupt::end(unseen);
        answer
    }

    fn tty(
        &mut self,
        question: Question<'_>,
    ) -> Result<(&File, &mut Option<Await>), TerminalError> {
        if self.tty.is_none() {
            let tty = OpenOptions::new().read(true).write(true).open("/dev/tty");
            self.tty = tty.ok();
        }
        match &self.tty {
            Some(tty) => Ok((tty, &mut self.wait)),
            None => Err(TerminalError::NoTerminal {
                question: question.text.to_owned(),
                instead: question.instead.to_owned(),
            }),
        }
    }
}

impl std::fmt::Debug for Questions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Questions").finish_non_exhaustive()
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        // Blocks while a signal is ending the process: the signal's effect must be the result.
        interrupt::end(false);
        interrupt::on_abort(None);
    }
}

/// Whether there is a controlling terminal, whatever the standard streams are.
pub fn has_tty() -> bool {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .is_ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

fn prompt(
    mut tty: &File,
    question: Question<'_>,
    text: &str,
    echo: Echo,
    wait: Option<&mut Await>,
    prepare: impl FnOnce() -> nix::Result<()>,
) -> Result<String, TerminalError> {
    // Echo is off before the prompt is visible: a fast typist starts at once.
    prepare().map_err(failed)?;
    tty.write_all(text.as_bytes())
        .map_err(|error| io_failed(&error))?;
    if wait.is_some_and(|wait| !wait(tty.as_fd())) {
        return Err(TerminalError::Withdrawn {
            question: question.text.to_owned(),
        });
    }
    let answer = match echo {
        Echo::On => line(tty, question.text)?,
        Echo::Off => {
            let answer = hidden_line(tty, question.text);
            let _ = tty.write_all(b"\n");
            answer?
        }
    };
    answer.ok_or_else(|| unanswered(question))
}

/// Waits until a line was typed. Returns false if `until` is closed first.
fn await_line(person: BorrowedFd<'_>, until: &PipeReader) -> bool {
    loop {
        let ready = |of| PollFd::new(of, PollFlags::POLLIN);
        let mut ends = [ready(person), ready(until.as_fd())];
        match poll(&mut ends, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            // What cannot be polled is read; the read returns the error.
            Err(_) => return true,
            Ok(_) => return ends[1].any() == Some(false),
        }
    }
}

/// Reads a line without echo by rpassword, in the mode that was set here. rpassword's own mode
/// would read single keys, and turn Ctrl-Z and Ctrl-\ into letters.
fn hidden_line(tty: &File, what: &str) -> Result<Option<String>, TerminalError> {
    let ended = Rc::new(Cell::new(false));
    let input = EofTracker {
        tty: copy(tty)?,
        ended: Rc::clone(&ended),
    };
    let config = rpassword::ConfigBuilder::new()
        .input_reader(input)
        .output_discard()
        .password_feedback_hide()
        .build();
    match rpassword::read_password_with_config(config) {
        // rpassword replaces what is not UTF-8, but a password must be exact.
        Ok(text) if text.contains(char::REPLACEMENT_CHARACTER) => Err(TerminalError::NotUtf8 {
            what: what.to_owned(),
        }),
        Ok(text) if text.is_empty() && ended.get() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(io_failed(&error)),
    }
}

fn copy(tty: &File) -> Result<File, TerminalError> {
    tty.try_clone().map_err(|error| io_failed(&error))
}

fn unanswered(question: Question<'_>) -> TerminalError {
    TerminalError::NoAnswer {
        question: question.text.to_owned(),
        instead: question.instead.to_owned(),
    }
}

fn io_failed(error: &io::Error) -> TerminalError {
    failed(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

fn failed(errno: Errno) -> TerminalError {
    TerminalError::Io {
        what: "the terminal".to_owned(),
        errno,
    }
}
