//! `MFA_CHALLENGE`: a factor was started and waits for input, or for the user.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::AuthnError;
use super::factor::{Factor, FactorInput, can_remember_device};
use super::handle::{Handle, remember_device};
use crate::model::Org;
use crate::okta::factor_kind::FactorKind;
use crate::okta::json::{elements, text_at};
use crate::okta::post::Post;
use crate::okta::webauthn::{CheckedAssertion, WebAuthnChallenge};
use crate::secret::Secret;

/// A factor that was started.
#[derive(Debug, PartialEq, Eq)]
pub struct MfaChallenge {
    pub handle: Handle,
    pub factor: Factor,
    pub result: Option<FactorResult>,
    /// The number to tap on the phone. It may appear only after some polls.
    pub number: Option<String>,
    webauthn: Option<WebAuthnChallenge>,
    can_remember_device: bool,
}

/// The result of the last attempt (`factorResult`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FactorResult {
    Waiting,
    Success,
    Challenge,
    Cancelled,
    Rejected,
    Timeout,
    TimeWindowExceeded,
    PasscodeReplayed,
    Error,
    Failed,
    #[serde(untagged)]
    Unknown(String),
}

impl MfaChallenge {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let embedded = &answer["_embedded"];
        // Several security keys come as a list, with one challenge and no single factor.
        let factor = match &embedded["factor"] {
            Value::Null => &embedded["factors"][0],
            factor => factor,
        };
        let factor = Factor::parse(factor);
        let webauthn = match factor.kind {
            FactorKind::WebAuthn => security_key_challenge(embedded),
            _ => None,
        };
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            factor,
            result: FactorResult::deserialize(&answer["factorResult"]).ok(),
            number: number_challenge(embedded),
            webauthn,
            can_remember_device: can_remember_device(embedded),
        })
    }

    /// Whether Okta expects [`Self::poll`] next.
    pub fn is_polling(&self) -> bool {
        self.has_next("poll")
    }

    /// Returns the input that the factor takes now.
    pub fn input(&self) -> FactorInput {
        if self.has_next("redirect") {
            let next = self.handle.links.get("next");
            return next.map_or(FactorInput::Unsupported, |next| FactorInput::External {
                url: next.href.clone(),
            });
        }
        match self.factor.kind {
            FactorKind::Sms | FactorKind::Call | FactorKind::Email => FactorInput::Passcode,
            FactorKind::WebAuthn => self
                .webauthn
                .clone()
                .map_or(FactorInput::Unsupported, FactorInput::WebAuthn),
            FactorKind::U2f | FactorKind::Duo | FactorKind::ClaimsProvider => {
                FactorInput::Unsupported
            }
            _ => self.factor.input(),
        }
    }

    /// Builds the request with typed input.
    ///
    /// # Errors
    /// [`AuthnError::WrongAnswer`] if the factor takes no typed input, [`AuthnError::MissingLink`]
    /// if the next link is not `verify`.
    pub fn answer(self, typed: &Secret) -> Result<Post, AuthnError> {
        let members = self.input().members(typed)?;
        self.next_remembering("verify", members)
    }

    /// Builds the request with a security key's assertion.
    pub fn sign(self, assertion: &CheckedAssertion) -> Result<Post, AuthnError> {
        if self.factor.kind != FactorKind::WebAuthn {
            return Err(AuthnError::WrongAnswer);
        }
        self.next_remembering("verify", assertion.members())
    }

    /// Builds the request that asks whether the user has acted.
    pub fn poll(self) -> Result<Post, AuthnError> {
        self.next_remembering("poll", json!({}))
    }

    /// Builds the request for a new push after a rejection or a timeout.
    pub fn restart(self) -> Result<Post, AuthnError> {
        self.next("verify", json!({}))
    }

    /// Whether [`Self::resend`] is offered. Okta refuses it within 30 s of the last code.
    pub fn can_resend(&self) -> bool {
        self.handle.links.get("resend").is_some()
    }

    /// Builds the request that has the code sent again.
    pub fn resend(self) -> Result<Post, AuthnError> {
        self.handle.follow("resend")
    }

    /// Whether another factor can be selected instead.
    pub fn can_go_back(&self) -> bool {
        self.handle.links.get("prev").is_some()
    }

    /// Builds the request that returns to the selection of factors.
    pub fn previous(self) -> Result<Post, AuthnError> {
        self.handle.follow("prev")
    }

    fn has_next(&self, name: &str) -> bool {
        let next = self.handle.links.get("next");
        next.is_some_and(|link| link.is_named(name))
    }

    fn next_remembering(&self, name: &'static str, members: Value) -> Result<Post, AuthnError> {
        let post = self.next(name, members)?;
        Ok(remember_device(post, self.can_remember_device))
    }

    fn next(&self, name: &'static str, members: Value) -> Result<Post, AuthnError> {
        let next = self.handle.links.get("next");
        let next = next.filter(|link| link.is_named(name));
        self.handle
            .post(next.ok_or(AuthnError::MissingLink(name))?, members)
    }
}

/// Reads the challenge of one key (`factor`) or of several (`factors`).
fn security_key_challenge(embedded: &Value) -> Option<WebAuthnChallenge> {
    let challenge = embedded
        .pointer("/factor/_embedded/challenge")
        .or_else(|| embedded.get("challenge"))?;
    let one = text_at(embedded, "/factor/profile/credentialId");
    let several = elements(&embedded["factors"]).iter();
    let several = several.filter_map(|factor| text_at(factor, "/profile/credentialId"));
    WebAuthnChallenge::parse(challenge, one.into_iter().chain(several))
}

/// Reads `correctAnswer`: an integer in Classic, text in Identity Engine. Zero is a valid number.
fn number_challenge(embedded: &Value) -> Option<String> {
    match embedded.pointer("/factor/_embedded/challenge/correctAnswer")? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}
