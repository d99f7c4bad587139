//! The session headers of an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secret::Secret;

/// Header of Access Server with the VPN user name, in base64.
pub const SESSION_USER: &str = "VPN-Session-User";
/// Header of Access Server with a token, in base64, that the first VPN connection sends instead of
/// a password. The user need not sign in again.
pub const SESSION_TOKEN: &str = "VPN-Session-Token";

/// The values of [`SESSION_USER`] and [`SESSION_TOKEN`]: a username, and a token in place of the
/// password of the first connection.
#[derive(Debug, PartialEq, Eq)]
pub struct VpnSession {
    pub username: String,
    pub token: Secret,
}

impl VpnSession {
    /// Decodes the two headers' values. Returns `None` unless both are
    /// there and decode to text without control characters.
    pub fn parse(user: Option<&str>, token: Option<&str>) -> Option<Self> {
        let decode = |value: &str| String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok();
        let username = decode(user?)?;
        let token = Secret::new(decode(token?)?);
        let is_valid = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        (is_valid(&username) && is_valid(token.expose())).then_some(Self { username, token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_headers_are_used_only_together() {
        let session = VpnSession::parse(Some("YWxpY2U="), Some("dG9rZW4=")).unwrap();
        assert_eq!(
            (session.username.as_str(), session.token.expose()),
            ("alice", "token")
        );
        for (user, token) in [
            (None, Some("dG9rZW4=")),
            (Some("YWxpY2U="), None),
            (Some("*"), Some("dG9rZW4=")),
            (Some("YWxpY2U="), Some("YQpi")),
        ] {
            assert!(
                VpnSession::parse(user, token).is_none(),
                "{user:?} {token:?}"
            );
        }
    }
}
