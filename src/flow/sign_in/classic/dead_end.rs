//! Where a terminal cannot help, and who can.

use crate::okta::authn::{Enrollment, Transaction};
use crate::report::{ErrorCode, Exit, Report};

/// A state in which a terminal cannot help, and who can.
pub(super) fn dead_end(state: &Transaction) -> Report {
    let report = |code, cause: &str, hint: &str| {
        Report::new(code, "Okta does not let this sign-in go on")
            .cause(cause)
            .hint(hint)
    };
    match state {
        Transaction::LockedOut => report(
            ErrorCode::OktaLockedOut,
            "the account is locked (LOCKED_OUT)",
            "unlock it on the org's sign-in page, under \"Need help signing in?\", or ask your administrator",
        ),
        Transaction::PasswordExpired(change) => {
            let place = change
                .custom_url
                .as_deref()
                .unwrap_or("the org's sign-in page");
            report(
                ErrorCode::OktaPasswordExpired,
                "the password has expired and must be changed first",
                &format!("change it at {place}, then `ob login`"),
            )
        }
        Transaction::MfaEnroll(enrollment) => {
            let report = report(
                ErrorCode::OktaMfaEnroll,
                "a second factor must be set up first (MFA_ENROLL)",
                "sign in once in the browser and set one up, then `ob login`",
            );
            match offered(enrollment) {
                none if none.is_empty() => report,
                offered => report.cause(format!("Okta offers: {offered}")),
            }
        }
        Transaction::Recovery => report(
            ErrorCode::OktaRecovery,
            "the account is being recovered",
            "finish that in the browser, then `ob login`",
        )
        .exit(Exit::Refused),
        Transaction::Other(status) => report(
            ErrorCode::OktaUnknownStatus,
            &format!("it answered with the status {status}, which ob does not know"),
            "sign in once in the browser: Okta may want something there",
        ),
        _ => report(
            ErrorCode::OktaUnexpectedStatus,
            "it answered with a state that does not belong here",
            "`ob login` starts again",
        ),
    }
}

/// What can be set up, those that must be first.
fn offered(enrollment: &Enrollment) -> String {
    let required = enrollment.required.iter();
    let required = required.map(|factor| format!("{} (required)", factor.kind));
    let optional = enrollment.optional.iter();
    let optional = optional.map(|factor| factor.kind.to_string());
    required.chain(optional).collect::<Vec<_>>().join(", ")
}
