//! Where a terminal cannot help, and who can.

use crate::flow::Unanswered;
use crate::okta::idx::{PasswordChange, Step};
use crate::report::{Exit, Report};

pub(super) fn dead_end(step: &Step) -> Report {
    let report = |name, cause: String, hint: &str| {
        Report::new(Exit::Refused, name, "Okta does not let this sign-in go on")
            .cause(cause)
            .hint(hint)
    };
    match step {
        Step::Password(change) => password_expired(change),
        Step::Enroll => report(
            "okta.mfa_enroll",
            "a second factor must be set up first".into(),
            "sign in once in the browser and set one up, then `ob login`",
        ),
        Step::Consent => in_browser(report(
            "okta.page.consent",
            "it waits for a consent".into(),
            "open the app once in a browser and agree there",
        )),
        Step::IdentityProvider(provider) => in_browser(report(
            "okta.page.idp_redirect",
            format!("the org hands the sign-in to another identity provider ({provider})"),
            "set `sign_in = \"browser\"` and `client_id =` in [org], then `ob login`",
        )),
        Step::Unknown(names) => report(
            "okta.idx.unknown_step",
            format!("it offers {}, which ob does not know", names.join(", ")),
            "sign in once in the browser: Okta may want something there; or set `sign_in = \"browser\"` in [org]",
        ),
        _ => unexpected("it answered with a step that does not belong here"),
    }
}

/// What a person at a browser can do something about, as the same on an app's page.
fn in_browser(report: Report) -> Report {
    Report {
        exit: Exit::SignIn,
        ..report
    }
}

pub(super) fn password_expired(change: &PasswordChange) -> Report {
    let elsewhere = change.custom_url();
    let place = elsewhere.as_deref().unwrap_or("the org's sign-in page");
    Report::new(
        Exit::Refused,
        "okta.password_expired",
        "Okta does not let this sign-in go on",
    )
    .cause("the password has expired and must be changed first")
    .hint(format!("change it at {place}, then `ob login`"))
}

/// The same where it could have been changed here, and nobody was there to think of another.
pub(super) fn nobody_to_change_it(change: &PasswordChange, unanswered: Unanswered) -> Report {
    Report {
        exit: Exit::SignIn,
        ..password_expired(change).cause(unanswered)
    }
    .hint("in a terminal `ob login` asks for a new one")
}

pub(super) fn unexpected(why: &str) -> Report {
    Report::new(
        Exit::Refused,
        "okta.idx.unexpected_step",
        "Okta does not let this sign-in go on",
    )
    .cause(why)
    .hint("`ob login` starts again; `sign_in = \"browser\"` in [org] goes another way")
}
