//! Okta Identity Engine's own interface (`/idp/idx/*`), as the sign-in page's script speaks it:
//! every answer lists what may be done next, every answer has a new `stateHandle`, the old one is
//! dead. Shapes follow the responses that the public SDKs (okta-auth-js, okta-idx-golang) are
//! tested with.

use serde_json::Value;

use super::Visit;
use super::authenticators::{PASSWORD_ID, authenticator_id, method};
use super::idx_check::{check, send};
use super::idx_interlude;
use super::idx_json::fatal;
use super::idx_shape as shape;
use super::webauthn::{KeyChallenge, is_key, keys_of};
use crate::PushOutcome;
use crate::http::Answer;
use crate::users::{FactorKind, Standing, User};

/// A sign-in under way.
#[derive(Debug, Clone)]
pub(super) struct Interaction {
    pub(super) stage: Stage,
    pub(super) login: Option<String>,
    /// Whether the password was given; where a session asks for more it was.
    pub(super) password: bool,
    /// Where the browser goes in the end.
    pub(super) target: String,
    /// Within a session: what it ends in is that session, stepped up.
    pub(super) step_up: bool,
    expires_at: u64,
    pub(super) failures: usize,
    /// What a security key has been asked to sign.
    pub(super) key: Option<KeyChallenge>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// The device is looked for first.
    Probe,
    Identify,
    Password,
    /// An expired password has to be replaced.
    Expired,
    /// The password's age is mentioned; it can be skipped.
    Aging,
    /// A factor has to be set up.
    Enroll,
    /// Something has to be agreed to.
    Consent,
    /// Another identity provider goes on.
    Elsewhere,
    Select,
    /// A phone has two ways.
    PhoneData(String),
    Challenge(String),
    Push {
        factor: String,
        polls: usize,
        rejected: bool,
    },
    /// One of [`crate::Options::idx_interludes`].
    Interlude(usize),
    Done,
}

/// A token for a sign-in page, which leads back to `target`.
pub(super) fn open(visit: &Visit<'_>, target: &str) -> String {
    let stage = match visit.state.options.idx_device_probe {
        true => Stage::Probe,
        false => Stage::Identify,
    };
    open_at(visit, target, None, stage)
}

/// As above, for a signed-in user of whom an app requires more.
pub(super) fn open_at(
    visit: &Visit<'_>,
    target: &str,
    user: Option<&User>,
    stage: Stage,
) -> String {
    let token = visit.canary("stateToken", "02.id.");
    let interaction = Interaction {
        stage,
        login: user.map(|user| user.login.clone()),
        password: user.is_some(),
        target: target.to_owned(),
        step_up: user.is_some(),
        expires_at: visit.now + visit.state.options.state_token_seconds,
        failures: 0,
        key: None,
    };
    visit
        .state
        .org()
        .interactions
        .insert(token.clone(), interaction);
    token
}

/// `POST /idp/idx/…`
pub(super) fn answer(visit: &Visit<'_>) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&visit.request.body) else {
        return fatal(
            400,
            "errors.E0000003",
            "The request body was not well-formed.",
        );
    };
    let path = visit.request.path.trim_start_matches("/idp/idx/");
    let handle = match path {
        "introspect" => body["stateToken"].as_str(),
        _ => body["stateHandle"].as_str(),
    };
    let found = visit
        .state
        .org()
        .interactions
        .remove(handle.unwrap_or_default());
    let Some(mut interaction) = found.filter(|found| found.expires_at > visit.now) else {
        return fatal(401, "idx.session.expired", "The session has expired.");
    };
    interaction.expires_at = visit.now + visit.state.options.state_token_seconds;
    let was_interlude = matches!(interaction.stage, Stage::Interlude(_));
    match step(visit, path, &body, &mut interaction) {
        Ok(()) => {
            let is_done = interaction.stage == Stage::Done && !was_interlude;
            if is_done && !interaction.step_up {
                interaction.stage = idx_interlude::stage(visit, 0);
            }
            say(visit, interaction, None)
        }
        Err(Refusal::Again(key, message)) => say(visit, interaction, Some((key, message))),
        Err(Refusal::Over(answer)) => answer,
    }
}

pub(super) enum Refusal {
    Again(&'static str, &'static str),
    Over(Answer),
}

fn say(visit: &Visit<'_>, interaction: Interaction, error: Option<(&str, &str)>) -> Answer {
    let handle = visit.canary("stateHandle", "02.id.");
    let answer = shape::answer(visit, &handle, &interaction, error);
    visit.state.org().interactions.insert(handle, interaction);
    answer
}

fn step(
    visit: &Visit<'_>,
    path: &str,
    body: &Value,
    interaction: &mut Interaction,
) -> Result<(), Refusal> {
    let stage = interaction.stage.clone();
    match (path, stage) {
        ("introspect", _) => Ok(()),
        ("cancel", _) => {
            interaction.stage = Stage::Identify;
            interaction.login = None;
            interaction.password = false;
            Ok(())
        }
        ("authenticators/poll/cancel", Stage::Probe) => {
            interaction.stage = Stage::Identify;
            Ok(())
        }
        ("authenticators/poll", Stage::Probe) => Ok(()),
        ("identify", Stage::Identify) => identify(visit, body, interaction),
        ("challenge/answer", Stage::Expired | Stage::Aging) => {
            change_password(visit, &body["credentials"], interaction)
        }
        ("skip", Stage::Aging) => {
            interaction.stage = Stage::Select;
            settle(visit, interaction);
            Ok(())
        }
        ("skip", Stage::Enroll) if standing(visit, interaction) == Some(Standing::MayEnroll) => {
            interaction.stage = Stage::Done;
            Ok(())
        }
        (path, Stage::Interlude(index)) => {
            idx_interlude::answer(visit, path, body, interaction, index)
        }
        ("challenge", _) => choose(visit, body, interaction),
        ("challenge/answer", Stage::Password) => {
            check_password(visit, &body["credentials"], interaction)
        }
        ("challenge/answer", Stage::Challenge(factor)) => {
            check(visit, &body["credentials"], interaction, &factor)
        }
        ("challenge/resend", Stage::Challenge(factor)) => send(visit, interaction, &factor),
        ("authenticators/poll" | "challenge/poll", Stage::Push { factor, polls, .. }) => {
            poll(visit, interaction, factor, polls + 1);
            Ok(())
        }
        _ => Err(not_in_this_state()),
    }
}

pub(super) fn not_in_this_state() -> Refusal {
    Refusal::Over(fatal(
        400,
        "errors.E0000079",
        "This operation is not allowed in the current authentication state.",
    ))
}

pub(super) fn user<'v>(visit: &Visit<'v>, interaction: &Interaction) -> Option<&'v User> {
    visit.state.user(interaction.login.as_deref()?)
}

fn standing(visit: &Visit<'_>, interaction: &Interaction) -> Option<Standing> {
    user(visit, interaction).map(|user| user.standing)
}

fn identify(visit: &Visit<'_>, body: &Value, interaction: &mut Interaction) -> Result<(), Refusal> {
    let name = body["identifier"].as_str().unwrap_or_default();
    interaction.login = visit.state.user(name).map(|user| user.login.clone());
    if visit.state.options.idx_identifier_first {
        interaction.stage = Stage::Password;
        return Ok(());
    }
    let outcome = check_password(visit, &body["credentials"], interaction);
    if outcome.is_err() {
        interaction.stage = Stage::Identify;
    }
    outcome
}

fn check_password(
    visit: &Visit<'_>,
    credentials: &Value,
    interaction: &mut Interaction,
) -> Result<(), Refusal> {
    let known = user(visit, interaction);
    let given = credentials["passcode"].as_str().unwrap_or_default();
    let changed = known.and_then(|user| visit.state.org().passwords.get(&user.login).cloned());
    let is_right = |user: &&User| changed.as_ref().unwrap_or(&user.password) == given;
    let Some(user) = known.filter(is_right) else {
        return Err(Refusal::Again("errors.E0000004", "Authentication failed"));
    };
    interaction.password = true;
    if interaction.step_up {
        interaction.stage = Stage::Done;
        return Ok(());
    }
    interaction.stage = match user.standing {
        Standing::PasswordExpired | Standing::PasswordAging if changed.is_some() => Stage::Select,
        Standing::LockedOut => {
            return Err(Refusal::Over(fatal(
                403,
                "errors.E0000119",
                "Your account is locked. Please contact your administrator.",
            )));
        }
        Standing::PasswordExpired => Stage::Expired,
        Standing::PasswordAging => Stage::Aging,
        Standing::MustEnroll | Standing::MayEnroll => Stage::Enroll,
        Standing::Good | Standing::Sequence => Stage::Select,
    };
    settle(visit, interaction);
    Ok(())
}

/// An expired or aging password is replaced; the old one was given already.
fn change_password(
    visit: &Visit<'_>,
    credentials: &Value,
    interaction: &mut Interaction,
) -> Result<(), Refusal> {
    let new = credentials["passcode"].as_str().unwrap_or_default();
    let known = user(visit, interaction);
    let Some(user) = known.filter(|user| new.len() >= 8 && new != user.password) else {
        return Err(Refusal::Again(
            "password.passwordRequirementsNotMet",
            "Password requirements were not met. Password requirements: at least 8 characters, \
             not one of your last 4 passwords.",
        ));
    };
    let mut org = visit.state.org();
    org.passwords.insert(user.login.clone(), new.to_owned());
    drop(org);
    interaction.stage = Stage::Select;
    settle(visit, interaction);
    Ok(())
}

/// Past a choice that is none.
fn settle(visit: &Visit<'_>, interaction: &mut Interaction) {
    let none = user(visit, interaction).is_none_or(|user| user.factors.is_empty());
    if interaction.stage == Stage::Select && none {
        interaction.stage = Stage::Done;
    }
}

fn choose(visit: &Visit<'_>, body: &Value, interaction: &mut Interaction) -> Result<(), Refusal> {
    let id = body["authenticator"]["id"].as_str().unwrap_or_default();
    let asked = body["authenticator"]["methodType"].as_str();
    if id == PASSWORD_ID {
        interaction.stage = Stage::Password;
        return Ok(());
    }
    let Some(user) = user(visit, interaction) else {
        return Err(Refusal::Again("errors.E0000001", "no such authenticator"));
    };
    let factor = user.factors.iter().find(|factor| {
        authenticator_id(factor.kind) == id
            && method(factor.kind).is_none_or(|own| asked.is_none_or(|m| m == own))
    });
    let Some(factor) = factor else {
        return Err(Refusal::Again("errors.E0000001", "no such authenticator"));
    };
    match factor.kind {
        FactorKind::Push => {
            interaction.stage = Stage::Push {
                factor: factor.id.clone(),
                polls: 0,
                rejected: false,
            };
            Ok(())
        }
        FactorKind::Sms | FactorKind::Call if asked.is_none() => {
            interaction.stage = Stage::PhoneData(factor.id.clone());
            Ok(())
        }
        FactorKind::Duo | FactorKind::External | FactorKind::Unheard | FactorKind::U2f => Err(
            Refusal::Again("errors.E0000001", "this authenticator cannot be used here"),
        ),
        kind if is_key(kind) => {
            interaction.key = Some(KeyChallenge::new(keys_of(user)));
            interaction.stage = Stage::Challenge(factor.id.clone());
            Ok(())
        }
        kind if kind.is_sent() => {
            let id = factor.id.clone();
            send(visit, interaction, &id)
        }
        _ => {
            interaction.stage = Stage::Challenge(factor.id.clone());
            Ok(())
        }
    }
}

fn poll(visit: &Visit<'_>, interaction: &mut Interaction, factor: String, polls: usize) {
    let script = visit.state.push_script();
    let mut rejected = false;
    if polls > script.waits {
        match script.outcome {
            PushOutcome::Approve => {
                interaction.stage = Stage::Done;
                return;
            }
            PushOutcome::Reject | PushOutcome::TimeOut => rejected = true,
            PushOutcome::Never => {}
        }
    }
    interaction.stage = Stage::Push {
        factor,
        polls,
        rejected,
    };
}
