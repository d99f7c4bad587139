//! Codes of Identity Engine's sign-ins: sent, and judged.

use serde_json::Value;

use super::Visit;
use super::idx::{Interaction, Refusal, Stage, user};
use super::webauthn::{KeyChallenge, is_key, keys_of};
use crate::totp::{self, STEP_SECONDS};
use crate::users::{FactorKind, User};

/// How long a code that was sent is good.
const DELIVERED_SECONDS: u64 = 300;

pub(super) fn send(
    visit: &Visit<'_>,
    interaction: &mut Interaction,
    factor: &str,
) -> Result<(), Refusal> {
    let login = interaction.login.clone().unwrap_or_default();
    interaction.stage = Stage::Challenge(factor.to_owned());
    let key = (login, factor.to_owned());
    let mut org = visit.state.org();
    if org
        .delivered
        .get(&key)
        .is_some_and(|(_, at)| visit.now < at + 30)
    {
        return Err(Refusal::Again("tooManyRequests", "Too many attempts"));
    }
    let code = visit.state.canaries.digits("passcode", 6);
    org.delivered.insert(key, (code, visit.now));
    Ok(())
}

pub(super) fn check(
    visit: &Visit<'_>,
    credentials: &Value,
    interaction: &mut Interaction,
    factor: &str,
) -> Result<(), Refusal> {
    let wrong = || {
        Refusal::Again(
            "api.authn.error.PASSCODE_INVALID",
            "Invalid code. Try again.",
        )
    };
    let Some(user) = user(visit, interaction) else {
        return Err(wrong());
    };
    let Some(factor) = user.factor(factor) else {
        return Err(wrong());
    };
    if is_key(factor.kind) {
        return security_key(visit, credentials, interaction, user);
    }
    let member = match factor.kind {
        FactorKind::Question => "answer",
        FactorKind::Totp if user.name() != "alice" => "totp",
        FactorKind::Hotp => "otp",
        _ => "passcode",
    };
    let code = credentials[member].as_str().unwrap_or_default();
    let key = (user.login.clone(), factor.id.clone());
    let right = match factor.kind {
        FactorKind::Totp => return totp(visit, interaction, user, code),
        FactorKind::Hotp => user.hotp_at(1),
        FactorKind::Yubikey => user.yubikey_otp.clone(),
        FactorKind::Question => user.security_answer.clone(),
        FactorKind::Rsa => user.rsa_passcode.clone(),
        _ => visit
            .state
            .org()
            .delivered
            .get(&key)
            .filter(|(_, at)| visit.now < at + DELIVERED_SECONDS)
            .map(|(code, _)| code.clone())
            .unwrap_or_default(),
    };
    if code != right || right.is_empty() {
        interaction.failures += 1;
        return Err(wrong());
    }
    if matches!(factor.kind, FactorKind::Hotp | FactorKind::Yubikey) {
        let used = (format!("{} {}", user.login, factor.id), 1);
        if !visit.state.org().used_codes.insert(used) {
            return Err(used_code());
        }
    }
    interaction.stage = Stage::Done;
    Ok(())
}

fn security_key(
    visit: &Visit<'_>,
    credentials: &Value,
    interaction: &mut Interaction,
    user: &User,
) -> Result<(), Refusal> {
    let next = Some(KeyChallenge::new(keys_of(user)));
    let challenge = std::mem::replace(&mut interaction.key, next);
    let judged = challenge.map_or(Err("no challenge"), |challenge| {
        challenge.judge(visit, user, credentials)
    });
    match judged {
        Ok(()) => {
            interaction.stage = Stage::Done;
            Ok(())
        }
        Err(why) => {
            visit.state.org().key_refusals.push(why);
            Err(Refusal::Again(
                "authfactor.webauthn.error.assertion_validation_failure",
                "None of the WebAuthn authenticators the user has enrolled for was able to \
                 validate the assertion",
            ))
        }
    }
}

fn used_code() -> Refusal {
    Refusal::Again(
        "authfactor.challenge.soft_token.used_passcode",
        "Each code can only be used once. Please wait for a new code and try again.",
    )
}

fn totp(
    visit: &Visit<'_>,
    interaction: &mut Interaction,
    user: &User,
    code: &str,
) -> Result<(), Refusal> {
    let now = visit.now / STEP_SECONDS;
    let step = (now - 1..=now + 1).find(|step| totp::code_of_step(&user.totp_key(), *step) == code);
    let Some(step) = step else {
        return Err(Refusal::Again(
            "api.authn.error.PASSCODE_INVALID",
            "Invalid code. Try again.",
        ));
    };
    let used = (user.login.clone(), step);
    if !visit.state.org().used_codes.insert(used) {
        return Err(used_code());
    }
    interaction.stage = Stage::Done;
    Ok(())
}
