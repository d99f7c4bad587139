//! The device grant: a code for the person, another for the polls.

use serde_json::Value;
use url::Url;

use super::{OauthError, OptionalScopes, Tokens, answer, form};
use crate::model::Org;
use crate::okta::json::text;
use crate::okta::{JsonError, Post};
use crate::secret::Secret;

/// Okta names five seconds; an answer that names none or less does not make us faster (RFC 8628, 3.2).
const INTERVAL: u64 = 5;

/// A sign-in that waits for a person at a browser.
#[derive(Debug)]
pub struct DeviceCode {
    device_code: Secret,
    /// What the person compares or types.
    pub user_code: String,
    /// The page to open, with the code in it where Okta gives it so; always at the org.
    pub page: Url,
    /// Seconds the code is good for.
    pub expires_in: u64,
    /// Seconds between polls.
    pub interval: u64,
}

/// What a poll found.
#[derive(Debug)]
pub enum PollOutcome {
    Pending,
    /// Five seconds more between polls, from now on.
    SlowDown,
    SignedIn(Tokens),
}

impl DeviceCode {
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn ask(org: &Org, client_id: &str, extras: OptionalScopes) -> Result<Post, OauthError> {
        form(
            &org.at("/oauth2/v1/device/authorize"),
            &[("client_id", client_id), ("scope", &extras.scope())],
        )
    }

    /// # Errors
    /// What the server refused, or that the page to open is another org's.
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, OauthError> {
        let answer: Value = answer(http_status, content_type, body)?;
        let page = text(&answer, "verification_uri_complete")
            .or_else(|| text(&answer, "verification_uri"))
            .ok_or(JsonError::Shape)?;
        let page = Url::parse(page).map_err(|_| JsonError::Shape)?;
        if !org.owns(&page) || !page.username().is_empty() || page.password().is_some() {
            let host = page.host_str().unwrap_or_default();
            return Err(OauthError::ForeignPage(host.to_owned()));
        }
        Ok(Self {
            device_code: Secret::new(text(&answer, "device_code").ok_or(JsonError::Shape)?),
            user_code: text(&answer, "user_code")
                .ok_or(JsonError::Shape)?
                .to_owned(),
            page,
            expires_in: answer["expires_in"].as_u64().unwrap_or(600).min(1800),
            interval: answer["interval"]
                .as_u64()
                .unwrap_or(INTERVAL)
                .clamp(INTERVAL, 60),
        })
    }

    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn poll(&self, org: &Org, client_id: &str) -> Result<Post, OauthError> {
        form(
            &org.at("/oauth2/v1/token"),
            &[
                ("client_id", client_id),
                ("device_code", self.device_code.expose()),
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ],
        )
    }
}

impl PollOutcome {
    /// # Errors
    /// What ends the grant: the code ran out, the person refused, or the set-up is not right.
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Result<Self, OauthError> {
        match Tokens::parse(http_status, content_type, body) {
            Ok(tokens) => Ok(Self::SignedIn(tokens)),
            Err(OauthError::Refused { error, .. }) if error == "authorization_pending" => {
                Ok(Self::Pending)
            }
            Err(OauthError::Refused { error, .. }) if error == "slow_down" => Ok(Self::SlowDown),
            Err(error) => Err(error),
        }
    }
}
