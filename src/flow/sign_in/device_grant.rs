//! The browser engine: a device grant (RFC 8628) that a person confirms in their own browser.

use std::time::Duration;

use crate::flow::retry::{poll, with_retry};
use crate::flow::session::oauth::ByToken;
use crate::flow::{Conversation, Unanswered};
use crate::http::{CookieClient, Request};
use crate::okta::oauth::{DeviceCode, OauthError, OptionalScopes, PollOutcome, Tokens};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, Notice};

/// What `slow_down` adds to the time between polls (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// Why a grant gave no tokens.
enum NoTokens {
    /// By Okta; perhaps for something that can be left out.
    Refused {
        error: OauthError,
        /// The person has been there.
        late: bool,
    },
    Final(Report),
}

impl<E: Into<Report>> From<E> for NoTokens {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// Has a person sign in at a browser. Of what is `wanted` the sign-in has what the org grants; what it is known
/// to have `refused` is not asked for.
///
/// # Errors
/// When nobody is there to open it, it is refused, or the code runs out.
pub(in crate::flow) async fn sign_in(
    browser: &CookieClient,
    client_id: &str,
    wanted: OptionalScopes,
    refused: OptionalScopes,
    conversation: &impl Conversation,
) -> Result<ByToken, Report> {
    let mut asked = wanted.without(refused);
    loop {
        let (error, late) = match grant(browser, client_id, asked, conversation).await {
            Ok(tokens) => {
                let refused = wanted.without(asked);
                let signed_in = browser.server_time();
                return Ok(ByToken::new(client_id, tokens, asked, refused, signed_in));
            }
            Err(NoTokens::Final(report)) => return Err(report),
            Err(NoTokens::Refused { error, late }) => (error, late),
        };
        let Some(refused) = asked.refused_by(&error) else {
            return Err(error.into());
        };
        asked = asked.without(refused);
        if late {
            let text = format!(
                "Okta refuses what was asked for beside the sign-in: {error}; once more, without"
            );
            conversation.notify(Notice::Message(text));
        }
    }
}

async fn grant(
    browser: &CookieClient,
    client_id: &str,
    extras: OptionalScopes,
    conversation: &impl Conversation,
) -> Result<Tokens, NoTokens> {
    let org = browser.org();
    let what = format!("ask {} for a sign-in code", org.host());
    conversation.notify(Notice::Doing(what.clone()));
    let post = DeviceCode::request(org, client_id, extras);
    let page = with_retry(&what, conversation, || {
        let post = post.duplicate();
        browser.send(Request::post_form(post.url, post.body))
    })
    .await?;
    let code = DeviceCode::parse(org, page.status, page.content_type(), &page.body)
        .map_err(|error| NoTokens::Refused { error, late: false })?;
    let ask = Ask::OpenPage {
        page: code.page.to_string(),
        code: code.user_code.clone(),
        minutes: code.expires_in.as_secs() / 60,
    };
    let question = ask.kind();
    match conversation.ask(ask).await? {
        Answer::PageShown => {}
        _ => return Err(Unanswered::Mismatched(question).into()),
    }
    wait(browser, client_id, &code, conversation).await
}

async fn wait(
    browser: &CookieClient,
    client_id: &str,
    code: &DeviceCode,
    conversation: &impl Conversation,
) -> Result<Tokens, NoTokens> {
    let ask = code.poll(browser.org(), client_id);
    let mut interval = code.interval;
    let mut left = code.expires_in;
    while left >= interval {
        conversation.pause(interval).await?;
        left -= interval;
        let what = "ask whether you have signed in";
        let page = poll(what, interval, &mut left, conversation, || {
            let ask = ask.duplicate();
            browser.send(Request::post_form(ask.url, ask.body))
        })
        .await?;
        match PollOutcome::parse(page.status, page.content_type(), &page.body) {
            Ok(PollOutcome::Pending) => {}
            Ok(PollOutcome::SlowDown) => interval += SLOWER,
            Ok(PollOutcome::SignedIn(tokens)) => return Ok(tokens),
            Err(error) => return Err(NoTokens::Refused { error, late: true }),
        }
    }
    Err(Report::new(
        ErrorCode::OktaOauthCodeExpired,
        "nobody signed in at the browser in time",
    )
    .cause(format!(
        "the code was good for {} minutes",
        code.expires_in.as_secs() / 60
    ))
    .hint("`ob login` shows a new code")
    .into())
}
