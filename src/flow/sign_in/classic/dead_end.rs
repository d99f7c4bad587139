//! The states of a Classic transaction that a terminal cannot continue.

use crate::flow::sign_in::dead_end::{dead_end, factor_enrollment_needed, password_expired};
use crate::okta::authn::{Enrollment, Transaction};
use crate::report::{ErrorCode, Exit, Report};

/// Returns the report of a state in which a terminal cannot help.
pub(super) fn state_report(state: &Transaction) -> Report {
    match state {
        Transaction::LockedOut => dead_end(
            ErrorCode::OktaLockedOut,
            "the account is locked (LOCKED_OUT)",
            "unlock it on the org's sign-in page, under \"Need help signing in?\", \
             or ask your administrator",
        ),
        Transaction::PasswordExpired(change) => password_expired(change.custom_url.as_deref()),
        Transaction::MfaEnroll(enrollment) => {
            let cause = "a second factor must be set up first (MFA_ENROLL)";
            let report = factor_enrollment_needed(cause);
            match offered_factors(enrollment) {
                none if none.is_empty() => report,
                offered => report.cause(format!("Okta offers: {offered}")),
            }
        }
        Transaction::Recovery => dead_end(
            ErrorCode::OktaRecovery,
            "account recovery is in progress (RECOVERY)",
            "finish that in the browser, then `ob login`",
        )
        .exit(Exit::Refused),
        Transaction::Other(status) => dead_end(
            ErrorCode::OktaUnknownStatus,
            format!("it answered with the status {status}, which ob does not know"),
            "sign in once in the browser: Okta may want something there",
        ),
        _ => dead_end(
            ErrorCode::OktaUnexpectedStatus,
            "it answered with a state that does not belong here",
            "`ob login` starts again",
        ),
    }
}

/// Lists the factors that can be set up, required ones first.
fn offered_factors(enrollment: &Enrollment) -> String {
    let required = enrollment.required.iter();
    let required = required.map(|factor| format!("{} (required)", factor.kind));
    let optional = enrollment.optional.iter();
    let optional = optional.map(|factor| factor.kind.to_string());
    required.chain(optional).collect::<Vec<_>>().join(", ")
}
