//! An app's page, however the session opens it. An app that asks for more than the session has is answered
//! within the session, in the pipeline that asks; what a terminal cannot answer the caller names.

use url::Url;

use crate::flow::retry::{rate_limited, with_retry};
use crate::flow::sign_in::classic;
use crate::flow::sign_in::idx;
use crate::flow::sign_in::password;
use crate::flow::{Conversation, Failure, OktaSession};
use crate::http::{Request, Response};
use crate::okta::authn::Success;
use crate::okta::page::{AppPage, PasswordForm};
use crate::okta::{OktaError, StateToken};
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// What an app asks for that can be answered here.
enum Demand {
    /// Identity Engine shows its sign-in page, and only its script is told what is asked for.
    IdentityEngine(StateToken),
    /// Classic's "Extra Verification".
    Factor(StateToken),
    /// Classic's "Please verify your password".
    Password(PasswordForm),
}

/// The page that `link` opens, after whatever its app asks for; not judged but for the demand. Each kind of
/// demand is met once: an app that repeats it is not satisfied by what a person can do here.
///
/// # Errors
/// [`Failure::SessionEnded`] when it is the sign-in that is asked for; else what was refused.
pub(in crate::flow) async fn open(
    session: &OktaSession,
    link: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if let Some(by_token) = session.by_token() {
        return by_token.open(session, link, what, conversation).await;
    }
    let page = with_retry(what, conversation, || session.open(link)).await?;
    if demand(&page).is_none() {
        return Ok(page);
    }
    let at_once = session.stepping_up().try_lock();
    let (_turn, page) = if let Ok(turn) = at_once {
        (turn, page)
    } else {
        let turn = session.stepping_up().lock().await;
        // What another app asked for meanwhile may be what this one wants.
        let page = with_retry(what, conversation, || session.open(link)).await?;
        (turn, page)
    };
    if demand(&page).is_none() {
        return Ok(page);
    }
    answered(session, link, page, what, conversation).await
}

/// The page that `page`, which a token opened at `link`, leads to after whatever it asks for.
///
/// # Errors
/// As [`open`].
pub(in crate::flow) async fn met(
    session: &OktaSession,
    link: &Url,
    page: Response,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    if demand(&page).is_none() {
        return Ok(page);
    }
    let _turn = session.stepping_up().lock().await;
    answered(session, link, page, what, conversation).await
}

async fn answered(
    session: &OktaSession,
    link: &Url,
    mut page: Response,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    let (browser, username, taste) = (session.browser(), session.username(), session.taste());
    let cannot = |wants: &str| format!("cannot {what}: the app asks for {wants}");
    let (mut verified, mut gave_password) = (false, false);
    loop {
        page = match demand(&page) {
            Some(Demand::IdentityEngine(token)) if !verified => {
                verified = true;
                idx::step_up(
                    browser,
                    username,
                    token.secret(),
                    taste.clone(),
                    conversation,
                )
                .await
                .map_err(|failure| failure.context(cannot("another factor")))?
            }
            Some(Demand::Factor(token)) if !verified => {
                verified = true;
                let token = token.secret();
                let success =
                    classic::step_up(browser, username, token, taste.clone(), conversation)
                        .await
                        .map_err(|report| report.during(cannot("another factor")))?;
                browser
                    .follow(Request::get(way_back(success, link)))
                    .await?
            }
            Some(Demand::Password(form)) if !gave_password => {
                gave_password = true;
                give_password(session, &form, conversation)
                    .await
                    .map_err(|report| report.during(cannot("the password again")))?;
                with_retry(what, conversation, || session.open(link)).await?
            }
            Some(Demand::Password(_)) => {
                return Err(refused_password(None)
                    .during(cannot("the password again"))
                    .into());
            }
            _ => return Ok(page),
        };
    }
}

/// Where the app goes on after a step-up: at the address that Okta names, else at its own link, with the session
/// token where there is one. (gimme-aws-creds and tokendito go on in the same way.)
fn way_back(success: Success, link: &Url) -> Url {
    if let Some(original) = success.return_url {
        return original.0;
    }
    let mut again = link.clone();
    if let Some(token) = success.session_token {
        again
            .query_pairs_mut()
            .append_pair("sessionToken", token.expose());
    }
    again
}

fn demand(page: &Response) -> Option<Demand> {
    if page.status != 200 {
        return None;
    }
    let found = match AppPage::parse(&page.body).ok()? {
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
    found.map(|token| match token.is_identity_engine() {
        true => Demand::IdentityEngine(token),
        false => Demand::Factor(token),
    })
}

/// The state token of `/login/step-up/redirect?stateToken=…`, where an app's link led there: some orgs put it
/// in the address alone, and the page is made by a script. `/signin/…` is the page of a factor.
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

/// Fills the form in, once. How its answer says yes is not documented, so the app's page is asked next.
async fn give_password(
    session: &OktaSession,
    form: &PasswordForm,
    conversation: &impl Conversation,
) -> Result<(), Report> {
    conversation.notify(Notice::Message(
        "the app asks for your password again".into(),
    ));
    let password = password(session.org(), session.username(), conversation).await?;
    let post = form.fill_in(session.org(), &password)?;
    drop(password);
    let exchange = Request::post_form(post.url, post.body);
    let page = session.browser().send(exchange).await?;
    match page.status {
        429 => Err(rate_limited("give the password again", page.retry_after())),
        400.. => Err(refused_password(OktaError::parse(
            page.status,
            page.content_type(),
            &page.body,
        ))),
        _ => Ok(()),
    }
}

/// Sent once; another try is the person's.
fn refused_password(error: Option<OktaError>) -> Report {
    let report = Report::new(
        ErrorCode::OktaPagePasswordRefused,
        "Okta did not accept the password",
    );
    match error {
        Some(error) => report.cause(error),
        None => report.cause("it asks for it once more"),
    }
    .hint("run the same command again to give it once more; too many wrong passwords lock the account")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_of_a_step_up_tells_its_token() {
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
