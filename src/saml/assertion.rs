//! What a response said, and the questions that are asked of it.

use url::Url;

use super::error::SamlError;
use super::ignored_values::IgnoredValue;
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
    /// Values of these attributes that cannot be used, in document order.
    pub ignored_values: Vec<IgnoredValue>,
}

impl Response {
    /// Checks that it was made for AWS: by its recipient, its destination and its audience.
    ///
    /// # Errors
    /// When one of them names another service, or neither recipient nor destination is there.
    pub fn check_aws_recipient(&self) -> Result<(), SamlError> {
        self.check_recipient(is_aws_sign_in, is_aws_audience)
    }

    /// Checks that it was made for the service whose addresses are `is_acs` and whose names are `is_audience`. Of an
    /// encrypted one only the destination can be seen.
    ///
    /// # Errors
    /// When recipient, destination or audience name another service. Recipient or destination must be there, and an
    /// audience (saml-profiles-2.0, 4.1.4.2).
    pub fn check_recipient(
        &self,
        is_acs: impl Fn(&str) -> bool,
        is_audience: impl Fn(&str) -> bool,
    ) -> Result<(), SamlError> {
        let (envelope, recipient) = match self {
            Self::Plain(assertion) => (&assertion.envelope, assertion.recipient.as_ref()),
            Self::Encrypted(envelope) => (envelope, None),
        };
        let mut named = recipient
            .into_iter()
            .chain(&envelope.destination)
            .peekable();
        if named.peek().is_none() {
            return Err(SamlError::NoRecipient);
        }
        if let Some(other) = named.find(|named| !is_acs(named)) {
            return Err(SamlError::Recipient(other.clone()));
        }
        let Self::Plain(Assertion { audiences, .. }) = self else {
            return Ok(());
        };
        match audiences.iter().find(|audience| !is_audience(audience)) {
            Some(other) => Err(SamlError::Audience(other.clone())),
            None if audiences.is_empty() => Err(SamlError::NoAudience),
            None => Ok(()),
        }
    }
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
        if !self.roles.is_empty() {
            return Ok(&self.roles);
        }
        let unusable = self.ignored_values.iter().find_map(IgnoredValue::role);
        Err(unusable.unwrap_or(SamlError::NoRoles))
    }

    /// Whether it may still be used at `now` (the server's clock, as far as it is known).
    ///
    /// # Errors
    /// When its time is over.
    pub fn check_expiry(&self, now: Timestamp) -> Result<(), SamlError> {
        match self.not_on_or_after {
            Some(limit) if now >= limit => Err(SamlError::Expired(limit)),
            _ => Ok(()),
        }
    }
}

/// `urn:amazon:webservices` (and `:govcloud`, `:cn-north-1`), or the address of an AWS sign-in page.
fn is_aws_audience(audience: &str) -> bool {
    let urn = "urn:amazon:webservices";
    audience
        .strip_prefix(urn)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        || Url::parse(audience).is_ok_and(|url| is_aws_host(&url))
}

/// `https://signin.aws.amazon.com/saml`, its siblings of regions and partitions, and the address of one provider
/// (`/saml/acs/…`).
fn is_aws_sign_in(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_saml = url.path() == "/saml" || url.path().starts_with("/saml/");
        is_aws_host(&url) && url.scheme() == "https" && url.port().is_none() && is_saml
    })
}

fn is_aws_host(url: &Url) -> bool {
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
}
