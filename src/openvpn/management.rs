//! Lines of OpenVPN 2.6's management interface as events. `command.rs` has the other direction.
//!
//! Described in `doc/management-notes.txt` of OpenVPN. Parsing never fails: a line that is not
//! known is [`Event::Ignored`], so that nothing a newer openvpn prints can stop the tunnel. Lines
//! carry secrets (auth tokens, session addresses, passwords echoed in errors), so they pass
//! `redaction.rs` before they are logged.

use super::challenge::{StaticChallenge, has_flag};
use crate::secret::Secret;

/// A line of openvpn.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// openvpn waits to be released. Without a management client it would wait `seconds`.
    Hold {
        seconds: u32,
    },
    State(StateLine),
    Password(PasswordEvent),
    /// The server's message while authentication is pending.
    InfoMessage(InfoMessage),
    /// The same message in the log. Messages of more than 246 bytes are found only there.
    LoggedMessage(InfoMessage),
    /// The text of a log line.
    Log(String),
    ByteCount {
        received: u64,
        sent: u64,
    },
    Fatal(String),
    /// The device came up or goes down; its environment follows.
    UpDown(UpDown),
    /// A line without meaning for the tunnel. Its text is dropped: an error may repeat a password.
    Ignored,
}

/// `>STATE:time,name,description,address,remote,port,…`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLine {
    pub state: ConnectionState,
    pub description: String,
    /// The client's address inside the tunnel.
    pub address: String,
    /// The server's address.
    pub remote: String,
    pub port: String,
}

/// The states of a connection, as far as the tunnel tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// `CONNECTING`, `RESOLVE`, `TCP_CONNECT` and `WAIT`.
    Searching,
    Auth,
    AuthPending,
    GetConfig,
    /// `ASSIGN_IP` and `ADD_ROUTES`.
    Configuring,
    Connected,
    Reconnecting,
    Exiting,
    Other,
}

/// `>PASSWORD:`
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordEvent {
    /// Username and password are needed for `realm` (`Auth` is the server).
    Need {
        realm: String,
        challenge: Option<StaticChallenge>,
    },
    /// Only a password is needed (`Private Key`).
    NeedPassword { realm: String },
    /// The server refused the credentials, with its text if it gave one.
    Failed { reason: Option<String> },
    /// The server gave a token in place of the password.
    Token,
}

/// The server's message in the middle of authentication (`INFO_PRE`).
#[derive(Debug, PartialEq, Eq)]
pub enum InfoMessage {
    /// The address to sign in at. It belongs to one session and is a secret.
    WebAuth {
        flags: Vec<String>,
        url: Secret,
    },
    /// A question with a text for its answer.
    CrText {
        echo: bool,
        wants_answer: bool,
        text: String,
    },
    Other,
}

/// `>UPDOWN:`
#[derive(Debug, PartialEq, Eq)]
pub enum UpDown {
    Begin(DeviceChange),
    Variable { name: String, value: String },
    End,
}

/// The change of the device that an `>UPDOWN:` event describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    Up,
    Down,
}

impl Event {
    /// Parses one line. Its line end may be missing.
    pub fn parse(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let notification = line.trim_end_matches(['\r', '\n']).strip_prefix('>');
        notification
            .and_then(|text| {
                let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
                Self::parse_notification(kind, rest)
            })
            .unwrap_or(Self::Ignored)
    }

    fn parse_notification(kind: &str, rest: &str) -> Option<Self> {
        Some(match kind {
            "HOLD" => {
                let seconds = rest.rsplit(':').next().and_then(|n| n.trim().parse().ok());
                Self::Hold {
                    seconds: seconds.unwrap_or(0),
                }
            }
            "STATE" => Self::State(StateLine::parse(rest)),
            "PASSWORD" => Self::Password(PasswordEvent::parse(rest)?),
            "INFOMSG" => Self::InfoMessage(InfoMessage::parse(rest)),
            "LOG" => {
                // time,flags,text
                let text = rest.splitn(3, ',').nth(2)?;
                match logged_message(text) {
                    Some(message) => Self::LoggedMessage(message),
                    None => Self::Log(text.to_owned()),
                }
            }
            "BYTECOUNT" => {
                let (received, sent) = rest.split_once(',')?;
                Self::ByteCount {
                    received: received.parse().ok()?,
                    sent: sent.parse().ok()?,
                }
            }
            "FATAL" => Self::Fatal(rest.to_owned()),
            "UPDOWN" => Self::UpDown(match rest {
                "UP" => UpDown::Begin(DeviceChange::Up),
                "DOWN" => UpDown::Begin(DeviceChange::Down),
                "ENV,END" => UpDown::End,
                _ => {
                    let (name, value) = rest.strip_prefix("ENV,")?.split_once('=')?;
                    UpDown::Variable {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    }
                }
            }),
            _ => return None,
        })
    }
}

impl StateLine {
    fn parse(rest: &str) -> Self {
        let mut fields = rest.split(',').skip(1).chain(std::iter::repeat(""));
        let mut next = || fields.next().unwrap_or_default();
        Self {
            state: ConnectionState::parse(next()),
            description: next().to_owned(),
            address: next().to_owned(),
            remote: next().to_owned(),
            port: next().to_owned(),
        }
    }
}

impl ConnectionState {
    fn parse(name: &str) -> Self {
        match name {
            "CONNECTING" | "RESOLVE" | "TCP_CONNECT" | "WAIT" => Self::Searching,
            "AUTH" => Self::Auth,
            "AUTH_PENDING" => Self::AuthPending,
            "GET_CONFIG" => Self::GetConfig,
            "ASSIGN_IP" | "ADD_ROUTES" => Self::Configuring,
            "CONNECTED" => Self::Connected,
            "RECONNECTING" => Self::Reconnecting,
            "EXITING" => Self::Exiting,
            _ => Self::Other,
        }
    }
}

impl PasswordEvent {
    fn parse(rest: &str) -> Option<Self> {
        if rest.starts_with("Auth-Token:") {
            return Some(Self::Token);
        }
        if let Some(rest) = rest.strip_prefix("Verification Failed: '") {
            let (_realm, rest) = rest.split_once('\'')?;
            let reason = rest
                .trim()
                .strip_prefix("['")
                .and_then(|text| text.strip_suffix("']"))
                .filter(|text| !text.is_empty());
            return Some(Self::Failed {
                reason: reason.map(str::to_owned),
            });
        }
        let (realm, rest) = rest.strip_prefix("Need '")?.split_once('\'')?;
        let realm = realm.to_owned();
        let Some(rest) = rest.trim_start().strip_prefix("username/password") else {
            return Some(Self::NeedPassword { realm });
        };
        let challenge = rest.trim_start().strip_prefix("SC:").and_then(|text| {
            let (flags, text) = text.split_once(',')?;
            Some(StaticChallenge::new(text, flags.parse().ok()?))
        });
        Some(Self::Need { realm, challenge })
    }
}

impl InfoMessage {
    /// Parses `WEB_AUTH:flags:url`, its older form `OPEN_URL:url`, or `CR_TEXT:flags:text`.
    fn parse(message: &str) -> Self {
        let (kind, rest) = message.split_once(':').unwrap_or((message, ""));
        match (kind, rest.split_once(':')) {
            ("WEB_AUTH", Some((flags, url))) => Self::WebAuth {
                flags: flags
                    .split(',')
                    .filter(|flag| !flag.is_empty())
                    .map(str::to_owned)
                    .collect(),
                url: Secret::new(url),
            },
            ("OPEN_URL", _) if !rest.is_empty() => Self::WebAuth {
                flags: Vec::new(),
                url: Secret::new(rest),
            },
            ("CR_TEXT", Some((flags, text))) => Self::CrText {
                echo: has_flag(flags, "E"),
                wants_answer: has_flag(flags, "R"),
                text: text.to_owned(),
            },
            _ => Self::Other,
        }
    }
}

/// Parses the message in the log line `Info command was pushed by server ('…')`.
fn logged_message(log: &str) -> Option<InfoMessage> {
    let message = log
        .strip_prefix("Info command was pushed by server ('")?
        .strip_suffix("')")?;
    Some(InfoMessage::parse(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Event {
        Event::parse(line.as_bytes())
    }

    #[test]
    fn each_prompt_is_an_event_of_its_own() {
        let need = |challenge| {
            Event::Password(PasswordEvent::Need {
                realm: "Auth".to_owned(),
                challenge,
            })
        };
        assert_eq!(parse(">PASSWORD:Need 'Auth' username/password"), need(None));
        let challenge = StaticChallenge::new("Code, please", 1);
        assert_eq!(
            parse(">PASSWORD:Need 'Auth' username/password SC:1,Code, please"),
            need(Some(challenge))
        );
        assert_eq!(
            parse(">PASSWORD:Need 'Private Key' password"),
            Event::Password(PasswordEvent::NeedPassword {
                realm: "Private Key".to_owned()
            })
        );
        assert_eq!(
            parse(">PASSWORD:Verification Failed: 'Auth'\r\n"),
            Event::Password(PasswordEvent::Failed { reason: None })
        );
    }

    #[test]
    fn web_auth_address_is_found_in_message_and_log() {
        let url = "https://vpn.acme.com/saml/login?sid=0123:4";
        for (line, flags) in [
            (format!(">INFOMSG:WEB_AUTH::{url}"), vec![]),
            (
                format!(">INFOMSG:WEB_AUTH:hidden,external:{url}"),
                vec!["hidden", "external"],
            ),
            (format!(">INFOMSG:OPEN_URL:{url}"), vec![]),
            (
                format!(">LOG:1,,Info command was pushed by server ('WEB_AUTH:external:{url}')"),
                vec!["external"],
            ),
        ] {
            let expected = InfoMessage::WebAuth {
                flags: flags.into_iter().map(str::to_owned).collect(),
                url: Secret::new(url),
            };
            let expected = if line.starts_with(">LOG") {
                Event::LoggedMessage(expected)
            } else {
                Event::InfoMessage(expected)
            };
            assert_eq!(parse(&line), expected, "{line}");
        }
    }

    #[test]
    fn malformed_lines_do_not_panic() {
        for line in [
            "",
            ">",
            ">X",
            ">STATE:",
            ">PASSWORD:",
            ">BYTECOUNT:x",
            ">UPDOWN:ENV,x",
            ">HOLD",
            "\u{fffd}",
            ">LOG:1",
            ">PASSWORD:Need 'Auth",
            ">INFOMSG:",
            ">INFOMSG:WEB_AUTH:x",
            "TITLE,OpenVPN",
        ] {
            let _ = parse(line);
        }
        let _ = Event::parse(b"\xff\xfe>HOLD\0");
        assert_eq!(
            parse(">HOLD:Waiting for hold release:12"),
            Event::Hold { seconds: 12 }
        );
    }
}
