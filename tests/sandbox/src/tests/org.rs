//! The org: transactions, factors, sessions, apps.

use serde_json::json;

use super::{Client, Reply};
use crate::{AwsApp, Options, PushOutcome, PushScript, Sandbox};

fn code(reply: &Reply) -> (u16, String) {
    let code = reply.json()["errorCode"].as_str().unwrap().to_owned();
    (reply.status, code)
}

#[test]
fn password_and_code_end_in_the_saml_form_of_the_app() {
    let sandbox = Sandbox::start();
    let mut client = Client::new(&sandbox);
    let success = client.sign_in("bob");
    assert_eq!(success.json()["status"], "SUCCESS", "{}", success.body);
    let device = success.cookie("DT").unwrap();
    let token = success.json()["sessionToken"].as_str().unwrap().to_owned();
    let link = sandbox.app_url(AwsApp::Production);
    let page = client.get(&format!("{link}?onetimetoken={token}&RelayState=%2Fdeep"));
    assert!(
        page.body
            .contains("action=\"https&#x3a;&#x2f;&#x2f;signin.aws.amazon.com&#x2f;saml\"")
    );
    assert_eq!(page.input("RelayState"), "/deep");
    let sid = page.cookie("sid").unwrap();
    let canaries = sandbox.canaries();
    for secret in [&sid, &device, &token, &page.input("SAMLResponse")] {
        assert!(
            canaries.iter().any(|(_, value)| value == secret),
            "{secret}"
        );
    }
    client.cookies = format!("DT={device}; sid={sid}");
    let tiles = client.get("/api/v1/users/me/appLinks").json();
    let aws = tiles
        .as_array()
        .unwrap()
        .iter()
        .filter(|tile| tile["appName"] == "amazon_aws");
    assert_eq!(aws.count(), 1);
    assert_eq!(
        client.get("/api/v1/sessions/me").json()["login"],
        "bob@acme.com"
    );
    assert_eq!(
        client.send("DELETE", "/api/v1/sessions/me", &[], "").status,
        204
    );
    assert_eq!(client.get("/api/v1/sessions/me").status, 404);
    assert!(client.get(&link).body.contains("okta-sign-in"));
}

#[test]
fn a_session_token_is_good_once() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let token = client.sign_in("carol").json()["sessionToken"].clone();
    let body = json!({ "sessionToken": token });
    assert_eq!(
        client.post("/api/v1/sessions", &body).json()["status"],
        "ACTIVE"
    );
    assert_eq!(
        code(&client.post("/api/v1/sessions", &body)),
        (401, "E0000004".into())
    );
    let link = sandbox.app_url(AwsApp::Production);
    let page = client.get(&format!("{link}?sessionToken={}", token.as_str().unwrap()));
    assert!(page.body.contains("okta-sign-in"));
}

#[test]
fn the_cookie_redirect_leads_home_only() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let token = client.sign_in("carol").json()["sessionToken"].clone();
    let path = |url: &str| {
        let token = token.as_str().unwrap();
        format!(
            "/login/sessionCookieRedirect?token={token}&redirectUrl={}",
            crate::http::encode(url)
        )
    };
    for foreign in [
        "https://evil.example/",
        "//evil.example",
        &format!("{}.evil", sandbox.org_url()),
    ] {
        let refused = client.get(&path(foreign));
        assert_eq!(
            (refused.status, refused.cookie("sid")),
            (400, None),
            "{foreign}"
        );
    }
    let link = sandbox.app_url(AwsApp::Production);
    let redirect = client.get(&path(&link));
    assert_eq!(redirect.header("Location"), Some(link.as_str()));
    assert!(redirect.cookie("sid").is_some());
}

#[test]
fn every_standing_has_its_status() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    for (name, status) in [
        ("carol", "SUCCESS"),
        ("erin", "LOCKED_OUT"),
        ("frank", "PASSWORD_EXPIRED"),
        ("grace", "MFA_ENROLL"),
    ] {
        assert_eq!(client.sign_in(name).json()["status"], status, "{name}");
    }
    let ivan = sandbox.user("ivan");
    let body = json!({ "username": ivan.login, "password": ivan.password,
                       "options": { "warnBeforePasswordExpired": true } });
    let warned = client.post("/api/v1/authn", &body).json();
    assert_eq!(warned["status"], "PASSWORD_WARN");
    let skip = warned["_links"]["skip"]["href"].as_str().unwrap();
    let skipped = client.post(skip, &json!({ "stateToken": warned["stateToken"] }));
    assert_eq!(skipped.json()["status"], "MFA_REQUIRED");
}

#[test]
fn wrong_password_is_refused_also_by_a_hostile_org() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    for name in ["bob", "mallory", "nobody"] {
        let body = json!({ "username": format!("{name}@acme.com"), "password": "wrong" });
        let refused = client.post("/api/v1/authn", &body);
        assert_eq!(code(&refused), (401, "E0000004".into()));
        let summary = refused.json()["errorSummary"].as_str().unwrap().to_owned();
        assert_eq!(summary.contains('\u{1b}'), name == "mallory");
    }
}

#[test]
fn codes_are_judged_by_window_and_use() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let bob = sandbox.user("bob");
    let begin = || {
        let body = json!({ "username": bob.login, "password": bob.password });
        client.post("/api/v1/authn", &body).json()
    };
    let state = begin();
    let href = state["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    let verify = |token: &serde_json::Value, code: &str| {
        client.post(href, &json!({ "stateToken": token, "passCode": code }))
    };
    let token = &state["stateToken"];
    let now = sandbox.now();
    assert_eq!(code(&verify(token, "no code")), (403, "E0000068".into()));
    assert_eq!(
        code(&verify(token, &bob.totp_at(now - 120))),
        (403, "E0000083".into())
    );
    let good = bob.totp_at(now);
    assert_eq!(verify(token, &good).json()["status"], "SUCCESS");
    let again = begin()["stateToken"].clone();
    assert_eq!(code(&verify(&again, &good)), (403, "E0000082".into()));
    sandbox.forget_used_codes();
    assert_eq!(verify(&again, &good).json()["status"], "SUCCESS");
}

#[test]
fn a_state_token_expires_unless_used_and_can_be_cancelled() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let bob = sandbox.user("bob");
    let body = json!({ "username": bob.login, "password": bob.password });
    let state = client.post("/api/v1/authn", &body).json();
    let token = json!({ "stateToken": state["stateToken"] });
    for _ in 0..2 {
        sandbox.advance_clock(200);
        assert_eq!(
            client.post("/api/v1/authn", &token).json()["status"],
            "MFA_REQUIRED"
        );
    }
    sandbox.advance_clock(301);
    assert_eq!(
        code(&client.post("/api/v1/authn", &token)),
        (401, "E0000011".into())
    );
    let state = client.post("/api/v1/authn", &body).json();
    let token = json!({ "stateToken": state["stateToken"] });
    assert_eq!(client.post("/api/v1/authn/cancel", &token).status, 200);
    assert_eq!(
        code(&client.post("/api/v1/authn", &token)),
        (401, "E0000011".into())
    );
}

#[test]
fn a_push_waits_shows_its_number_late_and_ends_as_scripted() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let dave = sandbox.user("dave");
    let body = json!({ "username": dave.login, "password": dave.password });
    let state = client.post("/api/v1/authn", &body).json();
    let token = json!({ "stateToken": state["stateToken"] });
    let href = state["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    let poll = || client.post(href, &token).json();
    let number = |state: &serde_json::Value| {
        state["_embedded"]["factor"]["_embedded"]["challenge"]["correctAnswer"].as_u64()
    };

    sandbox.reject_push();
    let sent = poll();
    assert_eq!(sent["factorResult"], "WAITING");
    assert_eq!(sent["_links"]["next"]["name"], "poll");
    assert!(sent["_links"]["resend"].is_array());
    assert_eq!(poll()["factorResult"], "WAITING");
    let rejected = poll();
    assert_eq!(rejected["factorResult"], "REJECTED");
    assert_eq!(rejected["status"], "MFA_CHALLENGE");
    assert_eq!(rejected["_links"]["next"]["name"], "verify");

    sandbox.push(PushScript {
        waits: 0,
        outcome: PushOutcome::TimeOut,
        ..PushScript::approve()
    });
    poll();
    assert_eq!(poll()["factorResult"], "TIMEOUT");
    let previous = client.post("/api/v1/authn/previous", &token).json();
    assert_eq!(previous["status"], "MFA_REQUIRED");

    sandbox.push(PushScript::number(0));
    assert_eq!(number(&poll()), None);
    assert_eq!(number(&poll()), None);
    assert_eq!(number(&poll()), Some(0));
    assert_eq!(number(&poll()), Some(0));
    assert_eq!(poll()["status"], "SUCCESS");
}

#[test]
fn a_remembered_device_is_not_asked_again() {
    let sandbox = Sandbox::start();
    let mut client = Client::new(&sandbox);
    let bob = sandbox.user("bob");
    let body = json!({ "username": bob.login, "password": bob.password });
    let first = client.post("/api/v1/authn", &body);
    client.cookies = format!("DT={}", first.cookie("DT").unwrap());
    let state = first.json();
    let href = state["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    let answer = json!({ "stateToken": state["stateToken"], "passCode": bob.totp_now() });
    client.post(&format!("{href}?rememberDevice=true"), &answer);
    assert_eq!(
        client.post("/api/v1/authn", &body).json()["status"],
        "SUCCESS"
    );
    client.cookies.clear();
    assert_eq!(
        client.post("/api/v1/authn", &body).json()["status"],
        "MFA_REQUIRED"
    );
}

#[test]
fn an_app_may_ask_for_a_factor_of_its_own() {
    let sandbox = Sandbox::with(Options {
        step_up: true,
        app_redirects: true,
        ..Options::default()
    });
    let mut client = Client::new(&sandbox);
    let token = client.sign_in("bob").json()["sessionToken"].clone();
    let link = sandbox.app_url(AwsApp::Production);
    let redirect = client.get(&format!("{link}?sessionToken={}", token.as_str().unwrap()));
    let target = redirect.header("Location").unwrap().to_owned();
    assert!(target.ends_with("/sso/saml"), "{target}");
    client.cookies = format!("sid={}", redirect.cookie("sid").unwrap());
    let page = client.get(&target);
    assert!(page.body.contains("Extra Verification"));
    let (_, rest) = page.body.split_once("stateToken = '").unwrap();
    let state_token = rest.split('\'').next().unwrap().replace("\\x2D", "-");
    let state = client
        .post("/api/v1/authn", &json!({ "stateToken": state_token }))
        .json();
    let href = state["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    sandbox.forget_used_codes();
    let code = sandbox.user("bob").totp_now();
    let done = client
        .post(
            href,
            &json!({ "stateToken": state_token, "passCode": code }),
        )
        .json();
    assert_eq!(done["type"], "SESSION_STEP_UP", "{done}");
    assert!(done["sessionToken"].is_null());
    let back = client.get(done["_links"]["next"]["href"].as_str().unwrap());
    let page = client.get(back.header("Location").unwrap());
    assert!(page.body.contains("SAMLResponse"));
}
