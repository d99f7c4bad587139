//! `MFA_REQUIRED`: the factors to choose from, and the one that was chosen.

use serde_json::{Value, json};

use super::factor::{Factor, FactorInput, FactorKind};
use super::link::{Handle, Links};
use super::{AuthnError, Post};
use crate::model::{Org, Timestamp};
use crate::secret::Secret;

/// Where all security keys are asked at once.
const ALL_KEYS: &str = "/api/v1/authn/factors/webauthn/verify";

/// A factor has to be chosen.
#[derive(Debug, PartialEq, Eq)]
pub struct MfaRequired {
    handle: Handle,
    factors: Vec<Factor>,
    pub policy: Policy,
}

/// What the sign-on policy says about remembering this device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub allow_remember_device: bool,
    pub remember_device_by_default: bool,
    /// Minutes.
    pub remember_device_lifetime: Option<u64>,
}

impl Policy {
    pub(super) fn parse(embedded: &Value) -> Self {
        let policy = &embedded["policy"];
        Self {
            allow_remember_device: policy["allowRememberDevice"] == true,
            remember_device_by_default: policy["rememberDeviceByDefault"] == true,
            remember_device_lifetime: policy["rememberDeviceLifetimeInMinutes"].as_u64(),
        }
    }
}

impl MfaRequired {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let factors = answer
            .pointer("/_embedded/factors")
            .and_then(Value::as_array);
        let factors = factors.into_iter().flatten().map(Factor::parse).collect();
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            factors: with_keys_as_one(factors, &answer["_embedded"], org),
            policy: Policy::parse(&answer["_embedded"]),
        })
    }

    /// All factors in Okta's order, those that cannot be used here included.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// When the transaction ends by itself.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.handle.expires_at
    }

    /// Takes the factor at `index` of [`Self::factors`].
    ///
    /// # Errors
    /// When there is none, or it cannot be used here.
    pub fn select(mut self, index: usize) -> Result<Selected, AuthnError> {
        if index >= self.factors.len() {
            return Err(AuthnError::NoSuchFactor(index));
        }
        let factor = self.factors.swap_remove(index);
        if !factor.is_usable() {
            return Err(AuthnError::FactorUnusable(factor.kind.to_string()));
        }
        Ok(Selected {
            handle: self.handle,
            factor,
            policy: self.policy,
            remember: false,
        })
    }

    /// Asks where the transaction stands: after a wrong passcode, which Okta answers without a state.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn resume(&self) -> Result<Post, AuthnError> {
        self.handle.resume()
    }

    /// Ends the transaction at the server.
    pub fn cancel(&self) -> Option<Post> {
        self.handle.cancel()
    }
}

/// Several security keys are one factor: whichever of them is plugged in answers the one challenge. Its place
/// is the first key's, its link that of the type (`_embedded.factorTypes`).
fn with_keys_as_one(mut factors: Vec<Factor>, embedded: &Value, org: &Org) -> Vec<Factor> {
    let is_key = |factor: &Factor| factor.kind == FactorKind::WebAuthn;
    let keys = factors.iter().filter(|factor| is_key(factor)).count();
    let Some(first) = factors.iter().position(is_key).filter(|_| keys > 1) else {
        return factors;
    };
    let types = embedded["factorTypes"].as_array().into_iter().flatten();
    let named = types
        .filter(|kind| kind["factorType"] == "webauthn")
        .find_map(|kind| Links::parse(kind).one("next").cloned());
    let href = named.map_or_else(|| org.at(ALL_KEYS), |link| link.href);
    let mut place = 0;
    factors.retain(|factor| {
        place += 1;
        place - 1 == first || !is_key(factor)
    });
    factors[first] = Factor {
        id: "webauthn".to_owned(),
        kind: FactorKind::WebAuthn,
        provider: "FIDO".to_owned(),
        label: Some(format!("{keys} keys")),
        links: Links::to("verify", href),
    };
    factors
}

/// A factor that was chosen and not yet verified.
#[derive(Debug, PartialEq, Eq)]
pub struct Selected {
    handle: Handle,
    factor: Factor,
    policy: Policy,
    remember: bool,
}

impl Selected {
    pub fn factor(&self) -> &Factor {
        &self.factor
    }

    /// What to have before [`Self::answer`]; [`FactorInput::Nothing`] calls for [`Self::begin`].
    pub fn input(&self) -> FactorInput {
        self.factor.input()
    }

    /// Asks Okta not to ask again on this device, if the policy lets it.
    #[must_use]
    pub fn remember_device(mut self, remember: bool) -> Self {
        self.remember = remember && self.policy.allow_remember_device;
        self
    }

    /// Starts a factor that Okta has to set going: a push, a text message, a call, a key's challenge.
    ///
    /// # Errors
    /// When there is no link to the factor, or it leads elsewhere.
    pub fn begin(self) -> Result<Post, AuthnError> {
        self.verify(json!({}))
    }

    /// Answers at once, one request less than beginning first.
    ///
    /// # Errors
    /// When the factor takes no typed answer, or the link leads elsewhere.
    pub fn answer(self, answer: &Secret) -> Result<Post, AuthnError> {
        let members = typed(&self.input(), answer)?;
        self.verify(members)
    }

    /// Ends the transaction at the server.
    pub fn cancel(&self) -> Option<Post> {
        self.handle.cancel()
    }

    fn verify(self, members: Value) -> Result<Post, AuthnError> {
        let link = self.factor.links.one("verify");
        let link = link.ok_or(AuthnError::MissingLink("verify"))?;
        let mut post = self.handle.post(&link.href, members)?;
        if self.policy.allow_remember_device {
            post.remember_device(self.remember);
        }
        Ok(post)
    }
}

/// The member that carries a typed answer.
pub(super) fn typed(need: &FactorInput, answer: &Secret) -> Result<Value, AuthnError> {
    match need {
        FactorInput::Passcode => Ok(json!({ "passCode": answer.expose() })),
        FactorInput::Answer { .. } => Ok(json!({ "answer": answer.expose() })),
        FactorInput::Password => Ok(json!({ "password": answer.expose() })),
        FactorInput::Nothing
        | FactorInput::WebAuthn(_)
        | FactorInput::External { .. }
        | FactorInput::Unsupported => Err(AuthnError::WrongAnswer),
    }
}
