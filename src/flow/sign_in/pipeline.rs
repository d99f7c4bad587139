//! Which pipeline an org runs, Classic or Identity Engine.

use crate::flow::conversation::Conversation;
use crate::flow::retry::with_retry;
use crate::http::{CookieClient, Request};
use crate::okta::{Organization, Pipeline};
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// Asks the org (`/.well-known/okta-organization`, public, not rate limited).
///
/// # Errors
/// If the org cannot be asked, or is not Okta's.
pub(super) async fn fetch(
    client: &CookieClient,
    conversation: &impl Conversation,
) -> Result<Pipeline, Report> {
    let what = format!("ask {} how it signs people in", client.org().host());
    conversation.notify(Notice::Doing(what.clone()));
    let url = client.url(Organization::PATH)?;
    let get = || client.send(Request::get_json(url.clone()));
    let response = with_retry(&what, conversation, get).await?;
    let not_okta = |why: String| {
        Report::new(ErrorCode::OktaNotOkta, format!("cannot {what}"))
            .cause(why)
            .hint(
                "check the org's address with `ob config check`; \
                 a captive portal may be in between",
            )
    };
    if response.status != 200 {
        let status = response.status;
        return Err(not_okta(format!("it answered with status {status}")));
    }
    let organization = Organization::parse(response.content_type(), &response.body)
        .map_err(|error| not_okta(error.to_string()))?;
    match organization.pipeline {
        Pipeline::Unknown(name) => Err(not_okta(format!(
            "it runs the pipeline {name:?}, which ob does not know"
        ))),
        known => Ok(known),
    }
}
