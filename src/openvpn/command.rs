//! Commands for openvpn's management socket, one line each.
//!
//! openvpn splits these lines like those of a profile, so a text is quoted by the same rule. A text
//! with a line break is refused: openvpn would take the rest for another command.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::profile::quoted;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// The realm of the server, the only one that `ob` has credentials for.
pub const REALM: &str = "Auth";
/// How much of a username or password openvpn reads. It repeats a longer one in an error message.
const MAX_PARAMETER_BYTES: usize = 255;
/// The interval of openvpn's traffic figures, in seconds.
const BYTE_COUNT_SECONDS: u32 = 30;

/// A command for openvpn.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Selects version 5 of the interface. openvpn sends no answer.
    Version,
    StateOn,
    LogOn,
    /// Asks for traffic figures at this interval, in seconds.
    ByteCount(u32),
    HoldRelease,
    Username(String),
    Password(Secret),
    /// The answer to a `CR_TEXT`.
    ChallengeResponse(Secret),
    Terminate,
}

/// A text that cannot be sent to openvpn.
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
            ErrorCode::OpenvpnCommand,
            "cannot give the VPN its credentials",
        )
        .cause(error)
        .hint("`ob vpn up` asks again; type it without pasting")
    }
}

impl Command {
    /// Returns the first commands, which turn openvpn's notifications on.
    pub(super) fn set_up() -> [Self; 4] {
        [
            Self::Version,
            Self::StateOn,
            Self::LogOn,
            Self::ByteCount(BYTE_COUNT_SECONDS),
        ]
    }

    /// Returns the line to send, with its line feed. It may hold a password.
    ///
    /// # Errors
    /// [`CommandError`] if openvpn would end a text early or cut it.
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
    fn command_is_one_line_and_cannot_hold_two() {
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
