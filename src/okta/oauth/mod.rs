//! Okta's OAuth server: what is sent to it and what its answers mean.
//!
//! Four grants: a device's (RFC 8628), the renewal of its tokens (RFC 6749, 6), their exchange for one that
//! opens an app once (RFC 8693; Okta's `web_sso_token` and `interclient_token`), and a machine's own
//! (RFC 7523). Tokens stay in [`Secret`].

mod assertion;
mod device;
mod error;
mod error_messages;
mod optional_scopes;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

pub use assertion::{KeyError, SigningKey};
pub use device::{DeviceCode, PollOutcome};
pub use error::OauthError;
pub use optional_scopes::OptionalScopes;

use super::json::{self, text};
use super::{JsonError, Post};
use crate::model::Org;
use crate::secret::Secret;

/// Which token an exchange asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneTimeToken {
    /// For an AWS Account Federation app that names this client as its "Allowed Web SSO Client".
    WebSso,
    /// For any SAML app with this client on its trust list.
    Interclient,
}

impl OneTimeToken {
    const fn urn(self) -> &'static str {
        match self {
            Self::WebSso => "urn:okta:oauth:token-type:web_sso_token",
            Self::Interclient => "urn:okta:params:oauth:token-type:interclient_token",
        }
    }
}

/// Where the org says more of who signed in than their id token does (OpenID Connect Core, 5.3; Okta: scope `profile`).
pub const USER_INFO: &str = "/oauth2/v1/userinfo";

/// What a finished grant gives.
#[derive(Debug)]
pub struct Tokens {
    pub access_token: Secret,
    /// Present where a person signed in.
    pub id_token: Option<Secret>,
    /// Renews the others, where the app may have it.
    pub refresh_token: Option<Secret>,
    /// Seconds.
    pub expires_in: u32,
    /// What of the [`OptionalScopes`] was granted, where the server says so.
    pub granted: Option<OptionalScopes>,
}

impl Tokens {
    /// Reads the answer of a token endpoint.
    ///
    /// # Errors
    /// What the server refused, or that this is no answer of one.
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Result<Self, OauthError> {
        let answer = answer(http_status, content_type, body)?;
        let token = |name| text(&answer, name).map(Secret::new);
        let expires_in = answer["expires_in"].as_u64().unwrap_or(3600);
        Ok(Self {
            access_token: token("access_token").ok_or(JsonError::Shape)?,
            id_token: token("id_token"),
            refresh_token: token("refresh_token"),
            granted: text(&answer, "scope").map(OptionalScopes::granted),
            expires_in: u32::try_from(expires_in).unwrap_or(3600),
        })
    }

    /// The login of who signed in, by the id token's own word (`preferred_username`, where the scope has `profile`).
    /// It came from the org over TLS and names a session, no more: nothing is permitted by it.
    pub fn username(&self) -> Option<String> {
        text(&self.claims()?, "preferred_username").map(str::to_owned)
    }

    fn claims(&self) -> Option<Value> {
        let token = self.id_token.as_ref()?.expose();
        let payload = token.split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// The same by the answer of [`USER_INFO`], which the access token opens; of the same subject as the id token, or it
    /// says nothing (OpenID Connect Core, 5.3.2).
    pub fn username_in(&self, user_info: &[u8]) -> Option<String> {
        let told: Value = serde_json::from_slice(user_info).ok()?;
        let claims = self.claims()?;
        let subject = text(&claims, "sub")?;
        let name = text(&told, "preferred_username")?;
        (text(&told, "sub")? == subject).then(|| name.to_owned())
    }

    /// Asks for the token that opens the app `app_id` (`0oa…`) once.
    ///
    /// # Errors
    /// When no person signed in with these.
    pub fn exchange(
        &self,
        org: &Org,
        client_id: &str,
        app_id: &str,
        token: OneTimeToken,
    ) -> Result<Post, OauthError> {
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
                ("requested_token_type", token.urn()),
                ("audience", &audience),
            ],
        )
    }

    /// Asks for newer ones, if these came with what that takes.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn renewal(&self, org: &Org, client_id: &str) -> Result<Option<Post>, OauthError> {
        let Some(refresh) = &self.refresh_token else {
            return Ok(None);
        };
        let post = form(
            &org.at("/oauth2/v1/token"),
            &[
                ("client_id", client_id),
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.expose()),
            ],
        )?;
        Ok(Some(post))
    }

    /// These, which came of a renewal of `old`: what the server did not send anew stays as it was.
    #[must_use]
    pub fn in_place_of(mut self, old: &Self) -> Self {
        let kept = |token: &Option<Secret>| token.as_ref().map(Secret::duplicate);
        self.refresh_token = self.refresh_token.or_else(|| kept(&old.refresh_token));
        self.id_token = self.id_token.or_else(|| kept(&old.id_token));
        self
    }

    /// Tells the server that the tokens are needed no more (RFC 7009), that which renews the others first.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn revoke(&self, org: &Org, client_id: &str) -> Result<Vec<Post>, OauthError> {
        let refresh = self.refresh_token.iter();
        let refresh = refresh.map(|token| (token, "refresh_token"));
        refresh
            .chain([(&self.access_token, "access_token")])
            .map(|(token, hint)| {
                form(
                    &org.at("/oauth2/v1/revoke"),
                    &[
                        ("client_id", client_id),
                        ("token", token.expose()),
                        ("token_type_hint", hint),
                    ],
                )
            })
            .collect()
    }
}

/// Opens the app that `token` is for; in the body, so that no log has it.
///
/// # Errors
/// When the org's address cannot carry the path (it always can).
pub fn open_app(org: &Org, token: &Secret) -> Result<Post, OauthError> {
    form(&org.at("/login/token/sso"), &[("token", token.expose())])
}

/// The sign-on address of an app with the token that takes the place of a session; good once, for this app.
#[must_use]
pub fn sign_on(address: &Url, token: &Secret) -> Url {
    let mut url = address.clone();
    url.query_pairs_mut()
        .append_pair("interclient_token", token.expose());
    url
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
    match json::parse(content_type, body) {
        Ok(answer) if http_status == 200 => Ok(answer),
        Ok(answer) => Err(OauthError::of(http_status, &answer)),
        Err(_) if http_status != 200 => Err(OauthError::HttpStatus(http_status)),
        Err(error) => Err(error.into()),
    }
}
