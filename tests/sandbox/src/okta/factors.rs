//! "Okta Authentication API: Verify factor" for a one-time code; a push goes on to its own file.
//! The link of a factor serves for starting, answering and polling alike.

use super::authn::{self, Phase, Transaction};
use super::{Visit, error, push};
use crate::http::Answer;
use crate::totp::{self, STEP_SECONDS};
use crate::users::{FactorKind, User};

/// How many wrong codes one transaction survives.
const MAX_FAILURES: usize = 5;
/// How far off a code is still recognised as one of the right person's, in steps.
const RECOGNISED_STEPS: u64 = 20;

/// `POST /api/v1/authn/factors/{id}/verify`, `…/verify/resend`
pub(super) fn verify(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let (token, transaction) = authn::find(visit, &body)?;
    let user = authn::owner(visit, &transaction)?;
    let path = visit
        .request
        .path
        .trim_start_matches("/api/v1/authn/factors/");
    let (id, operation) = path.split_once('/').unwrap_or((path, ""));
    let factor = user.factor(id).ok_or_else(|| {
        error(
            404,
            "E0000007",
            "Not found: Resource not found: (UserFactor)",
        )
    })?;
    if !matches!(operation, "verify" | "verify/resend") || !may_verify(&transaction, id) {
        return Err(authn::not_in_this_state());
    }
    match factor.kind {
        FactorKind::Push => push::verify(visit, &token, transaction, id, operation),
        FactorKind::Totp => match body["passCode"].as_str().or(body["answer"].as_str()) {
            Some(code) => check(visit, &token, transaction, user, code),
            None => {
                let phase = Phase::Challenge(id.to_owned());
                Ok(authn::enter(visit, &token, transaction, phase))
            }
        },
        FactorKind::Unheard => Err(error(
            400,
            "E0000001",
            "Api validation failed: this factor cannot be verified here",
        )),
    }
}

/// A factor is chosen where a choice is due, and stays chosen until `previous`.
fn may_verify(transaction: &Transaction, factor: &str) -> bool {
    match &transaction.phase {
        Phase::MfaRequired => true,
        Phase::Challenge(chosen) => chosen == factor,
        Phase::Pushed(push) => push.factor == factor,
        _ => false,
    }
}

fn check(
    visit: &Visit<'_>,
    token: &str,
    mut transaction: Transaction,
    user: &User,
    code: &str,
) -> Result<Answer, Answer> {
    if transaction.failures >= MAX_FAILURES {
        return Err(error(403, "E0000069", "User Locked"));
    }
    let now = visit.now / STEP_SECONDS;
    let key = user.totp_key();
    let steps = now.saturating_sub(RECOGNISED_STEPS)..=now + RECOGNISED_STEPS;
    let Some(step) = steps
        .filter(|&step| totp::code_of_step(&key, step) == code)
        .min_by_key(|step| step.abs_diff(now))
    else {
        transaction.failures += 1;
        visit
            .world
            .org()
            .transactions
            .insert(token.to_owned(), transaction);
        return Err(error(403, "E0000068", "Invalid Passcode/Answer"));
    };
    visit.world.canaries.note("passcode", code);
    if step.abs_diff(now) > 1 {
        let summary = "Passcode is valid but exceeded time window.";
        return Err(error(403, "E0000083", summary));
    }
    let used = (user.login.clone(), step);
    if !visit.world.org().used_codes.insert(used) {
        let summary = "Each code can only be used once. Please wait for a new code and try again.";
        return Err(error(403, "E0000082", summary));
    }
    authn::succeed(visit, token, transaction)
}
