//! What procedures take from the agent.

use crate::aws::SessionDuration;
use crate::model::{RoleArn, Timestamp};

/// The agent's clock and its knowledge of roles.
pub trait FlowContext {
    /// Returns the time, corrected by the servers' `Date`.
    fn now(&self) -> Timestamp;

    /// Returns the duration that a role is known to grant.
    fn duration(&self, role: &RoleArn) -> Option<SessionDuration>;

    fn remember_duration(&self, role: &RoleArn, granted: SessionDuration);
}
