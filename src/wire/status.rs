//! The reply to `ob status`.

use serde::{Deserialize, Serialize};

use crate::model::{Confinement, SessionPolicy, Timestamp};
use crate::report::Report;
use crate::wire::{RouteSummary, UsedRole};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusReply {
    pub pid: u32,
    pub build: String,
    pub started: Timestamp,
    /// What the kernel enforces on the agent.
    pub confinement: Confinement,
    /// Seconds this machine's clock is ahead of the servers'; absent before the first response.
    pub clock_skew: Option<i64>,
    pub sessions: Vec<SessionStatus>,
    pub roles: Vec<HeldRole>,
    /// The roles that were used since the sign-in, whether still held or not.
    pub used: Vec<UsedRole>,
    /// The end of the last tunnel, if the user did not end it.
    pub tunnel_ended: Option<TunnelEnd>,
}

/// How a background tunnel ended that the user did not end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelEnd {
    pub at: Timestamp,
    pub report: Report,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStatus {
    pub org: String,
    pub username: String,
    pub signed_in: Timestamp,
    /// When it ends if no request uses it.
    pub ends: Timestamp,
    /// The network settings of its last request.
    pub network: RouteSummary,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldRole {
    pub role: String,
    pub username: String,
    pub policy: SessionPolicy,
    pub expires_at: Timestamp,
    /// Seconds until `expires_at`, by the agent's corrected clock.
    pub seconds_left: i64,
}
