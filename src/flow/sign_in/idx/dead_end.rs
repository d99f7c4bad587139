//! The steps of an Identity Engine transaction that a terminal cannot continue.

use crate::flow::sign_in::dead_end::{dead_end, factor_enrollment_needed, password_expired};
use crate::okta::idx::Step;
use crate::report::{ErrorCode, Report};

/// Returns the report of a step in which a terminal cannot help.
pub(super) fn step_report(step: &Step) -> Report {
    match step {
        Step::Password(change) => password_expired(change.custom_url().as_deref()),
        Step::Enroll => factor_enrollment_needed("a second factor must be set up first"),
        Step::Consent => dead_end(
            ErrorCode::OktaPageConsent,
            "the app asks for your consent",
            "open the app once in a browser and agree there",
        ),
        Step::IdentityProvider(provider) => dead_end(
            ErrorCode::OktaPageIdpRedirect,
            format!("the org hands the sign-in to another identity provider ({provider})"),
            "set `sign_in = \"browser\"` and `client_id =` in [org], then `ob login`",
        ),
        Step::Unknown(names) => dead_end(
            ErrorCode::OktaIdxUnknownStep,
            format!("it offers {}, which ob does not know", names.join(", ")),
            "sign in once in the browser: Okta may want something there; \
             or set `sign_in = \"browser\"` in [org]",
        ),
        _ => unexpected("it answered with a step that does not belong here"),
    }
}

pub(super) fn unexpected(why: &str) -> Report {
    dead_end(
        ErrorCode::OktaIdxUnexpectedStep,
        why,
        "`ob login` starts again; `sign_in = \"browser\"` in [org] goes another way",
    )
}
