//! How a recipe that uses a session can fail.

use crate::flow::Unanswered;
use crate::http::HttpError;
use crate::report::{Exit, Report};

/// Why a recipe has no value.
#[derive(Debug)]
pub enum Failure {
    /// The Okta session is over at the server: a new sign-in may help, once.
    SessionEnded,
    /// The session is good, but not for this app: a newer sign-in may do. What to say where nobody can be asked
    /// for one.
    NewerSignIn(Report),
    /// Nothing that trying again by ourselves would change.
    Final(Report),
}

impl Failure {
    pub fn into_report(self) -> Report {
        match self {
            Self::SessionEnded => {
                Report::new(Exit::SignIn, "okta.session_ended", "the Okta session does not open the app")
                    .cause("Okta shows its sign-in page instead of the app")
                    .hint("`ob login` signs you in again; if it stays so, the app's policy asks for more than `ob` was asked")
            }
            Self::NewerSignIn(report) | Self::Final(report) => report,
        }
    }
}

impl<E: Into<Report>> From<E> for Failure
where
    E: FailsForGood,
{
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// Errors that end a recipe as they are.
pub trait FailsForGood {}
impl FailsForGood for Report {}
impl FailsForGood for HttpError {}
impl FailsForGood for Unanswered {}
impl FailsForGood for crate::okta::JsonError {}
impl FailsForGood for crate::okta::authn::AuthnError {}
impl FailsForGood for crate::saml::SamlError {}
impl FailsForGood for crate::okta::page::PageError {}
impl FailsForGood for crate::openvpn::access_server::AccessServerError {}
impl FailsForGood for crate::web::RedirectError {}
