//! What is said to the supervisor of a tunnel and by it, in the frames of the agent's protocol.
//!
//! Whoever started it speaks first on the socket it was given ([`ToTunnel::Begin`]); everybody else asks one
//! thing on the socket it listens on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{DnsScope, Timestamp};
use crate::report::Report;
use crate::wire::{Hello, Sealed, VpnTarget};

#[derive(Debug, Serialize, Deserialize)]
pub enum ToTunnel {
    Hello(Hello),
    Begin(Box<Begin>),
    /// The answer to the question of this number; to no other.
    Answer {
        number: u64,
        answer: QuestionAnswer,
    },
    /// Be the one who answers a tunnel in the background that asks somebody; afterwards as who started it.
    Attach,
    /// What was to become openvpn has ended; news only if openvpn never called.
    NotStarted,
    /// Whoever started it leaves; the tunnel stays.
    Detach,
    Status,
    /// The lines openvpn said, and with `follow` those to come.
    Logs {
        follow: bool,
    },
    /// What happens from now on, as it happens.
    Events,
    Down,
}

/// Everything the supervisor needs of whoever started it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// The canonical profile: written once, into a named pipe.
    pub profile: Sealed,
    pub username: String,
    /// In place of the password of the first connection.
    pub token: Option<Sealed>,
    pub target: VpnTarget,
    /// Whether an agent can be asked later: for a sign-in, for a new token.
    pub has_agent: bool,
    /// Whether name servers are set on this machine.
    pub sets_dns: bool,
    /// The names that the user wants asked there; absent: as the server pushes.
    pub dns_scope: Option<DnsScope>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum FromTunnel {
    Hello(Hello),
    /// openvpn may be started with these; others find the supervisor at `control`.
    Ready {
        config: PathBuf,
        management: PathBuf,
        control: PathBuf,
    },
    Phase(PhaseTime),
    /// A tunnel's questions are numbered: an answer may be on its way when another is asked.
    Ask {
        number: u64,
        question: Question,
    },
    /// What was asked last needs no answer any more.
    Withdrawn,
    /// The server wants the person at this address, and nobody could go there for them.
    Browse {
        url: Sealed,
        why: Option<String>,
    },
    Dns(DnsStatus),
    /// Whoever listens has heard what is so already; what follows happens.
    Listening,
    Log(String),
    Status(Box<TunnelStatus>),
    /// The tunnel is gone; with the reason, unless it was asked to go.
    Ended(Option<Report>),
    Failed(Report),
}

/// A phase that was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseTime {
    /// `connecting`, `connected`, …
    pub name: String,
    /// openvpn's or the server's words about it; foreign text.
    pub detail: Option<String>,
    /// Milliseconds since openvpn was to be started.
    pub after: u64,
}

/// What the person beside the tunnel is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// The VPN's own password, and why: the server's words about the last one.
    Password {
        username: String,
        why: Option<String>,
    },
    /// The server's question.
    Challenge { text: String, echo: bool },
}

impl Question {
    /// As it is put to the person: whose question it is stands before the server's words, which could be about
    /// anything.
    pub fn text(&self) -> String {
        match self {
            Self::Password { username, .. } => format!("VPN password of {username}"),
            Self::Challenge { text, .. } => format!("The VPN server asks: {text}"),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub enum QuestionAnswer {
    Nobody,
    Given(Sealed),
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
    /// What the user should know beside it: options that were not used, limits of this machine's resolver.
    pub notes: Vec<String>,
    /// Why not.
    pub why: Option<String>,
    /// What a person could type instead.
    pub commands: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelStatus {
    pub pid: u32,
    pub host: String,
    pub username: String,
    pub phase: String,
    /// What somebody has to answer, in the server's words.
    pub asks: Option<String>,
    /// Whether nobody is there to do so.
    pub alone: bool,
    /// Seconds in this phase.
    pub seconds: u64,
    pub started: Timestamp,
    pub device: Option<String>,
    /// Ours inside the tunnel.
    pub address: Option<String>,
    /// The server's outside of it.
    pub remote: Option<String>,
    pub routes: Vec<String>,
    pub received: u64,
    pub sent: u64,
    pub dns: Option<DnsStatus>,
    /// How often the connection was made again.
    pub reconnections: u32,
}
