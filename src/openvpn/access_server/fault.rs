//! Access Server's errors: an XML document with a type, a synopsis and a message.
//!
//! Documented in OpenVPN 3's `doc/webauth.md`. The messages are English text of the server: known
//! ones are recognised by their stable parts, others are shown as they came.

use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use thiserror::Error;

use crate::openvpn::challenge::DynamicChallenge;
use crate::report::{ErrorCode, Report};

const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// An error of the server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("the profile's download link was already used, or has expired")]
    TokenSpent,
    #[error("the VPN server wants users to sign in by web ({provider})")]
    WebAuthRequired { provider: String },
    #[error("the VPN session has expired")]
    SessionExpired,
    #[error("the VPN server asks for a second factor of its own: {0}")]
    Challenge(String),
    #[error("the user must first enrol in the VPN's authenticator app")]
    EnrolFirst,
    #[error("the user may not have this kind of profile: {0}")]
    NoPrivilege(String),
    #[error("the VPN server refused: {0}")]
    Refused(String),
    #[error("the VPN server failed: {0}")]
    Server(String),
    #[error("the VPN server answered with an error that cannot be read")]
    Unreadable,
}

impl Fault {
    /// Parses an error document. Anything else is [`Fault::Unreadable`].
    pub fn parse(body: &[u8]) -> Self {
        let Some((kind, message)) = parse_document(body) else {
            return Self::Unreadable;
        };
        let says = |part: &str| message.contains(part);
        if says("token not found in DB") {
            return Self::TokenSpent;
        }
        // `Ovpn-WebAuth: provider,flag,flag`
        if let Some((_, offer)) = message.split_once("Ovpn-WebAuth:") {
            let provider = offer.split(',').next().unwrap_or_default();
            return Self::WebAuthRequired {
                provider: provider.trim().to_owned(),
            };
        }
        if let Some(start) = message.find("CRV1:") {
            let text = DynamicChallenge::parse(&message[start..]).map(|challenge| challenge.text);
            return Self::Challenge(text.unwrap_or_default());
        }
        if says("SESSION:") && says("expired") {
            return Self::SessionExpired;
        }
        if says("(9008)") {
            return Self::EnrolFirst;
        }
        if says("NEED_AUTOLOGIN") || says("(9000)") {
            return Self::NoPrivilege(message);
        }
        if kind == "Internal Server Error" {
            return Self::Server(message);
        }
        Self::Refused(if message.is_empty() { kind } else { message })
    }
}

/// Returns `Type` and `Message` of a well-formed `Error` document.
fn parse_document(body: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(body)
        .ok()
        .filter(|text| text.len() <= MAX_DOCUMENT_BYTES)?;
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let (mut kind, mut message) = (String::new(), String::new());
    let mut roots = 0;
    loop {
        match reader.read_event().ok()? {
            Xml::Start(start) => {
                roots += usize::from(path.is_empty());
                path.push(start.name().as_ref().to_owned());
                if path.len() > 3 || roots > 1 {
                    return None;
                }
            }
            Xml::End(_) => {
                path.pop()?;
            }
            Xml::Text(text) => {
                append(&path, &text, &mut kind, &mut message);
            }
            Xml::GeneralRef(reference) => {
                let text = match &*reference {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" | "#39" => "'",
                    _ => return None,
                };
                append(&path, text, &mut kind, &mut message);
            }
            Xml::Empty(_) | Xml::Decl(_) => {}
            Xml::Eof => break,
            // An error has no document type, comment or processing instruction.
            _ => return None,
        }
    }
    (roots == 1 && path.is_empty()).then(|| (kind.trim().to_owned(), message.trim().to_owned()))
}

fn append(path: &[String], text: &str, kind: &mut String, message: &mut String) {
    match path {
        [root, field] if root == "Error" && field == "Type" => kind.push_str(text),
        [root, field] if root == "Error" && field == "Message" => message.push_str(text),
        _ => {}
    }
}

impl From<Fault> for Report {
    fn from(fault: Fault) -> Self {
        let (code, hint) = match &fault {
            Fault::TokenSpent => (
                ErrorCode::OpenvpnTokenSpent,
                "`ob vpn up` asks for a new one",
            ),
            Fault::WebAuthRequired { .. } => (
                ErrorCode::OpenvpnWebAuthRequired,
                "set `vpn.app` to the VPN's tile in Okta, so that `ob vpn up` can sign in by SAML",
            ),
            Fault::SessionExpired => (
                ErrorCode::OpenvpnSessionExpired,
                "`ob vpn up` signs in again",
            ),
            Fault::Challenge(_) => (
                ErrorCode::OpenvpnChallenge,
                "ask the VPN's administrator to leave the second factor to Okta",
            ),
            Fault::EnrolFirst => (
                ErrorCode::OpenvpnEnrol,
                "open the VPN's web page once and enrol the authenticator app it shows",
            ),
            Fault::NoPrivilege(_) => (
                ErrorCode::OpenvpnNoPrivilege,
                "ask the VPN's administrator to allow you user-locked profiles",
            ),
            Fault::Refused(_) => (
                ErrorCode::OpenvpnRefused,
                "`ob vpn up -v` shows which endpoint of the server refused",
            ),
            Fault::Server(_) | Fault::Unreadable => (
                ErrorCode::OpenvpnServerFault,
                "`ob vpn up` again in a minute; if it stays, tell the VPN's administrator",
            ),
        };
        Self::new(code, "cannot get a VPN profile")
            .cause(&fault)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, message: &str) -> Fault {
        let document = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Type>{kind}</Type>\
             <Synopsis>REST method failed</Synopsis><Message>{message}</Message></Error>\n"
        );
        Fault::parse(document.as_bytes())
    }

    #[test]
    fn known_messages_are_recognised() {
        let denied = "Authorization Required";
        for (kind, message, expected) in [
            (
                denied,
                "AUTH ERROR: token not found in DB (9007)",
                Fault::TokenSpent,
            ),
            (
                denied,
                "SESSION: Your session has expired, please reauthenticate (9007)",
                Fault::SessionExpired,
            ),
            (
                denied,
                "CRV1:R,E:abc:YWxpY2U=:Enter PIN (9007)",
                Fault::Challenge("Enter PIN (9007)".to_owned()),
            ),
            (
                "Access denied",
                "You must enroll this user in Authenticator first (9008)",
                Fault::EnrolFirst,
            ),
            (
                denied,
                "AUTH_FAILED: a &amp; b (9007)",
                Fault::Refused("AUTH_FAILED: a & b (9007)".to_owned()),
            ),
        ] {
            assert_eq!(read(kind, message), expected);
        }
        assert_eq!(
            read(denied, "Ovpn-WebAuth: okta,external"),
            Fault::WebAuthRequired {
                provider: "okta".to_owned()
            }
        );
        assert!(matches!(
            read(
                "Internal Server Error",
                "NEED_AUTOLOGIN: User 'U' lacks autologin privilege (9000)"
            ),
            Fault::NoPrivilege(_)
        ));
        assert!(matches!(
            read("Internal Server Error", "x"),
            Fault::Server(_)
        ));
    }

    #[test]
    fn other_documents_are_unreadable() {
        for body in [
            "",
            "x",
            "<Error>",
            "<Error></Error><Error></Error>",
            "<!DOCTYPE x><Error></Error>",
            "<Error><Message>&xx;</Message></Error>",
            "<Error><!-- x --></Error>",
            "<a><b><c><d></d></c></b></a>",
        ] {
            assert_eq!(Fault::parse(body.as_bytes()), Fault::Unreadable, "{body}");
        }
    }
}
