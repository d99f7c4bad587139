//! Why a tunnel ended. openvpn's exit code says nothing (it is 0 after a refused password), so the
//! cause is told from what was said before.

use thiserror::Error;

use crate::openvpn::policy::Network;
use crate::report::{Exit, Report};

/// Why a tunnel ended or is about to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndReason {
    #[error("the tunnel was taken down")]
    Stopped,
    #[error("the VPN server refused the credentials{}", in_words(.0))]
    AuthRefused(Option<String>),
    #[error("the sign-in at the VPN server's address was not finished in time")]
    SignInNotFinished,
    #[error("nobody answered the VPN's question")]
    NotAnswered,
    #[error("openvpn asks for `{0}`, which `ob` cannot answer")]
    UnexpectedPrompt(String),
    #[error("no VPN server answers")]
    Unreachable,
    #[error("no answer from {} after {seconds} s", in_a_row(.from))]
    NoAnswer { from: Vec<String>, seconds: u64 },
    #[error("the VPN server's name has no address")]
    Unresolved,
    #[error("the VPN server's certificate is not the one it must have: {0}")]
    ServerCertificate(String),
    #[error("the tunnel device cannot be opened: {0}")]
    Device(String),
    #[error("the VPN server gives the tunnel a network of its own as wide as {0}")]
    OwnNetwork(Network),
    #[error("the VPN server insists on compression, which gives away what is encrypted")]
    Compression,
    #[error("the VPN ended the session: {0}")]
    Ended(&'static str),
    #[error("waited too long for {0}")]
    TooSlow(&'static str),
    #[error("openvpn lost its supervisor")]
    SupervisorGone,
    #[error("openvpn failed: {0}")]
    Failed(String),
    #[error("openvpn ended without a word")]
    Vanished,
}

fn in_words(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}

fn in_a_row(servers: &[String]) -> String {
    match servers {
        [] => "any VPN server".to_owned(),
        servers => servers.join(", "),
    }
}

impl EndReason {
    /// What a `>FATAL:` line or openvpn's log says about the end to come; `None`: nothing known.
    pub(super) fn read(text: &str) -> Option<Self> {
        let says = |part: &str| text.contains(part);
        if says("VERIFY ERROR")
            || says("VERIFY X509NAME ERROR")
            || says("VERIFY KU ERROR")
            || says("VERIFY EKU ERROR")
        {
            return Some(Self::ServerCertificate(text.to_owned()));
        }
        if says("Cannot open TUN/TAP dev")
            || says("Cannot ioctl TUNSETIFF")
            || says("Cannot allocate TUN/TAP dev")
        {
            return Some(Self::Device(text.to_owned()));
        }
        if says("server pushed compression settings that are not allowed") {
            return Some(Self::Compression);
        }
        if says("Cannot resolve host address") {
            return Some(Self::Unresolved);
        }
        if says("connect-retry-max") || says("TLS key negotiation failed to occur within") {
            return Some(Self::Unreachable);
        }
        None
    }

    /// What openvpn says when it ends, and what the server said last about the credentials.
    pub(super) fn of_exit(reason: &str, refusal: Option<String>) -> Option<Self> {
        match reason {
            "SIGTERM" | "SIGINT" => Some(Self::Stopped),
            "management-exit" => Some(Self::SupervisorGone),
            "inactive" => Some(Self::Ended("nothing was sent for as long as it allows")),
            "session-timeout" => Some(Self::Ended("it lasted as long as it may")),
            "remote-exit" | "server-pushed-halt" => Some(Self::Ended("the server asked for it")),
            "ping-exit" => Some(Self::Ended("the server was silent for too long")),
            _ if reason.starts_with("auth-failure") => Some(Self::AuthRefused(refusal)),
            _ => None,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Stopped => "vpn.stopped",
            Self::AuthRefused(_) => "vpn.auth-refused",
            Self::SignInNotFinished => "vpn.sign-in-not-finished",
            Self::NotAnswered => "vpn.not-answered",
            Self::UnexpectedPrompt(_) => "vpn.unexpected-prompt",
            Self::Unreachable => "vpn.unreachable",
            Self::NoAnswer { .. } => "vpn.no-answer",
            Self::Unresolved => "vpn.unresolved",
            Self::ServerCertificate(_) => "vpn.server-certificate",
            Self::Device(_) => "vpn.device",
            Self::OwnNetwork(_) => "vpn.own-network",
            Self::Compression => "vpn.compression",
            Self::Ended(_) => "vpn.ended",
            Self::TooSlow(_) => "vpn.too-slow",
            Self::SupervisorGone => "vpn.supervisor-gone",
            Self::Failed(_) => "vpn.failed",
            Self::Vanished => "vpn.vanished",
        }
    }
}

impl From<EndReason> for Report {
    fn from(cause: EndReason) -> Self {
        let (exit, hint) = match &cause {
            EndReason::OwnNetwork(_) => (
                Exit::Refused,
                "all of it would go through the tunnel, whatever your settings say; tell the VPN's administrator",
            ),
            EndReason::Compression => (
                Exit::Refused,
                "ask the VPN's administrator to turn compression off at the server",
            ),
            EndReason::Stopped | EndReason::Ended(_) => {
                (Exit::Failed, "`ob vpn up` brings it up again")
            }
            EndReason::AuthRefused(_) => (
                Exit::Refused,
                "`ob logout`, then `ob vpn up` signs in from the start",
            ),
            EndReason::SignInNotFinished | EndReason::NotAnswered => {
                (Exit::SignIn, "`ob vpn up` asks again")
            }
            EndReason::UnexpectedPrompt(_) => (
                Exit::Refused,
                "`ob vpn profile --explain` shows what the profile asks for",
            ),
            EndReason::Unreachable | EndReason::TooSlow(_) => (
                Exit::Unreachable,
                "`ob vpn up -v` shows which servers are tried",
            ),
            EndReason::NoAnswer { .. } => (
                Exit::Unreachable,
                "a firewall here may drop it: try from another network; `ob vpn up -v` shows what openvpn says",
            ),
            EndReason::Unresolved => (
                Exit::Unreachable,
                "`ob vpn profile` shows the server's name; does it resolve here?",
            ),
            EndReason::ServerCertificate(_) => (
                Exit::Refused,
                "do not connect by other means; tell the VPN's administrator, `ob vpn up -v` shows the details",
            ),
            EndReason::Device(_) => (
                Exit::Failed,
                "`ls -l /dev/net/tun` must show a device that you may open (`crw-rw-rw-`)",
            ),
            EndReason::SupervisorGone | EndReason::Failed(_) | EndReason::Vanished => {
                (Exit::Failed, "`ob vpn up -v` shows what openvpn says")
            }
        };
        Self::new(exit, cause.name(), "the VPN is not up")
            .cause(&cause)
            .hint(hint)
    }
}
