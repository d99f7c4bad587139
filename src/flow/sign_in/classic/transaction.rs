//! A transaction at `/api/v1/authn`: its requests and what is known between them.

use std::time::Duration;

use crate::flow::conversation::Conversation;
use crate::flow::retry::rate_limited;
use crate::flow::sign_in::code_delivery::CodeDelivery;
use crate::flow::sign_in::factors::{FactorPreference, UsedFactor};
use crate::http::{CookieClient, HttpError, Request, Response};
use crate::model::Org;
use crate::okta::authn::{MfaChallenge, Transaction};
use crate::okta::{OktaError, Post};
use crate::report::{ErrorCode, Report};

const CANCEL_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) struct ClassicTransaction<'a, C> {
    pub(super) client: &'a CookieClient,
    pub(super) org: &'a Org,
    pub(super) username: &'a str,
    pub(super) conversation: &'a C,
    pub(super) preference: FactorPreference,
    /// The request that ends the transaction at the server, from its last state.
    pub(super) cancel: Option<Post>,
    /// The factor in use.
    pub(super) factor: Option<UsedFactor>,
    /// Okta's id of the factor whose answer was wrong: it is chosen again without a question.
    pub(super) retry_factor: Option<String>,
    /// The refusal of the last answer, reported if there is no other answer.
    pub(super) refused: Option<Report>,
    pub(super) code_delivery: CodeDelivery,
}

impl<'a, C: Conversation> ClassicTransaction<'a, C> {
    pub(super) fn new(
        client: &'a CookieClient,
        username: &'a str,
        preference: FactorPreference,
        conversation: &'a C,
    ) -> Self {
        Self {
            client,
            org: client.org(),
            username,
            conversation,
            preference,
            cancel: None,
            factor: None,
            retry_factor: None,
            refused: None,
            code_delivery: CodeDelivery::default(),
        }
    }

    pub(super) async fn post(&self, post: Post) -> Result<Response, HttpError> {
        let request = Request::post_json(post.url, post.body);
        self.client.send(request).await
    }

    /// Sends a request that must not be sent twice: a password, a passcode.
    pub(super) async fn send_once(&self, post: Post) -> Result<Transaction, Report> {
        let response = self.post(post).await?;
        self.parse(&response)
    }

    /// Requests a code. If Okta refuses because it sent one just now, requests it again when Okta
    /// accepts that.
    pub(super) async fn request_code(&mut self, post: Post) -> Result<Transaction, Report> {
        let again = post.duplicate();
        let response = self.post(post).await?;
        self.code_delivery.note_sent();
        let (status, content_type) = (response.status, response.content_type());
        let error = OktaError::parse(status, content_type, &response.body);
        let is_too_soon = status == 429
            && error.is_some_and(|error| error.report_code() == ErrorCode::OktaTooSoon);
        if !is_too_soon {
            return self.parse(&response);
        }
        self.code_delivery.wait(self.conversation).await?;
        self.code_delivery.note_sent();
        self.send_once(again).await
    }

    /// Returns to the choice of factors.
    pub(super) async fn choose_other(
        &mut self,
        challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        self.refused = None;
        self.send_once(challenge.previous()?).await
    }

    pub(super) fn parse(&self, response: &Response) -> Result<Transaction, Report> {
        let (status, content_type) = (response.status, response.content_type());
        match Transaction::parse(self.org, status, content_type, &response.body) {
            Err(_) if status == 429 => Err(rate_limited("sign in", response.retry_after())),
            parsed => Ok(parsed?),
        }
    }

    /// Ends the transaction at the server, so that a phone stops asking. A failure is ignored.
    pub(super) async fn cancel(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            let request = Request::post_json(cancel.url, cancel.body);
            let _ = self.client.send(request.with_timeout(CANCEL_TIMEOUT)).await;
        }
    }
}
