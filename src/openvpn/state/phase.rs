//! The phases of a tunnel and how long each may last.

use std::time::Duration;

use super::end_reason::EndReason;

/// How long a server waits for a web sign-in when it does not say.
pub(super) const DEFAULT_WEB_AUTH_TIMEOUT: Duration = Duration::from_secs(120);
/// Upper limit of the time that a server may give for a web sign-in.
const MAX_WEB_AUTH_TIMEOUT: Duration = Duration::from_secs(1800);
/// Time for openvpn to notice that a web sign-in has timed out.
const WEB_AUTH_GRACE: Duration = Duration::from_secs(5);

/// The phase of a tunnel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// openvpn was started and has not called the management socket yet.
    #[default]
    Starting,
    /// openvpn tries the profile's servers.
    Connecting,
    /// A server answered; TLS and authentication are under way.
    SigningIn,
    /// The user or the agent is asked for credentials or a challenge's answer.
    Asking,
    /// The server waits for the sign-in at its address, at most for `timeout`.
    WebAuth { timeout: Duration },
    /// Addresses, routes and the device are set.
    Configuring,
    /// Traffic flows. `routes` is false if not every route could be set.
    Connected { routes: bool },
    /// The connection is lost and will be made again, for the reason that openvpn gave.
    Reconnecting { reason: String },
    /// openvpn is ending.
    Stopping(EndReason),
    /// openvpn has ended.
    Ended(EndReason),
}

impl Phase {
    /// Returns the phase's name for `ob vpn status` and its JSON.
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

    /// Returns how long the phase may last before the tunnel is given up.
    ///
    /// A tunnel that was connected once keeps reconnecting without a limit: laptops sleep and
    /// servers restart.
    pub fn deadline(&self, was_connected: bool) -> Option<Duration> {
        let seconds = match self {
            Self::Stopping(_) => 5,
            Self::Starting => 15,
            Self::WebAuth { timeout } => return Some(*timeout + WEB_AUTH_GRACE),
            Self::Asking => 300,
            Self::Connected { .. } | Self::Ended(_) => return None,
            _ if was_connected => return None,
            Self::Connecting | Self::SigningIn => 60,
            Self::Configuring => 30,
            Self::Reconnecting { .. } => 120,
        };
        Some(Duration::from_secs(seconds))
    }

    /// Returns what the phase waits for, as the end of a sentence.
    pub(super) const fn awaited(&self) -> &'static str {
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

/// Parses the server's time limit from the description of `AUTH_PENDING` (`timeout 60`).
pub(super) fn parse_timeout(description: &str) -> Option<Duration> {
    let seconds = description.strip_prefix("timeout ")?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_WEB_AUTH_TIMEOUT))
}
