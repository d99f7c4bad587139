//! A security key's answer, judged as "Web Authentication" (W3C), 7.2 "Verifying an Authentication
//! Assertion", has it. Okta is not told which credential answers, so every key of the person is
//! tried.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::{Value, json};

use super::Visit;
use crate::canary;
use crate::users::{Factor, FactorKind, User};

/// A challenge that waits for its answer. It is good once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeyChallenge {
    /// base64url.
    challenge: String,
    /// The factors whose keys may answer.
    factors: Vec<String>,
}

impl KeyChallenge {
    pub(super) fn new(factors: Vec<String>) -> KeyChallenge {
        let bytes = canary::random(canary::ALPHANUMERIC, 15);
        KeyChallenge {
            challenge: URL_SAFE_NO_PAD.encode(bytes),
            factors,
        }
    }

    fn keys<'u>(&self, user: &'u User) -> Vec<&'u Factor> {
        let ids = self.factors.iter();
        ids.filter_map(|id| user.factor(id)).collect()
    }

    /// `challenge` of Classic, `challengeData` of Identity Engine.
    pub(super) fn shown(&self, visit: &Visit<'_>, user: &User) -> Value {
        let options = &visit.state.options;
        let mut shown = json!({
            "challenge": self.challenge,
            "userVerification": options.webauthn_user_verification,
        });
        if let Some(rp_id) = &options.webauthn_rp_id {
            shown["rpId"] = rp_id.as_str().into();
        }
        let mut keys = self.keys(user).into_iter();
        if keys.any(|factor| factor.kind == FactorKind::WebAuthnOfU2f) {
            shown["extensions"] = json!({ "appid": visit.state.org_url });
        }
        shown
    }

    /// Takes the answer in `members`, or says what is wrong with it.
    pub(super) fn judge(
        &self,
        visit: &Visit<'_>,
        user: &User,
        members: &Value,
    ) -> Result<(), &'static str> {
        let bytes = |name: &str| {
            let text = members[name].as_str().unwrap_or_default();
            STANDARD.decode(text).map_err(|_| "not base64")
        };
        let client_data = bytes("clientData")?;
        let data = bytes("authenticatorData")?;
        let signature = bytes("signatureData")?;
        let client: Value = serde_json::from_slice(&client_data).map_err(|_| "not JSON")?;
        if client["type"] != "webauthn.get" {
            return Err("another type");
        }
        if client["challenge"] != self.challenge.as_str() {
            return Err("another challenge");
        }
        if client["origin"] != visit.state.org_url.as_str() {
            return Err("another origin");
        }
        let (hash, flags, count) = match data.as_slice() {
            [rest @ .., a, b, c, d] if data.len() == 37 => {
                (&data[..32], rest[32], u32::from_be_bytes([*a, *b, *c, *d]))
            }
            _ => return Err("not the data of an authenticator"),
        };
        if flags & 1 == 0 {
            return Err("nobody was present");
        }
        if visit.state.options.webauthn_user_verification == "required" && flags & 4 == 0 {
            return Err("nobody was verified");
        }
        let host = visit.state.org_url.trim_start_matches("https://");
        let host = host.split(':').next().unwrap_or_default();
        let message = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        for factor in self.keys(user) {
            let scope = match factor.kind {
                FactorKind::WebAuthnOfU2f => visit.state.org_url.as_str(),
                _ => host,
            };
            let Some(key) = &factor.key else { continue };
            let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key());
            if digest(&SHA256, scope.as_bytes()).as_ref() != hash
                || public.verify(&message, &signature).is_err()
            {
                continue;
            }
            let mut org = visit.state.org();
            let last = org.sign_counts.entry(factor.id.clone()).or_default();
            if count <= *last {
                return Err("a copy of the key");
            }
            *last = count;
            return Ok(());
        }
        Err("none of the keys was able to validate the assertion")
    }
}

/// Whether a key answers for it.
pub(super) fn is_key(kind: FactorKind) -> bool {
    matches!(kind, FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f)
}

/// The ids of all the person's keys.
pub(super) fn keys_of(user: &User) -> Vec<String> {
    let keys = user.factors.iter().filter(|factor| is_key(factor.kind));
    keys.map(|factor| factor.id.clone()).collect()
}

/// How a credential is named.
pub(super) fn credential_id(factor: &Factor) -> String {
    let key = factor.key.as_ref();
    key.map(|key| URL_SAFE_NO_PAD.encode(key.credential_id()))
        .unwrap_or_default()
}
