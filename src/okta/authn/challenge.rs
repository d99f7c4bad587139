//! `MFA_CHALLENGE`: a factor is under way; it is answered, or waited for.

use serde_json::{Value, json};

use super::factor::{Factor, FactorInput, FactorKind};
use super::link::Handle;
use super::required::{Policy, typed};
use super::{AuthnError, Post};
use crate::model::{Org, Timestamp};
use crate::okta::json::{text, text_at};
use crate::okta::webauthn::{CheckedAssertion, WebAuthnChallenge};
use crate::secret::Secret;

/// A factor that is under way.
#[derive(Debug, PartialEq, Eq)]
pub struct MfaChallenge {
    handle: Handle,
    factor: Factor,
    result: Option<FactorResult>,
    number: Option<String>,
    webauthn: Option<WebAuthnChallenge>,
    policy: Policy,
    remember: bool,
}

/// How the last attempt went (`factorResult`).
#[derive(Clone, Debug, PartialEq, Eq)]
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
    Unknown(String),
}

impl FactorResult {
    fn parse(name: &str) -> Self {
        match name {
            "WAITING" => Self::Waiting,
            "SUCCESS" => Self::Success,
            "CHALLENGE" => Self::Challenge,
            "CANCELLED" => Self::Cancelled,
            "REJECTED" => Self::Rejected,
            "TIMEOUT" => Self::Timeout,
            "TIME_WINDOW_EXCEEDED" => Self::TimeWindowExceeded,
            "PASSCODE_REPLAYED" => Self::PasscodeReplayed,
            "ERROR" => Self::Error,
            "FAILED" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// A way to have the code sent once more (`_links.resend`), by Okta's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub name: String,
}

impl MfaChallenge {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let embedded = &answer["_embedded"];
        // Several security keys come as a list with one challenge and no single factor.
        let factor = match &embedded["factor"] {
            Value::Null => &embedded["factors"][0],
            factor => factor,
        };
        let factor = Factor::parse(factor);
        let webauthn = match factor.kind {
            FactorKind::WebAuthn => security_key(embedded),
            _ => None,
        };
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            factor,
            result: text(answer, "factorResult").map(FactorResult::parse),
            number: number_challenge(embedded),
            webauthn,
            policy: Policy::parse(embedded),
            remember: false,
        })
    }

    pub fn factor(&self) -> &Factor {
        &self.factor
    }

    pub fn factor_result(&self) -> Option<&FactorResult> {
        self.result.as_ref()
    }

    /// The number to tap on the phone. It may appear only after some polls, and zero is a number.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// When the transaction ends by itself; polling goes no further.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.handle.expires_at
    }

    /// Whether [`Self::poll`] is what comes next.
    pub fn is_polling(&self) -> bool {
        self.next_is("poll")
    }

    /// What the factor asks for now.
    pub fn input(&self) -> FactorInput {
        if self.next_is("redirect") {
            let next = self.handle.links.one("next");
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

    /// Asks Okta not to ask again on this device, if the policy lets it.
    #[must_use]
    pub fn remember_device(mut self, remember: bool) -> Self {
        self.remember = remember && self.policy.allow_remember_device;
        self
    }

    /// Sends what was typed.
    ///
    /// # Errors
    /// When the factor takes no typed answer, or the next link is not `verify`.
    pub fn answer(self, answer: &Secret) -> Result<Post, AuthnError> {
        let members = typed(&self.input(), answer)?;
        self.next("verify", members)
    }

    /// Sends a security key's answer.
    ///
    /// # Errors
    /// When the factor is no security key, or the next link is not `verify`.
    pub fn sign(self, answer: &CheckedAssertion) -> Result<Post, AuthnError> {
        if self.factor.kind != FactorKind::WebAuthn {
            return Err(AuthnError::WrongAnswer);
        }
        self.next("verify", answer.members())
    }

    /// Asks whether the person has acted yet.
    ///
    /// # Errors
    /// When there is nothing to poll.
    pub fn poll(self) -> Result<Post, AuthnError> {
        self.next("poll", json!({}))
    }

    /// Starts the factor again after it was rejected or ran out (a new push).
    ///
    /// # Errors
    /// When the next link is not `verify`.
    pub fn restart(self) -> Result<Post, AuthnError> {
        self.next("verify", json!({}))
    }

    /// The ways to have the code sent once more; not within 30 s of the last.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let links = self.handle.links.all("resend");
        let named = links.map(|link| Delivery {
            name: link.name.clone().unwrap_or_default(),
        });
        named.collect()
    }

    /// Has the code sent once more by the delivery at `index`.
    ///
    /// # Errors
    /// When there is no such delivery.
    pub fn resend(self, index: usize) -> Result<Post, AuthnError> {
        let link = self.handle.links.all("resend").nth(index);
        let link = link.ok_or(AuthnError::MissingLink("resend"))?;
        self.handle.post(&link.href, json!({}))
    }

    /// Whether another factor can be taken instead.
    pub fn can_go_back(&self) -> bool {
        self.handle.links.one("prev").is_some()
    }

    /// Back to the choice of factors.
    ///
    /// # Errors
    /// When there is no way back.
    pub fn previous(self) -> Result<Post, AuthnError> {
        self.handle.follow("prev")
    }

    /// Asks where the transaction stands: after a wrong passcode, which Okta answers without a state.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn resume(&self) -> Result<Post, AuthnError> {
        self.handle.resume()
    }

    /// Ends the transaction at the server, so that the phone stops asking.
    pub fn cancel(&self) -> Option<Post> {
        self.handle.cancel()
    }

    fn next_is(&self, name: &str) -> bool {
        let next = self.handle.links.one("next");
        next.is_some_and(|link| link.name.as_deref() == Some(name))
    }

    fn next(self, name: &'static str, members: Value) -> Result<Post, AuthnError> {
        if !self.next_is(name) {
            return Err(AuthnError::MissingLink(name));
        }
        let href = self.handle.links.one("next").map(|link| link.href.clone());
        let mut post = self.handle.post(&href.unwrap_or_default(), members)?;
        if self.remember {
            post.remember_device(true);
        }
        Ok(post)
    }
}

/// One key in `factor`, or several in `factors` with one challenge for all of them.
fn security_key(embedded: &Value) -> Option<WebAuthnChallenge> {
    let challenge = embedded
        .pointer("/factor/_embedded/challenge")
        .or_else(|| embedded.get("challenge"))?;
    let one = text_at(embedded, "/factor/profile/credentialId");
    let many = embedded["factors"].as_array().into_iter().flatten();
    let many = many.filter_map(|factor| text_at(factor, "/profile/credentialId"));
    WebAuthnChallenge::parse(challenge, one.into_iter().chain(many))
}

/// `correctAnswer`: an integer in Classic, text in Identity Engine; its presence counts, not its value.
fn number_challenge(embedded: &Value) -> Option<String> {
    match embedded.pointer("/factor/_embedded/challenge/correctAnswer")? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}
