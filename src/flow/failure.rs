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
            Self::SessionEnded => Report::new(
                Exit::SignIn,
                "okta.session_ended",
                "the Okta session does not open the app",
            )
            .cause("Okta shows its sign-in page instead of the app")
            .hint("`ob login` signs you in again"),
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

/// What is said where Okta shows its sign-in page in a session that has just begun, which another sign-in would not
/// change. Okta knows the session, or it does not.
pub fn new_session_refused(is_known_to_okta: bool) -> Report {
    if is_known_to_okta {
        return Report::new(
            Exit::Refused,
            "okta.turned_away",
            "the app does not open, though you have just signed in",
        )
        .cause("Okta shows its sign-in page instead of the app")
        .cause("the session is good for Okta itself: it is the app's own policy that wants something else")
        .hint("open the app in a browser to see what it asks for; your Okta admin knows its policy")
        .hint("`ob login --again --factor FACTOR` signs in with another factor");
    }
    Report::new(
        Exit::Refused,
        "okta.session_unknown",
        "Okta does not know the session that has just begun",
    )
    .cause("its cookies were lost on the way, or something in between takes them away")
    .hint("run the command once more; if it stays so, `ob doctor` shows whether a proxy is in between")
    .hint("where your Okta admin set up an app for it, `sign_in = \"browser\"` and `client_id =` in [org] need no cookies")
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
