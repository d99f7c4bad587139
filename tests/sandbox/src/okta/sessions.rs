//! "Okta Sessions API" and "Session cookies": a session token, good once, becomes a session whose
//! id is the `sid` cookie.

use serde_json::json;

use super::{Visit, error, not_found, pages};
use crate::clock::milliseconds;
use crate::http::Answer;

/// A session token not used yet.
#[derive(Debug, Clone)]
pub(super) struct SessionToken {
    pub(super) login: String,
    pub(super) expires_at: u64,
    pub(super) second_factor: bool,
}

/// A session. Its id is the key it is kept under.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) login: String,
    pub(super) expires_at: u64,
    pub(super) second_factor: bool,
    /// Whether an app's own demand for a second factor was met.
    pub(super) stepped_up: bool,
    /// The token of the form that asks for the password again, while it is not answered.
    pub(super) password_form: Option<String>,
    /// Whether an app's own demand for the password was met.
    pub(super) password_again: bool,
}

/// `POST /api/v1/sessions`
pub(super) fn create(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let token = body["sessionToken"].as_str().unwrap_or_default();
    let (id, session) =
        redeem(visit, token).ok_or_else(|| error(401, "E0000004", "Authentication failed"))?;
    Ok(Answer::json(200, &object(visit, &id, &session)))
}

/// `GET /api/v1/sessions/me`
pub(super) fn show(visit: &Visit<'_>) -> Answer {
    current(visit).map_or_else(not_found, |(id, session)| {
        Answer::json(200, &object(visit, &id, &session))
    })
}

/// `POST /api/v1/sessions/me/lifecycle/refresh`
pub(super) fn refresh(visit: &Visit<'_>) -> Answer {
    let Some((id, mut session)) = current(visit) else {
        return not_found();
    };
    session.expires_at = visit.now + visit.state.options.session_seconds;
    let answer = Answer::json(200, &object(visit, &id, &session));
    visit.state.org().sessions.insert(id, session);
    answer
}

/// `DELETE /api/v1/sessions/me`
pub(super) fn close(visit: &Visit<'_>) -> Answer {
    let Some((id, _)) = current(visit) else {
        return not_found();
    };
    visit.state.org().sessions.remove(&id);
    Answer::empty(204).with(
        "Set-Cookie",
        "sid=\"\"; Path=/; Max-Age=0; Secure; HttpOnly",
    )
}

/// `GET /login/signout`, what the browser does.
pub(super) fn sign_out(visit: &Visit<'_>) -> Answer {
    if let Some((id, _)) = current(visit) {
        visit.state.org().sessions.remove(&id);
    }
    Answer::redirect(&visit.url("/login/login.htm")).with(
        "Set-Cookie",
        "sid=\"\"; Path=/; Max-Age=0; Secure; HttpOnly",
    )
}

/// `GET /login/sessionCookieRedirect?token=…&redirectUrl=…`
pub(super) fn cookie_redirect(visit: &Visit<'_>) -> Answer {
    let target = visit.request.parameter("redirectUrl").unwrap_or_default();
    let own = target == visit.state.org_url
        || target.starts_with(&format!("{}/", visit.state.org_url))
        || (target.starts_with('/') && !target.starts_with("//"));
    if !own {
        return pages::error(400, "400", "The redirect URI is not trusted.");
    }
    let token = visit.request.parameter("token").unwrap_or_default();
    let answer = Answer::redirect(&target);
    // A session cookie takes precedence over the token, even over a used one (tokendito relies on
    // it).
    if current(visit).is_some() {
        return answer;
    }
    match redeem(visit, &token) {
        Some((id, _)) => answer.with("Set-Cookie", &cookie(&id)),
        None => Answer::redirect(&visit.url("/login/login.htm")),
    }
}

/// The session the request's `sid` names, while it lasts.
pub(super) fn current(visit: &Visit<'_>) -> Option<(String, Session)> {
    let id = visit.request.cookie("sid")?;
    let org = visit.state.org();
    let session = org.sessions.get(id)?;
    (session.expires_at > visit.now).then(|| (id.to_owned(), session.clone()))
}

/// Uses up a session token.
pub(super) fn redeem(visit: &Visit<'_>, token: &str) -> Option<(String, Session)> {
    let token = visit.state.org().session_tokens.remove(token)?;
    if token.expires_at <= visit.now {
        return None;
    }
    let id = visit.canary("sid", "102");
    let session = Session {
        login: token.login,
        expires_at: visit.now + visit.state.options.session_seconds,
        second_factor: token.second_factor,
        stepped_up: false,
        password_form: None,
        password_again: false,
    };
    let mut org = visit.state.org();
    org.sessions.insert(id.clone(), session.clone());
    Some((id, session))
}

/// A session by other means than a session token.
pub(super) fn begin(visit: &Visit<'_>, login: &str) -> (String, Session) {
    let id = visit.canary("sid", "102");
    let session = Session {
        login: login.to_owned(),
        expires_at: visit.now + visit.state.options.session_seconds,
        second_factor: true,
        stepped_up: false,
        password_form: None,
        password_again: false,
    };
    let mut org = visit.state.org();
    org.sessions.insert(id.clone(), session.clone());
    (id, session)
}

/// The header value that sets the session cookie.
pub(super) fn cookie(id: &str) -> String {
    format!("sid={id}; Path=/; Secure; HttpOnly; SameSite=None")
}

fn object(visit: &Visit<'_>, id: &str, session: &Session) -> serde_json::Value {
    let user = visit.state.user(&session.login);
    let factor_at = session.second_factor.then(|| milliseconds(visit.now));
    let amr = if session.second_factor {
        json!(["pwd", "mfa", "otp"])
    } else {
        json!(["pwd"])
    };
    json!({
        "id": id,
        "login": session.login,
        "userId": user.map(|user| user.id.as_str()),
        "expiresAt": milliseconds(session.expires_at),
        "status": "ACTIVE",
        "lastPasswordVerification": milliseconds(visit.now),
        "lastFactorVerification": factor_at,
        "amr": amr,
        "idp": { "id": "00o1acmesandbox0h7", "type": "OKTA" },
        "mfaActive": user.is_some_and(|user| !user.factors.is_empty()),
        "_links": {
            "self": { "href": visit.url("/api/v1/sessions/me"),
                      "hints": { "allow": ["GET", "DELETE"] } },
            "refresh": { "href": visit.url("/api/v1/sessions/me/lifecycle/refresh"),
                         "hints": { "allow": ["POST"] } },
            "user": { "name": session.login, "href": visit.url("/api/v1/users/me"),
                      "hints": { "allow": ["GET"] } }
        }
    })
}
