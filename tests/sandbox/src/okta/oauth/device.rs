//! The device grant: the client's code, the user's code, and the user's behaviour.

use serde_json::json;

use super::{CLIENT, Grant, issue, refuse};
use crate::http::Answer;
use crate::okta::{Visit, pages};

/// The outcome of a device code.
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
pub(in crate::okta) struct Device {
    user_code: String,
    expires_at: u64,
    last_poll: u64,
    interval: u64,
    polls: usize,
    visited: bool,
    scope: String,
}

/// `POST /oauth2/v1/device/authorize`
pub(in crate::okta) fn authorize_device(visit: &Visit<'_>) -> Answer {
    let client = visit.request.form("client_id").unwrap_or_default();
    if client != CLIENT {
        return refuse(
            401,
            "invalid_client",
            "Invalid value for 'client_id' parameter.",
        );
    }
    let scope = visit.request.form("scope").unwrap_or_default();
    if !visit.state.options.judges_scopes_late
        && let Some(refusal) = refused_scope(visit, &scope)
    {
        return refusal;
    }
    let code = visit.canary("device-code", "");
    let user_code = crate::canary::random(b"BCDFGHJKLMNPQRSTVWXZ", 8);
    visit.state.org().devices.insert(
        code.clone(),
        Device {
            user_code: user_code.clone(),
            expires_at: visit.now + 600,
            last_poll: 0,
            interval: 5,
            polls: 0,
            visited: false,
            scope,
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
pub(in crate::okta) fn activate(visit: &Visit<'_>) -> Answer {
    let code = visit.request.parameter("user_code").unwrap_or_default();
    let mut org = visit.state.org();
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

pub(super) fn device_token(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let code = visit.request.form("device_code").unwrap_or_default();
    let mut org = visit.state.org();
    let script = org.device_script.clone();
    let invalid = || {
        refuse(
            400,
            "invalid_grant",
            "The device code is invalid or has expired.",
        )
    };
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
    let scope = device.scope.clone();
    org.devices.remove(&code);
    drop(org);
    if let Some(refusal) = refused_scope(visit, &scope) {
        return Err(refusal);
    }
    let grant = Grant {
        login: script.login,
        scope,
        signed_in: visit.now,
    };
    Ok(issue(visit, &grant))
}

/// The refusal of a scope that this app may not ask for.
fn refused_scope(visit: &Visit<'_>, scope: &str) -> Option<Answer> {
    let asks = |name| scope.split(' ').any(|one| one == name);
    let options = &visit.state.options;
    let text = if asks("interclient_access") && !options.interclient_trust {
        "The 'interclient_access' scope can only be granted to clients with a configured trust \
         relationship."
    } else if asks("offline_access") && !options.refresh_tokens {
        "One or more scopes are not configured for the authorization server resource."
    } else {
        return None;
    };
    Some(refuse(400, "invalid_scope", text))
}
