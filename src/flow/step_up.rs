//! An app's page, however the session opens it. An app that asks for more than the session has is answered
//! within the session, in the pipeline that asks.

use url::Url;

use crate::flow::retry::repeat;
use crate::flow::{Conversation, Failure, OktaSession, classic, idx};
use crate::http::{Exchange, Page};
use crate::okta::page::{AppPage, PageError};
use crate::report::Report;

/// The page that `link` opens, after whatever its app asks for; not judged but for the demand.
///
/// # Errors
/// [`Failure::SessionEnded`] when it is the sign-in that is asked for; else what was refused.
pub(super) async fn open(
    session: &OktaSession,
    link: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Page, Failure> {
    if let Some(by_token) = session.by_token() {
        return by_token.open(session, link, what, conversation).await;
    }
    let page = repeat(what, conversation, || session.open(link)).await?;
    if !asks_for_more(&page) {
        return Ok(page);
    }
    let at_once = session.stepping_up.try_lock();
    let (_turn, page) = if let Ok(turn) = at_once {
        (turn, page)
    } else {
        let turn = session.stepping_up.lock().await;
        // What another app asked for meanwhile may be what this one wants.
        let page = repeat(what, conversation, || session.open(link)).await?;
        (turn, page)
    };
    if !asks_for_more(&page) {
        return Ok(page);
    }
    let (browser, username, taste) = (session.browser(), session.username(), session.taste());
    let cannot = || format!("cannot {what}: the app asks for another factor");
    match AppPage::read(&page.body) {
        Ok(AppPage::SignIn {
            state_token: Some(token),
        }) => idx::step_up(browser, username, token.secret(), taste, conversation)
            .await
            .map_err(|failure| match failure {
                Failure::Final(report) => report.during(cannot()).into(),
                ended @ Failure::SessionEnded => ended,
            }),
        Ok(AppPage::StepUp {
            state_token: Some(token),
        }) => {
            let original = classic::step_up(browser, username, token.secret(), taste, conversation)
                .await
                .map_err(|report| report.during(cannot()))?;
            Ok(browser.follow(Exchange::get(original)).await?)
        }
        _ => Err(Report::from(PageError::StepUpNeeded).into()),
    }
}

/// Classic has a page for it. Identity Engine shows its sign-in page, and only its script is told whether
/// it is another factor or everything that is asked for.
fn asks_for_more(page: &Page) -> bool {
    page.status == 200
        && match AppPage::read(&page.body) {
            Ok(AppPage::StepUp { .. }) => true,
            Ok(AppPage::SignIn { state_token }) => {
                state_token.is_some_and(|token| token.is_identity_engine())
            }
            _ => false,
        }
}
