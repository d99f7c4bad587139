//! What `ob status` is told.

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
    /// Seconds this machine's clock is ahead of the servers'; absent before any has been asked.
    pub clock_skew: Option<i64>,
    pub sessions: Vec<SessionStatus>,
    pub roles: Vec<HeldRole>,
    /// What was handed out since the sign-in, whether it is still held or not.
    pub used: Vec<UsedRole>,
    /// The last one, if that is how it ended.
    pub tunnel_ended: Option<TunnelEnd>,
}

/// How a tunnel in the background ended that nobody asked to end.
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
    /// When it ends if nothing is asked of it meanwhile.
    pub ends: Timestamp,
    /// The network settings of its last request.
    pub network: RouteSummary,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldRole {
    pub role: String,
    pub username: String,
    pub policy: SessionPolicy,
    pub expires_at: Timestamp,
    /// Seconds until then, by the agent's corrected clock.
    pub seconds_left: i64,
}
