//! A signed-in user at an org: the kind of session, and what it has learned about the user's apps.

pub(super) mod app_cache;
pub(super) mod cookie;
pub(super) mod machine;
pub(super) mod oauth;
mod sign_out;

use std::rc::Rc;

use tokio::sync::Mutex;
use url::Url;

use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::with_retry;
use crate::flow::routed_client::RoutedClient;
use crate::flow::sign_in::factors::{FactorPreference, UsedFactor};
use crate::http::{Client, CookieClient, HttpError, KeepAlive, Request, Response};
use crate::model::{Org, Timestamp};
use crate::okta::Tiles;
use crate::okta::oauth::OptionalScopes;
use crate::report::Report;

use self::app_cache::AppCache;
use self::cookie::CookieSession;
use self::machine::MachineSession;
use self::oauth::OauthSession;

/// A session at an org, over the connections of one route.
///
/// Clones share everything but the connections: the session outlives a change of network
/// ([`Self::with_network`]).
#[derive(Clone, Debug)]
pub struct OktaSession {
    client: CookieClient,
    /// Absent until the sign-in is complete.
    network: Option<RoutedClient>,
    state: Rc<State>,
}

/// The state that does not depend on the connections.
#[derive(Debug)]
struct State {
    username: String,
    kind: SessionKind,
    /// The user's factors, for an app that asks again.
    preference: FactorPreference,
    /// Serialises step-up: one verification often satisfies several apps.
    step_up: Mutex<()>,
    apps: AppCache,
}

/// What opens apps in a session.
#[derive(Debug)]
pub(super) enum SessionKind {
    /// The org's cookies.
    Cookie(Box<CookieSession>),
    /// The tokens of a browser sign-in.
    Oauth(OauthSession),
    /// A machine's key. There is no session at the server.
    Machine(MachineSession),
}

impl OktaSession {
    pub(super) fn new(
        client: CookieClient,
        username: String,
        kind: SessionKind,
        preference: FactorPreference,
    ) -> Self {
        let state = State {
            username,
            kind,
            preference,
            step_up: Mutex::default(),
            apps: AppCache::default(),
        };
        Self {
            client,
            network: None,
            state: Rc::new(state),
        }
    }

    /// Returns a session without a sign-in.
    #[cfg(test)]
    pub fn for_tests(origin: &str, username: &str) -> Self {
        use crate::http::{DateObserver, Network};
        let client = Client::new(Network::default()).unwrap();
        let org = Org::parse(origin).unwrap();
        let client = CookieClient::new(client, org, DateObserver::default());
        let kind = SessionKind::Cookie(Box::new(CookieSession::new(None, None)));
        Self::new(client, username.into(), kind, FactorPreference::default())
    }

    /// Returns the same session over the connections of another client.
    #[must_use]
    pub fn with_network(&self, network: RoutedClient) -> Self {
        Self {
            client: self.client.with_client(network.client().clone()),
            network: Some(network),
            state: Rc::clone(&self.state),
        }
    }

    /// Returns the client and its route; absent until the sign-in is complete.
    pub fn network(&self) -> Option<&RoutedClient> {
        self.network.as_ref()
    }

    /// Adds the last response's redirect to another host to a failure.
    pub fn with_redirect(&self, report: Report) -> Report {
        self.client.with_redirect(report)
    }

    /// Returns the client with the org's cookies.
    pub(super) fn client(&self) -> &CookieClient {
        &self.client
    }

    /// Returns the client for servers other than the org's.
    pub(super) fn http(&self) -> &Client {
        self.client.client()
    }

    pub(super) fn kind(&self) -> &SessionKind {
        &self.state.kind
    }

    pub(super) fn apps(&self) -> &AppCache {
        &self.state.apps
    }

    pub(super) fn step_up_lock(&self) -> &Mutex<()> {
        &self.state.step_up
    }

    pub(super) fn preference(&self) -> FactorPreference {
        self.state.preference.clone()
    }

    pub fn org(&self) -> &Org {
        self.client.org()
    }

    pub fn username(&self) -> &str {
        &self.state.username
    }

    /// Returns the kind of the factor that verified the sign-in, as the settings name it.
    pub fn factor(&self) -> Option<&str> {
        let last = self.state.preference.last.as_ref()?;
        Some(&last.kind)
    }

    /// Returns the factor that verified the sign-in, with its device.
    pub fn used_factor(&self) -> Option<UsedFactor> {
        self.state.preference.last.clone()
    }

    /// Whether tokens stay valid at the server if the session is only forgotten here.
    pub fn has_tokens(&self) -> bool {
        matches!(self.kind(), SessionKind::Oauth(_))
    }

    /// Returns the scopes that the org refused this sign-in.
    pub fn refused_scopes(&self) -> OptionalScopes {
        match self.kind() {
            SessionKind::Oauth(oauth) => oauth.refused(),
            SessionKind::Cookie(_) | SessionKind::Machine(_) => OptionalScopes::default(),
        }
    }

    /// Returns when Okta ends the session, where it has said so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.kind() {
            SessionKind::Cookie(cookie) => cookie.expires_at(),
            SessionKind::Oauth(oauth) => oauth.expires_at(),
            SessionKind::Machine(_) => None,
        }
    }

    /// Returns the `Date` of the org's last response.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.client.server_time()
    }

    /// Keeps the connections to Okta and AWS open until the returned guard is dropped.
    pub fn keep_alive(&self) -> KeepAlive {
        self.http().keep_alive()
    }

    /// Drops the app page that the sign-in ended on: it holds an assertion, and its app was not
    /// asked for.
    pub fn forget_landing_page(&self) {
        if let SessionKind::Cookie(cookie) = self.kind() {
            cookie.take_landing_page();
        }
    }

    /// Gets the page of an app with the session's cookies.
    pub(super) async fn get_page(&self, link: &Url) -> Result<Response, HttpError> {
        match self.kind() {
            SessionKind::Cookie(cookie) => cookie.get_page(&self.client, link).await,
            SessionKind::Oauth(_) | SessionKind::Machine(_) => {
                self.client.follow(Request::get(link.clone())).await
            }
        }
    }

    /// Gets the list of the user's apps.
    pub(super) async fn tiles(
        &self,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        let url = self.client.url(Tiles::PATH)?;
        Ok(match self.kind() {
            SessionKind::Cookie(cookie) => {
                let get = || cookie.get_json(&self.client, &url);
                with_retry(what, conversation, get).await?
            }
            SessionKind::Oauth(oauth) => {
                oauth
                    .get_json(&self.client, url, what, conversation)
                    .await?
            }
            SessionKind::Machine(_) => {
                let get = || self.client.follow(Request::get_json(url.clone()));
                with_retry(what, conversation, get).await?
            }
        })
    }

    /// Turns a session token into cookies and learns when the session ends. Does nothing for other
    /// kinds of sessions.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] if Okta does not accept the token or the cookies.
    pub async fn establish(&self, conversation: &impl Conversation) -> Result<(), Failure> {
        match self.kind() {
            SessionKind::Cookie(cookie) => cookie.establish(&self.client, conversation).await,
            SessionKind::Oauth(_) | SessionKind::Machine(_) => Ok(()),
        }
    }

    /// Whether Okta has confirmed the session.
    pub fn is_established(&self) -> bool {
        match self.kind() {
            SessionKind::Cookie(cookie) => cookie.is_established(),
            SessionKind::Oauth(_) | SessionKind::Machine(_) => true,
        }
    }

    /// Asks Okta whether it knows a session that an app refuses. `None` if there are no cookies to
    /// ask about.
    ///
    /// # Errors
    /// If Okta cannot be asked.
    pub async fn is_known_to_okta(
        &self,
        conversation: &impl Conversation,
    ) -> Result<Option<bool>, Report> {
        if !matches!(self.kind(), SessionKind::Cookie(_)) {
            return Ok(None);
        }
        match self.establish(conversation).await {
            Ok(()) => Ok(Some(true)),
            Err(Failure::SessionEnded) => Ok(Some(false)),
            Err(other) => Err(other.into_report()),
        }
    }

    /// Ends the session at the server.
    ///
    /// # Errors
    /// If the server cannot be reached, or refuses.
    pub async fn end(&self) -> Result<(), Report> {
        // A session that shares its connections with the next one leaves none of them open.
        let _open = self.keep_alive();
        match self.kind() {
            SessionKind::Cookie(cookie) => cookie.end(&self.client).await,
            SessionKind::Oauth(oauth) => oauth.end(&self.client).await,
            SessionKind::Machine(_) => Ok(()),
        }
    }
}
