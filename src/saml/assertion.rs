//! What a response said, and the questions that are asked of it.

use url::Url;

use super::error::SamlError;
use crate::model::{SamlRole, Timestamp};

/// What a response carries.
#[derive(Debug, PartialEq, Eq)]
pub enum Response {
    Plain(Assertion),
    /// The assertion is encrypted for its recipient: which roles it grants cannot be known here, but
    /// a role and a provider named by hand can be used with it.
    Encrypted(Envelope),
}

/// What stands outside the assertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `Response/@Destination`: the ACS address this was made for.
    pub destination: Option<String>,
    /// `Response/Issuer`.
    pub issuer: Option<String>,
}

/// What the assertion says, unverified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertion {
    pub envelope: Envelope,
    /// The role attribute's pairs in document order, exact duplicates dropped. Empty for other services than AWS.
    pub roles: Vec<SamlRole>,
    /// How long an AWS *console* session lasts, in seconds (`SessionDuration`); STS does not follow it.
    pub session_duration: Option<u32>,
    /// `SubjectConfirmationData/@NotOnOrAfter`: after this STS answers ExpiredToken (Okta: 5 minutes).
    pub not_on_or_after: Option<Timestamp>,
    /// `AuthnStatement/@SessionNotOnOrAfter`: caps the life of what STS hands out.
    pub session_not_on_or_after: Option<Timestamp>,
    pub audiences: Vec<String>,
    /// `SubjectConfirmationData/@Recipient`: the ACS address.
    pub recipient: Option<String>,
    /// `Assertion/Issuer`.
    pub issuer: Option<String>,
    /// The `RoleSessionName` attribute: the user's name at AWS.
    pub role_session_name: Option<String>,
}

impl Assertion {
    /// The pairs, for a request to STS.
    ///
    /// # Errors
    /// When this assertion was made for another service, or grants no role.
    pub fn aws_roles(&self) -> Result<&[SamlRole], SamlError> {
        if let Some(other) = self.audiences.iter().find(|text| !is_aws_audience(text)) {
            return Err(SamlError::Audience(other.clone()));
        }
        if self.roles.is_empty() {
            return Err(SamlError::NoRoles);
        }
        Ok(&self.roles)
    }

    /// Whether it may still be used at `now` (the server's clock, as far as it is known).
    ///
    /// # Errors
    /// When its time is over.
    pub fn usable_at(&self, now: Timestamp) -> Result<(), SamlError> {
        match self.not_on_or_after {
            Some(limit) if now >= limit => Err(SamlError::Expired(limit)),
            _ => Ok(()),
        }
    }

    /// Whether it was made for the service at `acs`, where the form wants to send it.
    ///
    /// # Errors
    /// When recipient or destination name another address.
    pub fn made_for(&self, acs: &str) -> Result<(), SamlError> {
        let named = [&self.recipient, &self.envelope.destination];
        match named.into_iter().flatten().find(|named| *named != acs) {
            Some(other) => Err(SamlError::Recipient(other.clone())),
            None => Ok(()),
        }
    }
}

/// `urn:amazon:webservices` (and `:govcloud`, `:cn-north-1`), or the address of an AWS sign-in page.
fn is_aws_audience(audience: &str) -> bool {
    let urn = "urn:amazon:webservices";
    audience
        .strip_prefix(urn)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        || Url::parse(audience).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            [
                "signin.aws.amazon.com",
                "signin.amazonaws-us-gov.com",
                "signin.amazonaws.cn",
            ]
            .iter()
            .any(|known| {
                host.strip_suffix(known)
                    .is_some_and(|region| region.is_empty() || region.ends_with('.'))
            })
        })
}
