//! The AWS console's sign-in (IAM User Guide, "Enabling custom identity broker access to the AWS
//! console"): `getSigninToken` for issued credentials, `login` for a token. Served at `/federation`
//! of the STS.

use serde_json::{Value, json};

use crate::canary::{self, ALPHANUMERIC};
use crate::http::{Answer, Request};
use crate::iam::AUDIT;
use crate::state::SandboxState;

/// The canary's kind, by which `login` recognises the tokens.
const TOKEN: &str = "aws-signin-token";

pub(crate) fn answer(state: &SandboxState, request: &Request) -> Answer {
    if request.method != "GET" {
        return refused();
    }
    match request.parameter("Action").as_deref() {
        Some("getSigninToken") => token(state, request),
        Some("login") => login(state, request),
        _ => refused(),
    }
}

fn token(state: &SandboxState, request: &Request) -> Answer {
    let session = request.parameter("Session").unwrap_or_default();
    let session: Value = serde_json::from_str(&session).unwrap_or_default();
    let key = session["sessionId"].as_str().unwrap_or_default();
    let issued = state.iam().issued.get(key).cloned();
    let Some(issued) = issued.filter(|issued| {
        session["sessionKey"] == issued.secret_access_key.as_str()
            && session["sessionToken"] == issued.session_token.as_str()
            && issued.expires_at > state.clock.now()
    }) else {
        return refused();
    };
    if let Some(seconds) = request.parameter("SessionDuration") {
        let allowed = seconds
            .parse()
            .is_ok_and(|seconds: u64| (900..=43_200).contains(&seconds));
        // Refused for roles that were assumed by chaining, as those of this account are.
        if !allowed || issued.role.contains(AUDIT) {
            return refused();
        }
    }
    let token = canary::random(ALPHANUMERIC, 400);
    state.canaries.note(TOKEN, &token);
    Answer::json(200, &json!({ "SigninToken": token }))
}

fn login(state: &SandboxState, request: &Request) -> Answer {
    let token = request.parameter("SigninToken").unwrap_or_default();
    let known = state
        .canaries
        .all()
        .iter()
        .any(|(kind, value)| kind == TOKEN && *value == token);
    match request.parameter("Destination") {
        Some(destination) if known && request.parameter("Issuer").is_some() => {
            Answer::redirect(&destination)
        }
        _ => refused(),
    }
}

fn refused() -> Answer {
    Answer::html(
        400,
        "<html><head><title>400</title></head><body>Bad request</body></html>",
    )
}
