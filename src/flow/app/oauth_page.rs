//! Opens apps with one-time tokens instead of cookies.

use url::Url;

use crate::flow::app::sign_on_url;
use crate::flow::app::step_up::satisfy_page;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::flow::session::oauth::{ExchangeError, OauthSession, newer_sign_in};
use crate::http::{Request, Response};
use crate::okta::oauth::{self, OneTimeToken};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// Opens the AWS app that `link` leads to.
///
/// # Errors
/// [`Failure::SessionEnded`] and [`Failure::NewerSignIn`] if a new sign-in may do; else why the app
/// cannot be opened with a token.
pub(super) async fn open_aws_app(
    session: &OktaSession,
    oauth: &OauthSession,
    link: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let client = session.client();
    let app_id = app_id(link).ok_or_else(|| no_app_id(what))?;
    let token = oauth.exchange(client, app_id, OneTimeToken::WebSso, what, conversation);
    let refusal = match token.await {
        Ok(token) => {
            let post = oauth::open_app(client.org(), &token);
            let open = Request::post_form_html(post.url, post.body);
            return Ok(client.follow(open).await?);
        }
        Err(ExchangeError::Refused(refusal)) => refusal,
        Err(ExchangeError::Failed(failure)) => return Err(failure),
    };
    let is_without_web_sso = refusal.is_without_web_sso();
    let refusal = || Report::from(refusal.clone()).context(format!("cannot {what}"));
    if !is_without_web_sso || !oauth.has_interclient() {
        return Err(refusal().into());
    }
    let Some(address) = sign_on_url::find(session, link).await? else {
        return Err(refusal().into());
    };
    // The org may trust this client for the app all the same.
    let token = oauth.exchange(
        client,
        app_id,
        OneTimeToken::Interclient,
        what,
        conversation,
    );
    match token.await {
        Ok(token) => sign_on(session, oauth, &address, &token, what, conversation).await,
        Err(ExchangeError::Refused(error)) if error.is_untrusted() => Err(refusal().into()),
        Err(error) => Err(failure(error, what)),
    }
}

/// Opens the app `app_id` at its sign-on address (Okta: "Native to Web SSO"), and satisfies what
/// the app asks for beyond the sign-in.
///
/// # Errors
/// As [`open_aws_app`].
pub(super) async fn open_at_sign_on_url(
    session: &OktaSession,
    oauth: &OauthSession,
    app_id: &str,
    address: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if !oauth.has_tried_interclient() {
        let why = "you signed in before `host` of [vpn] was in the settings";
        return Err(newer_sign_in(why, what));
    }
    let client = session.client();
    let token = oauth.exchange(
        client,
        app_id,
        OneTimeToken::Interclient,
        what,
        conversation,
    );
    let token = token.await.map_err(|error| failure(error, what))?;
    sign_on(session, oauth, address, &token, what, conversation).await
}

async fn sign_on(
    session: &OktaSession,
    oauth: &OauthSession,
    address: &Url,
    token: &Secret,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    panic_point("flow.sign_on", token.expose());
    let page = Request::get(oauth::sign_on(address, token));
    let page = session.client().follow(page).await;
    oauth.note_web_session();
    satisfy_page(session, address, page?, what, conversation).await
}

fn failure(error: ExchangeError, what: &str) -> Failure {
    match error {
        ExchangeError::Refused(error) => {
            Report::from(error).context(format!("cannot {what}")).into()
        }
        ExchangeError::Failed(failure) => failure,
    }
}

/// Returns the app's id (`0oa…`) that an embed link names.
pub(super) fn app_id(link: &Url) -> Option<&str> {
    let mut segments = link.path_segments().into_iter().flatten();
    segments.find(|segment| segment.starts_with("0oa"))
}

fn no_app_id(what: &str) -> Report {
    Report::new(
        ErrorCode::SettingsApp,
        format!("cannot {what}: its link does not name the app"),
    )
    .cause("a browser sign-in opens an app by its id (0oa…)")
    .hint("copy the address of the app's tile, `https://acme.okta.com/home/amazon_aws/0oa…/272`")
}
