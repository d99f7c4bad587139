//! The kinds of pages that an app's link leads to.

use super::error::PageError;
use super::password_form::PasswordForm;
use super::saml_form::SamlForm;
use crate::okta::state_token::StateToken;

/// Maximum size of a page that is parsed.
pub const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// An app's page.
#[derive(Debug, PartialEq, Eq)]
pub enum AppPage {
    SamlForm(SamlForm),
    /// The sign-in page: the session has expired, or the app requires a new sign-in.
    SignIn {
        state_token: Option<StateToken>,
    },
    /// The app requires another factor within the session.
    StepUp {
        state_token: Option<StateToken>,
    },
    /// The app requires the password again. Without a form, a script asks for it.
    PasswordAgain {
        form: Option<PasswordForm>,
    },
    /// "App Access Locked".
    AccessLocked,
    /// The user must give a consent.
    Consent,
    /// The org redirects to another identity provider.
    IdpRedirect {
        host: String,
    },
    /// An error in Okta's words.
    ErrorPage {
        text: String,
    },
    /// A page that a script builds: Identity Engine's.
    ScriptOnly,
    /// None of these: a captive portal or a proxy's page.
    NoForm,
}

impl AppPage {
    /// Returns the SAML form.
    ///
    /// # Errors
    /// The [`PageError`] of any other page.
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
