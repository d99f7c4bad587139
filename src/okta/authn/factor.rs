//! Second factors, and the input that each of them takes.

use serde_json::{Value, json};

use super::error::AuthnError;
use super::handle::Links;
use crate::okta::factor_kind::FactorKind;
use crate::okta::json::text;
use crate::okta::webauthn::WebAuthnChallenge;
use crate::secret::Secret;

/// Members of `profile` that tell a factor from others of its kind, the best first.
const LABELS: [&str; 7] = [
    "phoneNumber",
    "email",
    "questionText",
    "authenticatorName",
    "name",
    "deviceName",
    "credentialId",
];

/// One factor of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Okta's id. Empty for the password of a factor sequence, which has none.
    pub id: String,
    pub kind: FactorKind,
    /// `OKTA`, `GOOGLE`, `DUO`, `FIDO`…
    pub provider: String,
    /// A phone number, a device, a question. Untrusted text.
    pub label: Option<String>,
    pub(super) links: Links,
}

impl Factor {
    pub(super) fn parse(value: &Value) -> Self {
        let provider = text(value, "provider").unwrap_or_default();
        let kind = text(value, "factorType").unwrap_or_default();
        let kind = FactorKind::from_classic(kind, provider);
        let is_key = matches!(kind, FactorKind::WebAuthn | FactorKind::U2f);
        // A security key's credential id means nothing to the user.
        let mut labels = LABELS
            .into_iter()
            .filter(|member| !(is_key && *member == "credentialId"));
        Self {
            id: text(value, "id").unwrap_or_default().to_owned(),
            kind,
            provider: provider.to_owned(),
            label: labels
                .find_map(|member| text(&value["profile"], member))
                .map(str::to_owned),
            links: Links::parse(value),
        }
    }

    /// Returns the input that verifying takes. [`FactorInput::Nothing`]: verify first, Okta then
    /// sends a push, a code or a challenge.
    pub fn input(&self) -> FactorInput {
        match &self.kind {
            FactorKind::Totp | FactorKind::Hotp | FactorKind::Token | FactorKind::YubikeyOtp => {
                FactorInput::Passcode
            }
            FactorKind::Question => FactorInput::Answer {
                question: self.label.clone().unwrap_or_default(),
            },
            FactorKind::Password => FactorInput::Password,
            FactorKind::Assertion
            | FactorKind::FastPass
            | FactorKind::Browser
            | FactorKind::Unknown(_) => FactorInput::Unsupported,
            // A push, a code or a challenge, which Okta sends first.
            _ => FactorInput::Nothing,
        }
    }

    /// Whether the factor can be selected. The others are only listed.
    pub fn is_usable(&self) -> bool {
        self.input() != FactorInput::Unsupported
    }
}

/// The input that a factor takes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactorInput {
    /// No input: start it, or poll until the user has acted on another device.
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
    Unsupported,
}

impl FactorInput {
    /// Returns the request member that carries typed input.
    pub(super) fn members(&self, typed: &Secret) -> Result<Value, AuthnError> {
        match self {
            Self::Passcode => Ok(json!({ "passCode": typed.expose() })),
            Self::Answer { .. } => Ok(json!({ "answer": typed.expose() })),
            Self::Password => Ok(json!({ "password": typed.expose() })),
            Self::Nothing | Self::WebAuthn(_) | Self::External { .. } | Self::Unsupported => {
                Err(AuthnError::WrongAnswer)
            }
        }
    }
}

/// Whether the sign-on policy lets the user skip the factor on this device for a while.
pub(super) fn can_remember_device(embedded: &Value) -> bool {
    embedded["policy"]["allowRememberDevice"] == true
}
