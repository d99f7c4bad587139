//! Where a tunnel stands, how long it may stand there, and what everybody is waiting for.

use std::time::Duration;

use super::end_reason::EndReason;

/// How long a server waits for a web sign-in when it does not say.
const WEB_AUTH_SECONDS: u64 = 120;
/// And the longest it may say.
const MAX_WEB_AUTH_SECONDS: u64 = 1800;

/// Where a tunnel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// openvpn was started and has not said anything yet.
    Starting,
    /// It looks for a server that answers.
    Connecting,
    /// A server answered; both prove who they are.
    SigningIn,
    /// Somebody is asked for credentials or a challenge's answer.
    Asking,
    /// The server waits until the sign-in at its address is done, so many seconds at most.
    WebAuth { seconds: u64 },
    /// Addresses, routes and the device are set.
    Configuring,
    /// Traffic flows; `false`: but not every route could be set.
    Connected { routes: bool },
    /// The connection is lost and will be made again; openvpn's word for why.
    Reconnecting { reason: String },
    /// openvpn was told to end.
    Stopping(EndReason),
    /// It is gone.
    Ended(EndReason),
}

impl Phase {
    /// One word for `ob vpn status` and its JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Connecting => "connecting",
            Self::SigningIn => "signing-in",
            Self::Asking => "asking",
            Self::WebAuth { .. } => "web-auth",
            Self::Configuring => "configuring",
            Self::Connected { .. } => "connected",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Stopping(_) => "stopping",
            Self::Ended(_) => "ended",
        }
    }

    /// How long the phase may last before the tunnel is given up. A tunnel that was up once keeps
    /// trying for as long as it takes: a laptop sleeps, a server restarts.
    pub fn deadline(&self, was_connected: bool) -> Option<Duration> {
        let seconds = match self {
            Self::Stopping(_) => 5,
            Self::Starting => 15,
            Self::WebAuth { seconds } => seconds.saturating_add(5),
            Self::Asking => 300,
            Self::Connected { .. } | Self::Ended(_) => return None,
            _ if was_connected => return None,
            Self::Connecting | Self::SigningIn => 60,
            Self::Configuring => 30,
            Self::Reconnecting { .. } => 120,
        };
        Some(Duration::from_secs(seconds))
    }

    /// What is waited for, for the end of a sentence.
    pub const fn waits_for(&self) -> &'static str {
        match self {
            Self::Starting => "openvpn to start",
            Self::Connecting => "a VPN server to answer",
            Self::SigningIn => "the VPN server to check the credentials",
            Self::Asking => "an answer",
            Self::WebAuth { .. } => "the sign-in at the VPN server's address",
            Self::Configuring => "the tunnel's addresses and routes",
            Self::Connected { .. } => "nothing",
            Self::Reconnecting { .. } => "the connection to come back",
            Self::Stopping(_) | Self::Ended(_) => "openvpn to end",
        }
    }
}

/// How long the server waits, from the description of `AUTH_PENDING` (`timeout 60`).
pub(super) fn pending_seconds(description: &str) -> u64 {
    let said = description
        .strip_prefix("timeout ")
        .and_then(|seconds| seconds.parse().ok());
    said.unwrap_or(WEB_AUTH_SECONDS).min(MAX_WEB_AUTH_SECONDS)
}
