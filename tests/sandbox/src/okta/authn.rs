//! "Okta Authentication API: Authentication operations" and "Transaction state": from a password to
//! a session token, one state token per transaction with a sliding expiry.

use serde_json::Value;

use super::push::Push;
use super::sessions::{self, SessionToken};
use super::webauthn::KeyChallenge;
use super::{Visit, envelope, error};
use crate::http::Answer;
use crate::options::StepUpEnd;
use crate::users::{self, Standing, User};

/// A sign-in under way.
#[derive(Debug, Clone)]
pub(super) struct Transaction {
    /// Unset if the transaction began at the sign-in page.
    pub(super) login: Option<String>,
    pub(super) phase: Phase,
    pub(super) expires_at: u64,
    /// Wrong codes so far.
    pub(super) failures: usize,
    /// The app link this is a step-up for; it ends without a session token.
    pub(super) step_up: Option<String>,
    /// The factors of a sequence that were passed.
    pub(super) passed: Vec<String>,
    /// The token asked for a new PIN: the next code becomes it.
    pub(super) new_pin: bool,
    /// What a security key has been asked to sign.
    pub(super) key: Option<KeyChallenge>,
}

/// Where in the state machine.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    Unauthenticated,
    PasswordWarn,
    PasswordExpired,
    MfaEnroll,
    MfaRequired,
    /// Waiting for a code of this factor.
    Challenge(String),
    /// Waiting for, or done with, a tap on the phone.
    Pushed(Push),
    /// A step-up that was passed; the redirect has not been fetched yet.
    SteppedUp,
}

/// `POST /api/v1/authn`: primary authentication, or the state of a transaction.
pub(super) fn start(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let Some(username) = body["username"].as_str() else {
        let (token, transaction) = find(visit, &body)?;
        return Ok(envelope::state(visit, &token, &transaction));
    };
    if let Some(token) = body["stateToken"].as_str() {
        find(visit, &body)?;
        visit.state.org().transactions.remove(token);
    }
    let user = authenticate(visit, username, body["password"].as_str())?;
    if user.standing == Standing::LockedOut {
        return Ok(envelope::locked_out(visit));
    }
    let warn = body["options"]["warnBeforePasswordExpired"].as_bool() == Some(true);
    let phase = match user.standing {
        Standing::PasswordExpired if !visit.state.org().passwords.contains_key(&user.login) => {
            Phase::PasswordExpired
        }
        Standing::MustEnroll | Standing::MayEnroll => Phase::MfaEnroll,
        Standing::PasswordAging if warn => Phase::PasswordWarn,
        _ => {
            return Ok(after_password(visit, user));
        }
    };
    Ok(open(visit, Some(user), phase, None).1)
}

/// `POST /api/v1/authn/cancel`
pub(super) fn cancel(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let (token, _) = find(visit, &body)?;
    visit.state.org().transactions.remove(&token);
    Ok(Answer::json(200, &serde_json::json!({})))
}

/// `POST /api/v1/authn/previous`: back to the choice of a factor.
pub(super) fn previous(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let (token, transaction) = find(visit, &body)?;
    match transaction.phase {
        Phase::Challenge(_) | Phase::Pushed(_) | Phase::MfaRequired => {
            Ok(enter(visit, &token, transaction, Phase::MfaRequired))
        }
        _ => Err(not_in_this_state()),
    }
}

/// `POST /api/v1/authn/skip`: past the warning about an aging password.
pub(super) fn skip(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let (token, transaction) = find(visit, &body)?;
    let user = owner(visit, &transaction)?;
    let may_skip = match transaction.phase {
        Phase::PasswordWarn => true,
        Phase::MfaEnroll => user.standing == Standing::MayEnroll,
        _ => false,
    };
    if !may_skip {
        return Err(not_in_this_state());
    }
    visit.state.org().transactions.remove(&token);
    Ok(after_password(visit, user))
}

/// `POST /api/v1/authn/credentials/change_password`: an expired or aging password.
pub(super) fn change_password(visit: &Visit<'_>) -> Result<Answer, Answer> {
    let body = visit.object()?;
    let (token, transaction) = find(visit, &body)?;
    if !matches!(
        transaction.phase,
        Phase::PasswordWarn | Phase::PasswordExpired
    ) {
        return Err(not_in_this_state());
    }
    let user = owner(visit, &transaction)?;
    if body["oldPassword"].as_str() != Some(user.password.as_str()) {
        return Err(error(403, "E0000014", "Update of credentials failed"));
    }
    let new = body["newPassword"].as_str().unwrap_or_default();
    if new.len() < 8 || new == user.password {
        return Err(super::error_because(
            403,
            "E0000080",
            "The password does not meet the complexity requirements of the current password \
             policy.",
            "Passwords must have at least 8 characters and differ from the last one",
        ));
    }
    let mut org = visit.state.org();
    org.transactions.remove(&token);
    org.passwords.insert(user.login.clone(), new.to_owned());
    drop(org);
    Ok(after_password(visit, user))
}

/// Begins a transaction and says its first state.
pub(super) fn open(
    visit: &Visit<'_>,
    user: Option<&User>,
    phase: Phase,
    step_up: Option<String>,
) -> (String, Answer) {
    let token = visit.canary("stateToken", "00");
    let transaction = Transaction {
        login: user.map(|user| user.login.clone()),
        phase: phase.clone(),
        expires_at: 0,
        failures: 0,
        step_up,
        passed: Vec::new(),
        new_pin: false,
        key: None,
    };
    let answer = enter(visit, &token, transaction, phase);
    (token, answer)
}

/// Moves a transaction to another state, renews its life and says the state.
pub(super) fn enter(
    visit: &Visit<'_>,
    token: &str,
    mut transaction: Transaction,
    phase: Phase,
) -> Answer {
    transaction.phase = phase;
    transaction.expires_at = visit.now + visit.state.options.state_token_seconds;
    let answer = envelope::state(visit, token, &transaction);
    let mut org = visit.state.org();
    org.transactions.insert(token.to_owned(), transaction);
    answer
}

/// Ends a transaction well: a session token, or the way back to the app that asked for more.
pub(super) fn succeed(
    visit: &Visit<'_>,
    token: &str,
    mut transaction: Transaction,
) -> Result<Answer, Answer> {
    let user = owner(visit, &transaction)?;
    if user.standing == Standing::Sequence {
        let done = user.factors.get(transaction.passed.len());
        transaction
            .passed
            .extend(done.map(|factor| factor.id.clone()));
        if transaction.passed.len() < user.factors.len() {
            return Ok(enter(visit, token, transaction, Phase::MfaRequired));
        }
    }
    if transaction.step_up.is_some() {
        // The session has what the app asked for from here on: gimme-aws-creds never opens the
        // link.
        if let Some((id, mut session)) = sessions::current(visit) {
            session.stepped_up = true;
            visit.state.org().sessions.insert(id, session);
        }
        let end = visit.state.options.step_up_end;
        if end == StepUpEnd::Link {
            return Ok(enter(visit, token, transaction, Phase::SteppedUp));
        }
        visit.state.org().transactions.remove(token);
        return Ok(match end {
            StepUpEnd::SessionToken => success(visit, user, true),
            _ => envelope::bare_success(),
        });
    }
    visit.state.org().transactions.remove(token);
    if visit.state.options.allow_remember_device
        && visit.request.parameter("rememberDevice").as_deref() == Some("true")
    {
        let pair = (visit.device.clone(), user.login.clone());
        visit.state.org().remembered.insert(pair);
    }
    Ok(success(visit, user, true))
}

/// The transaction a body's `stateToken` names.
pub(super) fn find(visit: &Visit<'_>, body: &Value) -> Result<(String, Transaction), Answer> {
    let token = body["stateToken"].as_str().unwrap_or_default();
    let mut org = visit.state.org();
    match org.transactions.get_mut(token) {
        Some(transaction) if transaction.expires_at > visit.now => {
            transaction.expires_at = visit.now + visit.state.options.state_token_seconds;
            Ok((token.to_owned(), transaction.clone()))
        }
        _ => Err(error(401, "E0000011", "Invalid token provided")),
    }
}

/// Whose transaction it is.
pub(super) fn owner<'v>(visit: &Visit<'v>, transaction: &Transaction) -> Result<&'v User, Answer> {
    let login = transaction.login.as_deref().unwrap_or_default();
    visit.state.user(login).ok_or_else(not_in_this_state)
}

pub(super) fn not_in_this_state() -> Answer {
    error(
        403,
        "E0000079",
        "This operation is not allowed in the current authentication state.",
    )
}

fn authenticate<'v>(
    visit: &Visit<'v>,
    username: &str,
    password: Option<&str>,
) -> Result<&'v User, Answer> {
    let user = visit.state.user(username);
    let right = user.filter(|user| {
        let org = visit.state.org();
        let changed = org.passwords.get(&user.login);
        password == Some(changed.unwrap_or(&user.password).as_str())
    });
    right.ok_or_else(|| {
        let plain = "Authentication failed";
        let summary = match user {
            Some(user) if user.name() == "mallory" => users::hostile(plain),
            _ => plain.to_owned(),
        };
        error(401, "E0000004", &summary)
    })
}

fn after_password(visit: &Visit<'_>, user: &User) -> Answer {
    let pair = (visit.device.clone(), user.login.clone());
    if user.factors.is_empty() || visit.state.org().remembered.contains(&pair) {
        return success(visit, user, false);
    }
    open(visit, Some(user), Phase::MfaRequired, None).1
}

fn success(visit: &Visit<'_>, user: &User, second_factor: bool) -> Answer {
    let token = visit.canary("sessionToken", "20111");
    let expires_at = visit.now + visit.state.options.session_token_seconds;
    visit.state.org().session_tokens.insert(
        token.clone(),
        SessionToken {
            login: user.login.clone(),
            expires_at,
            second_factor,
        },
    );
    envelope::success(visit, user, &token, expires_at)
}
