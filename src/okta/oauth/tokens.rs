//! The tokens of a finished grant, and the requests that use them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use url::Url;

use super::error::OauthError;
use super::optional_scopes::OptionalScopes;
use crate::model::Org;
use crate::okta::json::{self, JsonError, text};
use crate::okta::post::Post;
use crate::secret::Secret;

/// The path of the token endpoint.
pub(super) const TOKEN: &str = "/oauth2/v1/token";

/// The path of the user's profile (OpenID Connect Core, 5.3; Okta: scope `profile`).
pub const USER_INFO: &str = "/oauth2/v1/userinfo";

/// Lifetime of an access token in seconds, if the server names none.
const DEFAULT_EXPIRES_IN: u32 = 3600;

/// A token that opens one app once.
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

/// The tokens of a finished grant.
#[derive(Debug)]
pub struct Tokens {
    pub access_token: Secret,
    /// Present if a user signed in.
    pub id_token: Option<Secret>,
    /// Renews the others, if the app may have it.
    pub refresh_token: Option<Secret>,
    /// Lifetime of the access token in seconds.
    pub expires_in: u32,
    /// The optional scopes that were granted, if the server says so.
    pub granted: Option<OptionalScopes>,
}

impl Tokens {
    /// Parses the response of a token endpoint.
    ///
    /// # Errors
    /// The server's refusal, or [`OauthError::Json`].
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Result<Self, OauthError> {
        let answer = parse_response(http_status, content_type, body)?;
        let token = |name| text(&answer, name).map(Secret::new);
        let expires_in = answer["expires_in"].as_u64();
        Ok(Self {
            access_token: token("access_token").ok_or(JsonError::Shape)?,
            id_token: token("id_token"),
            refresh_token: token("refresh_token"),
            granted: text(&answer, "scope").map(OptionalScopes::granted),
            expires_in: expires_in
                .and_then(|seconds| u32::try_from(seconds).ok())
                .unwrap_or(DEFAULT_EXPIRES_IN),
        })
    }

    /// Returns the login of the user (`preferred_username`, part of the scope `profile`).
    ///
    /// The id token's signature is not checked: the token came from the org over TLS, and the name
    /// grants no access.
    pub fn username(&self) -> Option<String> {
        text(&self.claims()?, "preferred_username").map(str::to_owned)
    }

    /// Returns the login of the user from a response of [`USER_INFO`]. `None` if its subject is not
    /// the id token's (OpenID Connect Core, 5.3.2).
    pub fn username_in(&self, user_info: &[u8]) -> Option<String> {
        let user_info: Value = serde_json::from_slice(user_info).ok()?;
        let claims = self.claims()?;
        let subject = text(&claims, "sub")?;
        let name = text(&user_info, "preferred_username")?;
        (text(&user_info, "sub")? == subject).then(|| name.to_owned())
    }

    fn claims(&self) -> Option<Value> {
        let token = self.id_token.as_ref()?.expose();
        let payload = token.split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// Builds the request for a token that opens the app `app_id` (`0oa…`) once.
    ///
    /// # Errors
    /// [`JsonError::Shape`] without an id token.
    pub fn exchange(
        &self,
        org: &Org,
        client_id: &str,
        app_id: &str,
        token: OneTimeToken,
    ) -> Result<Post, OauthError> {
        let subject = self.id_token.as_ref().ok_or(JsonError::Shape)?;
        let audience = format!("urn:okta:apps:{app_id}");
        let fields = [
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
        ];
        Ok(Post::form(org, TOKEN, &fields))
    }

    /// Builds the request for new tokens, `None` without a refresh token.
    pub fn renewal(&self, org: &Org, client_id: &str) -> Option<Post> {
        let refresh = self.refresh_token.as_ref()?;
        let fields = [
            ("client_id", client_id),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose()),
        ];
        Some(Post::form(org, TOKEN, &fields))
    }

    /// Completes renewed tokens with those of `old` that the server did not send again.
    #[must_use]
    pub fn in_place_of(mut self, old: &Self) -> Self {
        let kept = |token: &Option<Secret>| token.as_ref().map(Secret::duplicate);
        self.refresh_token = self.refresh_token.or_else(|| kept(&old.refresh_token));
        self.id_token = self.id_token.or_else(|| kept(&old.id_token));
        self
    }

    /// Builds the requests that revoke the tokens (RFC 7009), the refresh token first.
    pub fn revoke(&self, org: &Org, client_id: &str) -> Vec<Post> {
        let refresh = self.refresh_token.iter();
        let refresh = refresh.map(|token| (token, "refresh_token"));
        let tokens = refresh.chain([(&self.access_token, "access_token")]);
        tokens
            .map(|(token, hint)| {
                let fields = [
                    ("client_id", client_id),
                    ("token", token.expose()),
                    ("token_type_hint", hint),
                ];
                Post::form(org, "/oauth2/v1/revoke", &fields)
            })
            .collect()
    }
}

/// Builds the request that opens the app of a web SSO token. The body hides the token from logs.
pub fn open_app(org: &Org, token: &Secret) -> Post {
    Post::form(org, "/login/token/sso", &[("token", token.expose())])
}

/// Returns an app's sign-on URL with an interclient token, which replaces a session once.
#[must_use]
pub fn sign_on(address: &Url, token: &Secret) -> Url {
    let mut url = address.clone();
    url.query_pairs_mut()
        .append_pair("interclient_token", token.expose());
    url
}

/// Parses the JSON of a response.
pub(super) fn parse_response(
    http_status: u16,
    content_type: &str,
    body: &[u8],
) -> Result<Value, OauthError> {
    match json::parse(content_type, body) {
        Ok(answer) if http_status == 200 => Ok(answer),
        Ok(answer) => Err(OauthError::from_value(http_status, &answer)),
        Err(_) if http_status != 200 => Err(OauthError::HttpStatus(http_status)),
        Err(error) => Err(error.into()),
    }
}
