//! The machine engine: a signed assertion for an access token (client credentials), the token for a role's
//! credentials. There is no Okta session and no person.

use std::cell::RefCell;

use crate::flow::assume_role::sts_calls::{self, NoCredentials};
use crate::flow::assume_role::{duration, policies, session_name, sts};
use crate::flow::retry::{Provider, RetryBudget};
use crate::flow::{Conversation, Failure, FlowContext, OktaSession, Unanswered};
use crate::http::{CookieClient, Request};
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::okta::oauth::{self, OauthError, SigningKey, Tokens};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{Account, Answer, Ask, MachineAccount, Notice, Target};

/// A token this close to its end, in seconds, is not used any more.
const MARGIN: i64 = 60;
/// A clock this far off the server's, in seconds, is what an assertion is refused for.
const SKEW: i64 = 60;

/// A machine's identity: its key stays in the agent's memory, so that it can renew by itself.
#[derive(Debug)]
pub(in crate::flow) struct Machine {
    client_id: String,
    account: MachineAccount,
    key: SigningKey,
    url: String,
    token: RefCell<Option<(Secret, Timestamp)>>,
}

/// Asks for the key and proves it by a first token.
///
/// # Errors
/// When the key is none, or Okta does not take it.
pub(in crate::flow) async fn sign_in(
    browser: &CookieClient,
    account: &Account,
    now: Option<Timestamp>,
    conversation: &impl Conversation,
) -> Result<Machine, Report> {
    let (Some(client_id), Some(machine)) = (&account.client_id, &account.machine) else {
        return Err(Report::new(
            ErrorCode::AgentTarget,
            "a machine signs in with a client id and a key",
        )
        .hint("set `client_id`, `key_id` and `private_key_file` in [org]"));
    };
    let ask = Ask::PrivateKey;
    let question = ask.kind();
    let Answer::PrivateKey(pem) = conversation.ask(ask).await? else {
        return Err(Unanswered::Mismatched(question).into());
    };
    let key = SigningKey::parse(&pem.0)?;
    drop(pem);
    let server = &machine.authorization_server;
    let machine = Machine {
        client_id: client_id.clone(),
        url: browser.org().at(&format!("/oauth2/{server}/v1/token")),
        account: machine.clone(),
        key,
        token: RefCell::default(),
    };
    let first = machine.new_token(browser, now.unwrap_or(Timestamp(0)), conversation);
    let token = first.await?;
    machine.token.replace(Some(token));
    Ok(machine)
}

impl Machine {
    /// A token that is good for a while.
    async fn token(
        &self,
        browser: &CookieClient,
        now: Timestamp,
        conversation: &impl Conversation,
    ) -> Result<Secret, Report> {
        let kept = self.token.take();
        let kept = kept.filter(|(_, end)| end.seconds_since(now) > MARGIN);
        let (token, end) = match kept {
            Some(kept) => kept,
            None => self.new_token(browser, now, conversation).await?,
        };
        self.token.replace(Some((token.duplicate(), end)));
        Ok(token)
    }

    /// One request; a second with the server's time if ours is why it was refused.
    async fn new_token(
        &self,
        browser: &CookieClient,
        now: Timestamp,
        conversation: &impl Conversation,
    ) -> Result<(Secret, Timestamp), Report> {
        let what = format!("ask {} for a token", browser.org().host());
        conversation.notify(Notice::Doing(what.clone()));
        let mut now = now;
        let mut clock_was_set = false;
        let mut budget = RetryBudget::new(Provider::Okta, &what);
        loop {
            // An assertion is good once: it is not sent again, another one is made.
            let assertion =
                self.key
                    .assertion(&self.client_id, &self.account.key_id, &self.url, now)?;
            let post = oauth::client_credentials(&self.url, &assertion, &self.account.scope)?;
            let sent = browser.send(Request::post_form(post.url, post.body)).await;
            let decided = budget.accept(sent, conversation).await?;
            let time = browser.server_time().unwrap_or(now);
            let Some(page) = decided else {
                now = time;
                continue;
            };
            match Tokens::parse(page.status, page.content_type(), &page.body) {
                Ok(tokens) => {
                    let end = time.plus(tokens.expires_in.into());
                    return Ok((tokens.access_token, end));
                }
                Err(OauthError::Refused { .. })
                    if !clock_was_set && time.seconds_since(now).abs() > SKEW =>
                {
                    now = time;
                    clock_was_set = true;
                }
                Err(error) => {
                    return Err(Report::from(error).during(format!("cannot {what}")));
                }
            }
        }
    }
}

/// The credentials of the role that `target` names in full.
///
/// # Errors
/// When it names none, or Okta or STS refuse.
pub(in crate::flow) async fn credentials(
    session: &OktaSession,
    machine: &Machine,
    target: &Target,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Credentials, Failure> {
    let role = target.role.as_deref().unwrap_or_default();
    let role = RoleArn::parse(role).map_err(|_| no_role(target.role.as_deref()))?;
    let name = session_name(session.username());
    let sts = sts(session, target, &role, memory).map_err(NoCredentials::into_report)?;
    let duration = duration(target).map_err(NoCredentials::into_report)?;
    conversation.notify(Notice::Doing(format!("assume {role}")));
    let known = memory.duration(&role);
    let first = known.map_or(duration, |known| known.min(duration));
    let policies = policies(target, 0, &role).map_err(NoCredentials::into_report)?;
    for last in [false, true] {
        let token = machine
            .token(session.browser(), memory.now(), conversation)
            .await?;
        let outcome = sts_calls::with_web_identity(
            &sts,
            &role,
            &token,
            &name,
            first,
            &policies,
            conversation,
        );
        match outcome.await {
            Ok((credentials, granted)) => {
                if granted < duration {
                    memory.remember_duration(&role, granted);
                }
                return Ok(credentials);
            }
            Err(NoCredentials::AssertionExpired(_)) if !last => {
                machine.token.take();
            }
            Err(why) => return Err(why.into_report().into()),
        }
    }
    Err(no_role(None).into())
}

/// A machine has no list of roles: what it may assume is in the roles' trust policies.
pub(in crate::flow) fn no_list() -> Report {
    Report::new(
        ErrorCode::MachineNoList,
        "a machine's roles cannot be listed",
    )
    .cause("which roles trust it is known to AWS alone")
    .hint("name the role: `-r arn:aws:iam::123456789012:role/Deploy`")
}

fn no_role(given: Option<&str>) -> Report {
    let report = Report::new(
        ErrorCode::MachineRole,
        "a machine needs the whole ARN of its role",
    );
    match given {
        Some(given) => report.cause(format!("{given:?} is not one")),
        None => report,
    }
    .hint("`-r arn:aws:iam::123456789012:role/Deploy`, or `role =` of a profile")
}
