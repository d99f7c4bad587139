//! What the org takes from a security key, and what not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Client;
use crate::{Options, PRESENT, Sandbox, SecurityKey, Signed, VERIFIED};

/// The relying party: the org's host.
const HOST: &str = "127.0.0.1";

/// Asks for a challenge for `user`'s keys; the state.
fn challenged(client: &Client<'_>, user: &str) -> Value {
    let user = client.sandbox.user(user);
    let body = json!({ "username": user.login, "password": user.password });
    let state = client.post("/api/v1/authn", &body).json();
    let embedded = &state["_embedded"];
    let all = embedded.pointer("/factorTypes/0/_links/next/href");
    let one = embedded.pointer("/factors/0/_links/verify/href");
    let verify = all.or(one).unwrap().as_str().unwrap();
    let token = json!({ "stateToken": state["stateToken"] });
    client.post(verify, &token).json()
}

fn challenge(state: &Value) -> &Value {
    let embedded = &state["_embedded"];
    embedded
        .pointer("/factor/_embedded/challenge")
        .unwrap_or(&embedded["challenge"])
}

fn client_data(kind: &str, challenge: &str, origin: &str) -> String {
    json!({ "type": kind, "challenge": challenge, "origin": origin }).to_string()
}

/// Sends an answer; the status it led to, or the error's code.
fn answered(client: &Client<'_>, state: &Value, client_data: &str, signed: &Signed) -> String {
    let body = json!({
        "stateToken": state["stateToken"],
        "clientData": STANDARD.encode(client_data),
        "authenticatorData": STANDARD.encode(&signed.authenticator_data),
        "signatureData": STANDARD.encode(&signed.signature),
    });
    let next = state["_links"]["next"]["href"].as_str().unwrap();
    let reply = client.post(next, &body).json();
    let said = reply["status"].as_str().or(reply["errorCode"].as_str());
    said.unwrap().to_owned()
}

fn right(sandbox: &Sandbox, state: &Value, key: &SecurityKey, rp_id: &str) -> (String, Signed) {
    let challenge = challenge(state)["challenge"].as_str().unwrap();
    let data = client_data("webauthn.get", challenge, &sandbox.org_url());
    let ids = [key.credential_id().to_vec()];
    let signed = key.sign(rp_id, &ids, data.as_bytes(), PRESENT | VERIFIED);
    (data, signed.unwrap())
}

#[test]
fn the_right_answer_of_each_key_signs_in_and_is_good_once() {
    let sandbox = Sandbox::start();
    let client = Client::new(&sandbox);
    let org = sandbox.org_url();
    for (user, place, scope) in [
        ("wendy", 0, "127.0.0.1"),
        ("walter", 0, "127.0.0.1"),
        ("walter", 1, "127.0.0.1"),
        ("walter", 2, org.as_str()),
        ("uma", 0, org.as_str()),
    ] {
        let key = &sandbox.user(user).keys()[place];
        let state = challenged(&client, user);
        let app_id = challenge(&state)["extensions"]["appid"].as_str();
        assert_eq!(app_id.is_some(), user != "wendy");
        let (data, signed) = right(&sandbox, &state, key, scope);
        assert_eq!(answered(&client, &state, &data, &signed), "SUCCESS");
        let next = challenged(&client, user);
        let replayed = answered(&client, &next, &data, &signed);
        assert_eq!(replayed, "E0000068");
    }
    assert_eq!(sandbox.key_refusals(), ["another challenge"; 5]);
}

#[test]
fn everything_that_an_answer_binds_is_looked_at() {
    let sandbox = Sandbox::with(Options {
        webauthn_user_verification: "required",
        ..Options::default()
    });
    let client = Client::new(&sandbox);
    let key = sandbox.user("wendy").keys().remove(0);
    let stranger = sandbox.user("judy").keys().remove(0);
    let org = sandbox.org_url();
    let both = PRESENT | VERIFIED;
    let cases = [
        ("webauthn.create", &org[..], "127.0.0.1", both, &key),
        ("webauthn.get", "https://127.0.0.1", "127.0.0.1", both, &key),
        ("webauthn.get", &org, "localhost", both, &key),
        ("webauthn.get", &org, "127.0.0.1", VERIFIED, &key),
        ("webauthn.get", &org, "127.0.0.1", PRESENT, &key),
        ("webauthn.get", &org, "127.0.0.1", both, &stranger),
    ];
    for (kind, origin, rp_id, flags, key) in cases {
        let state = challenged(&client, "wendy");
        let challenge = challenge(&state)["challenge"].as_str().unwrap();
        let data = client_data(kind, challenge, origin);
        let signed = key.sign_anything(rp_id, data.as_bytes(), flags).unwrap();
        assert_eq!(answered(&client, &state, &data, &signed), "E0000068");
        // Whatever became of it, the challenge is spent.
        let (data, signed) = right(&sandbox, &state, &sandbox.user("wendy").keys()[0], HOST);
        assert_eq!(answered(&client, &state, &data, &signed), "E0000079");
    }
    let state = challenged(&client, "wendy");
    let (data, signed) = right(&sandbox, &state, &key, HOST);
    assert_eq!(answered(&client, &state, &data, &signed), "SUCCESS");
    key.set_count(0);
    let state = challenged(&client, "wendy");
    let (data, signed) = right(&sandbox, &state, &key, HOST);
    assert_eq!(answered(&client, &state, &data, &signed), "E0000068");
    let none = "none of the keys was able to validate the assertion";
    assert_eq!(
        sandbox.key_refusals(),
        [
            "another type",
            "another origin",
            none,
            "nobody was present",
            "nobody was verified",
            none,
            "a copy of the key"
        ]
    );
}
