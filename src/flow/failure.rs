//! The errors of procedures that use a session.

use crate::report::{ErrorCode, Report};

/// Why a procedure has no value.
#[derive(Debug)]
pub enum Failure {
    /// The Okta session has ended at the server. A new sign-in may help, once.
    SessionEnded,
    /// The session is too old for this app, and still good for others. Holds the report for a
    /// client that cannot sign in again.
    NewerSignIn(Report),
    /// Trying again changes nothing.
    Final(Report),
}

impl Failure {
    /// Returns the report for a client that cannot sign in again.
    pub fn into_report(self) -> Report {
        match self {
            Self::SessionEnded => Report::new(
                ErrorCode::OktaSessionEnded,
                "the Okta session does not open the app",
            )
            .cause("Okta shows its sign-in page instead of the app")
            .hint("`ob login` signs you in again"),
            Self::NewerSignIn(report) | Self::Final(report) => report,
        }
    }

    /// Adds what was being done to a final failure.
    pub(super) fn context(self, summary: impl Into<String>) -> Self {
        match self {
            Self::Final(report) => Self::Final(report.context(summary)),
            other => other,
        }
    }
}

impl<E: Into<Report>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// Returns the report for Okta's sign-in page in a session that has just begun; another sign-in
/// would not change that. `is_known` tells whether Okta itself accepts the session.
pub fn new_session_refused(is_known: bool) -> Report {
    if is_known {
        return Report::new(
            ErrorCode::OktaTurnedAway,
            "the app does not open, though you have just signed in",
        )
        .cause("Okta shows its sign-in page instead of the app")
        .cause("Okta accepts the session, but the app's own policy asks for more")
        .hint(
            "open the app in a browser to see what it asks for; \
             your Okta admin knows its policy",
        )
        .hint("`ob login --again --factor FACTOR` signs in with another factor");
    }
    Report::new(
        ErrorCode::OktaSessionUnknown,
        "Okta does not know the session that has just begun",
    )
    .cause("the session's cookie did not reach Okta; a proxy may remove cookies")
    .hint(
        "run the command once more; if it stays so, \
         `ob doctor` shows whether a proxy is in between",
    )
    .hint(
        "where your Okta admin set up an app for it, \
         `sign_in = \"browser\"` and `client_id =` in [org] need no cookies",
    )
}
