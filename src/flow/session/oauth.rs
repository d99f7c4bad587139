//! A session by OAuth tokens: renewed without the user if the org allows it, and exchanged for
//! one-time tokens that open apps.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;

use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::with_retry;
use crate::flow::session::sign_out::{SIGN_OUT_TIMEOUT, sign_out};
use crate::http::{CookieClient, HttpError, Request, Response};
use crate::model::Timestamp;
use crate::okta::Post;
use crate::okta::oauth::{self, OauthError, OneTimeToken, OptionalScopes, Tokens};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

/// A sign-in this many seconds old is as new as one can be.
const FRESH_SIGN_IN_SECONDS: i64 = 30;

#[derive(Debug)]
pub(in crate::flow) struct OauthSession {
    client_id: String,
    tokens: RefCell<Rc<Tokens>>,
    /// Serialises renewal: a second one would spend a refresh token that the first has replaced.
    renewal: Mutex<()>,
    /// When the user signed in. A renewal proves nothing newer.
    signed_in: Option<Timestamp>,
    requested: OptionalScopes,
    refused: OptionalScopes,
    /// Whether an app was opened with an interclient token, which made a cookie session.
    has_web_session: Cell<bool>,
}

/// Why an exchange gave no token.
pub(in crate::flow) enum ExchangeError {
    Refused(OauthError),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for ExchangeError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl OauthSession {
    pub(in crate::flow) fn new(
        client_id: &str,
        tokens: Tokens,
        requested: OptionalScopes,
        refused: OptionalScopes,
        signed_in: Option<Timestamp>,
    ) -> Self {
        Self {
            client_id: client_id.to_owned(),
            tokens: RefCell::new(Rc::new(tokens)),
            renewal: Mutex::default(),
            signed_in,
            requested,
            refused,
            has_web_session: Cell::new(false),
        }
    }

    fn tokens(&self) -> Rc<Tokens> {
        Rc::clone(&self.tokens.borrow())
    }

    /// Returns the scopes that the org does not grant this client.
    pub(in crate::flow) fn refused(&self) -> OptionalScopes {
        self.refused
    }

    /// Whether the sign-in asked for interclient tokens, or the org is known to refuse them.
    pub(in crate::flow) fn has_tried_interclient(&self) -> bool {
        self.requested.interclient || self.refused.interclient
    }

    pub(in crate::flow) fn has_interclient(&self) -> bool {
        let granted = self.tokens().granted;
        self.requested.interclient && granted.is_none_or(|granted| granted.interclient)
    }

    /// Notes that a cookie session was made, which [`Self::end`] ends too.
    pub(in crate::flow) fn note_web_session(&self) {
        self.has_web_session.set(true);
    }

    /// Returns when the tokens expire, if they cannot be renewed.
    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        let tokens = self.tokens();
        let end = self.signed_in?.plus(tokens.expires_in.into());
        tokens.refresh_token.is_none().then_some(end)
    }

    /// Returns the username: from the id token, else from the org's user info.
    ///
    /// # Errors
    /// If the org cannot be asked.
    pub(in crate::flow) async fn username(
        &self,
        client: &CookieClient,
        conversation: &impl Conversation,
    ) -> Result<Option<String>, Report> {
        let tokens = self.tokens();
        if let Some(username) = tokens.username() {
            return Ok(Some(username));
        }
        let what = "ask who has signed in";
        conversation.notify(Notice::Doing(what.into()));
        let url = client.url(oauth::USER_INFO)?;
        let response = with_retry(what, conversation, || {
            client.send(Request::get_json(url.clone()).bearer(&tokens.access_token))
        })
        .await?;
        let username = tokens.username_in(&response.body);
        Ok(username.filter(|_| response.status == 200))
    }

    /// Revokes every token, and ends the cookie session that they made. Waits for a renewal under
    /// way: its tokens must be revoked too.
    ///
    /// # Errors
    /// If one of them may still be valid.
    pub(in crate::flow) async fn end(&self, client: &CookieClient) -> Result<(), Report> {
        let _guard = timeout(SIGN_OUT_TIMEOUT, self.renewal.lock()).await;
        let posts = self.tokens().revoke(client.org(), &self.client_id);
        let posts = posts.into_iter();
        let mut requests: Vec<Request> = posts
            .map(|post| Request::post_form(post.url, post.body))
            .collect();
        if self.has_web_session.get() {
            requests.push(Request::delete(client.url("/api/v1/sessions/me")?));
        }
        let mut outcome = Ok(());
        for request in requests {
            // A server that cannot be reached once is not asked again; a refusal ends nothing else.
            let ended = sign_out(client, request).await?;
            outcome = ended.and(outcome);
        }
        outcome
    }

    fn is_fresh(&self, now: Option<Timestamp>) -> bool {
        match (self.signed_in, now) {
            (Some(then), Some(now)) => now.seconds_since(then) < FRESH_SIGN_IN_SECONDS,
            _ => true,
        }
    }

    /// Gets JSON as the user, with renewed tokens if these have expired.
    pub(super) async fn get_json(
        &self,
        client: &CookieClient,
        url: Url,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        let tokens = self.tokens();
        let get = |token: &Secret| client.send(Request::get_json(url.clone()).bearer(token));
        let response = with_retry(what, conversation, || get(&tokens.access_token)).await?;
        if response.status != 401 || !self.renew(&tokens, client, conversation).await? {
            return Ok(response);
        }
        let tokens = self.tokens();
        Ok(with_retry(what, conversation, || get(&tokens.access_token)).await?)
    }

    /// Exchanges the tokens for a one-time token that opens the app `app_id`.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] with Okta's answer; [`Failure::SessionEnded`] and
    /// [`Failure::NewerSignIn`] if a new sign-in may do.
    pub(in crate::flow) async fn exchange(
        &self,
        client: &CookieClient,
        app_id: &str,
        kind: OneTimeToken,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Secret, ExchangeError> {
        let mut renewed = false;
        loop {
            let tokens = self.tokens();
            let post = tokens.exchange(client.org(), &self.client_id, app_id, kind);
            let post = post.map_err(ExchangeError::Refused)?;
            let response = post_with_retry(client, &post, what, conversation).await?;
            match Tokens::parse(response.status, response.content_type(), &response.body) {
                Ok(tokens) => return Ok(tokens.access_token),
                Err(error) if error.is_expired() => {
                    if renewed || !self.renew(&tokens, client, conversation).await? {
                        return Err(Failure::SessionEnded.into());
                    }
                    renewed = true;
                }
                Err(error) if error.is_assurance() && !self.is_fresh(client.server_time()) => {
                    return Err(newer_sign_in(error, what).into());
                }
                Err(error) => return Err(ExchangeError::Refused(error)),
            }
        }
    }

    /// Replaces `expired` by renewed tokens. Returns whether there are any.
    async fn renew(
        &self,
        expired: &Rc<Tokens>,
        client: &CookieClient,
        conversation: &impl Conversation,
    ) -> Result<bool, Failure> {
        let _guard = self.renewal.lock().await;
        if !Rc::ptr_eq(&self.tokens(), expired) {
            return Ok(true);
        }
        let Some(post) = expired.renewal(client.org(), &self.client_id) else {
            return Ok(false);
        };
        let what = format!("renew the sign-in at {}", client.org().host());
        conversation.notify(Notice::Doing(what.clone()));
        let response = post_with_retry(client, &post, &what, conversation).await?;
        match Tokens::parse(response.status, response.content_type(), &response.body) {
            Ok(newer) => {
                self.tokens.replace(Rc::new(newer.in_place_of(expired)));
                Ok(true)
            }
            Err(error) if error.is_refusal() => {
                conversation.notify(Notice::Message(format!(
                    "Okta does not renew this sign-in: {error}"
                )));
                Ok(false)
            }
            Err(error) => Err(Report::from(error).context(format!("cannot {what}")).into()),
        }
    }
}

/// Sends a form that does no harm when sent twice.
async fn post_with_retry(
    client: &CookieClient,
    post: &Post,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Report> {
    with_retry(what, conversation, || post_form(client, post)).await
}

/// Sends a copy of a form.
pub(in crate::flow) fn post_form(
    client: &CookieClient,
    post: &Post,
) -> impl Future<Output = Result<Response, HttpError>> {
    let Post { url, body } = post.duplicate();
    client.send(Request::post_form(url, body))
}

/// Returns the failure of an app that wants a newer sign-in than the session's.
pub(in crate::flow) fn newer_sign_in(why: impl Display, what: &str) -> Failure {
    let report = Report::new(
        ErrorCode::OktaNewerSignIn,
        format!("cannot {what}: it wants a newer sign-in"),
    )
    .cause(why)
    .hint("`ob login --again` signs you in anew; for other apps the one you have is still good");
    Failure::NewerSignIn(report)
}
