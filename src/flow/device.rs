//! The browser engine: a device grant (RFC 8628) that a person confirms in their own browser, and the
//! tokens it gives, each exchanged for an app's page when that is wanted.

use std::time::Duration;

use url::Url;

use crate::flow::retry::repeat;
use crate::flow::{Conversation, Failure, OktaSession, Unanswered};
use crate::http::{Browser, Exchange, Page};
use crate::model::Timestamp;
use crate::okta::oauth::{self, DeviceCode, OauthError, Polled, Tokens};
use crate::report::{Exit, Report};
use crate::wire::{Answer, Ask, Notice};

/// What `slow_down` adds to the time between polls (RFC 8628, 3.5).
const SLOWER: u64 = 5;
/// An exchange this soon after the sign-in, in seconds, is as fresh as one can be.
const FRESH: i64 = 30;

/// A session that is tokens instead of cookies.
#[derive(Debug)]
pub(super) struct ByToken {
    client_id: String,
    tokens: Tokens,
    signed_in: Option<Timestamp>,
}

/// Has a person sign in at a browser.
///
/// # Errors
/// When nobody is there to open it, it is refused, or the code runs out.
pub(super) async fn sign_in(
    browser: &Browser,
    client_id: &str,
    conversation: &impl Conversation,
) -> Result<ByToken, Report> {
    let org = browser.org();
    let what = format!("ask {} for a sign-in code", org.host());
    conversation.tell(Notice::Doing(what.clone()));
    let post = DeviceCode::ask(org, client_id)?;
    let page = repeat(&what, conversation, || {
        let post = post.duplicate();
        browser.send(Exchange::post_form(post.url, post.body))
    })
    .await?;
    let code = DeviceCode::read(org, page.status, page.content_type(), &page.body)?;
    let ask = Ask::Visit {
        page: code.page.to_string(),
        code: code.user_code.clone(),
        minutes: code.expires_in / 60,
    };
    let question = ask.name();
    match conversation.ask(ask).await? {
        Answer::Visiting => {}
        _ => return Err(Unanswered::Nonsense(question).into()),
    }
    let tokens = wait(browser, client_id, &code, conversation).await?;
    Ok(ByToken {
        client_id: client_id.to_owned(),
        tokens,
        signed_in: browser.server_time(),
    })
}

async fn wait(
    browser: &Browser,
    client_id: &str,
    code: &DeviceCode,
    conversation: &impl Conversation,
) -> Result<Tokens, Report> {
    let poll = code.poll(browser.org(), client_id)?;
    let mut interval = code.interval;
    let mut left = code.expires_in;
    while left >= interval {
        conversation.pause(Duration::from_secs(interval)).await?;
        left -= interval;
        let page = repeat("ask whether you have signed in", conversation, || {
            let poll = poll.duplicate();
            browser.send(Exchange::post_form(poll.url, poll.body))
        })
        .await?;
        match Polled::read(page.status, page.content_type(), &page.body)? {
            Polled::Pending => {}
            Polled::SlowDown => interval += SLOWER,
            Polled::SignedIn(tokens) => return Ok(tokens),
        }
    }
    Err(Report::new(
        Exit::SignIn,
        "okta.oauth.code_expired",
        "nobody signed in at the browser in time",
    )
    .cause(format!(
        "the code was good for {} minutes",
        code.expires_in / 60
    ))
    .hint("`ob login` shows a new code"))
}

impl ByToken {
    /// Who signed in, as the id token says.
    pub(super) fn username(&self) -> Option<String> {
        self.tokens.username()
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) fn expires_at(&self) -> Option<Timestamp> {
        let end = self.signed_in?.plus(self.tokens.expires_in.into());
        Some(end)
    }

    fn is_fresh(&self, now: Option<Timestamp>) -> bool {
        match (self.signed_in, now) {
            (Some(then), Some(now)) => now.seconds_since(then) < FRESH,
            _ => true,
        }
    }

    /// The page of the app that `link` leads to, by a token that is good for it once.
    ///
    /// # Errors
    /// [`Failure::SessionEnded`] when a new sign-in may do; else why this app cannot be opened so.
    pub(super) async fn open(
        &self,
        session: &OktaSession,
        link: &Url,
        what: &str,
        conversation: &impl Conversation,
    ) -> Result<Page, Failure> {
        let browser = session.browser();
        let mut segments = link.path_segments().into_iter().flatten();
        let app_id = segments.find(|segment| segment.starts_with("0oa"));
        let app_id = app_id.ok_or_else(|| no_app_id(what))?;
        let cannot = |error: OauthError| Report::from(error).during(format!("cannot {what}"));
        let exchange = self.tokens.exchange(browser.org(), &self.client_id, app_id);
        let exchange = exchange.map_err(cannot)?;
        let page = repeat(what, conversation, || {
            let post = exchange.duplicate();
            browser.send(Exchange::post_form(post.url, post.body))
        })
        .await?;
        let once = match Tokens::read(page.status, page.content_type(), &page.body) {
            Ok(tokens) => tokens.access_token,
            Err(error) if error.is_over() => return Err(Failure::SessionEnded),
            Err(error) if error.is_assurance() && !self.is_fresh(browser.server_time()) => {
                return Err(Failure::SessionEnded);
            }
            Err(error) => return Err(cannot(error).into()),
        };
        let post = oauth::open_app(browser.org(), &once).map_err(cannot)?;
        let open = Exchange::post_form_for_page(post.url, post.body);
        Ok(browser.follow(open).await?)
    }
}

fn no_app_id(what: &str) -> Report {
    Report::new(
        Exit::Usage,
        "settings.app",
        format!("cannot {what}: its link does not name the app"),
    )
    .cause("a browser sign-in opens an app by its id (0oa…)")
    .hint("copy the address of the app's tile, `https://acme.okta.com/home/amazon_aws/0oa…/272`")
}
