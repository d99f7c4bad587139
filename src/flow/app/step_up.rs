//! Satisfies what an app asks for beyond the session: another factor, or the password again.

use url::Url;

use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::{rate_limited, with_retry};
use crate::flow::session::OktaSession;
use crate::flow::sign_in::prompts::ask_password;
use crate::flow::sign_in::{classic, idx};
use crate::http::{Request, Response};
use crate::okta::authn::Success;
use crate::okta::page::{AppPage, PasswordForm};
use crate::okta::{OktaError, StateToken};
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// What an app asks for.
enum Demand {
    /// Identity Engine's sign-in page. Only its script learns what is asked for.
    IdentityEngine(StateToken),
    /// Classic's "Extra Verification".
    Factor(StateToken),
    /// Classic's "Please verify your password".
    Password(PasswordForm),
}

/// Opens an app's page with the session's cookies and satisfies what the app asks for. Each kind of
/// demand is satisfied once: an app that repeats it wants something that cannot be given here.
///
/// # Errors
/// [`Failure::SessionEnded`] if the page asks for a sign-in; else what was refused.
pub(super) async fn open_with_cookies(
    session: &OktaSession,
    link: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let get_page = || with_retry(what, conversation, || session.get_page(link));
    let mut page = get_page().await?;
    if demand(&page).is_none() {
        return Ok(page);
    }
    let _guard = match session.step_up_lock().try_lock() {
        Ok(guard) => guard,
        Err(_) => {
            let guard = session.step_up_lock().lock().await;
            // The verification for another app may have satisfied this one.
            page = get_page().await?;
            guard
        }
    };
    satisfy(session, link, page, what, conversation).await
}

/// Satisfies what `page` asks for, which a token opened at `link`.
///
/// # Errors
/// As [`open_with_cookies`].
pub(super) async fn satisfy_page(
    session: &OktaSession,
    link: &Url,
    page: Response,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if demand(&page).is_none() {
        return Ok(page);
    }
    let _guard = session.step_up_lock().lock().await;
    satisfy(session, link, page, what, conversation).await
}

async fn satisfy(
    session: &OktaSession,
    link: &Url,
    mut page: Response,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let (client, username) = (session.client(), session.username());
    let asks_for = |wanted: &str| format!("cannot {what}: the app asks for {wanted}");
    let (mut is_verified, mut gave_password) = (false, false);
    loop {
        page = match demand(&page) {
            Some(Demand::IdentityEngine(token)) if !is_verified => {
                is_verified = true;
                let (token, preference) = (token.secret(), session.preference());
                idx::step_up(client, username, token, preference, conversation)
                    .await
                    .map_err(|failure| failure.context(asks_for("another factor")))?
            }
            Some(Demand::Factor(token)) if !is_verified => {
                is_verified = true;
                let (token, preference) = (token.secret(), session.preference());
                let success = classic::step_up(client, username, token, preference, conversation)
                    .await
                    .map_err(|report| report.context(asks_for("another factor")))?;
                client
                    .follow(Request::get(return_url(success, link)))
                    .await?
            }
            Some(Demand::Password(form)) if !gave_password => {
                gave_password = true;
                post_password(session, &form, conversation)
                    .await
                    .map_err(|report| report.context(asks_for("the password again")))?;
                with_retry(what, conversation, || session.get_page(link)).await?
            }
            Some(Demand::Password(_)) => {
                let report = refused_password(None);
                return Err(report.context(asks_for("the password again")).into());
            }
            _ => return Ok(page),
        };
    }
}

/// Returns where the app continues after a step-up: the address that Okta names, else the app's own
/// link, with the session token if there is one (as gimme-aws-creds and tokendito do).
fn return_url(success: Success, link: &Url) -> Url {
    if let Some(url) = success.return_url {
        return url.0;
    }
    let mut url = link.clone();
    if let Some(token) = success.session_token {
        url.query_pairs_mut()
            .append_pair("sessionToken", token.expose());
    }
    url
}

fn demand(page: &Response) -> Option<Demand> {
    if page.status != 200 {
        return None;
    }
    let token = match AppPage::parse(&page.body).ok()? {
        AppPage::StepUp {
            state_token: Some(token),
        } => return Some(Demand::Factor(token)),
        AppPage::SignIn {
            state_token: Some(token),
        } => Some(token).filter(StateToken::is_identity_engine),
        AppPage::PasswordAgain { form: Some(form) } => return Some(Demand::Password(form)),
        AppPage::StepUp { state_token: None }
        | AppPage::SignIn { state_token: None }
        | AppPage::ScriptOnly
        | AppPage::NoForm => token_of_address(&page.redirected_from, &page.url),
        _ => None,
    };
    token.map(|token| match token.is_identity_engine() {
        true => Demand::IdentityEngine(token),
        false => Demand::Factor(token),
    })
}

/// Returns the state token of `/login/step-up/redirect?stateToken=…` if the app's link led
/// there. Some orgs put it in the address only, and a script builds the page. `/signin/…` is the
/// page of a factor.
fn token_of_address(redirected_from: &[Url], reached: &Url) -> Option<StateToken> {
    let is_sign_in = |url: &&Url| {
        let mut parts = url.path().split('/').skip(1);
        url.origin() == reached.origin()
            && match (parts.next(), parts.next()) {
                (Some("login"), Some(page)) => page.starts_with("step-up"),
                (first, _) => first == Some("signin"),
            }
    };
    let addresses = redirected_from.iter().chain([reached]).rev();
    addresses
        .filter(is_sign_in)
        .find_map(StateToken::in_address)
}

/// Posts the password form once. How its response reports success is not documented, so the app's
/// page is requested next.
async fn post_password(
    session: &OktaSession,
    form: &PasswordForm,
    conversation: &impl Conversation,
) -> Result<(), Report> {
    conversation.notify(Notice::Message(
        "the app asks for your password again".into(),
    ));
    let password = ask_password(session.org(), session.username(), conversation).await?;
    let post = form.fill_in(session.org(), &password)?;
    drop(password);
    let request = Request::post_form(post.url, post.body);
    let response = session.client().send(request).await?;
    let (status, content_type) = (response.status, response.content_type());
    match status {
        429 => {
            let wait = response.retry_after();
            Err(rate_limited("give the password again", wait))
        }
        400.. => {
            let error = OktaError::parse(status, content_type, &response.body);
            Err(refused_password(error))
        }
        _ => Ok(()),
    }
}

/// Returns the report of a password that Okta refused. A second attempt is the user's decision.
fn refused_password(error: Option<OktaError>) -> Report {
    let report = Report::new(
        ErrorCode::OktaPagePasswordRefused,
        "Okta did not accept the password",
    );
    match error {
        Some(error) => report.cause(error),
        None => report.cause("it asks for it once more"),
    }
    .hint(
        "run the same command again to give it once more; \
         too many wrong passwords lock the account",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_token_is_taken_from_step_up_addresses_only() {
        let token = |addresses: &[&str]| {
            let mut addresses: Vec<Url> = (addresses.iter())
                .map(|path| Url::parse("https://acme.okta.com").unwrap().join(path))
                .collect::<Result<_, _>>()
                .unwrap();
            let reached = addresses.pop().unwrap();
            let token = token_of_address(&addresses, &reached)?;
            Some(token.secret().expose().to_owned())
        };
        for addresses in [
            &[
                "/home/x/0oa1/272",
                "/login/step-up/redirect?stateToken=00a%2Db",
            ][..],
            &["/login/step-up?x=1&stateToken=00a-b#y"],
            &["/signin/verify/okta/push?stateToken=00a-b"],
            &["/login/step-up/redirect?stateToken=00a-b", "/signin/verify"],
        ] {
            assert_eq!(token(addresses).as_deref(), Some("00a-b"), "{addresses:?}");
        }
        for addresses in [
            &["/login/step-up/redirect"][..],
            &["/login/step-up/redirect?stateToken="],
            &["/login/step-up/redirect?stateToken=<b>"],
            &["/login/token/redirect?stateToken=00a-b"],
            &[
                "https://evil.example/login/step-up/redirect?stateToken=00a-b",
                "/",
            ],
        ] {
            assert_eq!(token(addresses), None, "{addresses:?}");
        }
    }
}
