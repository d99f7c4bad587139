//! From an account to a session: selects the way to sign in, and runs it.

pub(super) mod classic;
mod code_delivery;
mod dead_end;
mod device_grant;
pub(super) mod factors;
pub(super) mod idx;
mod machine;
mod pipeline;
pub(super) mod prompts;
mod security_key;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use url::Url;

use self::factors::{FactorPreference, UsedFactor};
use self::idx::SignInError;
use self::prompts::{ask_password, ask_username};
use crate::flow::app::aws_app::app_link;
use crate::flow::conversation::Conversation;
use crate::flow::routed_client::RoutedClient;
use crate::flow::session::cookie::CookieSession;
use crate::flow::session::{OktaSession, SessionKind};
use crate::http::{CookieClient, DateObserver, HttpError, Request};
use crate::model::{Org, Timestamp};
use crate::okta::Pipeline;
use crate::okta::oauth::OptionalScopes;
use crate::report::{ErrorCode, Exit, Report};
use crate::wire::{Account, Ask, Notice, Route, SignInWay};

/// Lifetime of the tokens of Okta's org authorization server.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// The circumstances of a sign-in, beside the account.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    /// How the servers are reached.
    pub route: Rc<Route>,
    /// The STS endpoint that is called next; its connection is opened while the user still types.
    pub prewarm: Option<String>,
    /// The AWS app that is meant, if it is known: the sign-in may begin and end at its page.
    pub app: Option<String>,
    /// The servers' time, as far as it is known.
    pub now: Option<Timestamp>,
    /// The factor that each user of the org last verified with, by username in lower case
    /// ([`OktaSession::used_factor`]).
    pub last_factors: HashMap<String, UsedFactor>,
    /// Whether the session outlives the request that it is made for.
    pub long_lived: bool,
    /// Scopes that this org is known to refuse this client.
    pub refused_scopes: OptionalScopes,
    /// Receives the servers' time.
    pub date_observer: DateObserver,
}

/// Signs `account` in, asking for what is missing.
///
/// # Errors
/// If an answer is missing, Okta refuses, or a server cannot be reached.
pub async fn sign_in(
    account: &Account,
    options: SignInOptions,
    conversation: &impl Conversation,
) -> Result<OktaSession, Report> {
    let org = Org::parse(&account.org)?;
    let (route, ask) = (&options.route, Ask::CaCertificates);
    let network = RoutedClient::open(route, None, ask, conversation).await?;
    if let Some(endpoint) = &options.prewarm
        && let Ok(endpoint) = Url::parse(endpoint)
    {
        let http = network.client().clone();
        // The response does not matter; a failure shows again in the STS call.
        tokio::task::spawn_local(async move { http.send(Request::head(endpoint)).await });
    }
    let what = match &account.username {
        Some(username) => format!("sign {username} in at {}", org.host()),
        None => format!("sign in at {}", org.host()),
    };
    let observer = options.date_observer.clone();
    let attempt = Attempt {
        client: CookieClient::new(network.client().clone(), org, observer),
        account,
        options: &options,
        conversation,
    };
    let session = attempt.run().await.map_err(|report| {
        let report = report.context(format!("cannot {what}"));
        attempt.client.with_redirect(report)
    })?;
    Ok(session.with_network(network))
}

struct Attempt<'a, C> {
    client: CookieClient,
    account: &'a Account,
    options: &'a SignInOptions,
    conversation: &'a C,
}

impl<C: Conversation> Attempt<'_, C> {
    async fn run(&self) -> Result<OktaSession, Report> {
        match self.account.way {
            SignInWay::Auto => {
                let username = self.username().await?;
                let pipeline = pipeline::fetch(&self.client, self.conversation).await;
                match pipeline.map_err(|report| self.client.with_redirect(report))? {
                    Pipeline::IdentityEngine => self.identity_engine(username).await,
                    _ => self.classic(username).await,
                }
            }
            SignInWay::Terminal => self.classic(self.username().await?).await,
            SignInWay::IdentityEngine => self.identity_engine(self.username().await?).await,
            SignInWay::Browser => self.browser().await,
            SignInWay::Machine => {
                let (client, now) = (&self.client, self.options.now);
                let machine = machine::sign_in(client, self.account, now, self.conversation);
                let kind = SessionKind::Machine(machine.await?);
                let username = self.account.username.clone();
                let username = username.unwrap_or_else(|| "ob".into());
                Ok(self.session(username, kind, FactorPreference::default()))
            }
        }
    }

    async fn username(&self) -> Result<String, Report> {
        match &self.account.username {
            Some(username) => Ok(username.clone()),
            None => Ok(ask_username(self.client.org(), self.conversation).await?),
        }
    }

    fn session(
        &self,
        username: String,
        kind: SessionKind,
        preference: FactorPreference,
    ) -> OktaSession {
        OktaSession::new(self.client.clone(), username, kind, preference)
    }

    fn preference(&self, username: &str) -> FactorPreference {
        let factor = self.account.factor.as_ref();
        let last = self.options.last_factors.get(&username.to_lowercase());
        FactorPreference {
            preferred: factor.map(|name| name.to_lowercase()),
            last: last.cloned(),
            security_keys: self.account.security_keys,
            has_browser: self.account.client_id.is_some(),
        }
    }

    async fn classic(&self, username: String) -> Result<OktaSession, Report> {
        let (client, conversation) = (&self.client, self.conversation);
        let password = ask_password(client.org(), &username, conversation).await?;
        conversation.notify(Notice::Doing(format!("sign {username} in")));
        let mut preference = self.preference(&username);
        let signed_in = classic::sign_in(
            client,
            &username,
            password,
            preference.clone(),
            conversation,
        );
        let signed_in = signed_in.await?;
        preference.last = signed_in.factor;
        let cookies = CookieSession::new(Some(signed_in.token), None);
        Ok(self.session(username, SessionKind::Cookie(Box::new(cookies)), preference))
    }

    /// Begins at the page of the AWS app, where the sign-in then ends.
    async fn identity_engine(&self, username: String) -> Result<OktaSession, Report> {
        let (client, conversation) = (&self.client, self.conversation);
        let app = self.options.app.as_deref();
        let app = app.map(|app| app_link(client.org(), app)).transpose()?;
        let start = match &app {
            Some(app) => {
                Url::parse(&app.url).map_err(|_| HttpError::NotHttps(client.org().host().into()))?
            }
            None => client.url("/app/UserHome")?,
        };
        conversation.notify(Notice::Doing(format!("sign {username} in")));
        let mut preference = self.preference(&username);
        let signed_in = idx::sign_in(client, &username, &start, preference.clone(), conversation);
        let signed_in = match signed_in.await {
            Ok(signed_in) => signed_in,
            Err(SignInError::NeedsBrowser(_)) if self.account.client_id.is_some() => {
                conversation.notify(Notice::Message(
                    "this org requires a sign-in in the browser".into(),
                ));
                return self.browser().await;
            }
            Err(SignInError::NeedsBrowser(report)) => return Err(needs_client_id(report)),
            Err(SignInError::Failed(failure)) => return Err(failure.into_report()),
        };
        preference.last = signed_in.factor;
        let landing_page = app.map(|_| (start, signed_in.landing_page));
        let cookies = CookieSession::new(None, landing_page);
        Ok(self.session(username, SessionKind::Cookie(Box::new(cookies)), preference))
    }

    /// The user signs in at their own browser; the tokens tell the username.
    async fn browser(&self) -> Result<OktaSession, Report> {
        let (client, conversation) = (&self.client, self.conversation);
        let client_id = self.account.client_id.as_deref().unwrap_or_default();
        let wanted = OptionalScopes {
            // A session no longer than the tokens needs no renewal.
            refresh: self.options.long_lived && self.account.max > TOKEN_LIFETIME,
            interclient: self.account.vpn,
        };
        let refused = self.options.refused_scopes;
        let tokens = device_grant::sign_in(client, client_id, wanted, refused, conversation);
        let tokens = tokens.await?;
        let found = tokens.username(client, conversation).await;
        let username = match found.and_then(|found| check_username(found, self.account)) {
            Ok(username) => username,
            Err(report) => {
                // Tokens of another user are revoked. If the server is away, they expire.
                let _ = tokens.end(client).await;
                return Err(report);
            }
        };
        // An app that asks for more may have it in the terminal.
        let preference = self.preference(&username);
        Ok(self.session(username, SessionKind::Oauth(tokens), preference))
    }
}

/// Returns the username of the tokens if it is the account's.
fn check_username(found: Option<String>, account: &Account) -> Result<String, Report> {
    let Some(found) = found else {
        let summary = "Okta does not say who signed in at the browser";
        return Err(Report::new(ErrorCode::SignInNameless, summary)
            .cause(
                "neither its id token nor its answer to who it is has a `preferred_username`, \
                 so it may be anybody's",
            )
            .hint("ask your Okta admin to let the app of `client_id` have the scope profile"));
    };
    match &account.username {
        Some(wanted) if !wanted.eq_ignore_ascii_case(&found) => {
            let summary = format!("{found} is signed in at the browser, not {wanted}");
            Err(Report::new(ErrorCode::SignInAnotherUser, summary)
                .cause("the browser was signed in to this org as another user")
                .hint("sign out there or use a private window, then `ob login`"))
        }
        Some(wanted) => Ok(wanted.clone()),
        None => Ok(found),
    }
}

/// Returns the report of an org that wants a browser, where no browser sign-in is set up.
fn needs_client_id(report: Report) -> Report {
    report.exit(Exit::Refused).hint(
        "a browser sign-in needs an OIDC app: ask your Okta admin for its client id, \
         then `client_id =` in [org]",
    )
}
