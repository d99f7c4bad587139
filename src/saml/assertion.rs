//! The contents of a response, and the checks on them.

use url::Url;

use super::error::SamlError;
use super::ignored_value::IgnoredValue;
use crate::model::{SamlRole, Timestamp, is_aws_sign_in_host};

/// A SAML response, with its assertion readable or encrypted for the service provider.
#[derive(Debug, PartialEq, Eq)]
pub enum Response {
    Plain(Assertion),
    /// The assertion is encrypted for the service. Its roles are unknown; a role and a provider
    /// from the settings can be used with it.
    Encrypted(Envelope),
}

/// What stands outside the assertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `Response/@Destination`: the ACS URL.
    pub destination: Option<String>,
    /// `Response/Issuer`.
    pub issuer: Option<String>,
}

/// An assertion, unverified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertion {
    pub envelope: Envelope,
    /// The role attribute's pairs in document order, without duplicates.
    pub roles: Vec<SamlRole>,
    /// `SessionDuration` in seconds: of a *console* session. STS ignores it.
    pub session_duration: Option<u32>,
    /// `SubjectConfirmationData/@NotOnOrAfter`: STS answers ExpiredToken later (Okta: 5 minutes).
    pub not_on_or_after: Option<Timestamp>,
    /// `AuthnStatement/@SessionNotOnOrAfter`: limits the lifetime of credentials.
    pub session_not_on_or_after: Option<Timestamp>,
    pub audiences: Vec<String>,
    /// `SubjectConfirmationData/@Recipient`: the ACS URL.
    pub recipient: Option<String>,
    /// `Assertion/Issuer`.
    pub issuer: Option<String>,
    /// `RoleSessionName`: the user's name at AWS.
    pub role_session_name: Option<String>,
    /// Unusable values of these attributes, in document order.
    pub ignored_values: Vec<IgnoredValue>,
}

impl Response {
    /// Checks that the response is for AWS.
    ///
    /// # Errors
    /// As [`Self::check_recipient`].
    pub fn check_aws_recipient(&self) -> Result<(), SamlError> {
        self.check_recipient(is_aws_acs, is_aws_audience)
    }

    /// Checks that the response is for the service with these ACS URLs and audiences. An encrypted
    /// response shows only its destination.
    ///
    /// Recipient or destination, and an audience, are required (saml-profiles-2.0, 4.1.4.2).
    ///
    /// # Errors
    /// [`SamlError::NoRecipient`], [`SamlError::Recipient`], [`SamlError::NoAudience`],
    /// [`SamlError::Audience`].
    pub fn check_recipient(
        &self,
        is_acs: impl Fn(&str) -> bool,
        is_audience: impl Fn(&str) -> bool,
    ) -> Result<(), SamlError> {
        let (envelope, recipient) = match self {
            Self::Plain(assertion) => (&assertion.envelope, assertion.recipient.as_ref()),
            Self::Encrypted(envelope) => (envelope, None),
        };
        let mut urls = recipient
            .into_iter()
            .chain(&envelope.destination)
            .peekable();
        if urls.peek().is_none() {
            return Err(SamlError::NoRecipient);
        }
        if let Some(other) = urls.find(|url| !is_acs(url)) {
            return Err(SamlError::Recipient(other.clone()));
        }
        let Self::Plain(Assertion { audiences, .. }) = self else {
            return Ok(());
        };
        if audiences.is_empty() {
            return Err(SamlError::NoAudience);
        }
        check_audiences(audiences, is_audience)
    }
}

impl Assertion {
    /// Returns the roles, for a request to STS.
    ///
    /// # Errors
    /// [`SamlError::Audience`] if the assertion is for another service, [`SamlError::NoRoles`], or
    /// [`SamlError::Role`] if every role value is unusable.
    pub fn aws_roles(&self) -> Result<&[SamlRole], SamlError> {
        check_audiences(&self.audiences, is_aws_audience)?;
        if !self.roles.is_empty() {
            return Ok(&self.roles);
        }
        let unusable = self.ignored_values.iter().find_map(IgnoredValue::role);
        Err(unusable.unwrap_or(SamlError::NoRoles))
    }

    /// Checks that the assertion is valid at `now`, by the server's clock.
    ///
    /// # Errors
    /// [`SamlError::Expired`].
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), SamlError> {
        match self.not_on_or_after {
            Some(limit) if now >= limit => Err(SamlError::Expired(limit)),
            _ => Ok(()),
        }
    }
}

fn check_audiences(
    audiences: &[String],
    is_audience: impl Fn(&str) -> bool,
) -> Result<(), SamlError> {
    match audiences.iter().find(|audience| !is_audience(audience)) {
        Some(other) => Err(SamlError::Audience(other.clone())),
        None => Ok(()),
    }
}

/// Whether an audience is AWS: `urn:amazon:webservices` (`…:govcloud`, `…:cn-north-1`) or a
/// sign-in page.
fn is_aws_audience(audience: &str) -> bool {
    let urn = audience.strip_prefix("urn:amazon:webservices");
    urn.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        || Url::parse(audience).is_ok_and(|url| is_aws_host(&url))
}

/// Whether a URL is an AWS ACS: `/saml` of a sign-in page, or that of one provider
/// (`/saml/acs/…`).
fn is_aws_acs(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_saml = url.path() == "/saml" || url.path().starts_with("/saml/");
        is_aws_host(&url) && url.scheme() == "https" && url.port().is_none() && is_saml
    })
}

fn is_aws_host(url: &Url) -> bool {
    is_aws_sign_in_host(url.host_str().unwrap_or_default())
}
