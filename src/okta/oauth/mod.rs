//! Okta's OAuth server: what is sent to it and what its answers mean.
//!
//! Three grants: a device's (RFC 8628), the exchange of its tokens for one that opens an AWS app
//! (Okta's `web_sso_token`), and a machine's own (RFC 7523). Tokens stay in [`Secret`].

mod assertion;
mod device;
mod error;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

pub use assertion::{KeyError, SigningKey};
pub use device::{DeviceCode, Polled};
pub use error::OauthError;

use super::json::{self, text};
use super::{JsonError, Post};
use crate::model::Org;
use crate::secret::Secret;

/// The scopes of the device grant: who it is, their tiles, and tokens for AWS apps.
const SCOPE: &str = "openid okta.apps.sso okta.apps.read okta.users.read.self";

/// What a finished grant gives.
#[derive(Debug)]
pub struct Tokens {
    pub access_token: Secret,
    /// Present where a person signed in.
    pub id_token: Option<Secret>,
    /// Seconds.
    pub expires_in: u32,
}

impl Tokens {
    /// Reads the answer of a token endpoint.
    ///
    /// # Errors
    /// What the server refused, or that this is no answer of one.
    pub fn read(http_status: u16, content_type: &str, body: &[u8]) -> Result<Self, OauthError> {
        let answer = answer(http_status, content_type, body)?;
        let token = |name| text(&answer, name).map(Secret::new);
        let expires_in = answer["expires_in"].as_u64().unwrap_or(3600);
        Ok(Self {
            access_token: token("access_token").ok_or(JsonError::Shape)?,
            id_token: token("id_token"),
            expires_in: u32::try_from(expires_in).unwrap_or(3600),
        })
    }

    /// Who signed in, by the id token's own word. It came from the org over TLS and names a session, no
    /// more: nothing is permitted by it.
    pub fn username(&self) -> Option<String> {
        let token = self.id_token.as_ref()?.expose();
        let payload = token.split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        ["preferred_username", "email"]
            .into_iter()
            .find_map(|claim| text(&claims, claim))
            .map(str::to_owned)
    }

    /// Asks for the token that opens the AWS app `app_id` (`0oa…`); it is good once.
    ///
    /// # Errors
    /// When no person signed in with these.
    pub fn exchange(&self, org: &Org, client_id: &str, app_id: &str) -> Result<Post, OauthError> {
        let subject = self.id_token.as_ref().ok_or(JsonError::Shape)?;
        let audience = format!("urn:okta:apps:{app_id}");
        form(
            &org.at("/oauth2/v1/token"),
            &[
                ("client_id", client_id),
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                ("subject_token", subject.expose()),
                (
                    "subject_token_type",
                    "urn:ietf:params:oauth:token-type:id_token",
                ),
                ("actor_token", self.access_token.expose()),
                (
                    "actor_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                ),
                (
                    "requested_token_type",
                    "urn:okta:oauth:token-type:web_sso_token",
                ),
                ("audience", &audience),
            ],
        )
    }

    /// Tells the server that the access token is needed no more (RFC 7009).
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn revoke(&self, org: &Org, client_id: &str) -> Result<Post, OauthError> {
        form(
            &org.at("/oauth2/v1/revoke"),
            &[
                ("client_id", client_id),
                ("token", self.access_token.expose()),
                ("token_type_hint", "access_token"),
            ],
        )
    }
}

/// Opens the app that `token` is for; in the body, so that no log has it.
///
/// # Errors
/// When the org's address cannot carry the path (it always can).
pub fn open_app(org: &Org, token: &Secret) -> Result<Post, OauthError> {
    form(&org.at("/login/token/sso"), &[("token", token.expose())])
}

/// A machine's request for a token: a signed assertion in place of a secret.
///
/// # Errors
/// When `url` is no address.
pub fn machine(url: &str, assertion: &Secret, scope: &str) -> Result<Post, OauthError> {
    form(
        url,
        &[
            ("grant_type", "client_credentials"),
            ("scope", scope),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.expose()),
        ],
    )
}

fn form(url: &str, pairs: &[(&str, &str)]) -> Result<Post, OauthError> {
    let url = Url::parse(url).map_err(|_| JsonError::Shape)?;
    let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
    Ok(Post {
        url,
        body: Secret::new(body),
    })
}

fn answer(http_status: u16, content_type: &str, body: &[u8]) -> Result<Value, OauthError> {
    match json::read(content_type, body) {
        Ok(answer) if http_status == 200 => Ok(answer),
        Ok(answer) => Err(OauthError::of(http_status, &answer)),
        Err(_) if http_status != 200 => Err(OauthError::HttpStatus(http_status)),
        Err(error) => Err(error.into()),
    }
}
