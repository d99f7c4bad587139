//! An authenticator's challenge: typed input or a security key's assertion.

use serde_json::{Value, json};

use super::error::IdxError;
use super::pending_push::RESEND;
use super::remediation::{Remediation, filled_values};
use super::response::Response;
use super::selection::{SELECT, Selection, detail, kind_of};
use crate::model::Timestamp;
use crate::okta::factor_kind::FactorKind;
use crate::okta::json::{elements, text};
use crate::okta::post::Post;
use crate::okta::webauthn::{CheckedAssertion, WebAuthnChallenge};
use crate::secret::Secret;

/// The remediation that takes the input.
pub(super) const CHALLENGE: &str = "challenge-authenticator";

/// An authenticator waits for input.
#[derive(Debug)]
pub struct Challenge {
    response: Response,
    pub kind: FactorKind,
    /// Okta's name of the authenticator. Untrusted text.
    pub label: String,
    /// A number, an address, the question. Untrusted text.
    pub detail: Option<String>,
}

impl Challenge {
    pub(super) fn new(response: Response) -> Self {
        let current = response.current();
        let fields = response.remediation(CHALLENGE).into_iter();
        let mut fields = fields.flat_map(|form| form.inner_fields("credentials"));
        let has_totp = fields.any(|field| field["name"] == "totp");
        let kind = if has_totp && text(current, "key") == Some("okta_verify") {
            FactorKind::Totp
        } else {
            kind_of(current, current["methods"][0]["type"].as_str())
        };
        Self {
            kind,
            label: text(current, "displayName").unwrap_or_default().to_owned(),
            detail: detail(current),
            response,
        }
    }

    /// Whether the input can be typed.
    pub fn can_be_typed(&self) -> bool {
        let needs_browser = matches!(self.kind, FactorKind::FastPass | FactorKind::Browser);
        !needs_browser && self.typed_field().is_some()
    }

    pub fn can_resend(&self) -> bool {
        self.resend_form().is_some()
    }

    /// Whether another authenticator can be selected instead.
    pub fn can_choose_other(&self) -> bool {
        self.response.has(SELECT)
    }

    /// Returns when Okta ends the transaction.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.response.expires_at
    }

    /// Builds the request with typed input.
    pub fn answer(self, typed: &Secret) -> Result<Post, IdxError> {
        let field = self.typed_field().ok_or(IdxError::Shape)?;
        let mut credentials = filled_values(self.credentials());
        credentials.insert(field.to_owned(), typed.expose().into());
        let members = json!({ "credentials": credentials });
        self.response.follow(CHALLENGE, members)
    }

    /// Returns the challenge for a security key. The enrolled keys may answer it.
    pub fn security_key(&self) -> Option<WebAuthnChallenge> {
        let challenge = self.response.contextual("challengeData").next()?;
        let enrolled = &self.response.raw["authenticatorEnrollments"]["value"];
        let keys = elements(enrolled).iter();
        let keys = keys.filter(|enrolled| enrolled["key"] == "webauthn");
        WebAuthnChallenge::parse(challenge, keys.filter_map(|key| text(key, "credentialId")))
    }

    /// Builds the request with a security key's assertion.
    pub fn sign(self, assertion: &CheckedAssertion) -> Result<Post, IdxError> {
        let members = json!({ "credentials": assertion.members() });
        self.response.follow(CHALLENGE, members)
    }

    /// Builds the request that has the code sent again.
    pub fn resend(&self) -> Result<Post, IdxError> {
        let form = self.resend_form().ok_or(IdxError::Shape)?;
        self.response.post(&form, json!({}))
    }

    /// Returns to the selection of authenticators.
    pub fn choose_other(self) -> Selection {
        Selection::new(self.response, SELECT)
    }

    fn resend_form(&self) -> Option<Remediation> {
        Remediation::parse(&self.response.current()["resend"])
            .or_else(|| self.response.remediation(RESEND).cloned())
    }

    fn credentials(&self) -> &[Value] {
        let form = self.response.remediation(CHALLENGE);
        form.map_or(&[], |form| form.inner_fields("credentials"))
    }

    /// Returns the name of the field that Okta has not filled in.
    fn typed_field(&self) -> Option<&str> {
        let mut fields = self.credentials().iter();
        let open = fields.find(|field| field["value"].is_null())?;
        text(open, "name").filter(|name| matches!(*name, "passcode" | "totp" | "otp" | "answer"))
    }
}
