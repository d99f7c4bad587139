//! The management interface of OpenVPN 2.6: its lines as events (ours to it are `command.rs`).
//!
//! Described in `doc/management-notes.txt` of OpenVPN. Every line is an event, an unknown one too:
//! nothing a newer openvpn says can stop the tunnel. Lines carry secrets both ways (auth tokens, session
//! addresses, passwords echoed in errors), so what goes to a log is `redacted` first. It keeps no
//! state; what follows from an event is `state.rs`.

use super::challenge::PromptedChallenge;
use crate::secret::Secret;

/// One line that openvpn said.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The greeting.
    Info(String),
    /// It waits to be released; so many seconds it would have waited by itself.
    Hold {
        seconds: u32,
    },
    State(StateLine),
    Password(PasswordEvent),
    /// The server asks something while authentication is pending.
    InfoMessage(InfoMessage),
    /// The same from the log, where every such message is repeated, and where alone it is found when
    /// it was too long for a notification (more than 246 bytes).
    LoggedMessage(InfoMessage),
    Log {
        flags: String,
        text: String,
    },
    ByteCount {
        received: u64,
        sent: u64,
    },
    Fatal(String),
    Notify(String),
    /// A tunnel device came up or goes down; its environment follows.
    UpDown(UpDown),
    Success(String),
    Error,
    /// The end of an answer of several lines.
    End,
    /// Anything else, `>ECHO:` for one.
    Other(String),
}

/// `>STATE:time,name,description,address,remote,port,…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateLine {
    /// `CONNECTED`, `RECONNECTING`, …
    pub name: String,
    pub description: String,
    /// Our address inside the tunnel.
    pub address: String,
    /// The server's address.
    pub remote: String,
    pub port: String,
    pub address6: String,
}

/// What is said about credentials.
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordEvent {
    /// Username and password are needed for `realm` (`Auth`: the server).
    Need {
        realm: String,
        challenge: Option<PromptedChallenge>,
    },
    /// A password alone is needed (`Private Key`).
    NeedPassword { realm: String },
    /// They were refused, in the server's words where it has any.
    Failed {
        realm: String,
        reason: Option<String>,
    },
    /// The server gave a token in place of the password.
    Token(Secret),
}

/// What the server asks in the middle of authentication (`INFO_PRE`).
#[derive(Debug, PartialEq, Eq)]
pub enum InfoMessage {
    /// Sign in at this address. It belongs to one session and is a secret.
    WebAuth {
        flags: Vec<String>,
        url: Secret,
    },
    /// Answer this text.
    CrText {
        echo: bool,
        wants_answer: bool,
        text: String,
    },
    Other(String),
}

/// `>UPDOWN:`
#[derive(Debug, PartialEq, Eq)]
pub enum UpDown {
    Up,
    Down,
    Variable { name: String, value: String },
    End,
}

impl Event {
    /// Reads one line, its line end removed. Never fails.
    pub fn read(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if let Some(rest) = line.strip_prefix('>') {
            let (kind, rest) = rest.split_once(':').unwrap_or((rest, ""));
            return Self::asynchronous(kind, rest).unwrap_or_else(|| Self::Other(line.to_owned()));
        }
        if let Some(text) = line.strip_prefix("SUCCESS:") {
            return Self::Success(text.trim().to_owned());
        }
        if line.starts_with("ERROR:") {
            // Its text may repeat what was sent, a password included.
            return Self::Error;
        }
        match line {
            "END" => Self::End,
            _ => Self::Other(line.to_owned()),
        }
    }

    fn asynchronous(kind: &str, rest: &str) -> Option<Self> {
        Some(match kind {
            "INFO" => Self::Info(rest.to_owned()),
            "HOLD" => Self::Hold {
                seconds: rest
                    .rsplit(':')
                    .next()
                    .and_then(|n| n.trim().parse().ok())
                    .unwrap_or(0),
            },
            "STATE" => Self::State(StateLine::read(rest)),
            "PASSWORD" => Self::Password(PasswordEvent::read(rest)?),
            "INFOMSG" => Self::InfoMessage(InfoMessage::read(rest)),
            "LOG" => {
                let mut fields = rest.splitn(3, ',');
                let (_, flags, text) = (fields.next()?, fields.next()?, fields.next()?);
                match pushed_info(text) {
                    Some(message) => Self::LoggedMessage(message),
                    None => Self::Log {
                        flags: flags.to_owned(),
                        text: text.to_owned(),
                    },
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
            "NOTIFY" => Self::Notify(rest.to_owned()),
            "UPDOWN" => Self::UpDown(match rest {
                "UP" => UpDown::Up,
                "DOWN" => UpDown::Down,
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
    fn read(rest: &str) -> Self {
        let field = |index: usize| rest.split(',').nth(index).unwrap_or_default().to_owned();
        Self {
            name: field(1),
            description: field(2),
            address: field(3),
            remote: field(4),
            port: field(5),
            address6: field(8),
        }
    }
}

impl PasswordEvent {
    fn read(rest: &str) -> Option<Self> {
        if let Some(token) = rest.strip_prefix("Auth-Token:") {
            return Some(Self::Token(Secret::new(token)));
        }
        if let Some(rest) = rest.strip_prefix("Verification Failed: '") {
            let (realm, rest) = rest.split_once('\'')?;
            let reason = rest
                .trim()
                .strip_prefix("['")
                .and_then(|text| text.strip_suffix("']"));
            return Some(Self::Failed {
                realm: realm.to_owned(),
                reason: reason.filter(|text| !text.is_empty()).map(str::to_owned),
            });
        }
        let (realm, rest) = rest.strip_prefix("Need '")?.split_once('\'')?;
        let realm = realm.to_owned();
        let Some(rest) = rest.trim_start().strip_prefix("username/password") else {
            return Some(Self::NeedPassword { realm });
        };
        let challenge = rest.trim_start().strip_prefix("SC:").and_then(|text| {
            let (flags, text) = text.split_once(',')?;
            let flags: u8 = flags.parse().ok()?;
            Some(PromptedChallenge {
                text: text.to_owned(),
                echo: flags & 1 != 0,
                concatenate: flags & 2 != 0,
            })
        });
        Some(Self::Need { realm, challenge })
    }
}

impl InfoMessage {
    /// Reads `WEB_AUTH:flags:url`, `OPEN_URL:url` (its elder) or `CR_TEXT:flags:text`.
    fn read(message: &str) -> Self {
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
                echo: flags.split(',').any(|flag| flag == "E"),
                wants_answer: flags.split(',').any(|flag| flag == "R"),
                text: text.to_owned(),
            },
            _ => Self::Other(kind.to_owned()),
        }
    }
}

/// The message inside `Info command was pushed by server ('…')`.
fn pushed_info(log: &str) -> Option<InfoMessage> {
    let message = log
        .strip_prefix("Info command was pushed by server ('")?
        .strip_suffix("')")?;
    Some(InfoMessage::read(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Event {
        Event::read(line.as_bytes())
    }

    #[test]
    fn prompts_are_told_apart() {
        let need = |challenge| {
            Event::Password(PasswordEvent::Need {
                realm: "Auth".to_owned(),
                challenge,
            })
        };
        assert_eq!(read(">PASSWORD:Need 'Auth' username/password"), need(None));
        let challenge = PromptedChallenge {
            text: "Code, please".to_owned(),
            echo: true,
            concatenate: false,
        };
        assert_eq!(
            read(">PASSWORD:Need 'Auth' username/password SC:1,Code, please"),
            need(Some(challenge))
        );
        assert_eq!(
            read(">PASSWORD:Need 'Private Key' password"),
            Event::Password(PasswordEvent::NeedPassword {
                realm: "Private Key".to_owned()
            })
        );
        assert_eq!(
            read(">PASSWORD:Verification Failed: 'Auth'\r\n"),
            Event::Password(PasswordEvent::Failed {
                realm: "Auth".to_owned(),
                reason: None
            })
        );
    }

    #[test]
    fn an_address_to_sign_in_at_is_found_in_every_place() {
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
            assert_eq!(read(&line), expected, "{line}");
        }
    }

    #[test]
    fn no_line_is_an_error_and_none_panics() {
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
            let _ = read(line);
        }
        let _ = Event::read(b"\xff\xfe>HOLD\0");
        assert_eq!(
            read(">HOLD:Waiting for hold release:12"),
            Event::Hold { seconds: 12 }
        );
    }
}
