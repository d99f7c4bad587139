//! The messages between the supervisor of a tunnel and its clients, in the frames of the agent's
//! protocol.
//!
//! The client that starts a supervisor sends [`ToTunnel::Begin`] over the socket it passed on.
//! Every other client connects to the supervisor's own socket and sends one request.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{DnsScope, Timestamp};
use crate::report::Report;
use crate::wire::{Hello, SecretText, VpnTarget};

#[derive(Debug, Serialize, Deserialize)]
pub enum ToTunnel {
    Hello(Hello),
    Begin(Box<Begin>),
    /// Answers the question of this number and no other.
    Answer {
        number: u64,
        answer: TunnelAnswer,
    },
    /// Makes this client the one that answers questions; accepted while a question is open that no
    /// client answers.
    Attach,
    /// The process that was to become openvpn has ended. Ignored once openvpn has connected.
    NotStarted,
    /// The client that answers questions leaves; the tunnel stays up.
    Detach,
    Status,
    /// Asks for openvpn's log, with `follow` also for the lines to come.
    Logs {
        follow: bool,
    },
    /// Asks for the present state and every later event.
    Events,
    Down,
}

/// Everything the supervisor needs to bring a tunnel up.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The canonical profile, which is written once into a named pipe.
    pub profile: SecretText,
    pub username: String,
    /// Sent instead of a password on the first connection.
    pub token: Option<SecretText>,
    pub target: VpnTarget,
    /// Whether an agent can be asked later for a sign-in or a new token.
    pub has_agent: bool,
    /// Whether name servers are set on this machine.
    pub sets_dns: bool,
    /// The scope that the user chose; `None` follows the server's options.
    pub dns_scope: Option<DnsScope>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum FromTunnel {
    Hello(Hello),
    /// The supervisor is ready: openvpn may be started with `config` and `management`; other
    /// clients connect to `control`.
    Ready {
        config: PathBuf,
        management: PathBuf,
        control: PathBuf,
    },
    Phase(PhaseChange),
    /// Numbered, because an answer may still be on its way when the next question is asked.
    Ask {
        number: u64,
        question: TunnelQuestion,
    },
    /// The last question needs no answer any more.
    Withdrawn,
    /// The server wants a sign-in at `url` that the agent could not do, and why.
    Browse {
        url: SecretText,
        why: Option<String>,
    },
    Dns(DnsStatus),
    /// Ends the present state in the answer to [`ToTunnel::Events`]; what follows is new.
    Listening,
    Log(String),
    Status(Box<TunnelStatus>),
    /// The tunnel is gone; with the reason, unless it was taken down on request.
    Ended(Option<Report>),
    Failed(Report),
}

/// The phases of a tunnel, from the start of its supervisor to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelPhase {
    /// The supervisor waits for [`ToTunnel::Begin`].
    Preparing,
    /// The supervisor waits for openvpn to open its configuration.
    Launching,
    /// openvpn was started and has not connected to the management socket.
    Starting,
    /// openvpn tries the servers of the profile.
    Connecting,
    /// A server answered; TLS and authentication are under way.
    SigningIn,
    /// The user or the agent is asked for credentials.
    Asking,
    /// The server waits for a sign-in in a browser.
    WebAuth,
    /// Addresses and routes are set.
    Configuring,
    Connected,
    /// The connection was lost; openvpn tries again.
    Reconnecting,
    Stopping,
    Ended,
}

impl TunnelPhase {
    /// Returns the name that is logged, sent and printed as JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Launching => "launching",
            Self::Starting => "starting",
            Self::Connecting => "connecting",
            Self::SigningIn => "signing-in",
            Self::Asking => "asking",
            Self::WebAuth => "web-auth",
            Self::Configuring => "configuring",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Stopping => "stopping",
            Self::Ended => "ended",
        }
    }
}

/// A phase that the tunnel has entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseChange {
    #[serde(rename = "name")]
    pub phase: TunnelPhase,
    /// Untrusted text from openvpn or the server; it is escaped before it is shown.
    pub detail: Option<String>,
    /// Milliseconds since the supervisor began to start openvpn.
    #[serde(rename = "after")]
    pub elapsed_ms: u64,
}

/// A question for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TunnelQuestion {
    /// The VPN's own password; `why` is the server's reason for refusing the last one.
    Password {
        username: String,
        why: Option<String>,
    },
    /// The server's question.
    Challenge { text: String, echo: bool },
}

impl TunnelQuestion {
    /// Returns the prompt. It names the asker before the server's words, which could imitate a
    /// prompt of another program.
    pub fn text(&self) -> String {
        match self {
            Self::Password { username, .. } => format!("VPN password for {username}"),
            Self::Challenge { text, .. } => format!("The VPN server asks: {text}"),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub enum TunnelAnswer {
    /// There is no terminal to ask on, or the prompt was aborted.
    #[serde(rename = "Nobody")]
    Unavailable,
    Given(SecretText),
}

/// Whether this machine asks the VPN's name servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsStatus {
    pub applied: bool,
    pub servers: Vec<String>,
    /// The names that the servers are asked for, once they are applied.
    pub asked: DnsScope,
    pub domains: Vec<String>,
    /// Pushed options that were not used, and limits of this machine's resolver.
    pub notes: Vec<String>,
    /// Why the servers are not applied.
    pub why: Option<String>,
    /// The commands that would apply them.
    pub commands: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelStatus {
    pub pid: u32,
    pub host: String,
    pub username: String,
    pub phase: TunnelPhase,
    /// The text of the open question.
    #[serde(rename = "asks")]
    pub question: Option<String>,
    /// Whether no client is attached that could answer.
    #[serde(rename = "alone")]
    pub is_unattended: bool,
    /// Seconds in this phase.
    #[serde(rename = "seconds")]
    pub seconds_in_phase: u64,
    pub started: Timestamp,
    pub device: Option<String>,
    /// Our address inside the tunnel.
    pub address: Option<String>,
    /// The server's address and port outside the tunnel.
    pub remote: Option<String>,
    pub routes: Vec<String>,
    #[serde(rename = "received")]
    pub bytes_received: u64,
    #[serde(rename = "sent")]
    pub bytes_sent: u64,
    pub dns: Option<DnsStatus>,
    /// How often the connection was made again.
    pub reconnections: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_fields_keep_their_wire_names() {
        let change = PhaseChange {
            phase: TunnelPhase::SigningIn,
            detail: None,
            elapsed_ms: 7,
        };
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"name":"signing-in","detail":null,"after":7}"#
        );
        let answer = serde_json::to_string(&TunnelAnswer::Unavailable).unwrap();
        assert_eq!(answer, r#""Nobody""#);
    }

    #[test]
    fn phase_is_sent_under_its_name() {
        use TunnelPhase::*;
        for phase in [
            Preparing,
            Launching,
            Starting,
            Connecting,
            SigningIn,
            Asking,
            WebAuth,
            Configuring,
            Connected,
            Reconnecting,
            Stopping,
            Ended,
        ] {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
        }
    }
}
