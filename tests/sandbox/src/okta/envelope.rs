//! "Okta Authentication API: Authentication transaction object": how a state is written as JSON,
//! with the links that lead on from it.

use serde_json::{Value, json};

use super::Visit;
use super::authn::{Phase, Transaction};
use super::factors::ALL_KEYS;
use super::push::PushResult;
use super::webauthn::{credential_id, is_key, keys_of};
use crate::clock::milliseconds;
use crate::http::Answer;
use crate::users::{Factor, FactorKind, Standing, User};

/// A transaction that is not over.
pub(super) fn state(visit: &Visit<'_>, token: &str, transaction: &Transaction) -> Answer {
    let user = transaction
        .login
        .as_deref()
        .and_then(|login| visit.state.user(login));
    let mut envelope = json!({
        "stateToken": token,
        "expiresAt": milliseconds(transaction.expires_at),
        "status": status(&transaction.phase),
        "_embedded": {},
        "_links": { "cancel": link(visit, None, "/api/v1/authn/cancel") }
    });
    if let Some(user) = user {
        if user.standing == Standing::Sequence {
            let status = status(&transaction.phase).replace("MFA_", "FACTOR_");
            envelope["status"] = status.into();
        }
        envelope["_embedded"]["user"] = user_object(user);
        fill(visit, &mut envelope, transaction, user, token);
    } else {
        envelope["_links"]["next"] = link(visit, Some("authenticate"), "/api/v1/authn");
    }
    Answer::json(200, &envelope).with("Cache-Control", "no-cache, no-store")
}

/// A transaction that ended in a session token.
pub(super) fn success(visit: &Visit<'_>, user: &User, token: &str, expires_at: u64) -> Answer {
    let envelope = json!({
        "expiresAt": milliseconds(expires_at),
        "status": "SUCCESS",
        "sessionToken": token,
        "_embedded": { "user": user_object(user) },
        "_links": { "cancel": link(visit, None, "/api/v1/authn/cancel") }
    });
    Answer::json(200, &envelope).with("Cache-Control", "no-cache, no-store")
}

/// The end of a step-up in an org that says nothing more.
pub(super) fn bare_success() -> Answer {
    Answer::json(200, &json!({ "status": "SUCCESS" }))
}

/// What an org that shows lockouts says, with status 200.
pub(super) fn locked_out(visit: &Visit<'_>) -> Answer {
    let unlock = link(visit, Some("unlock"), "/api/v1/authn/recovery/unlock");
    Answer::json(
        200,
        &json!({ "status": "LOCKED_OUT", "_embedded": {}, "_links": { "next": unlock } }),
    )
}

fn status(phase: &Phase) -> &'static str {
    match phase {
        Phase::Unauthenticated => "UNAUTHENTICATED",
        Phase::PasswordWarn => "PASSWORD_WARN",
        Phase::PasswordExpired => "PASSWORD_EXPIRED",
        Phase::MfaEnroll => "MFA_ENROLL",
        Phase::MfaRequired => "MFA_REQUIRED",
        Phase::Challenge(_) | Phase::Pushed(_) => "MFA_CHALLENGE",
        Phase::SteppedUp => "SUCCESS",
    }
}

fn fill(
    visit: &Visit<'_>,
    envelope: &mut Value,
    transaction: &Transaction,
    user: &User,
    token: &str,
) {
    let change = "/api/v1/authn/credentials/change_password";
    match &transaction.phase {
        Phase::Unauthenticated => {}
        Phase::PasswordWarn => {
            envelope["_embedded"]["policy"] = password_policy(json!({ "passwordExpireDays": 5 }));
            envelope["_links"]["next"] = link(visit, Some("changePassword"), change);
            envelope["_links"]["skip"] = link(visit, Some("skip"), "/api/v1/authn/skip");
        }
        Phase::PasswordExpired => {
            envelope["_embedded"]["policy"] = password_policy(json!({ "passwordExpireDays": 0 }));
            envelope["_links"]["next"] = link(visit, Some("changePassword"), change);
        }
        Phase::MfaEnroll => {
            let optional = user.standing == Standing::MayEnroll;
            envelope["_embedded"]["factors"] = enrollable(visit, optional);
            if optional {
                envelope["_links"]["skip"] = link(visit, Some("skip"), "/api/v1/authn/skip");
            }
        }
        Phase::MfaRequired => {
            // A sequence offers its next step alone.
            let step = match user.standing {
                Standing::Sequence => transaction.passed.len()..=transaction.passed.len(),
                _ => 0..=user.factors.len().saturating_sub(1),
            };
            let factors = user.factors.get(step).into_iter().flatten();
            envelope["_embedded"]["factors"] = factors
                .map(|factor| factor_object(visit, user, factor))
                .collect();
            if keys_of(user).len() > 1 {
                let next = link(visit, Some("verify"), &verify_path(ALL_KEYS));
                envelope["_embedded"]["factorTypes"] =
                    json!([{ "factorType": "webauthn", "_links": { "next": next } }]);
            }
            envelope["_embedded"]["policy"] = mfa_policy(visit, user);
        }
        Phase::Challenge(id) => {
            challenge(visit, envelope, user, id, "verify");
            if let Some(key) = &transaction.key {
                let shown = key.shown(visit, user);
                if id == ALL_KEYS {
                    envelope["_embedded"]["challenge"] = shown;
                } else {
                    envelope["_embedded"]["factor"]["_embedded"] = json!({ "challenge": shown });
                }
            }
            if let Some(factor) = user.factor(id).filter(|factor| factor.kind.is_sent()) {
                let resend = verify_path(id) + "/resend";
                let name = type_of(factor.kind).0;
                envelope["factorResult"] = "CHALLENGE".into();
                envelope["_links"]["resend"] = json!([link(visit, Some(name), &resend)]);
            }
        }
        Phase::Pushed(push) => {
            let waiting = push.result == PushResult::Waiting;
            envelope["factorResult"] = push.result.name().into();
            challenge(
                visit,
                envelope,
                user,
                &push.factor,
                if waiting { "poll" } else { "verify" },
            );
            if let Some(number) = push.number {
                envelope["_embedded"]["factor"]["_embedded"] =
                    json!({ "challenge": { "correctAnswer": number } });
            }
            if waiting {
                let resend = verify_path(&push.factor) + "/resend";
                envelope["_links"]["resend"] = json!([link(visit, Some("push"), &resend)]);
            }
        }
        Phase::SteppedUp => {
            let href = format!("/login/step-up/redirect?stateToken={token}");
            envelope["type"] = "SESSION_STEP_UP".into();
            envelope["_embedded"]["target"] = json!({ "type": "APP", "name": "amazon_aws" });
            envelope["_links"] = json!({ "next": {
                "name": "original", "href": visit.url(&href), "hints": { "allow": ["GET"] }
            }});
        }
    }
}

fn challenge(visit: &Visit<'_>, envelope: &mut Value, user: &User, factor: &str, next: &str) {
    if let Some(factor) = user.factor(factor) {
        envelope["_embedded"]["factor"] = factor_object(visit, user, factor);
    } else {
        let keys = user.factors.iter().filter(|factor| is_key(factor.kind));
        let keys = keys.map(|factor| factor_object(visit, user, factor));
        envelope["_embedded"]["factors"] = keys.collect();
    }
    envelope["_embedded"]["policy"] = mfa_policy(visit, user);
    envelope["_links"]["next"] = link(visit, Some(next), &verify_path(factor));
    envelope["_links"]["prev"] = link(visit, None, "/api/v1/authn/previous");
}

fn verify_path(factor: &str) -> String {
    format!("/api/v1/authn/factors/{factor}/verify")
}

fn link(visit: &Visit<'_>, name: Option<&str>, path: &str) -> Value {
    let mut link = json!({ "href": visit.url(path), "hints": { "allow": ["POST"] } });
    if let Some(name) = name {
        link["name"] = name.into();
    }
    link
}

fn user_object(user: &User) -> Value {
    json!({
        "id": user.id,
        "passwordChanged": "2026-01-15T08:00:00.000Z",
        "profile": { "login": user.login, "firstName": user.first_name,
                     "lastName": user.last_name, "locale": "en", "timeZone": "Europe/Berlin" }
    })
}

/// `factorType` and `provider`.
fn type_of(kind: FactorKind) -> (&'static str, &'static str) {
    match kind {
        FactorKind::Push => ("push", "OKTA"),
        FactorKind::Totp => ("token:software:totp", "OKTA"),
        FactorKind::Hotp => ("token:hotp", "CUSTOM"),
        FactorKind::Rsa => ("token", "RSA"),
        FactorKind::Yubikey => ("token:hardware", "YUBICO"),
        FactorKind::Sms => ("sms", "OKTA"),
        FactorKind::Call => ("call", "OKTA"),
        FactorKind::Email => ("email", "OKTA"),
        FactorKind::Question => ("question", "OKTA"),
        FactorKind::Password => ("password", "OKTA"),
        FactorKind::Duo => ("web", "DUO"),
        FactorKind::External => ("claims_provider", "CUSTOM"),
        FactorKind::Unheard => ("token:telepathy", "ACME"),
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => ("webauthn", "FIDO"),
        FactorKind::U2f => ("u2f", "FIDO"),
    }
}

fn factor_object(visit: &Visit<'_>, user: &User, factor: &Factor) -> Value {
    let (kind, mut provider) = type_of(factor.kind);
    if factor.kind == FactorKind::Totp && user.name() == "alice" {
        provider = "GOOGLE";
    }
    let profile = match factor.kind {
        FactorKind::Push => {
            json!({ "credentialId": user.login, "deviceType": "SmartPhone_IPhone",
                    "keys": [{ "kty": "PKIX", "use": "sig", "kid": "default", "x5c": ["MIIB"] }],
                    "name": factor.device, "platform": "IOS", "version": "18.1" })
        }
        FactorKind::Sms | FactorKind::Call => json!({ "phoneNumber": "+1 XXX-XXX-1337" }),
        FactorKind::Email => json!({ "email": "j...y@acme.com" }),
        FactorKind::Question => json!({ "question": "disliked_food",
                                        "questionText": "What is the food you least liked as a \
                                         child?" }),
        FactorKind::Password => json!({}),
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => {
            json!({ "credentialId": credential_id(factor), "authenticatorName": "YubiKey 5" })
        }
        FactorKind::U2f => json!({ "credentialId": "b2xk", "appId": visit.state.org_url,
                                   "version": "U2F_V2" }),
        _ => json!({ "credentialId": user.login, "name": factor.device }),
    };
    let mut vendor = provider.to_owned();
    if user.name() == "mallory" {
        vendor = factor.device.clone();
    }
    json!({
        "id": factor.id, "factorType": kind, "provider": provider, "vendorName": vendor,
        "profile": profile,
        "_links": { "verify": link(visit, None, &verify_path(&factor.id)) }
    })
}

fn enrollable(visit: &Visit<'_>, optional: bool) -> Value {
    let enroll = || json!({ "enroll": link(visit, None, "/api/v1/authn/factors") });
    let first = if optional { "OPTIONAL" } else { "REQUIRED" };
    json!([
        { "factorType": "push", "provider": "OKTA", "vendorName": "OKTA",
          "enrollment": first, "status": "NOT_SETUP", "_links": enroll() },
        { "factorType": "token:software:totp", "provider": "OKTA", "vendorName": "OKTA",
          "enrollment": "OPTIONAL", "status": "NOT_SETUP", "_links": enroll() }
    ])
}

fn password_policy(expiration: Value) -> Value {
    json!({
        "expiration": expiration,
        "complexity": { "minLength": 8, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1,
                        "minSymbol": 0, "excludeUsername": true }
    })
}

fn mfa_policy(visit: &Visit<'_>, user: &User) -> Value {
    let mut by_factor = json!({});
    for factor in &user.factors {
        if factor.kind == FactorKind::Push {
            by_factor[&factor.id] = json!({ "autoPushEnabled": false });
        }
    }
    json!({
        "allowRememberDevice": visit.state.options.allow_remember_device,
        "rememberDeviceLifetimeInMinutes": 15,
        "rememberDeviceByDefault": false,
        "factorsPolicyInfo": by_factor
    })
}
