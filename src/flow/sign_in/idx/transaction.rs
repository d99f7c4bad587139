//! An IDX transaction: its requests and what is known between them.

use std::time::Duration;

use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::{poll, rate_limited};
use crate::flow::sign_in::code_delivery::CodeDelivery;
use crate::flow::sign_in::factors::{FactorPreference, UsedFactor};
use crate::flow::sign_in::prompts::ask_password;
use crate::http::{CookieClient, Request};
use crate::okta::idx::{IdxError, Message, Response, Step};
use crate::okta::{FactorKind, Post};
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::Notice;

const CANCEL_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) struct IdxTransaction<'a, C> {
    pub(super) client: &'a CookieClient,
    pub(super) username: &'a str,
    pub(super) conversation: &'a C,
    pub(super) preference: FactorPreference,
    /// Whether it runs within a session: a question for the username then means that the session
    /// has ended.
    pub(super) is_step_up: bool,
    pub(super) is_identified: bool,
    pub(super) gave_password: bool,
    /// Whether the last request held the password or a security key's answer. Its refusal is
    /// final: a second attempt is the user's decision.
    pub(super) is_final_answer: bool,
    /// The factor in use.
    pub(super) factor: Option<UsedFactor>,
    /// The refusal of the last answer, reported if there is no other answer.
    pub(super) refused: Option<Report>,
    /// Whether the next request has Okta send a code.
    pub(super) requests_code: bool,
    pub(super) code_delivery: CodeDelivery,
    pub(super) push: Option<Push>,
    /// Forms in a row that were posted without the user.
    pub(super) continuations: usize,
    /// The request that ends the transaction at the server, from its last response.
    pub(super) cancel: Option<Post>,
}

/// A push that the user has not answered yet.
pub(super) struct Push {
    pub(super) shown_number: Option<String>,
    pub(super) left: Duration,
    pub(super) interval: Duration,
}

/// Why a sign-in gives no session.
pub(in crate::flow) enum SignInError {
    /// The org does not speak IDX with a terminal. A browser may do.
    NeedsBrowser(Report),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for SignInError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'a, C: Conversation> IdxTransaction<'a, C> {
    pub(super) fn new(
        client: &'a CookieClient,
        username: &'a str,
        preference: FactorPreference,
        is_step_up: bool,
        conversation: &'a C,
    ) -> Self {
        Self {
            client,
            username,
            conversation,
            preference,
            is_step_up,
            is_identified: false,
            gave_password: is_step_up,
            is_final_answer: false,
            factor: None,
            refused: None,
            requests_code: false,
            code_delivery: CodeDelivery::default(),
            push: None,
            continuations: 0,
            cancel: None,
        }
    }

    /// Sends a step. Only a poll is sent again if the network fails.
    pub(super) async fn send(&mut self, post: Post) -> Result<Response, SignInError> {
        let client = self.client;
        let send = || {
            let Post { url, body } = post.duplicate();
            client.send(Request::post_ion(url, body))
        };
        let http_response = match &mut self.push {
            Some(push) => {
                let what = "ask whether the push was answered";
                let (interval, left) = (push.interval, &mut push.left);
                poll(what, interval, left, self.conversation, send).await?
            }
            None => send().await?,
        };
        if std::mem::take(&mut self.requests_code) {
            self.code_delivery.note_sent();
        }
        let (status, content_type) = (http_response.status, http_response.content_type());
        match Response::parse(client.org(), status, content_type, &http_response.body) {
            Ok(response) => {
                self.cancel = response.cancel();
                Ok(response)
            }
            Err(_) if status == 429 => {
                Err(rate_limited("sign in", http_response.retry_after()).into())
            }
            Err(error) => {
                // The transaction has ended at the server.
                self.cancel = None;
                Err(match error {
                    IdxError::BrowserRequired(_) => SignInError::NeedsBrowser(error.into()),
                    error => error.into(),
                })
            }
        }
    }

    /// Shows the messages of a response. An error beside a step that asks for something again is
    /// the refusal of the last answer.
    ///
    /// # Errors
    /// The refusal of a final answer.
    pub(super) fn show_messages(
        &mut self,
        messages: &[Message],
        step: &Step,
    ) -> Result<(), Report> {
        let was_final = std::mem::take(&mut self.is_final_answer);
        let goes_on = matches!(
            step,
            Step::Done(_) | Step::DeviceProbe(_) | Step::Skip(_) | Step::Continue(_)
        );
        // The report of such a step names the messages itself.
        let is_dead_end = matches!(
            step,
            Step::Enroll | Step::Consent | Step::IdentityProvider(_) | Step::Unknown(_)
        );
        let error = messages.iter().find(|message| message.is_error());
        self.refused = error.filter(|_| !goes_on).map(Message::report);
        if is_dead_end {
            return Ok(());
        }
        if was_final && let Some(refused) = self.refused.take() {
            let others = messages.iter().filter(|message| Some(*message) != error);
            let others = others.map(Message::labelled_text);
            return Err(others.fold(refused, Report::cause));
        }
        for message in messages {
            let text = message.labelled_text();
            self.conversation.notify(Notice::Message(text));
        }
        Ok(())
    }

    /// Ends the transaction at the server. A failure is ignored.
    pub(super) async fn cancel(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            let request = Request::post_ion(cancel.url, cancel.body);
            let _ = self.client.send(request.with_timeout(CANCEL_TIMEOUT)).await;
        }
    }

    /// Notes the kind of the factor in use, unless the user chose one of that kind.
    pub(super) fn note_factor(&mut self, kind: &FactorKind) {
        let kind = kind.name();
        if self.factor.as_ref().is_none_or(|used| used.kind != kind) {
            self.factor = Some(UsedFactor {
                kind: kind.to_owned(),
                id: String::new(),
            });
        }
    }

    pub(super) async fn ask_password(&mut self) -> Result<Secret, Report> {
        let password = ask_password(self.client.org(), self.username, self.conversation).await?;
        self.gave_password = true;
        self.is_final_answer = true;
        Ok(password)
    }
}
