//! The Okta org `acme`: which path leads where, and what every answer has in common. Follows the
//! "Authentication API" (classic), "Sessions API" and "Okta organization" pages of Okta's
//! developer documentation; each file names its part.

mod app_id;
mod apps;
mod authenticators;
mod authn;
mod envelope;
mod factors;
mod idx;
mod idx_check;
mod idx_end;
mod idx_interlude;
mod idx_json;
mod idx_shape;
pub(crate) mod oauth;
mod pages;
mod push;
mod sessions;
mod webauthn;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

pub(crate) use apps::{AppId, assertion};
pub use oauth::{DeviceOutcome, DeviceScript};
pub use push::{PushOutcome, PushScript};

use crate::http::{Answer, Request};
use crate::state::SandboxState;

/// What the org remembers.
#[derive(Debug, Default)]
pub(crate) struct Org {
    transactions: HashMap<String, authn::Transaction>,
    session_tokens: HashMap<String, sessions::SessionToken>,
    sessions: HashMap<String, sessions::Session>,
    /// Person and TOTP step: a code is good once.
    pub(crate) used_codes: HashSet<(String, u64)>,
    /// Person and factor: the code that was sent last, and when.
    pub(crate) delivered: HashMap<(String, String), (String, u64)>,
    /// Identity Engine's sign-ins, by their current handle.
    interactions: HashMap<String, idx::Interaction>,
    /// Those that are over, by the token of their redirect.
    finished: HashMap<String, idx::Interaction>,
    /// How the person at the browser behaves.
    pub(crate) device_script: DeviceScript,
    devices: HashMap<String, oauth::Device>,
    /// What the OAuth server gave out.
    tokens: oauth::Tokens,
    /// Machines' tokens and their end.
    pub(crate) web_identities: HashMap<String, u64>,
    /// Passwords that were changed here.
    passwords: HashMap<String, String>,
    /// The last count of each security key, by factor.
    sign_counts: HashMap<String, u32>,
    /// Why each answer of a security key was refused; Okta does not say it.
    pub(crate) key_refusals: Vec<&'static str>,
    /// Device token and person: second factor not asked again.
    remembered: HashSet<(String, String)>,
}

impl Org {
    /// Number of access tokens, refresh tokens and sessions that are still valid.
    pub(crate) fn live(&self, now: u64) -> (usize, usize) {
        let sessions = self.sessions.values();
        let sessions = sessions.filter(|session| session.expires_at > now);
        (self.tokens.live(now), sessions.count())
    }

    /// Ends every session and transaction, as an administrator's "clear user sessions" does.
    pub(crate) fn end_sessions(&mut self) {
        self.transactions.clear();
        self.tokens.end();
        self.interactions.clear();
        self.finished.clear();
        self.session_tokens.clear();
        self.sessions.clear();
    }
}

/// One request, with what every handler needs beside it.
struct Visit<'v> {
    state: &'v SandboxState,
    request: &'v Request,
    /// The `DT` cookie, sent or about to be set.
    device: String,
    now: u64,
}

impl Visit<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.state.org_url)
    }

    fn canary(&self, kind: &str, prefix: &str) -> String {
        self.state.canaries.issue(kind, prefix)
    }

    /// A body that is a JSON object, or Okta's complaint that it is none.
    fn object(&self) -> Result<Value, Answer> {
        let content_type = self.request.header("content-type").unwrap_or_default();
        if !content_type.starts_with("application/json") {
            let summary = "Bad request. Accept and/or Content-Type headers likely do not match \
                           supported values.";
            return Err(error(400, "E0000021", summary));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(error(
                400,
                "E0000003",
                "The request body was not well-formed.",
            )),
        }
    }
}

/// Answers a request to the org.
pub(crate) fn answer(state: &SandboxState, request: &Request) -> Answer {
    let known_device = request.cookie("DT");
    let visit = Visit {
        state,
        request,
        device: known_device.map_or_else(|| state.canaries.issue("DT", "DI0"), str::to_owned),
        now: state.clock.now(),
    };
    let answer = route(&visit)
        .with("X-Okta-Request-Id", "Yz0sandbox0request0id0")
        .with("Server", "nginx")
        .with("X-Rate-Limit-Limit", "600")
        .with("X-Rate-Limit-Remaining", "599")
        .with("X-Rate-Limit-Reset", &(visit.now + 60).to_string());
    if known_device.is_some() {
        return answer;
    }
    let cookie = format!(
        "DT={}; Path=/; Max-Age=63072000; Secure; HttpOnly; SameSite=None",
        visit.device
    );
    answer.with("Set-Cookie", &cookie)
}

fn route(visit: &Visit<'_>) -> Answer {
    let path = visit.request.path.as_str();
    match (visit.request.method.as_str(), path) {
        ("GET", "/.well-known/okta-organization") => organization(visit),
        ("GET", "/.well-known/webfinger") => webfinger(visit),
        ("POST", "/api/v1/authn") => or_refusal(authn::start(visit)),
        ("POST", "/api/v1/authn/cancel") => or_refusal(authn::cancel(visit)),
        ("POST", "/api/v1/authn/previous") => or_refusal(authn::previous(visit)),
        ("POST", "/api/v1/authn/skip") => or_refusal(authn::skip(visit)),
        ("POST", "/api/v1/authn/credentials/change_password") => {
            or_refusal(authn::change_password(visit))
        }
        ("POST", "/api/v1/sessions") => or_refusal(sessions::create(visit)),
        ("GET", "/api/v1/sessions/me") => sessions::show(visit),
        ("DELETE", "/api/v1/sessions/me") => sessions::close(visit),
        ("POST", "/api/v1/sessions/me/lifecycle/refresh") => sessions::refresh(visit),
        ("GET", "/login/sessionCookieRedirect") => sessions::cookie_redirect(visit),
        ("GET", "/user/verify_password") => apps::ask_password(visit),
        ("POST", "/user/verify_password") => apps::check_password(visit),
        ("GET", "/login/step-up/redirect") => apps::after_step_up(visit),
        ("GET", "/login/token/redirect") => idx_end::redirect(visit),
        ("POST", _) if path.starts_with("/idp/idx/") => idx::answer(visit),
        ("POST", "/oauth2/v1/device/authorize") => oauth::authorize_device(visit),
        ("GET", "/activate") => oauth::activate(visit),
        ("POST", "/oauth2/v1/revoke") => oauth::revoke(visit),
        ("GET", "/oauth2/v1/userinfo") => oauth::user_info(visit),
        (
            "POST",
            "/oauth2/v1/token" | "/oauth2/default/v1/token" | "/oauth2/aus1acme0h7/v1/token",
        ) => oauth::token(visit),
        ("POST", "/login/token/sso") => oauth::sso(visit),
        ("GET", "/login/signout") => sessions::sign_out(visit),
        ("GET", "/" | "/login" | "/login/login.htm") => pages::sign_in(visit),
        ("GET", "/app/UserHome") => apps::home(visit),
        ("GET", "/api/v1/users/me/appLinks") => apps::links(visit),
        ("GET", "/api/v1/users/me/home/tabs") => apps::tabs(visit),
        ("GET" | "POST", _) if path.starts_with("/home/") || path.starts_with("/app/") => {
            apps::launch(visit)
        }
        ("POST", _) if path.starts_with("/api/v1/authn/factors/") => {
            or_refusal(factors::verify(visit))
        }
        (_, _) if path.starts_with("/api/v1/authn") || path.starts_with("/api/v1/sessions") => {
            error(
                405,
                "E0000022",
                "The endpoint does not support the provided HTTP method",
            )
        }
        _ => not_found(),
    }
}

fn or_refusal(result: Result<Answer, Answer>) -> Answer {
    result.unwrap_or_else(|refusal| refusal)
}

/// `GET /.well-known/okta-organization`, which says the pipeline to anyone.
fn organization(visit: &Visit<'_>) -> Answer {
    let pipeline = match visit.state.options.pipeline {
        crate::Pipeline::V1 => "v1",
        crate::Pipeline::Idx => "idx",
    };
    Answer::json(
        200,
        &json!({
            "id": "00o1acmesandbox0h7",
            "cell": "sandbox",
            "_links": { "organization": { "href": visit.state.org_url } },
            "pipeline": pipeline,
            "settings": { "analyticsCollectionEnabled": false, "bugReportingEnabled": true,
                          "omEnabled": false, "pssoEnabled": false }
        }),
    )
}

/// `GET /.well-known/webfinger`, which says whose password a person has: always Okta's here.
fn webfinger(visit: &Visit<'_>) -> Answer {
    let resource = visit.request.parameter("resource").unwrap_or_default();
    Answer::empty(200).body(
        "application/jrd+json",
        json!({
            "subject": resource,
            "links": [{
                "rel": "okta:idp",
                "href": format!("{}/sso/idps/OKTA", visit.state.org_url),
                "titles": { "und": "acme" },
                "properties": { "okta:idp:metadata": null, "okta:idp:type": "OKTA",
                                "okta:idp:id": "OKTA" }
            }]
        })
        .to_string(),
    )
}

fn not_found() -> Answer {
    error(
        404,
        "E0000007",
        "Not found: Resource not found: me (Session)",
    )
}

/// An error in Okta's JSON form ("Error codes and details").
pub(crate) fn error(status: u16, code: &str, summary: &str) -> Answer {
    Answer::json(
        status,
        &json!({
            "errorCode": code,
            "errorSummary": summary,
            "errorLink": code,
            "errorId": format!("oae{}", crate::canary::random(crate::canary::ALPHANUMERIC, 22)),
            "errorCauses": []
        }),
    )
}

/// An error that says more in a cause.
fn error_because(status: u16, code: &str, summary: &str, cause: &str) -> Answer {
    let mut answer = error(status, code, summary);
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["errorCauses"] = json!([{ "errorSummary": cause }]);
    answer.body = body.to_string().into_bytes();
    answer
}
