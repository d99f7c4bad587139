//! Output: data on standard output, messages on standard error.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use clap::ValueEnum;
use console::{Term, truncate_str};
use nix::errno::Errno;
use nix::unistd::write;
use signal_hook::consts::SIGPIPE;
use signal_hook::low_level::emulate_default_handler;

use super::error::TerminalError;
use super::text::wrap;
use crate::model::Environment;
use crate::report::Report;
use crate::sanitize::{ascii, escape, escape_json, escape_lines};

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org).
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    fn decide(self, environment: &Environment, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                terminal
                    && environment.raw("NO_COLOR").is_none()
                    && environment.raw("TERM").is_some_and(|term| term != "dumb")
            }
        }
    }
}

/// Writes messages and data, coloured or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    color: bool,
    /// Whether standard output is coloured.
    data_color: bool,
    /// Whether the locale's character set is not UTF-8.
    is_ascii_only: bool,
    /// Whether standard error is a terminal that can replace a line.
    can_redraw: bool,
}

impl Output {
    /// Decides once whether standard error and standard output are coloured.
    pub fn new(color: Color, environment: &Environment) -> Self {
        Self {
            color: color.decide(environment, stderr().is_terminal()),
            data_color: color.decide(environment, stdout().is_terminal()),
            is_ascii_only: !reads_utf8(environment),
            can_redraw: stderr().is_terminal()
                && environment.raw("TERM").is_some_and(|term| term != "dumb"),
        }
    }

    /// Whether standard error is coloured.
    pub const fn is_colored(self) -> bool {
        self.color
    }

    /// Whether standard output is coloured.
    pub const fn colors_data(self) -> bool {
        self.data_color
    }

    /// Whether the terminal shows more than ASCII.
    pub const fn shows_unicode(self) -> bool {
        !self.is_ascii_only
    }

    /// Returns `text` in the terminal's character set.
    pub fn in_terminal_charset(self, text: String) -> String {
        if self.is_ascii_only {
            ascii(&text)
        } else {
            text
        }
    }

    /// Writes a message of one or more lines to standard error, escaped.
    pub fn message(self, text: &str) {
        let text = escape_lines(text.trim_end_matches('\n'));
        self.write(format!("{}\n", self.wrapped(&text)));
    }

    /// Breaks lines between words where the terminal would break them within one.
    fn wrapped(self, text: &str) -> String {
        let size = Term::stderr().size_checked().filter(|_| self.can_redraw);
        match size {
            Some((_, columns)) if columns > 0 => wrap(text, usize::from(columns)),
            _ => text.to_owned(),
        }
    }

    /// Whether standard error is a terminal that can replace a line, as [`Self::progress`] does.
    pub const fn can_redraw(self) -> bool {
        self.can_redraw
    }

    /// Replaces the progress line by `text`, cut where the terminal ends; an empty text removes it.
    /// Does nothing unless standard error is a terminal that can replace a line.
    pub fn progress(self, text: &str) {
        if self.can_redraw {
            // A line that wraps could not be removed. Some terminals wrap after the last column.
            let columns = usize::from(Term::stderr().size().1).saturating_sub(1);
            let text = self.in_terminal_charset(escape(text));
            self.write(format!("\r\x1b[K{}", truncate_str(&text, columns, "...")));
        }
    }

    /// Writes an address uncut, on a line of its own. Only printable ASCII is written.
    pub fn address(self, address: &str) {
        if address.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.write(format!("  {address}\n"));
        }
    }

    /// Writes a drawing of block characters in white on black, so that it looks the same on light
    /// and dark terminals. A camera has to read it, so the colours are set even with `NO_COLOR`, on
    /// every terminal that can redraw.
    pub fn drawing(self, text: &str) {
        let lines = text.lines().map(|line| match self.can_redraw {
            true => format!("\x1b[97;40m{line}\x1b[0m\n"),
            false => format!("{line}\n"),
        });
        self.write(lines.collect());
    }

    /// Writes an error with its causes and hints.
    pub fn report(self, report: &Report) {
        self.write(self.paint(&self.wrapped(&report.render())));
    }

    /// Writes one line of JSON to standard error, escaped by JSON's own means.
    pub fn json_message(self, value: &serde_json::Value) {
        self.write(format!("{}\n", escape_json(&value.to_string())));
    }

    /// Writes a list or a table to standard output.
    ///
    /// # Errors
    /// As [`data`].
    pub fn list(self, text: String) -> Result<(), TerminalError> {
        if self.is_ascii_only && stdout().is_terminal() {
            data(&ascii(&text))
        } else {
            data(&text)
        }
    }

    /// Writes sentences to standard output; on a terminal they break between words.
    ///
    /// # Errors
    /// As [`data`].
    pub fn sentences(self, text: String) -> Result<(), TerminalError> {
        let size = Term::stdout().size_checked();
        match size.filter(|(_, columns)| stdout().is_terminal() && *columns > 0) {
            Some((_, columns)) => self.list(wrap(&text, usize::from(columns))),
            None => self.list(text),
        }
    }

    /// Writes JSON and a line break to standard output. Characters that act on a terminal are
    /// escaped by JSON's own means.
    ///
    /// # Errors
    /// As [`data`].
    pub fn data_json(self, json: impl std::fmt::Display) -> Result<(), TerminalError> {
        self.list(format!("{}\n", escape_json(&json.to_string())))
    }

    /// Errors are dropped: there is no other channel to report them.
    fn write(self, text: String) {
        let text = if stderr().is_terminal() {
            self.in_terminal_charset(text)
        } else {
            text
        };
        let _ = stderr().write_all(text.as_bytes());
    }

    fn paint(self, rendered: &str) -> String {
        if !self.color {
            return rendered.to_owned();
        }
        let labels = [
            ("ob: ", "\x1b[1;31mob:\x1b[0m "),
            ("  hint: ", "  \x1b[1;36mhint:\x1b[0m "),
        ];
        let lines = rendered.lines().map(|line| {
            let painted = labels
                .iter()
                .find_map(|(label, painted)| Some((painted, line.strip_prefix(label)?)));
            match painted {
                Some((painted, rest)) => format!("{painted}{rest}\n"),
                None => format!("{line}\n"),
            }
        });
        lines.collect()
    }
}

/// Whether standard output is a terminal.
pub fn stdout_is_terminal() -> bool {
    stdout().is_terminal()
}

/// Whether the locale's character set is UTF-8 (POSIX: the first of the three variables that is not
/// empty). Without any, the locale is `C`, in which xterm and others treat bytes above 0x7f as
/// controls.
fn reads_utf8(environment: &Environment) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.text(name))
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

/// Writes `text` to standard output unbuffered: std's buffer would keep a copy.
///
/// If the reader is gone, the process ends by SIGPIPE, as other filters do.
///
/// # Errors
/// When standard output cannot be written for another reason (a full disk).
pub fn data(text: &str) -> Result<(), TerminalError> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match write(stdout(), rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::EINTR) => {}
            Err(errno) => {
                if errno == Errno::EPIPE {
                    let _ = emulate_default_handler(SIGPIPE);
                }
                return Err(TerminalError::Io {
                    what: "standard output".to_owned(),
                    errno,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ErrorCode;

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        let of = |variables: &[(&str, &str)]| variables.iter().copied().collect::<Environment>();
        let (xterm, dumb) = (of(&[("TERM", "xterm")]), of(&[("TERM", "dumb")]));
        assert!(Color::Auto.decide(&xterm, true));
        assert!(!Color::Auto.decide(&xterm, false));
        assert!(!Color::Auto.decide(&dumb, true));
        assert!(!Color::Auto.decide(&of(&[]), true));
        assert!(!Color::Auto.decide(&of(&[("TERM", "xterm"), ("NO_COLOR", "1")]), true));
        assert!(Color::Always.decide(&dumb, false));
        assert!(!Color::Never.decide(&xterm, true));
    }

    #[test]
    fn the_locale_says_whether_utf8_is_read() {
        for (variables, expected) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "UTF-8")], true),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], true),
            (&[], false),
        ] {
            let environment = variables.iter().copied().collect();
            assert_eq!(reads_utf8(&environment), expected, "{variables:?}");
        }
    }

    #[test]
    fn paint_changes_nothing_but_the_labels() {
        let report = Report::new(ErrorCode::AwsFileWrite, "no")
            .cause("why")
            .hint("`do`")
            .render();
        let output = |color| Output {
            color,
            data_color: false,
            is_ascii_only: false,
            can_redraw: false,
        };
        assert_eq!(output(false).paint(&report), report);
        assert_eq!(
            output(true).paint(&report),
            "\x1b[1;31mob:\x1b[0m no\n  cause: why\n  \x1b[1;36mhint:\x1b[0m `do`\n"
        );
    }
}
