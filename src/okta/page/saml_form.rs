//! The form that a browser would submit to the service.

use url::Url;

use super::error::PageError;
use crate::model::is_aws_sign_in_host;
use crate::secret::Secret;

/// A SAML form.
#[derive(Debug, PartialEq, Eq)]
pub struct SamlForm {
    /// The ACS URL: https, or http on a loopback address.
    pub action: Url,
    /// The value of `SAMLResponse`: strict base64 on one line.
    pub saml_response: Secret,
    /// The value of `RelayState`. May be empty.
    pub relay_state: Secret,
}

/// The service that a form must be for.
#[derive(Clone, Copy, Debug)]
pub enum Acs<'a> {
    /// An AWS sign-in page of any region and partition. Never requested: STS takes the response.
    Aws,
    /// An origin (the VPN's).
    Origin(&'a Url),
}

impl SamlForm {
    /// Checks that the form is for the service.
    ///
    /// # Errors
    /// [`PageError::ForeignAction`]: it is another app's form.
    pub fn check_action(&self, acs: Acs<'_>) -> Result<(), PageError> {
        let host = self.action.host_str().unwrap_or_default();
        let is_expected = match acs {
            Acs::Aws => {
                let is_default_https =
                    self.action.scheme() == "https" && self.action.port().is_none();
                is_default_https && is_aws_sign_in_host(host)
            }
            Acs::Origin(origin) => self.action.origin() == origin.origin(),
        };
        if is_expected {
            Ok(())
        } else {
            Err(PageError::ForeignAction(host.to_owned()))
        }
    }
}
