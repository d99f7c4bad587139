//! The Identity Engine engine: IDX in the terminal, from a page's state token to the session's cookies.
//!
//! What Okta offers is followed by name. What ends the transaction early also ends it at the server.

mod answer;
mod dead_end;
mod password;
mod push;

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use url::Url;

use self::dead_end::{dead_end, unexpected};
use self::push::Push;
use crate::flow::retry::{poll, rate_limited, with_retry};
use crate::flow::sign_in::factors::{Taste, UsedFactor};
use crate::flow::{Conversation, Failure};
use crate::http::{self, CookieClient, Request};
use crate::okta::Post;
use crate::okta::idx::{self, Continuation, IdxError, Message, Response, Step};
use crate::okta::page::{AppPage, PageError};
use crate::report::{ErrorCode, Exit, Report};
use crate::secret::Secret;
use crate::wire::Notice;

const GOODBYE: Duration = Duration::from_secs(3);
/// No sign-in has as many steps, polls not counted.
const STEPS: usize = 40;
/// Forms in a row that are posted without the user; more than any org asks for.
const MAX_CONTINUATIONS: usize = 5;
/// Bounds of the wait that Okta asks for before a form is posted.
const CONTINUATION_DELAY: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(15);

/// What a finished sign-in leaves; the session itself is in the browser's cookies.
pub(in crate::flow) struct SignedIn {
    pub(in crate::flow) factor: Option<UsedFactor>,
    /// The page the sign-in ended on: that of the app it began at.
    pub(in crate::flow) landed: http::Response,
}

/// Why there is no session.
pub(in crate::flow) enum NoSession {
    /// The org does not speak IDX to a terminal; a browser may do.
    WantsBrowser(Report),
    Final(Report),
}

impl<E: Into<Report>> From<E> for NoSession {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// Signs in, beginning at `start`, a page of the org that asks for it.
///
/// # Errors
/// When Okta refuses, an answer is missing, or a browser is needed.
pub(in crate::flow) async fn sign_in<C: Conversation>(
    browser: &CookieClient,
    username: &str,
    start: &Url,
    taste: Taste,
    conversation: &C,
) -> Result<SignedIn, NoSession> {
    let what = "open the sign-in page";
    let page = with_retry(what, conversation, || {
        browser.follow(Request::get(start.clone()))
    })
    .await?;
    let token = match AppPage::parse(&page.body) {
        Ok(AppPage::SignIn {
            state_token: Some(token),
        }) => token,
        Ok(AppPage::ScriptOnly) => {
            return Err(NoSession::WantsBrowser(PageError::ScriptOnly.into()));
        }
        Ok(_) if matches!(page.status, 401 | 403) => {
            return Err(NoSession::WantsBrowser(
                IdxError::BrowserRequired(page.status).into(),
            ));
        }
        Ok(other) => {
            let why = other.into_saml_form().err().unwrap_or(PageError::NoForm);
            return Err(Report::from(why).during(format!("cannot {what}")).into());
        }
        Err(error) => return Err(Report::from(error).during(format!("cannot {what}")).into()),
    };
    let mut engine = Engine::new(browser, username, taste, false, conversation);
    let done = engine.finish(token.secret()).await;
    let url = done.map_err(|failure| match failure {
        Failure::Final(report) if report.code == ErrorCode::OktaIdxWantsBrowser => {
            NoSession::WantsBrowser(report)
        }
        failure => NoSession::Final(failure.into_report()),
    })?;
    let landed = browser.follow(Request::get(url)).await?;
    Ok(SignedIn {
        factor: engine.factor,
        landed,
    })
}

/// Meets an app's demand within a session; returns the app's page.
///
/// # Errors
/// [`Failure::SessionEnded`] when the page asks who it is: then there is no session any longer.
pub(in crate::flow) async fn step_up<C: Conversation>(
    browser: &CookieClient,
    username: &str,
    state_token: &Secret,
    taste: Taste,
    conversation: &C,
) -> Result<http::Response, Failure> {
    let mut engine = Engine::new(browser, username, taste, true, conversation);
    let url = engine.finish(state_token).await?;
    Ok(browser.follow(Request::get(url)).await?)
}

struct Engine<'a, C> {
    browser: &'a CookieClient,
    username: &'a str,
    conversation: &'a C,
    taste: Taste,
    /// Within a session: being asked for the name means that it is over.
    step_up: bool,
    identified: bool,
    password_given: bool,
    /// The last thing sent was the password or a key's answer: a refusal of it is the end, a second try is the
    /// user's.
    final_answer: bool,
    factor: Option<UsedFactor>,
    refused: Option<Report>,
    /// What goes out next has Okta send a code.
    orders: bool,
    /// When a code was sent last.
    sent: Option<Instant>,
    push: Option<Push>,
    /// Forms in a row that were posted without the user.
    continuations: usize,
    cancel: Option<Post>,
}

impl<'a, C: Conversation> Engine<'a, C> {
    fn new(
        browser: &'a CookieClient,
        username: &'a str,
        taste: Taste,
        step_up: bool,
        conversation: &'a C,
    ) -> Self {
        Self {
            browser,
            username,
            conversation,
            taste,
            step_up,
            identified: false,
            password_given: step_up,
            final_answer: false,
            factor: None,
            refused: None,
            orders: false,
            sent: None,
            push: None,
            continuations: 0,
            cancel: None,
        }
    }

    async fn finish(&mut self, state_token: &Secret) -> Result<Url, Failure> {
        let start = idx::introspect(self.browser.org(), state_token);
        let outcome = self.run(start).await;
        if outcome.is_err()
            && let Some(cancel) = self.cancel.take()
        {
            let goodbye = Request::post_ion(cancel.url, cancel.body).with_timeout(GOODBYE);
            let _ = self.browser.send(goodbye).await;
        }
        outcome
    }

    async fn run(&mut self, start: Post) -> Result<Url, Failure> {
        let mut post = start;
        let mut steps = 0;
        loop {
            let mut response = self.send(post).await?;
            if std::mem::take(&mut self.orders) {
                self.sent = Some(Instant::now());
            }
            let messages = std::mem::take(&mut response.messages);
            let step = Step::next(response).map_err(Report::from)?;
            self.show_messages(&messages, &step)?;
            if !matches!(step, Step::Continue(_)) {
                self.continuations = 0;
            }
            if !matches!(step, Step::Wait(_)) {
                steps += 1;
            }
            if steps > STEPS {
                return Err(unexpected("it leads in circles").into());
            }
            post = match step {
                Step::Done(url) => {
                    self.cancel = None;
                    return Ok(url);
                }
                Step::Identify(_) if self.step_up => return Err(Failure::SessionEnded),
                Step::Identify(_) if self.identified => {
                    let again = || unexpected("it asks once more who signs in");
                    return Err(self.refused.take().unwrap_or_else(again).into());
                }
                Step::Identify(identify) => {
                    self.identified = true;
                    let password = match identify.takes_password() {
                        true => Some(self.password().await?),
                        false => None,
                    };
                    let sent = identify.send(self.username, password.as_ref());
                    sent.map_err(Report::from)?
                }
                Step::Answer(answering) => self.answer(answering).await?,
                Step::Wait(waiting) => self.wait(waiting).await?,
                Step::Select(select) => self.select(select).await?,
                Step::Password(change) if change.can_skip() => self.put_off(&change)?,
                Step::Password(change) if change.can_change() => {
                    self.change_password(change).await?
                }
                Step::DeviceProbe(past) | Step::Skip(past) => past,
                Step::Continue(continuation) => self.continue_with(continuation).await?,
                other => {
                    let messages = messages.iter().map(Message::labelled_text);
                    return Err(messages.fold(dead_end(&other), Report::cause).into());
                }
            };
        }
    }

    /// Sends a step; only a poll is sent again when the network fails.
    async fn send(&mut self, post: Post) -> Result<Response, Report> {
        let page = if let Some(push) = &mut self.push {
            let (what, browser) = ("ask whether the push was answered", self.browser);
            poll(what, push.pace, &mut push.left, self.conversation, || {
                let post = post.duplicate();
                browser.send(Request::post_ion(post.url, post.body))
            })
            .await?
        } else {
            self.browser
                .send(Request::post_ion(post.url, post.body))
                .await?
        };
        let org = self.browser.org();
        match Response::parse(org, page.status, page.content_type(), &page.body) {
            Ok(response) => {
                self.cancel = response.cancel();
                Ok(response)
            }
            Err(_) if page.status == 429 => Err(rate_limited("sign in", page.retry_after())),
            Err(error) => {
                // Over: there is nothing left to cancel.
                self.cancel = None;
                Err(error.into())
            }
        }
    }

    /// Shows every message of an answer. An error beside a step that asks for something again is a refusal
    /// of what was sent last; a refused password, or key, ends the sign-in.
    fn show_messages(&mut self, messages: &[Message], step: &Step) -> Result<(), Report> {
        let was_final = std::mem::take(&mut self.final_answer);
        let leads_on = matches!(
            step,
            Step::Done(_) | Step::DeviceProbe(_) | Step::Skip(_) | Step::Continue(_)
        );
        // A step where the sign-in ends shows them itself.
        let ends = matches!(
            step,
            Step::Enroll | Step::Consent | Step::IdentityProvider(_) | Step::Unknown(_)
        );
        let error = messages.iter().find(|message| message.is_error());
        self.refused = error.filter(|_| !leads_on).map(Message::report);
        if was_final
            && !ends
            && let Some(refused) = self.refused.take()
        {
            let others = messages.iter().filter(|message| Some(*message) != error);
            return Err(others
                .map(Message::labelled_text)
                .fold(refused, Report::cause));
        }
        if !ends {
            for message in messages {
                self.conversation
                    .notify(Notice::Message(message.labelled_text()));
            }
        }
        Ok(())
    }

    /// Posts a form that needs nothing from the user, after the wait that Okta asks for.
    async fn continue_with(&mut self, continuation: Continuation) -> Result<Post, Report> {
        let Continuation { name, delay, post } = continuation;
        self.continuations += 1;
        if self.continuations > MAX_CONTINUATIONS {
            return Err(unexpected(&format!(
                "it asks {MAX_CONTINUATIONS} times in a row to continue, last with {name}"
            )));
        }
        self.conversation
            .notify(Notice::Doing(format!("continue past {name}")));
        if let Some(delay) = delay {
            let (shortest, longest) = CONTINUATION_DELAY.into_inner();
            self.conversation
                .pause(delay.clamp(shortest, longest))
                .await?;
        }
        Ok(post)
    }
}

/// What is said when this org does not sign people in from a terminal and no other way is set up.
pub(in crate::flow) fn needs_client_id(report: Report) -> Report {
    report
        .exit(Exit::Refused)
        .hint("a browser sign-in needs an OIDC app: ask your Okta admin for its client id, then `client_id =` in [org]")
}
