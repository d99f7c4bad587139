//! `MFA_REQUIRED`: the factors to choose from, and the selected one.

use serde_json::{Value, json};

use super::error::AuthnError;
use super::factor::{Factor, can_remember_device};
use super::handle::{Handle, Links, remember_device};
use crate::model::Org;
use crate::okta::factor_kind::FactorKind;
use crate::okta::json::elements;
use crate::okta::post::Post;
use crate::secret::Secret;

/// The endpoint that challenges all security keys at once.
const ALL_KEYS: &str = "/api/v1/authn/factors/webauthn/verify";

/// The authentication state `MFA_REQUIRED`: the user must select one of the factors.
#[derive(Debug, PartialEq, Eq)]
pub struct MfaRequired {
    pub handle: Handle,
    /// All factors in Okta's order, unusable ones included.
    pub factors: Vec<Factor>,
    can_remember_device: bool,
}

impl MfaRequired {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let embedded = &answer["_embedded"];
        let factors = elements(&embedded["factors"]).iter();
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            factors: merge_security_keys(factors.map(Factor::parse).collect(), embedded, org),
            can_remember_device: can_remember_device(embedded),
        })
    }

    /// Selects the factor at `index` of [`Self::factors`].
    ///
    /// # Errors
    /// [`AuthnError::NoSuchFactor`], [`AuthnError::FactorUnusable`].
    pub fn select(mut self, index: usize) -> Result<SelectedFactor, AuthnError> {
        if index >= self.factors.len() {
            return Err(AuthnError::NoSuchFactor(index));
        }
        let factor = self.factors.swap_remove(index);
        if !factor.is_usable() {
            return Err(AuthnError::FactorUnusable(factor.kind.to_string()));
        }
        Ok(SelectedFactor {
            handle: self.handle,
            factor,
            can_remember_device: self.can_remember_device,
        })
    }
}

/// Merges several security keys into one factor: one challenge covers all of them.
///
/// The merged factor takes the first key's position and the link of `_embedded.factorTypes`.
fn merge_security_keys(mut factors: Vec<Factor>, embedded: &Value, org: &Org) -> Vec<Factor> {
    let is_key = |factor: &Factor| factor.kind == FactorKind::WebAuthn;
    let keys = factors.iter().filter(|factor| is_key(factor)).count();
    let Some(first) = factors.iter().position(is_key).filter(|_| keys > 1) else {
        return factors;
    };
    let href = elements(&embedded["factorTypes"])
        .iter()
        .filter(|kind| kind["factorType"] == "webauthn")
        .find_map(|kind| Links::parse(kind).get("next").map(|link| link.href.clone()));
    factors.retain(|factor| !is_key(factor));
    let merged = Factor {
        id: "webauthn".to_owned(),
        kind: FactorKind::WebAuthn,
        provider: "FIDO".to_owned(),
        label: Some(format!("{keys} keys")),
        links: Links::with_one("verify", href.unwrap_or_else(|| org.at(ALL_KEYS))),
    };
    // No key stands before the first one, so its index is the same without the keys.
    factors.insert(first, merged);
    factors
}

/// A selected factor that is not verified yet.
#[derive(Debug, PartialEq, Eq)]
pub struct SelectedFactor {
    handle: Handle,
    /// With [`FactorInput::Nothing`](super::FactorInput::Nothing), call [`Self::begin`], else
    /// [`Self::answer`].
    pub factor: Factor,
    can_remember_device: bool,
}

impl SelectedFactor {
    /// Builds the request that has Okta send a push, a message, a call or a challenge.
    pub fn begin(self) -> Result<Post, AuthnError> {
        self.verify(json!({}))
    }

    /// Builds the request that verifies the factor with typed input. No call of [`Self::begin`] is
    /// needed before.
    ///
    /// # Errors
    /// [`AuthnError::WrongAnswer`] if the factor takes no typed input, else as [`Self::begin`].
    pub fn answer(self, typed: &Secret) -> Result<Post, AuthnError> {
        let members = self.factor.input().members(typed)?;
        self.verify(members)
    }

    fn verify(self, members: Value) -> Result<Post, AuthnError> {
        let link = self.factor.links.get("verify");
        let link = link.ok_or(AuthnError::MissingLink("verify"))?;
        let post = self.handle.post(link, members)?;
        Ok(remember_device(post, self.can_remember_device))
    }
}
