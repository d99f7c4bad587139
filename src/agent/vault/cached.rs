//! Credentials in the cache, and whether they still last long enough.

use std::time::Duration;

use super::live_session::SessionKey;
use crate::model::{Credentials, Timestamp};
use crate::wire::{IssuedCredentials, SecretText};

/// Credentials are renewed this long before they expire, but in the last third of a short life.
const RENEW_BEFORE: Duration = Duration::from_secs(20 * 60);
/// Without `--min-ttl` credentials must last this long, or a third of a short life.
const DEFAULT_MIN_TTL: Duration = Duration::from_secs(10 * 60);

/// Credentials of one role, and the session they were made with.
#[derive(Debug)]
pub(in crate::agent) struct CachedCredentials {
    pub(in crate::agent) credentials: Credentials,
    pub(in crate::agent) session: SessionKey,
    /// From issue to expiry.
    lifetime: Duration,
}

/// What may be done with cached credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::agent) enum Freshness {
    Fresh,
    /// They last long enough for this request, and it is time to renew them.
    Aging,
    /// They expire too soon for this request.
    Stale,
}

impl CachedCredentials {
    pub(super) fn new(credentials: Credentials, session: SessionKey, now: Timestamp) -> Self {
        let lifetime = until(now, credentials.expires_at);
        Self {
            credentials,
            session,
            lifetime,
        }
    }

    /// Returns how long they are still valid at `now`; zero once they have expired.
    pub(super) fn time_left(&self, now: Timestamp) -> Duration {
        until(now, self.credentials.expires_at)
    }

    /// Judges them for a request that needs them for `min_ttl`.
    pub(super) fn freshness(&self, now: Timestamp, min_ttl: Option<Duration>) -> Freshness {
        let left = self.time_left(now);
        let third = self.lifetime / 3;
        let required = min_ttl.unwrap_or(DEFAULT_MIN_TTL.min(third));
        if left <= required {
            Freshness::Stale
        } else if left <= RENEW_BEFORE.min(third).max(required) {
            Freshness::Aging
        } else {
            Freshness::Fresh
        }
    }
}

/// Copies credentials into a message to a client.
pub(in crate::agent) fn issue(credentials: &Credentials) -> IssuedCredentials {
    IssuedCredentials {
        access_key_id: credentials.access_key_id.clone(),
        secret_access_key: SecretText(credentials.secret_access_key.duplicate()),
        session_token: SecretText(credentials.session_token.duplicate()),
        expires_at: credentials.expires_at,
        role: credentials.role.to_string(),
        provider: credentials.provider.as_ref().map(ToString::to_string),
        chosen: None,
    }
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(then.seconds_since(now)).unwrap_or_default())
}
