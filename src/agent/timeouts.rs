//! The waits of the agent, in one place so that a test can shorten them.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// Limit for the Hello after accepting a connection, and again for the Request after it.
    pub(super) first_message: Duration,
    /// Between two messages of a client; each question has a deadline of its own.
    pub(super) next_message: Duration,
    /// Interval at which a waiting client is sent a sign of life.
    pub(super) heartbeat: Duration,
    /// A question that is not answered within this time fails. Okta ends a sign-in after five
    /// minutes.
    pub(super) answer: Duration,
    /// A question that has no answer by then goes to one more client.
    pub(super) ask_next_client_after: Duration,
    /// An agent without a session ends after this time.
    pub(super) without_session: Duration,
    /// Interval at which an agent without a session checks whether its last request is done.
    pub(super) busy_check: Duration,
    /// Limit for revoking an expired session at Okta, and for a private agent's outstanding
    /// requests when it ends.
    pub(super) revoke: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_message: Duration::from_secs(30),
            next_message: Duration::from_secs(3600),
            heartbeat: Duration::from_secs(10),
            answer: Duration::from_secs(300),
            ask_next_client_after: Duration::from_secs(20),
            without_session: Duration::from_secs(3600),
            busy_check: Duration::from_secs(1),
            revoke: Duration::from_secs(3),
        }
    }
}
