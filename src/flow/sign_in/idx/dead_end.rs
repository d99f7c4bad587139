//! Where a terminal cannot help, and who can.

use crate::flow::Unanswered;
use crate::okta::idx::{PasswordChange, Step};
use crate::report::{ErrorCode, Exit, Report};

pub(super) fn dead_end(step: &Step) -> Report {
    let report = |code, cause: String, hint: &str| {
        Report::new(code, "Okta does not let this sign-in go on")
            .cause(cause)
            .hint(hint)
    };
    match step {
        Step::Password(change) => password_expired(change),
        Step::Enroll => report(
            ErrorCode::OktaMfaEnroll,
            "a second factor must be set up first".into(),
            "sign in once in the browser and set one up, then `ob login`",
        ),
        Step::Consent => report(
            ErrorCode::OktaPageConsent,
            "it waits for a consent".into(),
            "open the app once in a browser and agree there",
        ),
        Step::IdentityProvider(provider) => report(
            ErrorCode::OktaPageIdpRedirect,
            format!("the org hands the sign-in to another identity provider ({provider})"),
            "set `sign_in = \"browser\"` and `client_id =` in [org], then `ob login`",
        ),
        Step::Unknown(names) => report(
            ErrorCode::OktaIdxUnknownStep,
            format!("it offers {}, which ob does not know", names.join(", ")),
            "sign in once in the browser: Okta may want something there; or set `sign_in = \"browser\"` in [org]",
        ),
        _ => unexpected("it answered with a step that does not belong here"),
    }
}

pub(super) fn password_expired(change: &PasswordChange) -> Report {
    let elsewhere = change.custom_url();
    let place = elsewhere.as_deref().unwrap_or("the org's sign-in page");
    Report::new(
        ErrorCode::OktaPasswordExpired,
        "Okta does not let this sign-in go on",
    )
    .cause("the password has expired and must be changed first")
    .hint(format!("change it at {place}, then `ob login`"))
}

/// The same where it could have been changed here, and nobody was there to think of another.
pub(super) fn nobody_to_change_it(change: &PasswordChange, unanswered: Unanswered) -> Report {
    password_expired(change)
        .cause(unanswered)
        .exit(Exit::SignIn)
        .hint("in a terminal `ob login` asks for a new one")
}

pub(super) fn unexpected(why: &str) -> Report {
    Report::new(
        ErrorCode::OktaIdxUnexpectedStep,
        "Okta does not let this sign-in go on",
    )
    .cause(why)
    .hint("`ob login` starts again; `sign_in = \"browser\"` in [org] goes another way")
}
