//! The org's OAuth server: "Device Authorization grant" (RFC 8628), "Token exchange" for AWS Account
//! Federation apps (`web_sso_token`), `POST /login/token/sso`, and "Client credentials" with a signed
//! assertion (RFC 7523) for machines.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::apps::{self, AppId};
use super::{Visit, pages};
use crate::http::Answer;

/// The native app of the device grant.
pub(crate) const CLIENT: &str = "0oa1cliclient0000h7";
/// The service app of machines.
pub(crate) const MACHINE: &str = "0oa1machine000000h7";
pub(crate) const RSA_PKCS8: &str = include_str!("../../keys/rsa_pkcs8.pem");
pub(crate) const RSA_PKCS1: &str = include_str!("../../keys/rsa_pkcs1.pem");
pub(crate) const EC_PKCS8: &str = include_str!("../../keys/ec_pkcs8.pem");

/// What becomes of a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceOutcome {
    #[default]
    Approve,
    Deny,
    Expire,
    /// Approved when the page is opened.
    WhenVisited,
}

/// How the person at the browser behaves.
#[derive(Debug, Clone)]
pub struct DeviceScript {
    /// Who signs in there.
    pub login: String,
    /// That many polls are pending.
    pub waits: usize,
    /// The first poll is told to slow down.
    pub slow_down: bool,
    pub outcome: DeviceOutcome,
}

impl Default for DeviceScript {
    fn default() -> DeviceScript {
        DeviceScript {
            login: "alice@acme.com".to_owned(),
            waits: 1,
            slow_down: false,
            outcome: DeviceOutcome::Approve,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Device {
    user_code: String,
    expires_at: u64,
    last_poll: u64,
    interval: u64,
    polls: usize,
    visited: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) login: String,
    expires_at: u64,
}

/// `POST /oauth2/v1/device/authorize`
pub(super) fn authorize_device(visit: &Visit<'_>) -> Answer {
    let client = visit.request.form("client_id").unwrap_or_default();
    if client != CLIENT {
        return refuse(
            401,
            "invalid_client",
            "Invalid value for 'client_id' parameter.",
        );
    }
    let code = visit.canary("device-code", "");
    let user_code = crate::canary::random(b"BCDFGHJKLMNPQRSTVWXZ", 8);
    visit.world.org().devices.insert(
        code.clone(),
        Device {
            user_code: user_code.clone(),
            expires_at: visit.now + 600,
            last_poll: 0,
            interval: 5,
            polls: 0,
            visited: false,
        },
    );
    Answer::json(
        200,
        &json!({
            "device_code": code, "user_code": user_code,
            "verification_uri": visit.url("/activate"),
            "verification_uri_complete": visit.url(&format!("/activate?user_code={user_code}")),
            "expires_in": 600, "interval": 5
        }),
    )
}

/// `GET /activate?user_code=…`, the person's browser.
pub(super) fn activate(visit: &Visit<'_>) -> Answer {
    let code = visit.request.parameter("user_code").unwrap_or_default();
    let mut org = visit.world.org();
    let device = org
        .devices
        .values_mut()
        .find(|device| device.user_code == code);
    match device {
        Some(device) => {
            device.visited = true;
            Answer::html(200, "<!doctype html><title>Device activated</title>")
        }
        None => pages::error(400, "400", "Invalid code. Try again."),
    }
}

/// `POST /oauth2/v1/token`
pub(super) fn token(visit: &Visit<'_>) -> Answer {
    let grant = visit.request.form("grant_type").unwrap_or_default();
    let result = match grant.as_str() {
        "urn:ietf:params:oauth:grant-type:device_code" => device_token(visit),
        "urn:ietf:params:oauth:grant-type:token-exchange" => exchange(visit),
        "client_credentials" => machine_token(visit),
        _ => Err(refuse(
            400,
            "unsupported_grant_type",
            "The grant type is not supported.",
        )),
    };
    result.unwrap_or_else(|refusal| refusal)
}

fn device_token(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let code = visit.request.form("device_code").unwrap_or_default();
    let mut org = visit.world.org();
    let script = org.device_script.clone();
    let invalid = || refuse(400, "invalid_grant", "The device code is invalid.");
    let expired = || refuse(400, "expired_token", "The device code has expired.");
    let device = org.devices.get_mut(&code).ok_or_else(invalid)?;
    if device.expires_at <= visit.now || script.outcome == DeviceOutcome::Expire && device.polls > 0
    {
        return Err(expired());
    }
    let too_fast = visit.now < device.last_poll + device.interval;
    device.last_poll = visit.now;
    device.polls += 1;
    if too_fast || (script.slow_down && device.polls == 1) {
        device.interval += 5;
        let text = "Slow down the polling frequency. Please try again later.";
        return Err(refuse(400, "slow_down", text));
    }
    let ready = match script.outcome {
        DeviceOutcome::WhenVisited => device.visited,
        _ => device.polls > script.waits,
    };
    if !ready {
        let text = "The device authorization is pending. Please try again later.";
        return Err(refuse(400, "authorization_pending", text));
    }
    if script.outcome == DeviceOutcome::Deny {
        return Err(refuse(
            400,
            "access_denied",
            "The resource owner denied the request.",
        ));
    }
    org.devices.remove(&code);
    drop(org);
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "sub": "00u1", "preferred_username": script.login, "iss": visit.world.org_url,
        "aud": CLIENT, "iat": visit.now, "exp": visit.now + 3600 });
    let id_token = format!(
        "{}.{}.{}",
        part(json!({ "alg": "RS256" })),
        part(claims),
        crate::canary::random(crate::canary::ALPHANUMERIC, 40)
    );
    visit.world.canaries.note("id-token", &id_token);
    let access_token = visit.canary("access-token", "eyJ");
    let issued = Issued {
        login: script.login,
        expires_at: visit.now + 3600,
    };
    let mut org = visit.world.org();
    org.access_tokens
        .insert(access_token.clone(), issued.clone());
    org.id_tokens.insert(id_token.clone(), issued);
    Ok(Answer::json(
        200,
        &json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": access_token,
                 "scope": visit.request.form("scope").unwrap_or_else(|| "openid okta.apps.sso okta.apps.read okta.users.read.self".to_owned()),
                 "id_token": id_token }),
    ))
}

fn exchange(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let form = |name| visit.request.form(name).unwrap_or_default();
    let mut org = visit.world.org();
    let live = |issued: Option<&Issued>| issued.filter(|i| i.expires_at > visit.now).cloned();
    let subject = live(org.id_tokens.get(&form("subject_token"))).ok_or_else(|| {
        refuse(
            400,
            "invalid_grant",
            "The 'subject_token' either expired or the session associated with it was terminated.",
        )
    })?;
    live(org.access_tokens.get(&form("actor_token")))
        .ok_or_else(|| refuse(400, "invalid_grant", "The 'actor_token' is invalid."))?;
    let asked = form("requested_token_type");
    if asked != "urn:okta:oauth:token-type:web_sso_token" {
        return Err(refuse(
            400,
            "invalid_request",
            "The requested_token_type is not supported.",
        ));
    }
    let audience = form("audience");
    let app = audience
        .strip_prefix("urn:okta:apps:")
        .and_then(AppId::by_id);
    let not_configured = "The target audience app must be configured to allow the client to request a 'web_sso_token'.";
    let app = app.ok_or_else(|| refuse(400, "invalid_grant", not_configured))?;
    if visit.world.options.web_sso_assurance > 0
        && org.web_sso_exchanges + 1 >= visit.world.options.web_sso_assurance
    {
        org.web_sso_exchanges = 0;
        return Err(refuse(
            400,
            "invalid_grant",
            "The target app's assurance requirements are not met by the 'subject_token'.",
        ));
    }
    org.web_sso_exchanges += 1;
    let token = visit.world.canaries.issue("web-sso-token", "eyJ");
    org.web_sso.insert(token.clone(), (subject.login, app));
    Ok(Answer::json(
        200,
        &json!({ "token_type": "N_A", "expires_in": 300, "access_token": token,
                 "issued_token_type": "urn:okta:oauth:token-type:web_sso_token" }),
    ))
}

/// `POST /login/token/sso`
pub(super) fn sso(visit: &Visit<'_>) -> Answer {
    let token = visit.request.form("token").unwrap_or_default();
    let found = visit.world.org().web_sso.remove(&token);
    match found {
        Some((login, app)) => apps::page_of(visit, app, &login),
        None => pages::error(400, "400", "The token was used already or is invalid."),
    }
}

/// `POST /oauth2/v1/revoke`
pub(super) fn revoke(visit: &Visit<'_>) -> Answer {
    let token = visit.request.form("token").unwrap_or_default();
    visit.world.org().access_tokens.remove(&token);
    Answer::empty(200)
}

/// Whose access token the request carries.
pub(super) fn bearer(visit: &Visit<'_>) -> Option<String> {
    let token = visit
        .request
        .header("authorization")?
        .strip_prefix("Bearer ")?;
    let org = visit.world.org();
    let issued = org.access_tokens.get(token)?;
    (issued.expires_at > visit.now).then(|| issued.login.clone())
}

fn machine_token(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let denied = |text: &str| refuse(401, "invalid_client", text);
    let assertion = visit.request.form("client_assertion").unwrap_or_default();
    let mut parts = assertion.splitn(3, '.');
    let (Some(head), Some(body), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(denied("The client_assertion is not a JWT."));
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).unwrap_or_default();
    let (header, claims) = (json(head), json(body));
    let signed = format!("{head}.{body}");
    let good = match (header["alg"].as_str(), header["kid"].as_str()) {
        (Some("RS256"), Some("kid-rsa")) => verify_rsa(signed.as_bytes(), &decoded(signature)),
        (Some("ES256"), Some("kid-ec")) => verify_ec(signed.as_bytes(), &decoded(signature)),
        _ => return Err(denied("The client_assertion's key id is unknown.")),
    };
    if good.is_none() {
        return Err(denied("The client_assertion signature is invalid."));
    }
    let url = visit.url(&visit.request.path);
    if claims["aud"] != url.as_str() {
        return Err(denied(
            "The audience claim for client_assertion must be the endpoint invoked for the request.",
        ));
    }
    if claims["iss"] != MACHINE || claims["sub"] != MACHINE {
        return Err(denied(
            "The client_assertion's issuer and subject must be the client id.",
        ));
    }
    let exp = claims["exp"].as_u64().unwrap_or_default();
    if exp <= visit.now || exp > visit.now + 3600 {
        return Err(denied(
            "The client_assertion token has an expiration too far into the future.",
        ));
    }
    let jti = claims["jti"].as_str().unwrap_or_default().to_owned();
    let mut org = visit.world.org();
    if jti.is_empty() || !org.used_assertions.insert(jti) {
        return Err(denied("The client_assertion token has already been used."));
    }
    let scope = visit.request.form("scope").unwrap_or_default();
    if scope != "okta-m2m-access" && scope != "aws" {
        return Err(refuse(
            400,
            "invalid_scope",
            "One or more scopes are not configured for the authorization server resource.",
        ));
    }
    let token = visit.world.canaries.issue("machine-token", "eyJ");
    org.web_identities.insert(token.clone(), visit.now + 3600);
    Ok(Answer::json(
        200,
        &json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token, "scope": scope }),
    ))
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap_or_default()
}

fn verify_rsa(message: &[u8], signed: &[u8]) -> Option<()> {
    let pair = RsaKeyPair::from_pkcs8(&der(RSA_PKCS8)).ok()?;
    let key = UnparsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        pair.public_key().as_ref(),
    );
    key.verify(message, signed).ok()
}

fn verify_ec(message: &[u8], signed: &[u8]) -> Option<()> {
    let random = ring::rand::SystemRandom::new();
    let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::from_pkcs8(kind, &der(EC_PKCS8), &random).ok()?;
    let key = UnparsedPublicKey::new(
        &signature::ECDSA_P256_SHA256_FIXED,
        pair.public_key().as_ref(),
    );
    key.verify(message, signed).ok()
}

fn refuse(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}
