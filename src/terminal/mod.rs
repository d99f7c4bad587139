//! Terminal I/O: prompts, messages and data.
//!
//! Data goes to standard output, messages to standard error, prompts to `/dev/tty`; only this
//! module reads and writes the three. Messages are escaped before a terminal gets them. An
//! interrupted prompt restores the terminal.

mod error;
mod interrupt;
mod line;
mod output;
mod progress;
mod question;
mod session;
mod table;
mod text;

pub use error::TerminalError;
pub use interrupt::{defer_signals, finish_first, leave_signals_to_others};
pub use line::{secret_from_stdin, stdin_takes_secrets};
pub use output::{Color, Output, data, stdout_is_terminal};
pub use progress::Bar;
pub use question::{Await, Question, Questions, has_tty};
pub use session::terminal_id;
pub use table::table;
pub use text::width;

#[cfg(test)]
mod pty_tests;
