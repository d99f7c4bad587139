//! Machines: a signed assertion in place of a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{self, EcdsaKeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{EC_PKCS8, MACHINE, RSA_PKCS8, refuse};
use crate::http::Answer;
use crate::okta::Visit;

pub(super) fn machine_token(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let denied = |text: &str| refuse(401, "invalid_client", text);
    let assertion = visit.request.form("client_assertion").unwrap_or_default();
    let mut parts = assertion.splitn(3, '.');
    let (Some(head), Some(body), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(denied("The parsing of the client_assertion failed."));
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).unwrap_or_default();
    let (header, claims) = (json(head), json(body));
    let signed = format!("{head}.{body}");
    let good = match (header["alg"].as_str(), header["kid"].as_str()) {
        (Some("RS256"), Some("kid-rsa")) => verify_rsa(signed.as_bytes(), &decoded(signature)),
        (Some("ES256"), Some("kid-ec")) => verify_ec(signed.as_bytes(), &decoded(signature)),
        _ => return Err(denied("The client_assertion JWT kid is invalid.")),
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
    for (claim, refusal) in [
        (
            "iss",
            "The issuer claim for client_assertion is not a valid client_id.",
        ),
        (
            "sub",
            "The subject claim for client_assertion is not a valid client_id.",
        ),
    ] {
        if claims[claim] != MACHINE {
            return Err(denied(refusal));
        }
    }
    let exp = claims["exp"].as_u64().unwrap_or_default();
    if exp <= visit.now {
        return Err(denied("The client_assertion token is expired."));
    }
    if exp > visit.now + 3600 {
        return Err(denied(
            "The client_assertion token has an expiration too far into the future.",
        ));
    }
    let jti = claims["jti"].as_str().unwrap_or_default().to_owned();
    let mut org = visit.state.org();
    if jti.is_empty() || !org.tokens.used_assertions.insert(jti) {
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
    let token = visit.state.canaries.issue("machine-token", "eyJ");
    org.web_identities.insert(token.clone(), visit.now + 3600);
    Ok(Answer::json(
        200,
        &json!({
            "token_type": "Bearer",
            "expires_in": 3600,
            "access_token": token,
            "scope": scope,
        }),
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
