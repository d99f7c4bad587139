//! From "this user, that org" to a session: whom to ask for what, and which engine runs.

pub(super) mod classic;
pub(super) mod device_grant;
pub(super) mod factors;
pub(super) mod idx;
pub(super) mod security_key;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use url::Url;

use self::idx::NoSession;
use crate::flow::app::aws_app::app_link;
use crate::flow::retry::with_retry;
use crate::flow::session::Opening;
use crate::flow::session::machine;
use crate::flow::sign_in::factors::{Taste, UsedFactor};
use crate::flow::{Conversation, OktaSession, RoutedClient, Unanswered};
use crate::http::{CookieClient, DateObserver, HttpError, Request};
use crate::model::{Org, Timestamp};
use crate::okta::oauth::OptionalScopes;
use crate::okta::{Organization, Pipeline};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{Account, Answer, Ask, Notice, Route, SignInWay};

/// Lifetime of the tokens of Okta's org authorization server.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// What a sign-in begins with, beside the account.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    /// How the servers are reached.
    pub route: Rc<Route>,
    /// The STS that will be asked next: its connection is opened while the person still types.
    pub prewarm: Option<String>,
    /// The AWS app that is meant, where it is known: a sign-in may begin and end at its page.
    pub app: Option<String>,
    /// The time as the servers have it, as far as it is known.
    pub now: Option<Timestamp>,
    /// What each user of the org last verified with, by username in lower case ([`OktaSession::used_factor`]).
    pub last_factors: HashMap<String, UsedFactor>,
    /// Whether the session outlives what it is made for.
    pub long_lived: bool,
    /// Scopes that this org is known to refuse this client.
    pub refused_scopes: OptionalScopes,
    /// Who keeps the servers' time.
    pub date_observer: DateObserver,
}

/// Signs `account` in, asking for what is missing.
///
/// # Errors
/// When an answer is missing, Okta refuses, or a server cannot be reached.
pub async fn sign_in(
    account: &Account,
    start: SignInOptions,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let org = Org::parse(&account.org)?;
    let network = RoutedClient::open(&start.route, None, Ask::CaCertificates, conversation).await?;
    let client = network.client().clone();
    if let Some(sts) = start
        .prewarm
        .as_deref()
        .and_then(|sts| Url::parse(sts).ok())
    {
        let client = client.clone();
        // Its answer does not matter, and its failure is the STS call's to tell.
        tokio::task::spawn_local(async move { client.send(Request::head(sts)).await });
    }
    let browser = CookieClient::new(client, org.clone(), start.date_observer.clone());
    let origin = browser.clone();
    let what = match &account.username {
        Some(username) => format!("sign {username} in at {}", org.host()),
        None => format!("sign in at {}", org.host()),
    };
    let outcome = match account.way {
        SignInWay::Auto => {
            // The question costs a round trip that the person does not notice while they are asked.
            let username = username(account, &org, conversation).await?;
            let pipeline = pipeline(&browser, &org, conversation).await;
            match pipeline.map_err(|report| origin.with_redirect(report))? {
                Pipeline::IdentityEngine => {
                    in_identity_engine(browser, username, account, &start, conversation).await
                }
                _ => in_classic(browser, username, account, &start, conversation).await,
            }
        }
        SignInWay::Terminal => {
            let username = username(account, &org, conversation).await?;
            in_classic(browser, username, account, &start, conversation).await
        }
        SignInWay::IdentityEngine => {
            let username = username(account, &org, conversation).await?;
            in_identity_engine(browser, username, account, &start, conversation).await
        }
        SignInWay::Browser => at_a_browser(browser, account, &start, conversation).await,
        SignInWay::Machine => {
            let machine = machine::sign_in(&browser, account, start.now, conversation).await;
            machine.map(|machine| {
                let name = account.username.clone().unwrap_or_else(|| "ob".into());
                OktaSession::new(browser, name, Opening::Machine(machine), Taste::default())
            })
        }
    };
    outcome
        .map(|session| session.with_network(network))
        .map_err(|report| origin.with_redirect(report.during(format!("cannot {what}"))))
}

impl OktaSession {
    /// The factor the sign-in was verified with, the device included.
    pub fn used_factor(&self) -> Option<UsedFactor> {
        self.taste().last
    }
}

async fn in_classic(
    browser: CookieClient,
    username: String,
    account: &Account,
    start: &SignInOptions,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let password = password(browser.org(), &username, conversation).await?;
    conversation.notify(Notice::Doing(format!("sign {username} in")));
    let mut taste = taste(account, &username, start);
    let signed_in =
        classic::sign_in(&browser, &username, password, taste.clone(), conversation).await?;
    taste.last = signed_in.factor;
    Ok(OktaSession::new(
        browser,
        username,
        Opening::SessionToken(signed_in.token),
        taste,
    ))
}

/// Begins at the app that is meant, whose page then is where the sign-in ends.
async fn in_identity_engine(
    browser: CookieClient,
    username: String,
    account: &Account,
    start: &SignInOptions,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let app = start.app.as_deref();
    let app = app.map(|app| app_link(browser.org(), app)).transpose()?;
    let home = browser.org().at("/app/UserHome");
    let begin = app.as_ref().map_or(&home, |app| &app.url);
    let begin = Url::parse(begin).map_err(|_| HttpError::NotHttps(browser.org().host().into()))?;
    conversation.notify(Notice::Doing(format!("sign {username} in")));
    let mut taste = taste(account, &username, start);
    let signed_in = idx::sign_in(&browser, &username, &begin, taste.clone(), conversation).await;
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(NoSession::WantsBrowser(_)) if account.client_id.is_some() => {
            conversation.notify(Notice::Message("this org wants a browser".into()));
            return at_a_browser(browser, account, start, conversation).await;
        }
        Err(NoSession::WantsBrowser(report)) => return Err(idx::needs_client_id(report)),
        Err(NoSession::Final(report)) => return Err(report),
    };
    taste.last = signed_in.factor;
    let session = OktaSession::new(browser, username, Opening::Cookies, taste);
    Ok(match app {
        Some(_) => session.landed_on(begin, signed_in.landed),
        None => session,
    })
}

/// The person signs in at their own browser; who it was is what the tokens say.
async fn at_a_browser(
    browser: CookieClient,
    account: &Account,
    start: &SignInOptions,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let client_id = account.client_id.as_deref().unwrap_or_default();
    let wanted = OptionalScopes {
        // What lives no longer than the tokens need not be able to renew them.
        refresh: start.long_lived && account.max > TOKEN_LIFETIME,
        interclient: account.vpn,
    };
    let refused = start.refused_scopes;
    let tokens = device_grant::sign_in(&browser, client_id, wanted, refused, conversation).await?;
    let found = tokens.username(&browser, conversation).await;
    let username = match found.and_then(|found| whose(found, account)) {
        Ok(username) => username,
        Err(report) => {
            // They are nobody's who asked for them. Where the server is away they end by themselves.
            let _ = tokens.end(&browser).await;
            return Err(report);
        }
    };
    let opening = Opening::Tokens(tokens);
    // For an app that asks for more, which may have it at the terminal.
    let taste = taste(account, &username, start);
    Ok(OktaSession::new(browser, username, opening, taste))
}

/// The user whose tokens these are: the one who is meant, where one is.
fn whose(found: Option<String>, account: &Account) -> Result<String, Report> {
    let Some(found) = found else {
        return Err(Report::new(
            ErrorCode::SignInNameless,
            "Okta does not say who signed in at the browser",
        )
        .cause("neither its id token nor its answer to who it is has a `preferred_username`, so it may be anybody's")
        .hint("ask your Okta admin to let the app of `client_id` have the scope profile"));
    };
    match &account.username {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&found) => Err(Report::new(
            ErrorCode::SignInAnotherUser,
            format!("{found} is signed in at the browser, not {wanted}"),
        )
        .cause("the browser had another session at this org")
        .hint("sign out there or use a private window, then `ob login`")),
        Some(wanted) => Ok(wanted.clone()),
        None => Ok(found),
    }
}

fn taste(account: &Account, username: &str, start: &SignInOptions) -> Taste {
    Taste {
        preferred: account.factor.as_ref().map(|name| name.to_lowercase()),
        last: start.last_factors.get(&username.to_lowercase()).cloned(),
        security_keys: account.security_keys,
        has_browser: account.client_id.is_some(),
    }
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
    let name = ask.kind();
    match conversation.ask(ask).await? {
        Answer::Username(username) if !username.trim().is_empty() => Ok(username.trim().to_owned()),
        _ => Err(Unanswered::Mismatched(name).into()),
    }
}

pub(in crate::flow) async fn password(
    org: &Org,
    username: &str,
    conversation: &impl Conversation,
) -> Result<Secret, Report> {
    let ask = Ask::Password {
        org: org.origin().into(),
        username: username.into(),
    };
    let name = ask.kind();
    match conversation.ask(ask).await? {
        Answer::Password(password) if !password.0.is_empty() => Ok(password.0),
        _ => Err(Unanswered::Mismatched(name).into()),
    }
}

/// Asks the org which pipeline it runs (`/.well-known/okta-organization`, public, not rate limited).
async fn pipeline(
    browser: &CookieClient,
    org: &Org,
    conversation: &impl Conversation,
) -> Result<Pipeline, Report> {
    let what = format!("ask {} how it signs people in", org.host());
    conversation.notify(Notice::Doing(what.clone()));
    let url = Url::parse(&org.at(Organization::PATH))
        .map_err(|_| HttpError::NotHttps(org.host().to_owned()))?;
    let page = with_retry(&what, conversation, || {
        browser.send(Request::get_json(url.clone()))
    })
    .await?;
    let not_okta = |why: String| {
        Report::new(ErrorCode::OktaNotOkta, format!("cannot {what}"))
            .cause(why)
            .hint("check the org's address with `ob config check`; a captive portal may be in between")
    };
    if page.status != 200 {
        return Err(not_okta(format!("it answered with status {}", page.status)));
    }
    let organization = Organization::parse(page.content_type(), &page.body)
        .map_err(|error| not_okta(error.to_string()))?;
    match organization.pipeline {
        Pipeline::Unknown(name) => Err(not_okta(format!(
            "it runs the pipeline {name:?}, which ob does not know"
        ))),
        known => Ok(known),
    }
}
