//! Everything a person sees and types.
//!
//! stdout is data, stderr is for people, questions go to `/dev/tty`; this room is the only writer and
//! reader of all three. It never looks at what it carries, with one exception: text for people is made
//! inert before a terminal gets it. A question that is interrupted leaves the terminal as it found it.

mod error;
mod interrupt;
mod line;
mod output;
mod progress;
mod question;
mod session;

pub use error::TerminalError;
pub use interrupt::{defer_signals, finish_first, leave_signals_to_others};
pub use line::{secret_from_stdin, stdin_takes_secrets};
pub use output::{Color, Output, data, data_is_seen, width};
pub use progress::Bar;
pub use question::{Await, Question, Questions, has_tty};
pub use session::terminal_id;

#[cfg(test)]
mod pty_tests;
