//! The reason why a tunnel ended.
//!
//! openvpn's exit code is 0 even after a refused password, so the reason is read from its earlier
//! events and log lines.

use thiserror::Error;

use crate::openvpn::policy::Network;
use crate::report::{ErrorCode, Report};

/// The reason why a tunnel ended or is about to end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndReason {
    #[error("the tunnel was taken down")]
    Stopped,
    #[error("the VPN server refused the credentials{}", reason_suffix(.0))]
    AuthRefused(Option<String>),
    #[error("the sign-in at the VPN server's address was not finished in time")]
    SignInNotFinished,
    #[error("nobody answered the VPN's question")]
    NotAnswered,
    #[error("openvpn asks for `{0}`, which `ob` cannot answer")]
    UnexpectedPrompt(String),
    #[error("no VPN server answers")]
    Unreachable,
    #[error("no answer from {} after {seconds} s", join_servers(.from))]
    NoAnswer { from: Vec<String>, seconds: u64 },
    #[error("the VPN server's host name does not resolve")]
    Unresolved,
    #[error("the VPN server's certificate failed verification: {0}")]
    ServerCertificate(String),
    #[error("the tunnel device cannot be opened: {0}")]
    Device(String),
    #[error("the VPN server gives the tunnel a network of its own as wide as {0}")]
    OwnNetwork(Network),
    #[error("the VPN server requires compression, which can leak encrypted data (VORACLE)")]
    Compression,
    #[error("the VPN ended the session: {0}")]
    Ended(&'static str),
    #[error("waited too long for {0}")]
    TooSlow(&'static str),
    #[error("the tunnel's supervisor ended, and openvpn with it")]
    SupervisorGone,
    #[error("openvpn failed: {0}")]
    Failed(String),
    #[error("openvpn ended without giving a reason")]
    Vanished,
}

fn reason_suffix(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}

fn join_servers(servers: &[String]) -> String {
    match servers {
        [] => "any VPN server".to_owned(),
        servers => servers.join(", "),
    }
}

impl EndReason {
    /// Recognises the reason in a `>FATAL:` line or a line of openvpn's log.
    pub(super) fn from_log(text: &str) -> Option<Self> {
        let has_any = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
        if has_any(&[
            "VERIFY ERROR",
            "VERIFY X509NAME ERROR",
            "VERIFY KU ERROR",
            "VERIFY EKU ERROR",
        ]) {
            return Some(Self::ServerCertificate(text.to_owned()));
        }
        if has_any(&[
            "Cannot open TUN/TAP dev",
            "Cannot ioctl TUNSETIFF",
            "Cannot allocate TUN/TAP dev",
        ]) {
            return Some(Self::Device(text.to_owned()));
        }
        if has_any(&["server pushed compression settings that are not allowed"]) {
            return Some(Self::Compression);
        }
        if has_any(&["Cannot resolve host address"]) {
            return Some(Self::Unresolved);
        }
        has_any(&[
            "connect-retry-max",
            "TLS key negotiation failed to occur within",
        ])
        .then_some(Self::Unreachable)
    }

    /// Returns the reason for openvpn's `EXITING` state with the description `signal`.
    ///
    /// `refusal` is the text with which the server refused the credentials last.
    pub(super) fn from_exit(signal: &str, refusal: Option<String>) -> Option<Self> {
        match signal {
            "SIGTERM" | "SIGINT" => Some(Self::Stopped),
            "management-exit" => Some(Self::SupervisorGone),
            "inactive" => Some(Self::Ended("it was idle too long (inactivity timeout)")),
            "session-timeout" => Some(Self::Ended("it reached the maximum session time")),
            "remote-exit" | "server-pushed-halt" => Some(Self::Ended("the server asked for it")),
            "ping-exit" => Some(Self::Ended("the server was silent for too long")),
            _ if signal.starts_with("auth-failure") => Some(Self::AuthRefused(refusal)),
            _ => None,
        }
    }

    const fn code(&self) -> ErrorCode {
        match self {
            Self::Stopped => ErrorCode::VpnStopped,
            Self::AuthRefused(_) => ErrorCode::VpnAuthRefused,
            Self::SignInNotFinished => ErrorCode::VpnSignInNotFinished,
            Self::NotAnswered => ErrorCode::VpnNotAnswered,
            Self::UnexpectedPrompt(_) => ErrorCode::VpnUnexpectedPrompt,
            Self::Unreachable => ErrorCode::VpnUnreachable,
            Self::NoAnswer { .. } => ErrorCode::VpnNoAnswer,
            Self::Unresolved => ErrorCode::VpnUnresolved,
            Self::ServerCertificate(_) => ErrorCode::VpnServerCertificate,
            Self::Device(_) => ErrorCode::VpnDevice,
            Self::OwnNetwork(_) => ErrorCode::VpnOwnNetwork,
            Self::Compression => ErrorCode::VpnCompression,
            Self::Ended(_) => ErrorCode::VpnEnded,
            Self::TooSlow(_) => ErrorCode::VpnTooSlow,
            Self::SupervisorGone => ErrorCode::VpnSupervisorGone,
            Self::Failed(_) => ErrorCode::VpnFailed,
            Self::Vanished => ErrorCode::VpnVanished,
        }
    }
}

impl From<EndReason> for Report {
    fn from(reason: EndReason) -> Self {
        let hint = match &reason {
            EndReason::OwnNetwork(_) => {
                "all of it would go through the tunnel, whatever your settings say; \
                 tell the VPN's administrator"
            }
            EndReason::Compression => {
                "ask the VPN's administrator to turn compression off at the server"
            }
            EndReason::Stopped | EndReason::Ended(_) => "`ob vpn up` brings it up again",
            EndReason::AuthRefused(_) => "`ob logout`, then `ob vpn up` signs in from the start",
            EndReason::SignInNotFinished | EndReason::NotAnswered => "`ob vpn up` asks again",
            EndReason::UnexpectedPrompt(_) => {
                "`ob vpn profile --explain` shows what the profile asks for"
            }
            EndReason::Unreachable | EndReason::TooSlow(_) => {
                "`ob vpn up -v` shows which servers are tried"
            }
            EndReason::NoAnswer { .. } => {
                "a firewall here may drop it: try from another network; \
                 `ob vpn up -v` shows what openvpn says"
            }
            EndReason::Unresolved => {
                "`ob vpn profile` shows the host name; `getent hosts NAME` shows whether it \
                 resolves here"
            }
            EndReason::ServerCertificate(_) => {
                "do not connect by other means; tell the VPN's administrator, \
                 `ob vpn up -v` shows the details"
            }
            EndReason::Device(_) => {
                "`ls -l /dev/net/tun` must show a device that you may open (`crw-rw-rw-`)"
            }
            EndReason::SupervisorGone | EndReason::Failed(_) | EndReason::Vanished => {
                "`ob vpn up -v` shows what openvpn says"
            }
        };
        Self::new(reason.code(), "the VPN is not up")
            .cause(&reason)
            .hint(hint)
    }
}
