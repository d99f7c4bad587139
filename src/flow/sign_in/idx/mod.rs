//! The Identity Engine pipeline: IDX in the terminal, from a page's state token to the session's
//! cookies. Each response offers remediations; the next request is chosen by their names.

mod challenge;
mod dead_end;
mod password;
mod push;
mod select;
mod transaction;

use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use self::dead_end::{step_report, unexpected};
use self::transaction::IdxTransaction;
pub(in crate::flow) use self::transaction::SignInError;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::with_retry;
use crate::flow::sign_in::factors::{FactorPreference, UsedFactor};
use crate::http::{CookieClient, Request, Response};
use crate::okta::Post;
use crate::okta::idx::{self, Continuation, IdxError, Message, Step};
use crate::okta::page::{AppPage, PageError};
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::Notice;

/// Maximum of steps of one sign-in. Polls are not counted.
const MAX_STEPS: usize = 40;
/// Maximum of consecutive forms that are posted without asking the user; no org asks for more.
const MAX_CONTINUATIONS: usize = 5;
/// Bounds of the wait that Okta asks for before such a form is posted.
const CONTINUATION_DELAY: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(15);

/// The result of a sign-in. The session itself is in the client's cookies.
pub(in crate::flow) struct SignedIn {
    pub(in crate::flow) factor: Option<UsedFactor>,
    /// The page that the sign-in ended on: that of the app where it began.
    pub(in crate::flow) landing_page: Response,
}

/// Signs in, beginning at `start`, a page of the org that asks for a sign-in.
///
/// # Errors
/// If Okta refuses, an answer is missing, or a browser is needed.
pub(in crate::flow) async fn sign_in<C: Conversation>(
    client: &CookieClient,
    username: &str,
    start: &Url,
    preference: FactorPreference,
    conversation: &C,
) -> Result<SignedIn, SignInError> {
    let what = "open the sign-in page";
    let get = || client.follow(Request::get(start.clone()));
    let page = with_retry(what, conversation, get).await?;
    let failed = |error: PageError| Report::from(error).context(format!("cannot {what}"));
    let token = match AppPage::parse(&page.body).map_err(failed)? {
        AppPage::SignIn {
            state_token: Some(token),
        } => token,
        AppPage::ScriptOnly => {
            return Err(SignInError::NeedsBrowser(PageError::ScriptOnly.into()));
        }
        _ if matches!(page.status, 401 | 403) => {
            let error = IdxError::BrowserRequired(page.status);
            return Err(SignInError::NeedsBrowser(error.into()));
        }
        other => {
            let error = other.into_saml_form().err();
            return Err(failed(error.unwrap_or(PageError::NoForm)).into());
        }
    };
    let mut transaction = IdxTransaction::new(client, username, preference, false, conversation);
    let url = transaction.run(token.secret()).await?;
    Ok(SignedIn {
        landing_page: client.follow(Request::get(url)).await?,
        factor: transaction.factor,
    })
}

/// Satisfies what an app asks for within a session. Returns the app's page.
///
/// # Errors
/// [`Failure::SessionEnded`] if the page asks for the username: there is no session any more.
pub(in crate::flow) async fn step_up<C: Conversation>(
    client: &CookieClient,
    username: &str,
    state_token: &Secret,
    preference: FactorPreference,
    conversation: &C,
) -> Result<Response, Failure> {
    let mut transaction = IdxTransaction::new(client, username, preference, true, conversation);
    let url = match transaction.run(state_token).await {
        Ok(url) => url,
        Err(SignInError::NeedsBrowser(report)) => return Err(report.into()),
        Err(SignInError::Failed(failure)) => return Err(failure),
    };
    Ok(client.follow(Request::get(url)).await?)
}

impl<C: Conversation> IdxTransaction<'_, C> {
    /// Runs the transaction to its end, and cancels it if it fails. Returns the address where the
    /// browser would go on.
    async fn run(&mut self, state_token: &Secret) -> Result<Url, SignInError> {
        let start = idx::introspect(self.client.org(), state_token);
        let outcome = self.run_steps(start).await;
        if outcome.is_err() {
            self.cancel().await;
        }
        outcome
    }

    async fn run_steps(&mut self, start: Post) -> Result<Url, SignInError> {
        let mut post = start;
        let mut steps = 0;
        loop {
            let mut response = self.send(post).await?;
            let messages = std::mem::take(&mut response.messages);
            let step = Step::next(response)?;
            self.show_messages(&messages, &step)?;
            if !matches!(step, Step::Continue(_)) {
                self.continuations = 0;
            }
            if !matches!(step, Step::Wait(_)) {
                steps += 1;
            }
            if steps > MAX_STEPS {
                return Err(unexpected("Okta asked for more than 40 steps").into());
            }
            post = match step {
                Step::Done(url) => {
                    self.cancel = None;
                    return Ok(url);
                }
                Step::Identify(_) if self.is_step_up => {
                    return Err(Failure::SessionEnded.into());
                }
                Step::Identify(_) if self.is_identified => {
                    let refused = self.refused.take();
                    let again = || unexpected("Okta asks for the user name a second time");
                    return Err(refused.unwrap_or_else(again).into());
                }
                Step::Identify(identify) => {
                    self.is_identified = true;
                    let password = match identify.takes_password() {
                        true => Some(self.ask_password().await?),
                        false => None,
                    };
                    identify.send(self.username, password.as_ref())?
                }
                Step::Answer(challenge) => self.answer_challenge(challenge).await?,
                Step::Wait(push) => self.wait_for_push(push).await?,
                Step::Select(selection) => self.select_factor(selection).await?,
                Step::Password(change) if change.can_skip() => self.keep_password(&change)?,
                Step::Password(change) if change.can_change() => {
                    self.change_password(change).await?
                }
                Step::DeviceProbe(next) | Step::Skip(next) => next,
                Step::Continue(continuation) => self.continue_with(continuation).await?,
                other => {
                    let messages = messages.iter().map(Message::labelled_text);
                    return Err(messages.fold(step_report(&other), Report::cause).into());
                }
            };
        }
    }

    /// Returns the form that needs nothing from the user, after the wait that Okta asks for.
    async fn continue_with(&mut self, continuation: Continuation) -> Result<Post, Report> {
        let Continuation { name, delay, post } = continuation;
        self.continuations += 1;
        if self.continuations > MAX_CONTINUATIONS {
            return Err(unexpected(&format!(
                "Okta asked more than {MAX_CONTINUATIONS} times in a row to continue, last \
                     with {name}"
            )));
        }
        self.conversation
            .notify(Notice::Doing(format!("send Okta's form {name}")));
        if let Some(delay) = delay {
            let (min, max) = CONTINUATION_DELAY.into_inner();
            let delay = delay.clamp(min, max);
            self.conversation.pause(delay).await?;
        }
        Ok(post)
    }
}
