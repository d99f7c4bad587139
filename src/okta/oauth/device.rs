//! The device authorization grant (RFC 8628).

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::error::OauthError;
use super::optional_scopes::OptionalScopes;
use super::tokens::{TOKEN, Tokens, parse_response};
use crate::model::Org;
use crate::okta::json::{JsonError, text};
use crate::okta::link;
use crate::okta::post::Post;
use crate::secret::Secret;

/// Seconds between polls if the server names no interval or a shorter one (RFC 8628, 3.2; Okta: 5).
const MIN_INTERVAL: u64 = 5;
/// Maximum of the interval, in seconds.
const MAX_INTERVAL: u64 = 60;
/// Seconds for which a code is valid if the server does not say.
const DEFAULT_LIFETIME: u64 = 600;
/// Maximum of the lifetime of a code, in seconds.
const MAX_LIFETIME: u64 = 1800;

/// The server's response to a device authorization request (RFC 8628, 3.2).
#[derive(Debug)]
pub struct DeviceCode {
    /// Sent with each poll.
    device_code: Secret,
    /// The code that the user compares or types.
    pub user_code: String,
    /// The page of the org to open. Contains `user_code` if Okta offers that.
    pub page: Url,
    /// The lifetime of the code from the response on, at most half an hour.
    pub expires_in: Duration,
    /// The time between polls, 5 to 60 seconds.
    pub interval: Duration,
}

/// The result of a poll.
#[derive(Debug)]
pub enum PollOutcome {
    Pending,
    /// The interval must grow by five seconds.
    SlowDown,
    SignedIn(Tokens),
}

impl DeviceCode {
    /// Builds the request for a code.
    pub fn request(org: &Org, client_id: &str, scopes: OptionalScopes) -> Post {
        let fields = [("client_id", client_id), ("scope", &scopes.to_scope())];
        Post::form(org, "/oauth2/v1/device/authorize", &fields)
    }

    /// Parses the response to [`Self::request`].
    ///
    /// # Errors
    /// The server's refusal, or [`OauthError::ForeignPage`].
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, OauthError> {
        let answer: Value = parse_response(http_status, content_type, body)?;
        let page = text(&answer, "verification_uri_complete")
            .or_else(|| text(&answer, "verification_uri"))
            .ok_or(JsonError::Shape)?;
        let page = Url::parse(page).map_err(|_| JsonError::Shape)?;
        let required = |member| text(&answer, member).ok_or(JsonError::Shape);
        let lifetime = answer["expires_in"].as_u64().unwrap_or(DEFAULT_LIFETIME);
        let interval = answer["interval"].as_u64().unwrap_or(MIN_INTERVAL);
        Ok(Self {
            page: link::check(org, page)?,
            device_code: Secret::new(required("device_code")?),
            user_code: required("user_code")?.to_owned(),
            expires_in: Duration::from_secs(lifetime.min(MAX_LIFETIME)),
            interval: Duration::from_secs(interval.clamp(MIN_INTERVAL, MAX_INTERVAL)),
        })
    }

    /// Builds the request that asks whether the user has signed in.
    pub fn poll(&self, org: &Org, client_id: &str) -> Post {
        let fields = [
            ("client_id", client_id),
            ("device_code", self.device_code.expose()),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ];
        Post::form(org, TOKEN, &fields)
    }
}

impl PollOutcome {
    /// Parses the response to a poll.
    ///
    /// # Errors
    /// Any refusal that ends the grant: the code has expired, or the user or Okta refused.
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Result<Self, OauthError> {
        match Tokens::parse(http_status, content_type, body) {
            Ok(tokens) => Ok(Self::SignedIn(tokens)),
            Err(error) if error.has_code("authorization_pending") => Ok(Self::Pending),
            Err(error) if error.has_code("slow_down") => Ok(Self::SlowDown),
            Err(error) => Err(error),
        }
    }
}
