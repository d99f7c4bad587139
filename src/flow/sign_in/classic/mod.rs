//! The Classic engine: one transaction at `/api/v1/authn`, from the password to the session token.
//!
//! Links are followed, the next state is never assumed. What ends the transaction early also ends it at
//! the server, so that a phone stops asking.

mod dead_end;
mod password;
mod push;
mod verify;

use std::time::{Duration, Instant};

use self::dead_end::dead_end;
use crate::flow::Conversation;
use crate::flow::retry::rate_limited;
use crate::flow::sign_in::factors::{Taste, UsedFactor};
use crate::http::{CookieClient, Request, Response};
use crate::model::Org;
use crate::okta::authn::{self, AuthnError, Success, Transaction};
use crate::okta::{OktaError, Post};
use crate::process::panic_point;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::Notice;

/// Cancelling is a courtesy; nobody waits long for it.
const GOODBYE: Duration = Duration::from_secs(3);
/// Okta sends no second code to one phone or mailbox within this time.
pub(in crate::flow) const SEND_FLOOR: Duration = Duration::from_secs(30);

/// What a finished sign-in leaves.
pub(in crate::flow) struct SignedIn {
    pub(in crate::flow) token: Secret,
    /// What it was verified with.
    pub(in crate::flow) factor: Option<UsedFactor>,
}

/// Signs in with name and password and whatever second factor Okta asks for.
///
/// # Errors
/// When Okta refuses, an answer is missing, or the state is one that needs a browser.
pub(in crate::flow) async fn sign_in<C: Conversation>(
    browser: &CookieClient,
    username: &str,
    password: Secret,
    taste: Taste,
    conversation: &C,
) -> Result<SignedIn, Report> {
    let mut engine = Engine::new(browser, username, taste, conversation);
    let start = authn::start(engine.org, username, &password);
    let success = engine.finish(start, Some(password)).await?;
    let token = success.session_token.ok_or(AuthnError::NoSessionToken)?;
    Ok(SignedIn {
        token,
        factor: engine.factor,
    })
}

/// Meets an app's demand for another factor within a session.
///
/// Orgs end it in three ways: with the way back to the app, with a session token, or with neither; the app's
/// link is opened again after the last two.
///
/// # Errors
/// As [`sign_in`].
pub(in crate::flow) async fn step_up<C: Conversation>(
    browser: &CookieClient,
    username: &str,
    state_token: &Secret,
    taste: Taste,
    conversation: &C,
) -> Result<Success, Report> {
    let mut engine = Engine::new(browser, username, taste, conversation);
    let start = authn::resume(engine.org, state_token);
    engine.finish(start, None).await
}

struct Engine<'a, C> {
    browser: &'a CookieClient,
    org: &'a Org,
    username: &'a str,
    conversation: &'a C,
    taste: Taste,
    /// What would end the transaction at the server, as of its last state.
    cancel: Option<Post>,
    /// The factor under way.
    factor: Option<UsedFactor>,
    /// Okta's id of the factor that an answer was wrong for: it is taken again without asking.
    again: Option<String>,
    /// The refusal of the last answer, for when nobody gives another.
    refused: Option<Report>,
    /// When a code was sent last.
    sent: Option<Instant>,
}

impl<'a, C: Conversation> Engine<'a, C> {
    fn new(
        browser: &'a CookieClient,
        username: &'a str,
        taste: Taste,
        conversation: &'a C,
    ) -> Self {
        Self {
            browser,
            org: browser.org(),
            username,
            conversation,
            taste,
            cancel: None,
            factor: None,
            again: None,
            refused: None,
            sent: None,
        }
    }

    async fn finish(&mut self, start: Post, password: Option<Secret>) -> Result<Success, Report> {
        let outcome = self.run(start, password).await;
        if outcome.is_err()
            && let Some(cancel) = self.cancel.take()
        {
            let goodbye = Request::post_json(cancel.url, cancel.body).with_timeout(GOODBYE);
            let _ = self.browser.send(goodbye).await;
        }
        outcome
    }

    async fn run(&mut self, start: Post, mut password: Option<Secret>) -> Result<Success, Report> {
        panic_point(
            "flow.password",
            password.as_ref().map_or("", Secret::expose),
        );
        let mut transaction = self.once(start).await?;
        loop {
            // Only one that has expired is needed once more: Okta wants the old beside the new.
            let old = password
                .take()
                .filter(|_| matches!(transaction, Transaction::PasswordExpired(_)));
            transaction = match transaction {
                Transaction::Success(success) => {
                    self.cancel = None;
                    return Ok(success);
                }
                Transaction::PasswordWarn(change) => {
                    let days = change
                        .days_left
                        .map_or("soon".into(), |days| format!("in {days} days"));
                    self.conversation
                        .notify(Notice::Message(format!("your password ends {days}")));
                    self.cancel = change.handle.cancel();
                    self.once(change.skip()?).await?
                }
                Transaction::PasswordExpired(change) if change.can_change() => {
                    self.cancel = change.handle.cancel();
                    match old {
                        Some(old) => self.change_password(change, &old).await?,
                        None => return Err(dead_end(&Transaction::PasswordExpired(change))),
                    }
                }
                Transaction::MfaEnroll(enrollment) if enrollment.can_skip() => {
                    self.conversation.notify(Notice::Message(
                        "Okta suggests another factor; set it up in the browser when you like"
                            .into(),
                    ));
                    self.cancel = enrollment.handle.cancel();
                    self.once(enrollment.skip()?).await?
                }
                Transaction::MfaRequired(required) => {
                    self.cancel = required.handle.cancel();
                    self.verify(required).await?
                }
                Transaction::MfaChallenge(challenge) => {
                    self.cancel = challenge.handle.cancel();
                    self.go_on(*challenge).await?
                }
                other => return Err(dead_end(&other)),
            };
        }
    }

    /// Sends what must not be sent twice: a password, a passcode.
    async fn once(&mut self, post: Post) -> Result<Transaction, Report> {
        let page = self
            .browser
            .send(Request::post_json(post.url, post.body))
            .await?;
        self.read(&page)
    }

    /// Orders a code to be sent. Turned down because one was sent just now, it is ordered once more when
    /// Okta takes it.
    async fn order(&mut self, post: Post) -> Result<Transaction, Report> {
        let again = post.duplicate();
        let page = self
            .browser
            .send(Request::post_json(post.url, post.body))
            .await?;
        self.sent = Some(Instant::now());
        let too_soon = page.status == 429
            && OktaError::parse(page.status, page.content_type(), &page.body)
                .is_some_and(|error| error.kind() == crate::okta::ErrorKind::TooSoon);
        if !too_soon {
            return self.read(&page);
        }
        self.wait_to_send(SEND_FLOOR).await?;
        self.sent = Some(Instant::now());
        self.once(again).await
    }

    async fn wait_to_send(&self, wait: Duration) -> Result<(), Report> {
        if wait.is_zero() {
            return Ok(());
        }
        self.conversation.notify(Notice::Message(format!(
            "a code was sent just now; the next one goes out in {} s",
            wait.as_secs().max(1)
        )));
        Ok(self.conversation.pause(wait).await?)
    }

    fn read(&self, page: &Response) -> Result<Transaction, Report> {
        let transaction =
            Transaction::parse(self.org, page.status, page.content_type(), &page.body);
        match transaction {
            Err(_) if page.status == 429 => Err(rate_limited("sign in", page.retry_after())),
            read => Ok(read?),
        }
    }
}
