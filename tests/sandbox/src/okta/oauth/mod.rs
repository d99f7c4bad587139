//! The org's OAuth server: "Device Authorization grant" (RFC 8628), "Refresh tokens" with rotation,
//! "Token exchange" (`web_sso_token` for AWS Account Federation apps, `interclient_token` for any
//! other: "Native to Web SSO"), "Revoke a token" (RFC 7009), and "Client credentials" with a signed
//! assertion (RFC 7523) for machines. Refusals are in the words of Okta's list of OAuth 2.0 error
//! codes.

mod device;
mod exchange;
mod machine;

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Visit;
use super::apps::AppId;
use crate::http::Answer;
use crate::state::SandboxState;

pub(super) use device::{Device, activate, authorize_device};
pub use device::{DeviceOutcome, DeviceScript};
pub(super) use exchange::{redeem, sso};

/// The native app of the device grant.
pub(crate) const CLIENT: &str = "0oa1cliclient0000h7";
/// The service app of machines.
pub(crate) const MACHINE: &str = "0oa1machine000000h7";
pub(crate) const RSA_PKCS8: &str = include_str!("../../../keys/rsa_pkcs8.pem");
pub(crate) const RSA_PKCS1: &str = include_str!("../../../keys/rsa_pkcs1.pem");
pub(crate) const EC_PKCS8: &str = include_str!("../../../keys/ec_pkcs8.pem");

/// Seconds that access and id tokens of the org's own server live.
const LIFE: u64 = 3600;

/// What a person's sign-in at the browser is worth.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    login: String,
    scope: String,
    /// When the person signed in; a refreshed token proves nothing newer.
    signed_in: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Issued {
    grant: Grant,
    expires_at: u64,
}

/// The tokens that are out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    access: HashMap<String, Issued>,
    id: HashMap<String, Issued>,
    refresh: HashMap<String, Grant>,
    web_sso: HashMap<String, (String, AppId)>,
    interclient: HashMap<String, (String, AppId)>,
    /// Exchanges since the last that was refused.
    exchanges: usize,
    used_assertions: HashSet<String>,
}

impl Tokens {
    /// Ends what a person's sign-in gave.
    pub(super) fn end(&mut self) {
        self.access.clear();
        self.id.clear();
        self.refresh.clear();
        self.web_sso.clear();
        self.interclient.clear();
    }

    /// How many access and refresh tokens are good.
    pub(super) fn live(&self, now: u64) -> usize {
        let access = self.access.values().filter(|token| token.expires_at > now);
        access.count() + self.refresh.len()
    }
}

/// `POST /oauth2/v1/token`
pub(super) fn token(visit: &Visit<'_>) -> Answer {
    let grant = visit.request.form("grant_type").unwrap_or_default();
    let result = match grant.as_str() {
        "urn:ietf:params:oauth:grant-type:device_code" => device::device_token(visit),
        "urn:ietf:params:oauth:grant-type:token-exchange" => exchange::exchange(visit),
        "refresh_token" => refreshed(visit),
        "client_credentials" => machine::machine_token(visit),
        _ => Err(refuse(
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server.",
        )),
    };
    result.unwrap_or_else(|refusal| refusal)
}

/// The tokens that `grant` is worth now, with a refresh token where its scope has one.
fn issue(visit: &Visit<'_>, grant: &Grant) -> Answer {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut claims = json!({ "sub": "00u1", "iss": visit.state.org_url, "aud": CLIENT,
        "auth_time": grant.signed_in, "iat": visit.now, "exp": visit.now + LIFE });
    let asks = |name| grant.scope.split(' ').any(|one| one == name);
    // "Scope-dependent claims" (Okta: "OpenID Connect & OAuth 2.0").
    if asks("profile") && visit.state.options.id_token_has_username {
        claims["preferred_username"] = json!(grant.login);
    }
    let id_token = format!(
        "{}.{}.{}",
        part(json!({ "alg": "RS256" })),
        part(claims),
        crate::canary::random(crate::canary::ALPHANUMERIC, 40)
    );
    visit.state.canaries.note("id-token", &id_token);
    let access_token = visit.canary("access-token", "eyJ");
    let issued = Issued {
        grant: grant.clone(),
        expires_at: visit.now + LIFE,
    };
    let mut answer = json!({
        "token_type": "Bearer",
        "expires_in": LIFE,
        "access_token": access_token,
        "scope": grant.scope,
        "id_token": id_token,
    });
    let refresh = grant
        .scope
        .contains("offline_access")
        .then(|| visit.canary("refresh-token", ""));
    let mut org = visit.state.org();
    org.tokens.access.insert(access_token, issued.clone());
    org.tokens.id.insert(id_token, issued);
    if let Some(refresh) = refresh {
        answer["refresh_token"] = json!(refresh);
        org.tokens.refresh.insert(refresh, grant.clone());
    }
    Answer::json(200, &answer)
}

/// A refresh token is good once: its answer has the next one, unless the app keeps them.
fn refreshed(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let token = visit.request.form("refresh_token").unwrap_or_default();
    let client = visit.request.form("client_id").unwrap_or_default();
    let rotates = visit.state.options.rotates_refresh_tokens;
    let invalid = || {
        refuse(
            400,
            "invalid_grant",
            "The refresh token is invalid or expired.",
        )
    };
    let mut org = visit.state.org();
    let found = org.tokens.refresh.remove(&token);
    let grant = found.filter(|_| client == CLIENT).ok_or_else(invalid)?;
    if rotates {
        drop(org);
        return Ok(issue(visit, &grant));
    }
    org.tokens.refresh.insert(token, grant.clone());
    drop(org);
    let scope = grant.scope.replace("offline_access", "");
    Ok(issue(visit, &Grant { scope, ..grant }))
}

/// `POST /oauth2/v1/revoke`
pub(super) fn revoke(visit: &Visit<'_>) -> Answer {
    let token = visit.request.form("token").unwrap_or_default();
    let mut org = visit.state.org();
    org.tokens.access.remove(&token);
    org.tokens.refresh.remove(&token);
    Answer::empty(200)
}

/// `GET /oauth2/v1/userinfo`: the claims that the token's scope has ("OpenID Connect & OAuth 2.0:
/// userinfo").
pub(super) fn user_info(visit: &Visit<'_>) -> Answer {
    let token = visit.request.header("authorization").unwrap_or_default();
    let token = token.trim_start_matches("Bearer ");
    let org = visit.state.org();
    let issued = org.tokens.access.get(token);
    let Some(issued) = issued.filter(|issued| issued.expires_at > visit.now) else {
        return refuse(401, "invalid_token", "The access token is invalid.");
    };
    let mut claims = json!({ "sub": "00u1" });
    let has_profile = issued.grant.scope.split(' ').any(|one| one == "profile");
    if has_profile && visit.state.options.user_info_names_the_user {
        claims["preferred_username"] = json!(issued.grant.login);
    }
    Answer::json(200, &claims)
}

/// Whose access token the request carries.
pub(super) fn bearer(visit: &Visit<'_>) -> Option<String> {
    let token = visit
        .request
        .header("authorization")?
        .strip_prefix("Bearer ")?;
    let org = visit.state.org();
    let issued = org.tokens.access.get(token)?;
    (issued.expires_at > visit.now).then(|| issued.grant.login.clone())
}

/// Whether `app` lets the native client make tokens for it ("trust list").
fn trusts(state: &SandboxState, app: AppId) -> bool {
    state.options.interclient_trust && matches!(app, AppId::OpenVpn | AppId::AwsLabs)
}

fn refuse(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}
