//! The questions a VPN server asks beside or instead of a password, and the form of their answers.
//!
//! Static: with the password (`SCRV1`). Dynamic: in the reason of a refusal (`CRV1`). Both are described
//! in OpenVPN's `doc/management-notes.txt`. The third kind, `CR_TEXT`, is an event of `management.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::Secret;

/// The static challenge as the prompt repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromptedChallenge {
    pub text: String,
    pub echo: bool,
    pub concatenate: bool,
}

/// A question that the server puts in the reason of a refusal:
/// `CRV1:flags:state:base64(user):text`.
#[derive(Debug, PartialEq, Eq)]
pub struct DynamicChallenge {
    pub echo: bool,
    pub wants_answer: bool,
    /// The server's handle on this exchange.
    pub state: Secret,
    /// The user it belongs to.
    pub username: String,
    pub text: String,
}

impl DynamicChallenge {
    /// Reads the reason of a refusal; `None` where it is one, and no question.
    pub fn read(reason: &str) -> Option<Self> {
        let mut fields = reason.strip_prefix("CRV1:")?.splitn(4, ':');
        let (flags, state, user) = (fields.next()?, fields.next()?, fields.next()?);
        let text = fields.next()?;
        let username = String::from_utf8(STANDARD.decode(user).ok()?).ok()?;
        Some(Self {
            echo: flags.split(',').any(|flag| flag == "E"),
            wants_answer: flags.split(',').any(|flag| flag == "R"),
            state: Secret::new(state),
            username,
            text: text.to_owned(),
        })
    }
}

/// A password and the answer to a static challenge, as one text (`SCRV1`).
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

/// The answer to a dynamic challenge, in the place of the password.
pub fn dynamic_response(state: &Secret, answer: &str) -> Secret {
    Secret::new(format!("CRV1::{}::{answer}", state.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_in_a_refusal_is_a_question() {
        let challenge = DynamicChallenge::read("CRV1:R,E:STATE42:ZHlu:Enter: PIN").unwrap();
        assert_eq!(
            (challenge.username.as_str(), challenge.text.as_str()),
            ("dyn", "Enter: PIN")
        );
        assert!(challenge.echo && challenge.wants_answer);
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
            assert!(DynamicChallenge::read(reason).is_none(), "{reason}");
        }
    }

    #[test]
    fn a_static_answer_is_sent_with_the_password() {
        assert_eq!(
            static_response("pw", "123456", false).expose(),
            "SCRV1:cHc=:MTIzNDU2"
        );
        assert_eq!(static_response("pw", "123456", true).expose(), "pw123456");
    }
}
