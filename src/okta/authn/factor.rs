//! A second factor: what it is, how a person tells it from the others, what it asks for.

use std::fmt;

use serde_json::Value;

use super::link::Links;
use crate::okta::json::text;
use crate::okta::webauthn::WebAuthnChallenge;

/// One factor of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Okta's id; empty for those that have none (the password of a sequence).
    pub id: String,
    pub kind: FactorKind,
    /// `OKTA`, `GOOGLE`, `DUO`, `FIDO`…
    pub provider: String,
    /// What tells it from others of its kind: a phone number, a device, a question. Foreign text.
    pub label: Option<String>,
    pub(super) links: Links,
}

impl Factor {
    pub(super) fn parse(value: &Value) -> Self {
        let profile = &value["profile"];
        let label = [
            "phoneNumber",
            "email",
            "questionText",
            "authenticatorName",
            "name",
            "deviceName",
            "credentialId",
        ];
        let provider = text(value, "provider").unwrap_or_default();
        let kind = text(value, "factorType").unwrap_or_default();
        let kind = FactorKind::parse(kind, provider);
        // A key's is a name for machines.
        let is_key = matches!(kind, FactorKind::WebAuthn | FactorKind::U2f);
        Self {
            id: text(value, "id").unwrap_or_default().to_owned(),
            kind,
            provider: provider.to_owned(),
            label: label
                .into_iter()
                .filter(|member| !(is_key && *member == "credentialId"))
                .find_map(|member| text(profile, member))
                .map(str::to_owned),
            links: Links::parse(value),
        }
    }

    /// What to have in hand before this factor is verified. [`FactorInput::Nothing`]: verify it first, Okta
    /// then rings, sends or asks.
    pub fn input(&self) -> FactorInput {
        match &self.kind {
            FactorKind::Totp | FactorKind::Hotp | FactorKind::Token | FactorKind::YubikeyOtp => {
                FactorInput::Passcode
            }
            FactorKind::Question => FactorInput::Answer {
                question: self.label.clone().unwrap_or_default(),
            },
            FactorKind::Password => FactorInput::Password,
            FactorKind::Push
            | FactorKind::Sms
            | FactorKind::Call
            | FactorKind::Email
            | FactorKind::WebAuthn
            | FactorKind::U2f
            | FactorKind::Duo
            | FactorKind::ClaimsProvider => FactorInput::Nothing,
            FactorKind::Assertion | FactorKind::Unknown(_) => FactorInput::Unsupported,
        }
    }

    /// Whether it can be used here at all; the others are listed, not selectable.
    pub fn is_usable(&self) -> bool {
        self.input() != FactorInput::Unsupported
    }
}

/// `factorType` (and `provider`, where one type is two things).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FactorKind {
    Push,
    /// `token:software:totp`: Okta Verify's or Google Authenticator's code.
    Totp,
    /// `token:hotp`: a counter token.
    Hotp,
    /// `token`: RSA SecurID, Symantec VIP.
    Token,
    /// `token:hardware`: a YubiKey's typed one-time password.
    YubikeyOtp,
    Sms,
    Call,
    Email,
    Question,
    /// The password as a later step (factor sequencing).
    Password,
    WebAuthn,
    U2f,
    /// `web` of DUO: its frame.
    Duo,
    /// `claims_provider`: another identity provider, Duo Universal among them.
    ClaimsProvider,
    /// `assertion:saml2`, `assertion:oidc`: a browser is needed.
    Assertion,
    /// What Okta calls it.
    Unknown(String),
}

impl FactorKind {
    fn parse(factor_type: &str, provider: &str) -> Self {
        match factor_type {
            "push" => Self::Push,
            "token:software:totp" => Self::Totp,
            "token:hotp" => Self::Hotp,
            "token" => Self::Token,
            "token:hardware" => Self::YubikeyOtp,
            "sms" => Self::Sms,
            "call" => Self::Call,
            "email" => Self::Email,
            "question" => Self::Question,
            "password" => Self::Password,
            "webauthn" => Self::WebAuthn,
            "u2f" => Self::U2f,
            "web" if provider == "DUO" => Self::Duo,
            "claims_provider" => Self::ClaimsProvider,
            "assertion:saml2" | "assertion:oidc" => Self::Assertion,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The word for settings and options (`factor = "push"`).
    pub fn name(&self) -> &str {
        match self {
            Self::Push => "push",
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Token => "token",
            Self::YubikeyOtp => "yubikey",
            Self::Sms => "sms",
            Self::Call => "call",
            Self::Email => "email",
            Self::Question => "question",
            Self::Password => "password",
            Self::WebAuthn => "webauthn",
            Self::U2f => "u2f",
            Self::Duo => "duo",
            Self::ClaimsProvider => "claims_provider",
            Self::Assertion => "assertion",
            Self::Unknown(name) => name,
        }
    }
}

impl fmt::Display for FactorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a factor asks of the person, or of a device beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorInput {
    /// Nothing to type: go on, or poll until they acted elsewhere.
    Nothing,
    Passcode,
    Answer {
        question: String,
    },
    Password,
    WebAuthn(WebAuthnChallenge),
    /// A page to open in a browser.
    External {
        url: String,
    },
    /// Not to be met from here.
    Unsupported,
}
