//! From a role's credentials to a link that signs in to the AWS console.

use crate::aws::{Console, read_signin_token};
use crate::flow::assume_role::region::configured_region;
use crate::flow::conversation::Conversation;
use crate::flow::retry::{Provider, with_retry_at};
use crate::flow::session::OktaSession;
use crate::http::Request;
use crate::model::Credentials;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{ConsoleRequest, Notice};

/// Exchanges `credentials` for the link that `request` describes.
///
/// # Errors
/// If AWS refuses the credentials, or cannot be reached.
pub async fn console_link(
    session: &OktaSession,
    request: &ConsoleRequest,
    credentials: &Credentials,
    conversation: &impl Conversation,
) -> Result<Secret, Report> {
    let partition = credentials.role.partition();
    let console = Console::for_partition(&partition, request.signin_endpoint.as_deref())?;
    let region = configured_region(&request.target, &credentials.role)?;
    let page = console.page(request.service.as_deref(), region.as_ref())?;
    let what = "ask AWS for a console sign-in";
    conversation.notify(Notice::Doing(what.into()));
    let provider = Provider::Aws(console.host());
    let ask = async |seconds: Option<u32>| {
        let url = console.token_request(credentials, seconds);
        let get = || session.http().send(Request::get_json(url.clone()));
        with_retry_at(provider, what, conversation, get).await
    };
    // AWS refuses a duration for roles that were reached through another role.
    let is_chained = !request.target.chain.is_empty();
    let seconds = (!is_chained).then_some(request.target.duration);
    let mut response = ask(seconds).await?;
    if response.status == 400 && seconds.is_some() {
        response = ask(None).await?;
    }
    if response.status != 200 {
        return Err(refused(response.status, credentials));
    }
    let token = read_signin_token(&response.body)?;
    Ok(console.login(&token, session.org().origin(), &page))
}

fn refused(status: u16, credentials: &Credentials) -> Report {
    let summary = "AWS does not sign this role in to the console";
    Report::new(ErrorCode::ConsoleRefused, summary)
        .cause(format!(
            "its sign-in endpoint answered with status {status}"
        ))
        .hint(format!(
            "`ob exec -r {} -- aws sts get-caller-identity` shows whether the credentials work",
            credentials.role
        ))
}
