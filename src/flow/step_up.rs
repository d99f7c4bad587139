//! An app that asks for more than the session has: met within the session, in the pipeline that asks.

use url::Url;

use crate::flow::retry::repeat;
use crate::flow::{Conversation, Failure, OktaSession, classic};
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
    let (200, Ok(AppPage::StepUp { state_token: token })) =
        (page.status, AppPage::read(&page.body))
    else {
        return Ok(page);
    };
    let token = token.ok_or_else(|| Report::from(PageError::StepUpNeeded))?;
    let original = classic::step_up(
        session.browser(),
        session.username(),
        token.secret(),
        session.taste(),
        conversation,
    )
    .await
    .map_err(|report| report.during(format!("cannot {what}: the app asks for another factor")))?;
    let follow = || session.browser().follow(Exchange::get(original.clone()));
    Ok(follow().await?)
}

fn asks_for_more(page: &Page) -> bool {
    page.status == 200 && matches!(AppPage::read(&page.body), Ok(AppPage::StepUp { .. }))
}
