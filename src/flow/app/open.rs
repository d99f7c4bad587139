//! Opens an app's page, by whatever the session opens apps with.

use url::Url;

use crate::flow::app::oauth_page::open_aws_app;
use crate::flow::app::step_up::open_with_cookies;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::{OktaSession, SessionKind};
use crate::http::Response;

/// Opens the page of an AWS app and satisfies what it asks for beyond the sign-in.
///
/// # Errors
/// [`Failure::SessionEnded`] if the page asks for a sign-in; else what was refused.
pub(super) async fn open_page(
    session: &OktaSession,
    link: &Url,
    what: &str,
    conversation: &impl Conversation,
) -> Result<Response, Failure> {
    match session.kind() {
        SessionKind::Oauth(oauth) => open_aws_app(session, oauth, link, what, conversation).await,
        SessionKind::Cookie(_) | SessionKind::Machine(_) => {
            open_with_cookies(session, link, what, conversation).await
        }
    }
}
