//! A session that is tokens instead of cookies: renewed without the person where the org lets it be, and
//! exchanged for an app's page when that is wanted.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;

use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::flow::app::sign_on_url;
use crate::flow::app::step_up;
use crate::flow::retry::with_retry;
use crate::flow::routed_client::not_ended;
use crate::flow::session::GOODBYE;
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::{CookieClient, HttpError, Request, Response};
use crate::model::Timestamp;
use crate::okta::oauth::{self, OauthError, OneTimeToken, OptionalScopes, Tokens};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

/// An exchange this soon after the sign-in, in seconds, is as fresh as one can be.
const FRESH: i64 = 30;

#[derive(Debug)]
pub(in crate::flow) struct ByToken {
    client_id: String,
    tokens: RefCell<Rc<Tokens>>,
    /// One renewal at a time: the second would spend a token that the first has had replaced.
    renewing: Mutex<()>,
    /// When the person was last there; a renewal proves nothing newer.
    signed_in: Option<Timestamp>,
    asked: OptionalScopes,
    refused: OptionalScopes,
    /// An app was opened by a token in the place of a session, and made one.
    has_web_session: Cell<bool>,
}

/// Why an exchange gave no token.
enum NoToken {
    Refused(OauthError),
    Other(Failure),
}

impl<E: Into<Failure>> From<E> for NoToken {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

impl ByToken {
    pub(in crate::flow) fn new(
        client_id: &str,
        tokens: Tokens,
        asked: OptionalScopes,
        refused: OptionalScopes,
        signed_in: Option<Timestamp>,
    ) -> Self {
        Self {
            client_id: client_id.to_owned(),
            tokens: RefCell::new(Rc::new(tokens)),
            renewing: Mutex::new(()),
            signed_in,
            asked,
            refused,
            has_web_session: Cell::new(false),
        }
    }

    /// Who signed in, as the id token says; where it does not, as the org says when it is asked.
    ///
    /// # Errors
    /// When the org cannot be asked.
    pub(in crate::flow) async fn username(
        &self,
        browser: &CookieClient,
        conversation: &impl Conversation,
    ) -> Result<Option<String>, Report> {
        let tokens = self.tokens();
        if let Some(username) = tokens.username() {
            return Ok(Some(username));
        }
        let what = "ask who has signed in";
        conversation.notify(Notice::Doing(what.into()));
        let url = Url::parse(&browser.org().at(oauth::USER_INFO))
            .map_err(|_| HttpError::NotHttps(browser.org().host().into()))?;
        let page = with_retry(what, conversation, || {
            browser.send(Request::get_json(url.clone()).bearer(&tokens.access_token))
        })
        .await?;
        Ok(tokens
            .username_in(&page.body)
            .filter(|_| page.status == 200))
    }

    fn tokens(&self) -> Rc<Tokens> {
        Rc::clone(&self.tokens.borrow())
    }

    /// What the org does not grant this client.
    pub(in crate::flow) fn refused(&self) -> OptionalScopes {
        self.refused
    }

    /// When the tokens end, where they end for good.
    pub(in crate::flow) fn expires_at(&self) -> Option<Timestamp> {
        let tokens = self.tokens();
        let end = self.signed_in?.plus(tokens.expires_in.into());
        tokens.refresh_token.is_none().then_some(end)
    }

    /// Tells the server that the tokens, and the session they made, are needed no more: each of them, whatever
    /// becomes of the others. A renewal under way is waited for: what it gives is to be ended too.
    ///
    /// # Errors
    /// When one of them may be left.
    pub(in crate::flow) async fn end(&self, browser: &CookieClient) -> Result<(), Report> {
        let _turn = timeout(GOODBYE, self.renewing.lock()).await;
        let posts = self.tokens().revoke(browser.org(), &self.client_id);
        let mut goodbyes: Vec<Request> = posts
            .into_iter()
            .map(|post| Request::post_form(post.url, post.body))
            .collect();
        if self.has_web_session.get()
            && let Ok(url) = Url::parse(&browser.org().at("/api/v1/sessions/me"))
        {
            goodbyes.push(Request::delete(url));
        }
        let mut outcome = Ok(());
        for goodbye in goodbyes {
            match browser.send(goodbye.with_timeout(GOODBYE)).await {
                Ok(page) if matches!(page.status, 200..300 | 401 | 403 | 404) => {}
                Ok(page) => outcome = Err(not_ended(page.status)),
                // Whoever is away for one of them is away for all.
                Err(error) => return Err(error.into()),
            }
        }
        outcome
    }

    fn has_interclient(&self) -> bool {
        let granted = self.tokens().granted;
        self.asked.interclient && granted.is_none_or(|granted| granted.interclient)
    }

    fn is_fresh(&self, now: Option<Timestamp>) -> bool {
        match (self.signed_in, now) {
            (Some(then), Some(now)) => now.seconds_since(then) < FRESH,
            _ => true,
        }
    }

    /// Gets JSON as the user, with newer tokens if these are over.
    pub(in crate::flow) async fn json(
        &self,
        browser: &CookieClient,
        url: Url,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        let tokens = self.tokens();
        let ask = |token: &Secret| browser.send(Request::get_json(url.clone()).bearer(token));
        let page = with_retry(what, conversation, || ask(&tokens.access_token)).await?;
        if page.status != 401 || !self.renew(&tokens, browser, conversation).await? {
            return Ok(page);
        }
        let tokens = self.tokens();
        Ok(with_retry(what, conversation, || ask(&tokens.access_token)).await?)
    }

    /// The page of the AWS app that `link` leads to, by a token that is good for it once.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] and [`Failure::NewerSignIn`] when a new sign-in may do; else why this app cannot
    /// be opened so.
    pub(in crate::flow) async fn open(
        &self,
        session: &OktaSession,
        link: &Url,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        let browser = session.browser();
        let app_id = app_id(link).ok_or_else(|| no_app_id(what))?;
        let token = self.exchange(browser, app_id, OneTimeToken::WebSso, what, conversation);
        let token = match token.await {
            Ok(token) => token,
            Err(NoToken::Refused(error)) => {
                let refusal = Report::from(error.clone()).during(format!("cannot {what}"));
                if error.is_without_web_sso()
                    && self.has_interclient()
                    && let Some(address) = sign_on_url::address(session, link).await?
                {
                    // The org may trust this client for the app all the same.
                    let page = self
                        .sign_on(session, app_id, &address, what, conversation)
                        .await;
                    return page.map_err(|failure| match failure {
                        Failure::Final(report) if report.code == ErrorCode::OktaOauthNoTrust => {
                            refusal.into()
                        }
                        other => other,
                    });
                }
                return Err(refusal.into());
            }
            Err(NoToken::Other(failure)) => return Err(failure),
        };
        let post = oauth::open_app(browser.org(), &token);
        let open = Request::post_form_html(post.url, post.body);
        Ok(browser.follow(open).await?)
    }

    /// The page of the app `app_id`, whose sign-on address is `address`: a token takes the place of a session
    /// (Okta: "Native to Web SSO"). What the app asks for beyond the sign-in is answered here.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(in crate::flow) async fn sign_on(
        &self,
        session: &OktaSession,
        app_id: &str,
        address: &Url,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Response, Failure> {
        if !self.asked.interclient && !self.refused.interclient {
            let why = "you signed in before `host` of [vpn] was in the settings";
            return Err(newer_sign_in(why, what));
        }
        let browser = session.browser();
        let token = self.exchange(
            browser,
            app_id,
            OneTimeToken::Interclient,
            what,
            conversation,
        );
        let token = match token.await {
            Ok(token) => token,
            Err(NoToken::Refused(error)) => {
                return Err(Report::from(error).during(format!("cannot {what}")).into());
            }
            Err(NoToken::Other(failure)) => return Err(failure),
        };
        panic_point("flow.sign_on", token.expose());
        let page = browser.follow(Request::get(oauth::sign_on(address, &token)));
        self.has_web_session.set(true);
        step_up::met(session, address, page.await?, what, conversation).await
    }

    async fn exchange(
        &self,
        browser: &CookieClient,
        app_id: &str,
        token: OneTimeToken,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Secret, NoToken> {
        let mut renewed = false;
        loop {
            let tokens = self.tokens();
            let post = tokens.exchange(browser.org(), &self.client_id, app_id, token);
            let post = post.map_err(NoToken::Refused)?;
            let page = with_retry(what, conversation, || {
                let post = post.duplicate();
                browser.send(Request::post_form(post.url, post.body))
            })
            .await?;
            match Tokens::parse(page.status, page.content_type(), &page.body) {
                Ok(tokens) => return Ok(tokens.access_token),
                Err(error) if error.is_expired() && !renewed => {
                    if !self.renew(&tokens, browser, conversation).await? {
                        return Err(Failure::SessionEnded.into());
                    }
                    renewed = true;
                }
                Err(error) if error.is_expired() => return Err(Failure::SessionEnded.into()),
                Err(error) if error.is_assurance() && !self.is_fresh(browser.server_time()) => {
                    return Err(newer_sign_in(error, what).into());
                }
                Err(error) => return Err(NoToken::Refused(error)),
            }
        }
    }

    /// Has newer tokens take the place of `over`; says whether there are any.
    async fn renew(
        &self,
        over: &Rc<Tokens>,
        browser: &CookieClient,
        conversation: &impl Conversation,
    ) -> Result<bool, Failure> {
        let _turn = self.renewing.lock().await;
        if !Rc::ptr_eq(&self.tokens(), over) {
            return Ok(true);
        }
        let Some(post) = over.renewal(browser.org(), &self.client_id) else {
            return Ok(false);
        };
        let what = format!("renew the sign-in at {}", browser.org().host());
        conversation.notify(Notice::Doing(what.clone()));
        let page = with_retry(&what, conversation, || {
            let post = post.duplicate();
            browser.send(Request::post_form(post.url, post.body))
        })
        .await?;
        match Tokens::parse(page.status, page.content_type(), &page.body) {
            Ok(newer) => {
                self.tokens.replace(Rc::new(newer.in_place_of(over)));
                Ok(true)
            }
            Err(error) if error.is_refusal() => {
                conversation.notify(Notice::Message(format!(
                    "Okta does not renew this sign-in: {error}"
                )));
                Ok(false)
            }
            Err(error) => Err(Report::from(error).during(format!("cannot {what}")).into()),
        }
    }
}

/// The instance id (`0oa…`) that an embed link names.
pub(in crate::flow) fn app_id(link: &Url) -> Option<&str> {
    let mut segments = link.path_segments().into_iter().flatten();
    segments.find(|segment| segment.starts_with("0oa"))
}

fn newer_sign_in(why: impl Display, what: &str) -> Failure {
    let report = Report::new(
        ErrorCode::OktaNewerSignIn,
        format!("cannot {what}: it wants a newer sign-in"),
    )
    .cause(why)
    .hint("`ob login --again` signs you in anew; for other apps the one you have is still good");
    Failure::NewerSignIn(report)
}

fn no_app_id(what: &str) -> Report {
    Report::new(
        ErrorCode::SettingsApp,
        format!("cannot {what}: its link does not name the app"),
    )
    .cause("a browser sign-in opens an app by its id (0oa…)")
    .hint("copy the address of the app's tile, `https://acme.okta.com/home/amazon_aws/0oa…/272`")
}
