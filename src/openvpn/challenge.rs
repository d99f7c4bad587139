//! The challenges of a VPN server, and the form of their answers.
//!
//! A static challenge is asked together with the password (`SCRV1`), a dynamic one comes in the
//! reason of a refusal (`CRV1`). Both are described in OpenVPN's `doc/management-notes.txt`. The
//! third kind, `CR_TEXT`, is an event of `management.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::Secret;

/// A question that is asked together with the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticChallenge {
    /// The server's text.
    pub text: String,
    /// Whether the answer may be shown while it is typed.
    pub echo: bool,
    /// Whether password and answer are sent as one text instead of as `SCRV1`.
    pub concatenate: bool,
}

impl StaticChallenge {
    /// Creates a challenge from openvpn's `flags`: 1 is echo, 2 is concatenate.
    pub(super) fn new(text: &str, flags: u8) -> Self {
        Self {
            text: text.to_owned(),
            echo: flags & 1 != 0,
            concatenate: flags & 2 != 0,
        }
    }
}

/// A question in the reason of a refusal: `CRV1:flags:state:base64(user):text`.
#[derive(Debug, PartialEq, Eq)]
pub struct DynamicChallenge {
    pub echo: bool,
    /// The server's identifier of this challenge.
    pub state: Secret,
    pub username: String,
    pub text: String,
}

impl DynamicChallenge {
    /// Parses the reason of a refusal. Returns `None` if it is not a challenge.
    pub fn parse(reason: &str) -> Option<Self> {
        let mut fields = reason.strip_prefix("CRV1:")?.splitn(4, ':');
        let (flags, state, user) = (fields.next()?, fields.next()?, fields.next()?);
        let text = fields.next()?;
        let username = String::from_utf8(STANDARD.decode(user).ok()?).ok()?;
        Some(Self {
            echo: has_flag(flags, "E"),
            state: Secret::new(state),
            username,
            text: text.to_owned(),
        })
    }
}

/// Whether the list `flags`, separated by commas, contains `flag`.
pub(super) fn has_flag(flags: &str, flag: &str) -> bool {
    flags.split(',').any(|known| known == flag)
}

/// Joins a password and the answer to a static challenge into one text.
pub fn static_response(password: &str, answer: &str, concatenate: bool) -> Secret {
    Secret::new(if concatenate {
        format!("{password}{answer}")
    } else {
        format!(
            "SCRV1:{}:{}",
            STANDARD.encode(password),
            STANDARD.encode(answer)
        )
    })
}

/// Returns the answer to a dynamic challenge, which is sent in place of the password.
pub fn dynamic_response(state: &Secret, answer: &str) -> Secret {
    Secret::new(format!("CRV1::{}::{answer}", state.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_in_a_refusal_is_parsed() {
        let challenge = DynamicChallenge::parse("CRV1:R,E:STATE42:ZHlu:Enter: PIN").unwrap();
        assert_eq!(
            (challenge.username.as_str(), challenge.text.as_str()),
            ("dyn", "Enter: PIN")
        );
        assert!(challenge.echo);
        assert_eq!(
            dynamic_response(&challenge.state, "42").expose(),
            "CRV1::STATE42::42"
        );
        for reason in [
            "SAML assertion rejected",
            "CRV1:",
            "CRV1:R:x",
            "CRV1:R:x:*:text",
            "",
        ] {
            assert!(DynamicChallenge::parse(reason).is_none(), "{reason}");
        }
    }

    #[test]
    fn static_answer_is_sent_with_the_password() {
        assert_eq!(
            static_response("pw", "123456", false).expose(),
            "SCRV1:cHc=:MTIzNDU2"
        );
        assert_eq!(static_response("pw", "123456", true).expose(), "pw123456");
    }
}
