//! Reads one line, byte by byte.
//!
//! What follows the line on standard input belongs to the command that replaces `ob`, so not one
//! byte more is read. A buffered reader would also keep a copy of the secret.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read, stdin};
use std::os::fd::AsFd;
use std::rc::Rc;

use nix::errno::Errno;
use nix::unistd::read;

use super::error::{MAX_LINE_BYTES, TerminalError};
use crate::secret::Secret;

/// Reads a secret from standard input: one line without its end, at most 4096 bytes.
///
/// `flag` is the option that asked for it (`--password-stdin`), `what` its name (`password`).
///
/// # Errors
/// When standard input is a terminal (which would echo), ends before the line, or the line is not
/// UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "only its descriptor is taken, never its buffer"
)]
pub fn secret_from_stdin(flag: &'static str, what: &str) -> Result<Secret, TerminalError> {
    stdin_takes_secrets(flag, what)?;
    let what = what.to_owned();
    match line(stdin(), &what)? {
        Some(text) => Ok(Secret::new(text)),
        None => Err(TerminalError::Missing { what }),
    }
}

/// Checks that a secret can be read from standard input.
///
/// # Errors
/// When it is a terminal, which would echo.
#[expect(
    clippy::disallowed_methods,
    reason = "only its descriptor is taken, never its buffer"
)]
pub fn stdin_takes_secrets(flag: &'static str, what: &str) -> Result<(), TerminalError> {
    let what = what.to_owned();
    match stdin().is_terminal() {
        true => Err(TerminalError::Echoes { what, flag }),
        false => Ok(()),
    }
}

/// Reads the next line without its end; `None` at the end of input.
pub(super) fn line(input: impl AsFd, what: &str) -> Result<Option<String>, TerminalError> {
    // The capacity is fixed, so that no reallocation leaves a copy behind.
    let mut text = Vec::with_capacity(MAX_LINE_BYTES);
    let mut byte = [0];
    loop {
        match read(&input, &mut byte) {
            Ok(0) if text.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) if text.len() == MAX_LINE_BYTES => {
                return Err(TerminalError::TooLong {
                    what: what.to_owned(),
                });
            }
            Ok(_) => text.push(byte[0]),
            Err(Errno::EINTR) => {}
            Err(errno) => {
                return Err(TerminalError::Io {
                    what: what.to_owned(),
                    errno,
                });
            }
        }
    }
    if text.last() == Some(&b'\r') {
        text.pop();
    }
    match String::from_utf8(text) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(TerminalError::NotUtf8 {
            what: what.to_owned(),
        }),
    }
}

/// A terminal that records the end of its input, which rpassword reports as an empty line.
pub(super) struct EofTracker {
    pub(super) tty: File,
    pub(super) ended: Rc<Cell<bool>>,
}

impl Read for EofTracker {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.tty.read(into)?;
        self.ended.set(count == 0);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _, pipe};

    use super::*;

    fn lines(bytes: &[u8], count: usize) -> (Vec<Result<Option<String>, String>>, Vec<u8>) {
        let (mut reader, mut writer) = pipe().unwrap();
        let sent = bytes.to_vec();
        let sender = std::thread::spawn(move || writer.write_all(&sent));
        let read = (0..count)
            .map(|_| line(&reader, "password").map_err(|error| error.to_string()))
            .collect();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        sender.join().unwrap().unwrap();
        (read, rest)
    }

    #[test]
    fn the_rest_of_the_input_is_left_untouched() {
        let (read, rest) = lines(b"pw with space \r\n123456\nrest\nmore", 2);
        assert_eq!(
            read,
            [
                Ok(Some("pw with space ".to_owned())),
                Ok(Some("123456".to_owned()))
            ]
        );
        assert_eq!(rest, b"rest\nmore");
    }

    #[test]
    fn end_of_input_and_limit_differ() {
        assert_eq!(lines(b"", 1).0, [Ok(None)]);
        assert_eq!(lines(b"\n", 1).0, [Ok(Some(String::new()))]);
        assert_eq!(lines(b"last", 2).0, [Ok(Some("last".to_owned())), Ok(None)]);
        assert_eq!(
            lines(&[b'x'; MAX_LINE_BYTES], 1).0,
            [Ok(Some("x".repeat(MAX_LINE_BYTES)))]
        );
        assert!(lines(&[b'x'; MAX_LINE_BYTES + 1], 1).0[0].is_err());
        assert!(lines(b"\xff\xfe\n", 1).0[0].is_err());
    }
}
