//! What is said to openvpn on its management socket, one line each.
//!
//! openvpn splits these lines like those of a profile, so a text is quoted by the same rule, and one
//! that would end its line is refused: what follows it would be a command of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::profile::quoted;
use crate::report::{Exit, Report};
use crate::secret::Secret;

/// The only credentials that are ours to give: those for the server.
pub const REALM: &str = "Auth";
/// The most bytes of a username or password that openvpn reads from one command; a longer one comes
/// back in an error.
pub const MAX_PARAMETER_BYTES: usize = 255;

/// How often openvpn tells its traffic.
const BYTE_COUNT_SECONDS: u32 = 30;

/// What we say to openvpn.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Version 5 answers nothing, so nobody waits for one.
    Version,
    StateOn,
    LogOn,
    /// Traffic figures every so many seconds.
    ByteCount(u32),
    HoldRelease,
    Username(String),
    Password(Secret),
    /// The answer to a `CR_TEXT`.
    ChallengeResponse(Secret),
    /// Makes openvpn forget a token or password, so that it asks again.
    ForgetPasswords,
    /// Drops the connection and makes a new one.
    Restart,
    Terminate,
}

/// What cannot be said to openvpn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    #[error("a username or password holds a line break or a control character")]
    Unprintable,
    #[error("a username or password is longer than the {MAX_PARAMETER_BYTES} bytes openvpn reads")]
    TooLong,
}

impl From<CommandError> for Report {
    fn from(error: CommandError) -> Self {
        Self::new(
            Exit::Failed,
            "openvpn.command",
            "cannot give the VPN its credentials",
        )
        .cause(error)
        .hint("`ob vpn up` asks again; type it without pasting")
    }
}

impl Command {
    /// What is said first, so that openvpn tells of itself.
    pub(super) fn set_up() -> [Self; 4] {
        [
            Self::Version,
            Self::StateOn,
            Self::LogOn,
            Self::ByteCount(BYTE_COUNT_SECONDS),
        ]
    }

    /// The line to send, its line feed included. It may hold a password.
    ///
    /// # Errors
    /// When a text would end its line early or be cut, and with it something else be said than meant.
    pub fn line(&self) -> Result<Secret, CommandError> {
        let line = match self {
            Self::Version => "version 5".to_owned(),
            Self::StateOn => "state on".to_owned(),
            Self::LogOn => "log on all".to_owned(),
            Self::ByteCount(seconds) => format!("bytecount {seconds}"),
            Self::HoldRelease => "hold release".to_owned(),
            Self::Username(username) => format!("username \"{REALM}\" {}", parameter(username)?),
            Self::Password(password) => {
                format!("password \"{REALM}\" {}", parameter(password.expose())?)
            }
            Self::ChallengeResponse(answer) => {
                format!("cr-response {}", STANDARD.encode(answer.expose()))
            }
            Self::ForgetPasswords => "forget-passwords".to_owned(),
            Self::Restart => "signal SIGUSR1".to_owned(),
            Self::Terminate => "signal SIGTERM".to_owned(),
        };
        Ok(Secret::new(line + "\n"))
    }
}

fn parameter(text: &str) -> Result<String, CommandError> {
    if text.chars().any(char::is_control) {
        return Err(CommandError::Unprintable);
    }
    if text.len() > MAX_PARAMETER_BYTES {
        return Err(CommandError::TooLong);
    }
    Ok(quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_one_line_and_cannot_say_two_things() {
        let username = |text: &str| Command::Username(text.to_owned());
        assert_eq!(
            username("a\"b\\c d").line().unwrap().expose(),
            "username \"Auth\" \"a\\\"b\\\\c d\"\n"
        );
        let password = |text: &str| Command::Password(Secret::new(text));
        assert_eq!(
            password("").line().unwrap().expose(),
            "password \"Auth\" \"\"\n"
        );
        for text in ["a\nsignal SIGTERM", "a\rb", "a\0b"] {
            assert_eq!(
                username(text).line().unwrap_err(),
                CommandError::Unprintable
            );
            assert_eq!(
                password(text).line().unwrap_err(),
                CommandError::Unprintable
            );
        }
        assert!(password(&"x".repeat(255)).line().is_ok());
        assert_eq!(
            password(&"x".repeat(256)).line().unwrap_err(),
            CommandError::TooLong
        );
        assert_eq!(
            Command::ChallengeResponse(Secret::new("424242"))
                .line()
                .unwrap()
                .expose(),
            "cr-response NDI0MjQy\n"
        );
    }
}
