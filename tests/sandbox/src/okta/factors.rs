//! "Okta Authentication API: Verify factor" for a one-time code; a push goes on to its own file.
//! The link of a factor serves for starting, answering and polling alike.

use super::authn::{self, Phase, Transaction};
use super::webauthn::{KeyChallenge, is_key, keys_of};
use super::{Visit, error, push};
use crate::http::Answer;
use crate::totp::{self, STEP_SECONDS};
use crate::users::{Factor, FactorKind, User};

/// How many wrong codes one transaction survives.
const MAX_FAILURES: usize = 5;
/// By how many steps a code may be off and is still recognised as the user's.
const RECOGNISED_STEPS: u64 = 20;
/// Time between two codes that are sent to one phone or mailbox.
const MIN_SECONDS: u64 = 30;
/// How long a code that was sent is good.
const DELIVERED_SECONDS: u64 = 300;
/// Stands for every security key of the person, where there are several.
pub(super) const ALL_KEYS: &str = "webauthn";
const USED: &str = "Each code can only be used once. Please wait for a new code and try again.";

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
    if id == ALL_KEYS && matches!(operation, "verify") {
        return security_key(visit, &token, transaction, user, ALL_KEYS, &body);
    }
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
    let code = body["passCode"].as_str().or(body["answer"].as_str());
    match (factor.kind, code) {
        (kind, _) if is_key(kind) => security_key(visit, &token, transaction, user, id, &body),
        (FactorKind::Push, _) => push::verify(visit, &token, transaction, id, operation),
        (FactorKind::Duo | FactorKind::External | FactorKind::Unheard | FactorKind::U2f, _) => {
            Err(error(
                400,
                "E0000001",
                "Api validation failed: this factor cannot be verified here",
            ))
        }
        (FactorKind::Password, _) => match body["password"].as_str() {
            Some(password) if password == user.password => {
                authn::succeed(visit, &token, transaction)
            }
            Some(_) => Err(wrong(visit, &token, transaction)),
            None => Ok(authn::enter(
                visit,
                &token,
                transaction,
                Phase::Challenge(id.to_owned()),
            )),
        },
        (kind, _) if kind.is_sent() && (code.is_none() || operation == "verify/resend") => {
            deliver(visit, &token, transaction, user, factor)
        }
        (_, None) => {
            let phase = Phase::Challenge(id.to_owned());
            Ok(authn::enter(visit, &token, transaction, phase))
        }
        (_, Some(_)) if transaction.failures >= MAX_FAILURES => {
            Err(error(403, "E0000069", "User Locked"))
        }
        (FactorKind::Totp, Some(code)) => check(visit, &token, transaction, user, code),
        (FactorKind::Rsa, Some(code)) => rsa(visit, &token, transaction, user, code),
        (_, Some(code)) => compare(visit, &token, transaction, user, factor, code),
    }
}

/// A challenge for one of the person's keys, or the answer to the last one.
fn security_key(
    visit: &Visit<'_>,
    token: &str,
    mut transaction: Transaction,
    user: &User,
    id: &str,
    body: &serde_json::Value,
) -> Result<Answer, Answer> {
    if !may_verify(&transaction, id) {
        return Err(authn::not_in_this_state());
    }
    if body["clientData"].is_null() {
        let factors = match id {
            ALL_KEYS => keys_of(user),
            id => vec![id.to_owned()],
        };
        transaction.key = Some(KeyChallenge::new(factors));
        let phase = Phase::Challenge(id.to_owned());
        return Ok(authn::enter(visit, token, transaction, phase));
    }
    let Some(challenge) = transaction.key.take() else {
        return Err(authn::not_in_this_state());
    };
    match challenge.judge(visit, user, body) {
        Ok(()) => authn::succeed(visit, token, transaction),
        Err(why) => {
            visit.state.org().key_refusals.push(why);
            Err(wrong(visit, token, transaction))
        }
    }
}

/// Sends a code, not twice within thirty seconds.
fn deliver(
    visit: &Visit<'_>,
    token: &str,
    transaction: Transaction,
    user: &User,
    factor: &Factor,
) -> Result<Answer, Answer> {
    let key = (user.login.clone(), factor.id.clone());
    let mut org = visit.state.org();
    let last = org.delivered.get(&key).map(|(_, at)| *at);
    if last.is_some_and(|at| visit.now < at + MIN_SECONDS) {
        return Err(match factor.kind {
            FactorKind::Call => error(
                429,
                "E0000133",
                "A call was recently made. Please wait 30 seconds before trying again.",
            ),
            FactorKind::Email => error(
                429,
                "E0000118",
                "An email was recently sent. Please wait 30 seconds before trying again.",
            ),
            _ => error(
                429,
                "E0000109",
                "An SMS message was recently sent. Please wait 30 seconds before trying again.",
            ),
        });
    }
    let code = visit.state.canaries.digits("passcode", 6);
    org.delivered.insert(key, (code, visit.now));
    drop(org);
    let phase = Phase::Challenge(factor.id.clone());
    Ok(authn::enter(visit, token, transaction, phase))
}

/// RSA's code, or the new PIN that it asked for.
fn rsa(
    visit: &Visit<'_>,
    token: &str,
    mut transaction: Transaction,
    user: &User,
    code: &str,
) -> Result<Answer, Answer> {
    if transaction.new_pin {
        return authn::succeed(visit, token, transaction);
    }
    if code != user.rsa_passcode {
        return Err(wrong(visit, token, transaction));
    }
    if !visit.state.options.rsa_new_pin {
        return authn::succeed(visit, token, transaction);
    }
    transaction.new_pin = true;
    let mut org = visit.state.org();
    org.transactions.insert(token.to_owned(), transaction);
    Err(super::error_because(
        409,
        "E0000113",
        "Verify factor failed.",
        "Enter a new PIN having from 4 to 8 digits:",
    ))
}

/// Codes that are right or wrong as a whole: sent ones, a counter token's, a YubiKey's, an answer.
fn compare(
    visit: &Visit<'_>,
    token: &str,
    transaction: Transaction,
    user: &User,
    factor: &Factor,
    code: &str,
) -> Result<Answer, Answer> {
    let right = match factor.kind {
        FactorKind::Hotp => user.hotp_at(1),
        FactorKind::Yubikey => user.yubikey_otp.clone(),
        FactorKind::Question => user.security_answer.clone(),
        _ => {
            let key = (user.login.clone(), factor.id.clone());
            let sent = visit.state.org().delivered.get(&key).cloned();
            let good = sent.filter(|(_, at)| visit.now < at + DELIVERED_SECONDS);
            good.map(|(code, _)| code).unwrap_or_default()
        }
    };
    if right.is_empty() || code != right {
        return Err(wrong(visit, token, transaction));
    }
    if factor.kind == FactorKind::Yubikey || factor.kind == FactorKind::Hotp {
        let used = (format!("{} {}", user.login, factor.id), 1);
        if !visit.state.org().used_codes.insert(used) {
            return Err(error(403, "E0000082", USED));
        }
    }
    authn::succeed(visit, token, transaction)
}

fn wrong(visit: &Visit<'_>, token: &str, mut transaction: Transaction) -> Answer {
    transaction.failures += 1;
    let mut org = visit.state.org();
    org.transactions.insert(token.to_owned(), transaction);
    error(403, "E0000068", "Invalid Passcode/Answer")
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
    transaction: Transaction,
    user: &User,
    code: &str,
) -> Result<Answer, Answer> {
    let now = visit.now / STEP_SECONDS;
    let key = user.totp_key();
    let steps = now.saturating_sub(RECOGNISED_STEPS)..=now + RECOGNISED_STEPS;
    let Some(step) = steps
        .filter(|&step| totp::code_of_step(&key, step) == code)
        .min_by_key(|step| step.abs_diff(now))
    else {
        return Err(wrong(visit, token, transaction));
    };
    visit.state.canaries.note("passcode", code);
    if step.abs_diff(now) > 1 {
        let summary = "Passcode is valid but exceeded time window.";
        return Err(error(403, "E0000083", summary));
    }
    let used = (user.login.clone(), step);
    if !visit.state.org().used_codes.insert(used) {
        return Err(error(403, "E0000082", USED));
    }
    authn::succeed(visit, token, transaction)
}
