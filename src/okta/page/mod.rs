//! The page an app's embed link leads to: a form with a SAML response, or what stands in its way.
//!
//! The form is taken only if it cannot be read in two ways: exactly one form with exactly one
//! `SAMLResponse`, a method and an action spelled out, nothing that redirects them. Forms without a response
//! (a search box, a language menu) are ignored. Every other page is
//! told by name, since each needs something else from the user. Server text in it stays foreign.

mod classify;
mod error;
mod explanation;
mod form;
mod password_form;

#[cfg(test)]
mod tests;

use url::Url;

use classify::PageClassifier;
pub use error::{Base64Flaw, PageError};
pub use explanation::explanation;
use form::FormReader;
pub use password_form::PasswordForm;

use super::html::{Piece, pieces};
use super::state_token::StateToken;
use crate::secret::Secret;

/// The largest page that is read, in bytes.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// What an app's page is.
#[derive(Debug, PartialEq, Eq)]
pub enum AppPage {
    SamlForm(SamlForm),
    /// The sign-in page: the session is over, or this app wants a new sign-in.
    SignIn {
        state_token: Option<StateToken>,
    },
    /// This app wants another factor within the session.
    StepUp {
        state_token: Option<StateToken>,
    },
    /// This app wants the password once more; without a form the page's script asks for it.
    PasswordAgain {
        form: Option<PasswordForm>,
    },
    /// "App Access Locked".
    AccessLocked,
    /// The user has to agree to something first.
    Consent,
    /// The org hands the sign-in to another identity provider.
    IdpRedirect {
        host: String,
    },
    /// An error in Okta's words.
    ErrorPage {
        text: String,
    },
    /// A page that does everything in a script: Okta Identity Engine's.
    ScriptOnly,
    /// None of these: a captive portal, a proxy's page.
    NoForm,
}

/// The form that a browser would submit to the service.
#[derive(Debug, PartialEq, Eq)]
pub struct SamlForm {
    /// The ACS address; https, or http to this machine.
    pub action: Url,
    /// The value of `SAMLResponse`, strict base64 on one line.
    pub saml_response: Secret,
    /// The value of `RelayState`; may be empty.
    pub relay_state: Secret,
}

/// Where a form may want to go.
#[derive(Clone, Copy, Debug)]
pub enum Acs<'a> {
    /// An AWS sign-in page, of any region and partition. We never go there: STS takes the response.
    Aws,
    /// This origin (a VPN's).
    Origin(&'a Url),
}

impl AppPage {
    /// Reads the page that answered with HTTP 200.
    ///
    /// # Errors
    /// When there is a SAML form with something wrong about it, or the bytes are no page.
    pub fn parse(body: &[u8]) -> Result<Self, PageError> {
        if body.len() > MAX_PAGE_BYTES {
            return Err(PageError::TooLarge);
        }
        if body.starts_with(&[0x1f, 0x8b]) {
            return Err(PageError::Compressed);
        }
        let html = std::str::from_utf8(body).map_err(|_| PageError::Charset)?;
        let mut form = FormReader::default();
        let mut classifier = PageClassifier::default();
        for piece in pieces(html) {
            let piece = piece?;
            match &piece {
                Piece::Start(tag) => form.start(tag),
                Piece::End(name) => form.end(name),
                Piece::Text { .. } => {}
            }
            classifier.add(piece);
        }
        match form.conclude()? {
            Some(form) => Ok(Self::SamlForm(form)),
            None => Ok(classifier.conclude()),
        }
    }

    /// The form, or why there is none.
    ///
    /// # Errors
    /// Says what the page asks for instead.
    pub fn into_saml_form(self) -> Result<SamlForm, PageError> {
        Err(match self {
            Self::SamlForm(form) => return Ok(form),
            Self::SignIn { .. } => PageError::SignInNeeded,
            Self::StepUp { .. } => PageError::StepUpNeeded,
            Self::PasswordAgain { .. } => PageError::PasswordNeeded,
            Self::AccessLocked => PageError::AccessLocked,
            Self::Consent => PageError::ConsentNeeded,
            Self::IdpRedirect { host } => PageError::IdpRedirect(host),
            Self::ErrorPage { text } => PageError::Okta(text),
            Self::ScriptOnly => PageError::ScriptOnly,
            Self::NoForm => PageError::NoForm,
        })
    }
}

impl SamlForm {
    /// Whether the form goes where its response is wanted.
    ///
    /// # Errors
    /// When it goes to another host: then this is another app's form.
    pub fn check_action(&self, acs: Acs<'_>) -> Result<(), PageError> {
        let expected = match acs {
            Acs::Aws => is_aws_sign_in(&self.action),
            Acs::Origin(origin) => self.action.origin() == origin.origin(),
        };
        if expected {
            Ok(())
        } else {
            let host = self.action.host_str().unwrap_or_default().to_owned();
            Err(PageError::ForeignAction(host))
        }
    }
}

/// `[region.]signin.aws.amazon.com` and its siblings of the other partitions.
fn is_aws_sign_in(action: &Url) -> bool {
    let sites = [
        "signin.aws.amazon.com",
        "signin.amazonaws-us-gov.com",
        "signin.amazonaws.cn",
    ];
    let host = action.host_str().unwrap_or_default();
    let is_of = |site: &str| {
        host.strip_suffix(site)
            .is_some_and(|region| region.is_empty() || region.ends_with('.'))
    };
    action.scheme() == "https" && action.port().is_none() && sites.into_iter().any(is_of)
}
