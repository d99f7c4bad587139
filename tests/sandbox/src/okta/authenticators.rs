//! Identity Engine's authenticators: which of a person's factors each of them is, and how it is
//! written.

use serde_json::{Value, json};

use super::webauthn::credential_id;
use crate::users::{Factor, FactorKind};

pub(super) const PASSWORD_ID: &str = "aut1password000000h7";

pub(super) fn password_object() -> Value {
    json!({ "type": "password", "key": "okta_password", "id": PASSWORD_ID,
            "displayName": "Password", "methods": [{ "type": "password" }] })
}

/// One authenticator may be two of the factors: Okta Verify, a phone.
pub(super) fn authenticator_id(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Push | FactorKind::Totp => "aut1oktaverify00000h7",
        FactorKind::Sms | FactorKind::Call => "aut1phone0000000000h7",
        FactorKind::Email => "aut1email0000000000h7",
        FactorKind::Question => "aut1question0000000h7",
        FactorKind::Rsa => "aut1rsa000000000000h7",
        FactorKind::Yubikey => "aut1yubikey00000000h7",
        FactorKind::Hotp => "aut1hotp00000000000h7",
        FactorKind::Password => PASSWORD_ID,
        FactorKind::Duo => "aut1duo000000000000h7",
        FactorKind::External => "aut1external0000000h7",
        FactorKind::Unheard => "aut1unheard00000000h7",
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => "aut1webauthn0000000h7",
        FactorKind::U2f => "aut1u2f000000000000h7",
    }
}

/// The method within an authenticator that has several.
pub(super) fn method(kind: FactorKind) -> Option<&'static str> {
    match kind {
        FactorKind::Push => Some("push"),
        FactorKind::Totp => Some("totp"),
        FactorKind::Sms => Some("sms"),
        FactorKind::Call => Some("voice"),
        _ => None,
    }
}

pub(super) fn display_name(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Push | FactorKind::Totp => "Okta Verify",
        FactorKind::Sms | FactorKind::Call => "Phone",
        FactorKind::Email => "Email",
        FactorKind::Question => "Security Question",
        FactorKind::Rsa => "RSA SecurID",
        FactorKind::Yubikey => "YubiKey Authenticator",
        FactorKind::Hotp => "Counter token",
        FactorKind::Password => "Password",
        FactorKind::Duo => "Duo Security",
        FactorKind::External => "Acme Identity",
        FactorKind::Unheard => "Telepathy",
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => "Security Key or Biometric",
        FactorKind::U2f => "Security Key (U2F)",
    }
}

pub(super) fn authenticator(factor: &Factor) -> Value {
    let (key, kind) = match factor.kind {
        FactorKind::Push | FactorKind::Totp => ("okta_verify", "app"),
        FactorKind::Sms | FactorKind::Call => ("phone_number", "phone"),
        FactorKind::Email => ("okta_email", "email"),
        FactorKind::Question => ("security_question", "security_question"),
        FactorKind::Rsa => ("rsa_token", "security_key"),
        FactorKind::Yubikey => ("yubikey_token", "security_key"),
        FactorKind::Hotp => ("custom_otp", "app"),
        FactorKind::Password => ("okta_password", "password"),
        FactorKind::Duo => ("duo", "app"),
        FactorKind::External => ("external_idp", "federated"),
        FactorKind::Unheard => ("telepathy", "mind"),
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => {
            return json!({ "type": "security_key", "key": "webauthn",
                "id": authenticator_id(factor.kind), "displayName": "YubiKey 5",
                "credentialId": credential_id(factor), "methods": [{ "type": "webauthn" }] });
        }
        FactorKind::U2f => ("u2f", "security_key"),
    };
    let profile = match factor.kind {
        FactorKind::Sms | FactorKind::Call => json!({ "phoneNumber": "+1 XXX-XXX-1337" }),
        FactorKind::Email => json!({ "email": "j***y@acme.com" }),
        FactorKind::Question => json!({ "questionKey": "disliked_food",
            "question": "What is the food you least liked as a child?" }),
        _ => json!({ "deviceName": factor.device }),
    };
    json!({ "type": kind, "key": key, "id": authenticator_id(factor.kind),
            "displayName": display_name(factor.kind), "profile": profile,
            "methods": [{ "type": method(factor.kind).unwrap_or("otp") }] })
}
