//! Questions to the person, on the controlling terminal whatever the standard streams are.
//!
//! The terminal's own line editing makes the answers, with echo off for secrets, so that Ctrl-C, Ctrl-\ and
//! Ctrl-Z stay signals.

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

/// Who has typed nothing for so long has heard that a hidden question was taken back.
const QUIET: Duration = Duration::from_secs(2);
/// Nobody's fingers may hold up a command for longer.
const AT_MOST: Duration = Duration::from_secs(10);

/// What is asked, and what would have made asking needless.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Without a colon: `Password for alice@acme.com`.
    pub text: &'a str,
    /// The answer for where there is no terminal, to follow "without a terminal, …": `` use `--password-stdin` ``.
    pub instead: &'a str,
}

/// Waits until the person can be heard on this terminal; `false` when the answer is not wanted any more.
pub type Await = Box<dyn FnMut(BorrowedFd<'_>) -> bool + Send>;

/// Asks, one question after the other. While it exists, a signal that ends the process first calls `abort`.
pub struct Questions {
    tty: Option<File>,
    output: Output,
    dumb: bool,
    wait: Option<Await>,
    /// What is typed while nothing is asked is not shown.
    unseen: bool,
}

impl Questions {
    /// From the next question on another `abort` is called.
    pub fn abort_with(&self, abort: impl FnOnce() + Send + 'static) {
        interrupt::on_abort(Some(Box::new(abort)));
    }

    /// Nothing is opened before the first question. `abort` has two seconds to cancel what the answers were for.
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

    /// From the first question to the end, what is typed while nothing is asked is not shown: where passwords are
    /// typed, it may be one, by somebody who is quicker than the next question.
    #[must_use]
    pub fn unseen_between(mut self) -> Self {
        self.unseen = true;
        self
    }

    /// Throws away what was typed and not read: it came to nothing, and is no line for a shell.
    pub fn forget_typed(&self) {
        if let Some(tty) = &self.tty
            && interrupt::is_in_front(tty)
        {
            let _ = tcflush(tty, FlushArg::TCIFLUSH);
        }
    }

    /// Takes an open question back once the other end of `pipe` is closed: nobody is left who wants the answer.
    pub fn until(&mut self, pipe: PipeReader) {
        self.wait = Some(Box::new(move |person| await_line(person, &pipe)));
    }

    /// Takes an open question back when `wait` says that its answer is not wanted any more; a menu stays until a key
    /// is pressed.
    #[must_use]
    pub fn while_wanted(mut self, wait: Await) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Whether what the person does is still wanted, for what they answer otherwise than by typing.
    pub fn are_wanted(&mut self) -> bool {
        // In the place of a person who has answered already: nothing is waited for.
        match (&mut self.wait, File::open("/dev/null")) {
            (Some(wait), Ok(answered)) => wait(answered.as_fd()),
            _ => true,
        }
    }

    /// Asks for a line that may be seen.
    ///
    /// # Errors
    /// Without a terminal, or when the person ends the input.
    pub fn ask_line(&mut self, question: Question<'_>) -> Result<String, TerminalError> {
        self.ask(question, &format!("{}: ", escape(question.text)), Echo::On)
    }

    /// Asks for a line that is not shown while it is typed.
    ///
    /// # Errors
    /// As [`Self::ask_line`].
    pub fn ask_secret(&mut self, question: Question<'_>) -> Result<Secret, TerminalError> {
        let text = format!("{}: ", escape(question.text));
        self.ask(question, &text, Echo::Off).map(Secret::new)
    }

    /// Asks for yes or no; anything but yes is no.
    ///
    /// # Errors
    /// As [`Self::ask_line`].
    pub fn confirm(&mut self, question: Question<'_>) -> Result<bool, TerminalError> {
        let text = format!("{} [y/N] ", escape(question.text));
        let answer = self.ask(question, &text, Echo::On)?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Says something at the terminal that belongs to a question; an empty text only looks whether there is one.
    ///
    /// # Errors
    /// Without a terminal.
    pub fn show(&mut self, question: Question<'_>, text: &str) -> Result<(), TerminalError> {
        let text = self.output.spell(escape_lines(text));
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
        let text = &self.output.spell(text.to_owned());
        let unseen = self.unseen;
        let (tty, wait) = self.tty(question)?;
        let before = tcgetattr(tty).map_err(failed)?;
        let mut during = before.clone();
        // A program before us may have left the terminal raw.
        during.local_flags |= LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::ECHO;
        during.input_flags |= InputFlags::ICRNL;
        if echo == Echo::Off {
            during.local_flags &= !(LocalFlags::ECHO | LocalFlags::ECHONL);
        }
        let guarded = Open::new(copy(tty)?, before, text);
        interrupt::begin(guarded).map_err(|error| io_failed(&error))?;
        let answer = converse(tty, question, text, echo, wait.as_mut(), || {
            tcsetattr(tty, SetArg::TCSAFLUSH, &during)
        });
        match answer {
            Err(TerminalError::Io {
                errno: Errno::EIO, ..
            }) => interrupt::await_the_end(),
            Err(TerminalError::TakenBack { .. }) => {
                if echo == Echo::Off {
                    interrupt::drain_typeahead(QUIET, AT_MOST);
                }
                interrupt::take_back();
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
        // Not while a signal is ending the process: its effect is what the caller's caller must see.
        interrupt::end(false);
        interrupt::on_abort(None);
    }
}

/// Whether somebody can be shown something: there is a terminal, whatever the standard streams are.
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

fn converse(
    mut tty: &File,
    question: Question<'_>,
    text: &str,
    echo: Echo,
    wait: Option<&mut Await>,
    prepare: impl FnOnce() -> nix::Result<()>,
) -> Result<String, TerminalError> {
    // Echo is off before the question can be seen, or a quick typist's first letters would be too.
    prepare().map_err(failed)?;
    tty.write_all(text.as_bytes())
        .map_err(|error| io_failed(&error))?;
    if wait.is_some_and(|wait| !wait(tty.as_fd())) {
        return Err(TerminalError::TakenBack {
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

/// Waits until a line was typed; `false` when nobody wants it any more.
fn await_line(person: BorrowedFd<'_>, until: &PipeReader) -> bool {
    loop {
        let ready = |of| PollFd::new(of, PollFlags::POLLIN);
        let mut ends = [ready(person), ready(until.as_fd())];
        match poll(&mut ends, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            // What cannot be waited for is read, and says why.
            Err(_) => return true,
            Ok(_) => return ends[1].any() == Some(false),
        }
    }
}

/// A line that nobody sees. rpassword reads it from the terminal as we have set it up: set up by rpassword,
/// the terminal would read single keys, and Ctrl-Z and Ctrl-\ would be letters.
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
        // What rpassword could not read as UTF-8 it replaces; a password must be what was typed.
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
