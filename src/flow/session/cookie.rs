//! A session by the org's cookies.

use std::cell::{Cell, RefCell};

use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::with_retry;
use crate::flow::session::sign_out::sign_out;
use crate::http::{CookieClient, HttpError, Request, Response};
use crate::model::Timestamp;
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

/// The cookies themselves are in the [`CookieClient`].
#[derive(Debug, Default)]
pub(in crate::flow) struct CookieSession {
    /// Classic's session token, valid once: the first page that is opened takes it and sets the
    /// cookies.
    token: Mutex<Option<Secret>>,
    /// The app page that the sign-in ended on, with its link.
    landing_page: RefCell<Option<(Url, Response)>>,
    /// Whether there is a session at the server.
    has_session: Cell<bool>,
    is_established: Cell<bool>,
    expires_at: Cell<Option<Timestamp>>,
}

impl CookieSession {
    pub(in crate::flow) fn new(
        token: Option<Secret>,
        landing_page: Option<(Url, Response)>,
    ) -> Self {
        Self {
            has_session: Cell::new(token.is_none()),
            token: Mutex::new(token),
            landing_page: RefCell::new(landing_page),
            ..Self::default()
        }
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.get()
    }

    pub(super) fn is_established(&self) -> bool {
        self.is_established.get()
    }

    pub(super) fn take_landing_page(&self) -> Option<(Url, Response)> {
        self.landing_page.take()
    }

    /// Opens an app's page. The first request carries the session token, which saves the round trip
    /// of a page that only sets cookies (Okta: "Retrieve a session cookie through an app").
    pub(super) async fn get_page(
        &self,
        client: &CookieClient,
        link: &Url,
    ) -> Result<Response, HttpError> {
        let landing = self.take_landing_page();
        if let Some((_, response)) = landing.filter(|(landing, _)| landing == link) {
            return Ok(response);
        }
        self.get(client, Request::get(link.clone()), |token| {
            panic_point("flow.open", token);
            let mut first = link.clone();
            first.query_pairs_mut().append_pair("sessionToken", token);
            Ok(Request::get(first))
        })
        .await
    }

    /// Gets JSON from the org. The first request goes through the page that turns the session token
    /// into cookies.
    pub(super) async fn get_json(
        &self,
        client: &CookieClient,
        url: &Url,
    ) -> Result<Response, HttpError> {
        self.get(client, Request::get_json(url.clone()), |token| {
            panic_point("flow.settle", token);
            let mut first = client.url("/login/sessionCookieRedirect")?;
            first
                .query_pairs_mut()
                .append_pair("checkAccountSetupComplete", "true")
                .append_pair("token", token)
                .append_pair("redirectUrl", url.as_str());
            Ok(Request::get_json(first))
        })
        .await
    }

    /// Sends `request`, or what `with_token` makes while there is a session token.
    async fn get(
        &self,
        client: &CookieClient,
        request: Request,
        with_token: impl FnOnce(&str) -> Result<Request, HttpError>,
    ) -> Result<Response, HttpError> {
        let mut slot = self.token.lock().await;
        let Some(token) = slot.take() else {
            drop(slot);
            return client.follow(request).await;
        };
        let result = client.follow(with_token(token.expose())?).await;
        self.has_session.set(true);
        // Undecided: the next attempt carries the token again. If the server had taken it, Okta
        // shows its sign-in page, as it does without a token.
        let is_undecided = match &result {
            Ok(response) => response.status == 429 || response.status >= 500,
            Err(error) => error.is_transient(),
        };
        if is_undecided {
            *slot = Some(token);
        }
        result
    }

    pub(super) async fn establish(
        &self,
        client: &CookieClient,
        conversation: &impl Conversation,
    ) -> Result<(), Failure> {
        let what = format!("open a session at {}", client.org().host());
        conversation.notify(Notice::Doing(what.clone()));
        let url = client.url("/api/v1/sessions/me")?;
        let get = async || with_retry(&what, conversation, || self.get_json(client, &url)).await;
        let parse = |response: &Response| serde_json::from_slice::<Value>(&response.body).ok();
        let mut response = get().await?;
        if response.status == 200 && parse(&response).is_none() {
            // An earlier attempt may have used up the token and set the cookies although its
            // response was lost.
            response = get().await?;
        }
        let session = match (response.status, parse(&response)) {
            (200, Some(session)) => session,
            // A sign-in page, Okta's or an intermediary's.
            (200 | 401 | 403 | 404, _) => return Err(Failure::SessionEnded),
            (status, _) => {
                let report = Report::new(ErrorCode::OktaStatus, format!("cannot {what}"))
                    .cause(format!("Okta answered with status {status}"))
                    .hint("check the org's address with `ob config check`");
                return Err(report.into());
            }
        };
        let expires_at = session["expiresAt"].as_str();
        self.expires_at
            .set(expires_at.and_then(Timestamp::from_rfc3339));
        self.is_established.set(true);
        Ok(())
    }

    pub(super) async fn end(&self, client: &CookieClient) -> Result<(), Report> {
        if !self.has_session.get() {
            // An unused token expires by itself within minutes.
            self.token.lock().await.take();
            return Ok(());
        }
        let url = client.url("/api/v1/sessions/me")?;
        sign_out(client, Request::delete(url)).await?
    }
}
