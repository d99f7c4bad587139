//! A machine's identity: signed assertions are exchanged for access tokens (client credentials).

use std::cell::RefCell;

use crate::flow::conversation::Conversation;
use crate::flow::retry::{Provider, RetryBudget};
use crate::http::{CookieClient, Request};
use crate::model::Timestamp;
use crate::okta::oauth::{self, OauthError, SigningKey, Tokens};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{MachineAccount, Notice};

/// A token with fewer seconds left is not used any more.
const MIN_SECONDS_LEFT: i64 = 60;
/// A clock that is further off the server's makes Okta refuse an assertion.
const MAX_CLOCK_SKEW_SECONDS: i64 = 60;

/// The key stays in memory, so that the machine renews its tokens by itself.
#[derive(Debug)]
pub(in crate::flow) struct MachineSession {
    client_id: String,
    account: MachineAccount,
    key: SigningKey,
    token_url: String,
    token: RefCell<Option<(Secret, Timestamp)>>,
}

impl MachineSession {
    pub(in crate::flow) fn new(
        client: &CookieClient,
        client_id: &str,
        account: &MachineAccount,
        key: SigningKey,
    ) -> Self {
        let server = &account.authorization_server;
        Self {
            client_id: client_id.to_owned(),
            token_url: client.org().at(&format!("/oauth2/{server}/v1/token")),
            account: account.clone(),
            key,
            token: RefCell::default(),
        }
    }

    pub(in crate::flow) fn forget_token(&self) {
        self.token.take();
    }

    /// Returns a token that is valid for a while.
    ///
    /// # Errors
    /// What Okta refused.
    pub(in crate::flow) async fn token(
        &self,
        client: &CookieClient,
        now: Timestamp,
        conversation: &impl Conversation,
    ) -> Result<Secret, Report> {
        let cached = self.token.take();
        let cached = cached.filter(|(_, end)| end.seconds_since(now) > MIN_SECONDS_LEFT);
        let (token, end) = match cached {
            Some(cached) => cached,
            None => self.fetch_token(client, now, conversation).await?,
        };
        self.token.replace(Some((token.duplicate(), end)));
        Ok(token)
    }

    /// Requests a token. Requests it once more with the server's time if a wrong clock may be why
    /// it was refused.
    async fn fetch_token(
        &self,
        client: &CookieClient,
        mut now: Timestamp,
        conversation: &impl Conversation,
    ) -> Result<(Secret, Timestamp), Report> {
        let what = format!("ask {} for a token", client.org().host());
        conversation.notify(Notice::Doing(what.clone()));
        let mut clock_corrected = false;
        let mut budget = RetryBudget::new();
        loop {
            // An assertion is valid once: each attempt makes another.
            let (id, key_id) = (&self.client_id, &self.account.key_id);
            let assertion = self.key.assertion(id, key_id, &self.token_url, now)?;
            let post = oauth::client_credentials(&self.token_url, &assertion, &self.account.scope)?;
            let sent = client.send(Request::post_form(post.url, post.body)).await;
            let accepted = budget.accept(Provider::Okta, &what, sent, conversation);
            let accepted = accepted.await?;
            let server_time = client.server_time().unwrap_or(now);
            let skew = server_time.seconds_since(now).abs();
            let Some(response) = accepted else {
                now = server_time;
                continue;
            };
            match Tokens::parse(response.status, response.content_type(), &response.body) {
                Ok(tokens) => {
                    let end = server_time.plus(tokens.expires_in.into());
                    return Ok((tokens.access_token, end));
                }
                Err(OauthError::Refused { .. })
                    if !clock_corrected && skew > MAX_CLOCK_SKEW_SECONDS =>
                {
                    now = server_time;
                    clock_corrected = true;
                }
                Err(error) => return Err(Report::from(error).context(format!("cannot {what}"))),
            }
        }
    }
}

/// Returns the report of a request for a machine's roles: only AWS knows which roles trust it.
pub(in crate::flow) fn cannot_list_roles() -> Report {
    Report::new(
        ErrorCode::MachineNoList,
        "a machine's roles cannot be listed",
    )
    .cause("which roles trust it is known to AWS alone")
    .hint("name the role: `-r arn:aws:iam::123456789012:role/Deploy`")
}
