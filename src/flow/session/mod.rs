//! An Okta session: the cookies of one sign-in at one org, and what it has been found to open.

mod app_cache;
pub(super) mod machine;
pub(super) mod oauth;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Mutex;
use url::Url;

use crate::flow::retry::with_retry;
use crate::flow::routed_client::not_ended;
use crate::flow::session::machine::Machine;
use crate::flow::session::oauth::ByToken;
use crate::flow::sign_in::factors::Taste;
use crate::flow::{Conversation, Failure, RoutedClient};
use crate::http::{CookieClient, HttpError, KeepAlive, Request, Response};
use crate::model::{AppLink, Org, SamlRole, Timestamp};
use crate::okta::Tiles;
use crate::okta::oauth::OptionalScopes;
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

/// Ending a session at the server is a courtesy; nobody waits long for it.
pub(in crate::flow) const GOODBYE: Duration = Duration::from_secs(5);

/// A signed-in user at an org, over the connections of one route.
///
/// Clones share everything but those: the session outlives a change of network ([`Self::with_network`]).
#[derive(Clone, Debug)]
pub struct OktaSession {
    browser: CookieClient,
    /// Absent until the sign-in is done.
    network: Option<RoutedClient>,
    state: Rc<State>,
}

/// What does not depend on the way to the servers.
#[derive(Debug)]
struct State {
    org: Org,
    username: String,
    /// What the sign-in gave: good once, for the first page that is opened, which then sets the cookies.
    token: Mutex<Option<Secret>>,
    /// The app page the sign-in ended on, and its link: taken instead of fetching it again.
    landed: RefCell<Option<(Url, Response)>>,
    opened: Cell<bool>,
    expires_at: Cell<Option<Timestamp>>,
    /// Okta has said itself that this is a session.
    settled: Cell<bool>,
    by: By,
    /// How the person verified, for an app that asks again.
    taste: Taste,
    /// One demand of an app at a time: meeting it may open the others too.
    stepping_up: Mutex<()>,
    /// The app in which a role was found, so that a renewal asks for one page only.
    role_apps: RefCell<Vec<(SamlRole, AppLink)>>,
    /// The roles that an app granted when it was last opened, by its address.
    granted: RefCell<BTreeMap<String, Vec<SamlRole>>>,
    /// What was said of values that cannot be used: each is named once in a session.
    left_out: RefCell<BTreeSet<String>>,
}

/// What opens apps.
#[derive(Debug)]
pub(in crate::flow) enum Opening {
    /// Good once, for the cookies.
    SessionToken(Secret),
    Cookies,
    Tokens(ByToken),
    Machine(Machine),
}

/// What is kept of it beside the cookies.
#[derive(Debug)]
enum By {
    Cookies,
    Tokens(ByToken),
    Machine(Machine),
}

impl OktaSession {
    pub(in crate::flow) fn new(
        browser: CookieClient,
        username: String,
        by: Opening,
        taste: Taste,
    ) -> Self {
        let (token, by) = match by {
            Opening::SessionToken(token) => (Some(token), By::Cookies),
            Opening::Cookies => (None, By::Cookies),
            Opening::Tokens(tokens) => (None, By::Tokens(tokens)),
            Opening::Machine(machine) => (None, By::Machine(machine)),
        };
        let ends = match &by {
            By::Tokens(tokens) => tokens.expires_at(),
            By::Cookies | By::Machine(_) => None,
        };
        let state = State {
            settled: Cell::new(!matches!(by, By::Cookies)),
            by,
            org: browser.org().clone(),
            username,
            opened: Cell::new(token.is_none()),
            token: Mutex::new(token),
            landed: RefCell::default(),
            expires_at: Cell::new(ends),
            taste,
            stepping_up: Mutex::new(()),
            role_apps: RefCell::default(),
            granted: RefCell::default(),
            left_out: RefCell::default(),
        };
        Self {
            browser,
            network: None,
            state: Rc::new(state),
        }
    }

    /// The same session over the connections of another client.
    #[must_use]
    pub fn with_network(&self, network: RoutedClient) -> Self {
        Self {
            browser: self.browser.with_client(network.client().clone()),
            network: Some(network),
            state: Rc::clone(&self.state),
        }
    }

    /// The client of its requests; absent in a sign-in that is not done yet.
    pub fn network(&self) -> Option<&RoutedClient> {
        self.network.as_ref()
    }

    /// Adds where the org's last answer sent us, if that is another host.
    pub fn with_redirect(&self, report: Report) -> Report {
        self.browser.with_redirect(report)
    }

    pub(in crate::flow) fn stepping_up(&self) -> &Mutex<()> {
        &self.state.stepping_up
    }

    /// A session that nobody signed in to, for what only keeps sessions.
    #[cfg(test)]
    pub fn for_tests(origin: &str, username: &str) -> Self {
        use crate::http::{Client, DateObserver, Network};
        let client = Client::new(Network::default()).unwrap();
        let browser =
            CookieClient::new(client, Org::parse(origin).unwrap(), DateObserver::default());
        Self::new(
            browser,
            username.to_owned(),
            Opening::Cookies,
            Taste::default(),
        )
    }

    pub(in crate::flow) fn by_token(&self) -> Option<&ByToken> {
        match &self.state.by {
            By::Tokens(tokens) => Some(tokens),
            By::Cookies | By::Machine(_) => None,
        }
    }

    pub(in crate::flow) fn machine(&self) -> Option<&Machine> {
        match &self.state.by {
            By::Machine(machine) => Some(machine),
            By::Cookies | By::Tokens(_) => None,
        }
    }

    /// Whether something is left at the server when this is merely forgotten.
    pub fn has_tokens(&self) -> bool {
        self.by_token().is_some()
    }

    /// The scopes that the org refused this sign-in.
    pub fn refused_scopes(&self) -> OptionalScopes {
        self.by_token().map(ByToken::refused).unwrap_or_default()
    }

    /// Keeps the page that a sign-in begun at `link` ended on.
    #[must_use]
    pub(in crate::flow) fn landed_on(self, link: Url, page: Response) -> Self {
        self.state.landed.replace(Some((link, page)));
        self
    }

    pub fn org(&self) -> &Org {
        &self.state.org
    }

    pub fn username(&self) -> &str {
        &self.state.username
    }

    /// What the sign-in was verified with, by ob's word for its kind.
    pub fn factor(&self) -> Option<&str> {
        self.state
            .taste
            .last
            .as_ref()
            .map(|used| used.kind.as_str())
    }

    pub(in crate::flow) fn taste(&self) -> Taste {
        self.state.taste.clone()
    }

    /// When Okta ends the session, where it has said so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.state.expires_at.get()
    }

    /// The `Date` of the org's last answer.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.browser.server_time()
    }

    /// Keeps the connections to Okta and AWS open until what is returned is dropped.
    pub fn keep_alive(&self) -> KeepAlive {
        self.browser.client().keep_alive()
    }

    /// Forgets the app page that the sign-in ended on, which holds an assertion: its app was not asked for.
    pub fn forget_landing_page(&self) {
        self.state.landed.take();
    }

    pub(in crate::flow) fn browser(&self) -> &CookieClient {
        &self.browser
    }

    /// Opens an app's page. The first page of a session carries the session token, which saves the
    /// round trip of a page that only sets cookies (Okta: "Retrieve a session cookie through an app").
    pub(in crate::flow) async fn open(&self, link: &Url) -> Result<Response, HttpError> {
        let landed = self.state.landed.take();
        if let Some((_, page)) = landed.filter(|(landed, _)| landed == link) {
            return Ok(page);
        }
        let mut token = self.state.token.lock().await;
        let Some(once) = token.take() else {
            drop(token);
            return self.browser.follow(Request::get(link.clone())).await;
        };
        panic_point("flow.open", once.expose());
        let mut first = link.clone();
        first
            .query_pairs_mut()
            .append_pair("sessionToken", once.expose());
        let page = self.browser.follow(Request::get(first)).await;
        self.state.opened.set(true);
        if undecided(&page) {
            *token = Some(once);
        }
        page
    }

    /// The user's tiles, whatever opens apps.
    pub(in crate::flow) async fn tiles(
        &self,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        if let Some(by_token) = self.by_token() {
            let url = self.at(Tiles::PATH)?;
            return by_token.json(&self.browser, url, what, conversation).await;
        }
        Ok(with_retry(what, conversation, || self.json(Tiles::PATH)).await?)
    }

    /// Gets JSON from the org, opening the session first if nothing has.
    async fn json(&self, path: &str) -> Result<Response, HttpError> {
        let url = self.at(path)?;
        let mut token = self.state.token.lock().await;
        let Some(once) = token.take() else {
            drop(token);
            return self.browser.follow(Request::get_json(url)).await;
        };
        panic_point("flow.settle", once.expose());
        let mut first = self.at("/login/sessionCookieRedirect")?;
        first
            .query_pairs_mut()
            .append_pair("checkAccountSetupComplete", "true")
            .append_pair("token", once.expose())
            .append_pair("redirectUrl", url.as_str());
        let page = self.browser.follow(Request::get_json(first)).await;
        self.state.opened.set(true);
        if undecided(&page) {
            *token = Some(once);
        }
        page
    }

    /// Turns the session token into cookies now, for a sign-in that opens no app, and learns when the
    /// session ends.
    ///
    /// # Errors
    /// When Okta does not take the token.
    pub async fn establish(&self, conversation: &impl Conversation) -> Result<(), Failure> {
        if !matches!(self.state.by, By::Cookies) {
            // The server has said all there is with the tokens.
            return Ok(());
        }
        let what = format!("open a session at {}", self.state.org.host());
        conversation.notify(Notice::Doing(what.clone()));
        let ask =
            async || with_retry(&what, conversation, || self.json("/api/v1/sessions/me")).await;
        let read = |page: &Response| serde_json::from_slice::<serde_json::Value>(&page.body).ok();
        let mut page = ask().await?;
        if page.status == 200 && read(&page).is_none() {
            // The token had been taken by a try whose answer was lost, and the cookies came with that.
            page = ask().await?;
        }
        let session = match (page.status, read(&page)) {
            (200, Some(session)) => session,
            // Okta's sign-in page, or somebody else's.
            (200 | 401 | 403 | 404, _) => return Err(Failure::SessionEnded),
            (status, _) => {
                let report = Report::new(ErrorCode::OktaStatus, format!("cannot {what}"))
                    .cause(format!("Okta answered with status {status}"))
                    .hint("check the org's address with `ob config check`");
                return Err(report.into());
            }
        };
        self.state.settled.set(true);
        self.state.expires_at.set(
            session["expiresAt"]
                .as_str()
                .and_then(Timestamp::from_rfc3339),
        );
        Ok(())
    }

    /// Whether [`Self::establish`] has been told so before.
    pub fn is_established(&self) -> bool {
        self.state.settled.get()
    }

    /// Whether Okta itself knows the session, which an app has turned away; `None` where there are no cookies that it
    /// could know.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn is_known_to_okta(
        &self,
        conversation: &impl Conversation,
    ) -> Result<Option<bool>, Report> {
        if !matches!(self.state.by, By::Cookies) {
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
    /// When the server cannot be reached or will not.
    pub async fn end(&self) -> Result<(), Report> {
        // A session that shares its connections with the next one leaves none of them open.
        let _open = self.keep_alive();
        match &self.state.by {
            By::Cookies => {}
            By::Tokens(by) => return by.end(&self.browser).await,
            By::Machine(_) => return Ok(()),
        }
        if !self.state.opened.get() {
            // The token was never used and ends by itself within minutes.
            self.state.token.lock().await.take();
            return Ok(());
        }
        let url = self.at("/api/v1/sessions/me")?;
        let page = self
            .browser
            .send(Request::delete(url).with_timeout(GOODBYE))
            .await?;
        match page.status {
            200..300 | 401 | 403 | 404 => Ok(()),
            status => Err(not_ended(status)),
        }
    }

    pub(in crate::flow) fn at(&self, path: &str) -> Result<Url, HttpError> {
        Url::parse(&self.state.org.at(path))
            .map_err(|_| HttpError::NotHttps(self.state.org.host().into()))
    }
}

/// Whether the session token may not have been taken yet: then the next try carries it again. If it was
/// taken all the same, Okta shows its sign-in page, as it would without a token.
fn undecided(page: &Result<Response, HttpError>) -> bool {
    page.as_ref().map_or_else(HttpError::is_transient, |page| {
        page.status == 429 || page.status >= 500
    })
}
