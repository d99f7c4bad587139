//! The sign-in at the user's own browser: a device grant (RFC 8628).

use std::time::Duration;

use crate::flow::conversation::{Conversation, Unanswered};
use crate::flow::retry::{poll, with_retry};
use crate::flow::session::oauth::{OauthSession, post_form};
use crate::http::CookieClient;
use crate::okta::oauth::{DeviceCode, OauthError, OptionalScopes, PollOutcome, Tokens};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, AskKind, Notice};

/// Added to the polling interval by `slow_down` (RFC 8628, 3.5).
const SLOW_DOWN_STEP: Duration = Duration::from_secs(5);

/// Why a grant gave no tokens.
enum GrantError {
    /// Okta refused, possibly because of an optional scope.
    Refused {
        error: OauthError,
        /// Whether the user was at the browser before.
        after_visit: bool,
    },
    Final(Report),
}

impl<E: Into<Report>> From<E> for GrantError {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

/// Has the user sign in at a browser. Requests the `wanted` scopes without those that the org is
/// known to have `refused`, and once more without those that it refuses now.
///
/// # Errors
/// If the user cannot open the page, Okta refuses, or the code expires.
pub(super) async fn sign_in(
    client: &CookieClient,
    client_id: &str,
    wanted: OptionalScopes,
    refused: OptionalScopes,
    conversation: &impl Conversation,
) -> Result<OauthSession, Report> {
    let mut requested = wanted.difference(refused);
    loop {
        let (error, after_visit) = match grant(client, client_id, requested, conversation).await {
            Ok(tokens) => {
                let refused = wanted.difference(requested);
                let now = client.server_time();
                return Ok(OauthSession::new(
                    client_id, tokens, requested, refused, now,
                ));
            }
            Err(GrantError::Final(report)) => return Err(report),
            Err(GrantError::Refused { error, after_visit }) => (error, after_visit),
        };
        let Some(refused) = requested.refused_by(&error) else {
            return Err(error.into());
        };
        requested = requested.difference(refused);
        if after_visit {
            conversation.notify(Notice::Message(format!(
                "Okta refuses what was asked for beside the sign-in: {error}; once more, without"
            )));
        }
    }
}

async fn grant(
    client: &CookieClient,
    client_id: &str,
    scopes: OptionalScopes,
    conversation: &impl Conversation,
) -> Result<Tokens, GrantError> {
    let org = client.org();
    let what = format!("ask {} for a sign-in code", org.host());
    conversation.notify(Notice::Doing(what.clone()));
    let post = DeviceCode::request(org, client_id, scopes);
    let response = with_retry(&what, conversation, || post_form(client, &post)).await?;
    let (status, content_type) = (response.status, response.content_type());
    let code = DeviceCode::parse(org, status, content_type, &response.body);
    let code = code.map_err(|error| GrantError::Refused {
        error,
        after_visit: false,
    })?;
    let ask = Ask::OpenPage {
        page: code.page.to_string(),
        code: code.user_code.clone(),
        minutes: code.expires_in.as_secs() / 60,
    };
    match conversation.ask(ask).await? {
        Answer::PageShown => poll_tokens(client, client_id, &code, conversation).await,
        _ => Err(Unanswered::Mismatched(AskKind::Browser).into()),
    }
}

async fn poll_tokens(
    client: &CookieClient,
    client_id: &str,
    code: &DeviceCode,
    conversation: &impl Conversation,
) -> Result<Tokens, GrantError> {
    let post = code.poll(client.org(), client_id);
    let mut interval = code.interval;
    let mut left = code.expires_in;
    while left >= interval {
        conversation.pause(interval).await?;
        left -= interval;
        let what = "ask whether you have signed in";
        let send = || post_form(client, &post);
        let response = poll(what, interval, &mut left, conversation, send).await?;
        let (status, content_type) = (response.status, response.content_type());
        match PollOutcome::parse(status, content_type, &response.body) {
            Ok(PollOutcome::Pending) => {}
            Ok(PollOutcome::SlowDown) => interval += SLOW_DOWN_STEP,
            Ok(PollOutcome::SignedIn(tokens)) => return Ok(tokens),
            Err(error) => {
                return Err(GrantError::Refused {
                    error,
                    after_visit: true,
                });
            }
        }
    }
    let minutes = code.expires_in.as_secs() / 60;
    let summary = "nobody signed in at the browser in time";
    Err(Report::new(ErrorCode::OktaOauthCodeExpired, summary)
        .cause(format!("the code was good for {minutes} minutes"))
        .hint("`ob login` shows a new code")
        .into())
}
