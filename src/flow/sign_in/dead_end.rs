//! Reports of sign-ins that cannot go on in a terminal, for both pipelines.

use crate::flow::conversation::Unanswered;
use crate::report::{ErrorCode, Exit, Report};

/// Returns the report of a sign-in that ends here. `hint` says how it can go on elsewhere.
pub(super) fn dead_end(code: ErrorCode, cause: impl ToString, hint: impl Into<String>) -> Report {
    let summary = "Okta does not let this sign-in go on";
    Report::new(code, summary).cause(cause).hint(hint)
}

/// `place` is where the org lets users change their passwords.
pub(super) fn password_expired(place: Option<&str>) -> Report {
    let place = place.unwrap_or("the org's sign-in page");
    dead_end(
        ErrorCode::OktaPasswordExpired,
        "the password has expired and must be changed first",
        format!("change it at {place}, then `ob login`"),
    )
}

/// Returns the report of an expired password that could be changed here, but was not.
pub(super) fn password_not_changed(place: Option<&str>, unanswered: Unanswered) -> Report {
    let report = password_expired(place).cause(unanswered);
    report
        .exit(Exit::SignIn)
        .hint("in a terminal `ob login` asks for a new one")
}

pub(super) fn factor_enrollment_needed(cause: &str) -> Report {
    dead_end(
        ErrorCode::OktaMfaEnroll,
        cause,
        "sign in once in the browser and set one up, then `ob login`",
    )
}

/// Returns the report of a factor that Okta finishes in a browser.
pub(super) fn browser_only_factor(factor: &str, hint: &str) -> Report {
    let summary = format!("cannot verify with {factor}");
    Report::new(ErrorCode::SignInFactorUnusable, summary)
        .cause("Okta finishes this factor in a browser")
        .hint(hint)
}

/// Returns the report of a push that was not approved, and is not sent again.
pub(super) fn push_not_approved(factor: &str, why: &str) -> Report {
    let summary = format!("the {factor} was not approved");
    Report::new(ErrorCode::SignInPushRefused, summary)
        .cause(why)
        .hint(
            "`ob login` sends another one; with `--factor totp`, \
             or another that you have set up, it asks for that instead",
        )
}
