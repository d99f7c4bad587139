//! From "this user, that org" to a session: whom to ask for what, and which engine runs.

use url::Url;

use crate::flow::classic;
use crate::flow::factors::Taste;
use crate::flow::retry::repeat;
use crate::flow::{Conversation, OktaSession, Unanswered};
use crate::http::{Browser, Client, Exchange, HttpError, Network};
use crate::model::Org;
use crate::okta::{Organization, Pipeline};
use crate::report::{Exit, Report};
use crate::secret::Secret;
use crate::wire::{Account, Answer, Ask, Notice, SignInWay};

/// What a sign-in begins with, beside the account.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The STS that will be asked next: its connection is opened while the person still types.
    pub warm: Option<String>,
    /// What the last sign-in was verified with ([`OktaSession::factor`]): offered first.
    pub last_factor: Option<String>,
}

/// Signs `account` in, asking for what is missing.
///
/// # Errors
/// When an answer is missing, Okta refuses, or a server cannot be reached.
pub async fn sign_in(
    account: &Account,
    start: Start,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let org = Org::parse(&account.org)?;
    let client = client(account, conversation).await?;
    if let Some(sts) = start.warm.as_deref().and_then(|sts| Url::parse(sts).ok()) {
        let client = client.clone();
        // Its answer does not matter, and its failure is the STS call's to tell.
        tokio::task::spawn_local(async move { client.send(Exchange::head(sts)).await });
    }
    let browser = Browser::new(client, org.clone());
    let username = username(account, &org, conversation).await?;
    let password = password(&org, &username, conversation).await?;
    if account.way == SignInWay::Auto {
        pipeline(&browser, &org, conversation).await?;
    }
    let what = format!("sign {username} in at {}", org.host());
    conversation.tell(Notice::Doing(what.clone()));
    let mut taste = Taste {
        preferred: account.factor.as_ref().map(|name| name.to_lowercase()),
        last: start.last_factor,
    };
    let signed_in = classic::sign_in(&browser, &username, password, taste.clone(), conversation)
        .await
        .map_err(|report| report.during(format!("cannot {what}")))?;
    taste.last = signed_in.factor;
    Ok(OktaSession::new(browser, username, signed_in.token, taste))
}

async fn client(account: &Account, conversation: &impl Conversation) -> Result<Client, Report> {
    let mut network = Network::default();
    if account.has_ca_bundle {
        match conversation.ask(Ask::CaCertificates).await? {
            Answer::CaCertificates(pem) => network.ca_bundle = Some(pem),
            _ => return Err(Unanswered::Nonsense(Ask::CaCertificates.name()).into()),
        }
    }
    if let Some(route) = &account.proxy {
        network.proxy = Some((Secret::new(route.url.as_str()), route.no_proxy.clone()));
    }
    Ok(Client::new(&network)?)
}

async fn username(
    account: &Account,
    org: &Org,
    conversation: &impl Conversation,
) -> Result<String, Report> {
    if let Some(username) = &account.username {
        return Ok(username.clone());
    }
    let ask = Ask::Username {
        org: org.origin().into(),
    };
    let name = ask.name();
    match conversation.ask(ask).await? {
        Answer::Username(username) if !username.trim().is_empty() => Ok(username.trim().to_owned()),
        _ => Err(Unanswered::Nonsense(name).into()),
    }
}

async fn password(
    org: &Org,
    username: &str,
    conversation: &impl Conversation,
) -> Result<Secret, Report> {
    let ask = Ask::Password {
        org: org.origin().into(),
        username: username.into(),
    };
    let name = ask.name();
    match conversation.ask(ask).await? {
        Answer::Password(password) if !password.0.is_empty() => Ok(password.0),
        _ => Err(Unanswered::Nonsense(name).into()),
    }
}

/// Asks the org which pipeline it runs (`/.well-known/okta-organization`, public, not rate limited).
async fn pipeline(
    browser: &Browser,
    org: &Org,
    conversation: &impl Conversation,
) -> Result<(), Report> {
    let what = format!("ask {} how it signs people in", org.host());
    conversation.tell(Notice::Doing(what.clone()));
    let url = Url::parse(&org.at(Organization::PATH))
        .map_err(|_| HttpError::NotHttps(org.host().to_owned()))?;
    let page = repeat(&what, conversation, || {
        browser.send(Exchange::get_json(url.clone()))
    })
    .await?;
    let not_okta = |why: String| {
        Report::new(Exit::Refused, "okta.not_okta", format!("cannot {what}"))
            .cause(why)
            .hint("check the org's address with `ob config check`; a captive portal may be in between")
    };
    if page.status != 200 {
        return Err(not_okta(format!("it answered with status {}", page.status)));
    }
    let organization = Organization::read(page.content_type(), &page.body)
        .map_err(|error| not_okta(error.to_string()))?;
    match organization.pipeline {
        Pipeline::Classic => Ok(()),
        Pipeline::IdentityEngine => Err(Report::new(
            Exit::Refused,
            "sign_in.identity_engine",
            format!("cannot sign in at {}", org.host()),
        )
        .cause("this org runs Okta Identity Engine, and this version of ob signs in to Classic orgs")
        .hint("many Identity Engine orgs still take a Classic sign-in: try `sign_in = \"terminal\"` in [org]")),
        Pipeline::Unknown(name) => Err(not_okta(format!("it runs the pipeline {name:?}, which ob does not know"))),
    }
}
