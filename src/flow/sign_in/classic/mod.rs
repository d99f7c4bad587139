//! The Classic pipeline: a transaction at `/api/v1/authn` from password to session token.
//!
//! Links are followed; the next state is never assumed.

mod dead_end;
mod factor;
mod password;
mod push;
mod transaction;
mod verify;

use self::dead_end::state_report;
use self::transaction::ClassicTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::factors::{FactorPreference, UsedFactor};
use crate::http::CookieClient;
use crate::okta::Post;
use crate::okta::authn::{self, AuthnError, Success, Transaction};
use crate::process::panic_point;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::Notice;

/// The result of a sign-in.
pub(in crate::flow) struct SignedIn {
    /// The session token.
    pub(in crate::flow) token: Secret,
    pub(in crate::flow) factor: Option<UsedFactor>,
}

/// Signs in with name, password and the second factor that Okta asks for.
///
/// # Errors
/// If Okta refuses, an answer is missing, or the state needs a browser.
pub(in crate::flow) async fn sign_in<C: Conversation>(
    client: &CookieClient,
    username: &str,
    password: Secret,
    preference: FactorPreference,
    conversation: &C,
) -> Result<SignedIn, Report> {
    let mut transaction = ClassicTransaction::new(client, username, preference, conversation);
    let start = authn::start(client.org(), username, &password);
    let success = transaction.run(start, Some(password)).await?;
    let token = success.session_token.ok_or(AuthnError::NoSessionToken)?;
    Ok(SignedIn {
        token,
        factor: transaction.factor,
    })
}

/// Verifies another factor that an app asks for within a session.
///
/// Orgs end it in three ways: with the address to return to, with a session token, or with neither.
/// After the last two the app's link is opened again.
///
/// # Errors
/// As [`sign_in`].
pub(in crate::flow) async fn step_up<C: Conversation>(
    client: &CookieClient,
    username: &str,
    state_token: &Secret,
    preference: FactorPreference,
    conversation: &C,
) -> Result<Success, Report> {
    let mut transaction = ClassicTransaction::new(client, username, preference, conversation);
    let start = authn::resume(client.org(), state_token);
    transaction.run(start, None).await
}

impl<C: Conversation> ClassicTransaction<'_, C> {
    /// Runs the transaction to its end, and cancels it if it fails.
    async fn run(&mut self, start: Post, password: Option<Secret>) -> Result<Success, Report> {
        let outcome = self.run_states(start, password).await;
        if outcome.is_err() {
            self.cancel().await;
        }
        outcome
    }

    async fn run_states(
        &mut self,
        start: Post,
        mut password: Option<Secret>,
    ) -> Result<Success, Report> {
        panic_point(
            "flow.password",
            password.as_ref().map_or("", Secret::expose),
        );
        let mut transaction = self.send_once(start).await?;
        loop {
            // Kept for an expired password only: Okta wants the old one with the new one.
            let old_password = password
                .take()
                .filter(|_| matches!(transaction, Transaction::PasswordExpired(_)));
            transaction = match transaction {
                Transaction::Success(success) => {
                    self.cancel = None;
                    return Ok(success);
                }
                Transaction::PasswordWarn(change) => {
                    let days = change.days_left;
                    let when = days.map_or("soon".into(), |days| format!("in {days} days"));
                    self.message(format!("your password ends {when}"));
                    self.cancel = change.handle.cancel();
                    self.send_once(change.skip()?).await?
                }
                Transaction::PasswordExpired(change) if change.can_change() => {
                    self.cancel = change.handle.cancel();
                    match old_password {
                        Some(old) => self.change_password(change, &old).await?,
                        None => return Err(state_report(&Transaction::PasswordExpired(change))),
                    }
                }
                Transaction::MfaEnroll(enrollment) if enrollment.can_skip() => {
                    self.message(
                        "Okta suggests another factor; set it up in the browser when you like"
                            .into(),
                    );
                    self.cancel = enrollment.handle.cancel();
                    self.send_once(enrollment.skip()?).await?
                }
                Transaction::MfaRequired(required) => {
                    self.cancel = required.handle.cancel();
                    self.select_factor(required).await?
                }
                Transaction::MfaChallenge(challenge) => {
                    self.cancel = challenge.handle.cancel();
                    self.verify(*challenge).await?
                }
                other => return Err(state_report(&other)),
            };
        }
    }

    fn message(&self, text: String) {
        self.conversation.notify(Notice::Message(text));
    }
}
