//! From a role's credentials to a link that signs in to the AWS console.

use crate::aws::{Console, read_signin_token};
use crate::flow::assume_role::sts_client::region_of;
use crate::flow::retry::{Provider, with_retry_at};
use crate::flow::{Conversation, OktaSession};
use crate::http::Request;
use crate::model::Credentials;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{ConsoleRequest, Notice};

/// Exchanges `credentials` for the link that `request` describes, over the connection rules of `session`.
///
/// # Errors
/// When AWS refuses them, or cannot be reached.
pub async fn console_link(
    session: &OktaSession,
    request: &ConsoleRequest,
    credentials: &Credentials,
    conversation: &impl Conversation,
) -> Result<Secret, Report> {
    let partition = credentials.role.partition();
    let console = Console::for_partition(&partition, request.signin_endpoint.as_deref())?;
    let region = region_of(&request.target, &credentials.role)?;
    let page = console.page(request.service.as_deref(), region.as_ref())?;
    let what = "ask AWS for a console sign-in";
    conversation.notify(Notice::Doing(what.into()));
    // AWS refuses a duration for roles that were reached through another role.
    let seconds = request
        .target
        .chain
        .is_empty()
        .then_some(request.target.duration);
    let client = session.browser().client();
    let ask = async |seconds: Option<u32>| {
        let url = console.token_request(credentials, seconds);
        with_retry_at(Provider::Aws(console.host()), what, conversation, || {
            client.send(Request::get_json(url.clone()))
        })
        .await
    };
    let mut answer = ask(seconds).await?;
    if answer.status == 400 && seconds.is_some() {
        answer = ask(None).await?;
    }
    if answer.status != 200 {
        return Err(Report::new(
            ErrorCode::ConsoleRefused,
            "AWS does not sign this role in to the console",
        )
        .cause(format!(
            "its sign-in endpoint answered with status {}",
            answer.status
        ))
        .hint(format!(
            "`ob exec -r {} -- aws sts get-caller-identity` shows whether the credentials work",
            credentials.role
        )));
    }
    let token = read_signin_token(&answer.body)?;
    Ok(console.login(&token, session.org().origin(), &page))
}
