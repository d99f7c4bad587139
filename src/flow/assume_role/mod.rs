//! From a session to the credentials of one role: app, assertion, role, STS, chain.

pub(super) mod all_roles;
pub(super) mod region;
pub(super) mod role_request;
pub(super) mod select_role;
pub(super) mod sts;
mod sts_client;

use self::role_request::{RoleRequest, session_name};
use self::select_role::{RoleChoices, Selected, select_role};
use self::sts::AssumeError;
use crate::flow::app::aws_app::{AwsAssertion, fetch_assertion};
use crate::flow::context::FlowContext;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::{OktaSession, SessionKind};
use crate::model::{Credentials, RoleArn, SamlRole};
use crate::report::{ErrorCode, Report};
use crate::wire::Target;

/// The result for a target.
#[derive(Debug)]
pub enum Obtained {
    Credentials(Credentials),
    /// The target matches several roles. Nothing was asked, and STS was not called.
    Several(RoleChoices),
}

/// Makes the credentials of the role that `target` matches. If that is one of `choices`, its
/// assertion is used again.
///
/// # Errors
/// [`Failure::SessionEnded`] if Okta wants a new sign-in; else what was refused and by whom.
pub async fn obtain_credentials(
    session: &OktaSession,
    target: &Target,
    choices: Option<&RoleChoices>,
    context: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Obtained, Failure> {
    let request = RoleRequest {
        session,
        target,
        context,
        conversation,
    };
    if let SessionKind::Machine(machine) = session.kind() {
        let role = target.role.as_deref();
        let role = RoleArn::parse(role.unwrap_or_default());
        let role = role.map_err(|_| no_machine_role(target.role.as_deref()))?;
        let first = request.with_machine_token(machine, &role).await?;
        let name = session_name(session.username());
        let last = request.follow_chain(first, &name).await?;
        return Ok(Obtained::Credentials(last));
    }
    let chosen = choices.and_then(|choices| choices.assertion_for(target));
    let (assertion, role) = match chosen {
        Some(chosen) => chosen,
        None => match select_role(&request).await? {
            Selected::One(assertion, role) => (assertion, role),
            Selected::Several(choices) => return Ok(Obtained::Several(choices)),
        },
    };
    let (first, assertion) = assume_with_fresh_assertion(&request, assertion, &role).await?;
    session.apps().remember_app([&role], &assertion.app);
    let name = assertion.role_session_name.as_deref();
    let name = session_name(name.unwrap_or(session.username()));
    let last = request.follow_chain(first, &name).await?;
    let has_several = session.apps().has_several_providers(&role.role);
    Ok(Obtained::Credentials(Credentials {
        provider: has_several.then_some(role.provider),
        ..last
    }))
}

/// Assumes a role, a second time with a new assertion if this one has expired. Returns the
/// assertion that was accepted.
async fn assume_with_fresh_assertion(
    request: &RoleRequest<'_, impl Conversation>,
    assertion: AwsAssertion,
    role: &SamlRole,
) -> Result<(Credentials, AwsAssertion), Failure> {
    match request.with_assertion(&assertion, role).await {
        Ok(credentials) => Ok((credentials, assertion)),
        Err(AssumeError::ProofExpired(_)) => {
            let (app, now) = (assertion.app, request.context.now());
            let fresh = fetch_assertion(request.session, app, now, request.conversation).await?;
            let assumed = request.with_assertion(&fresh, role).await;
            Ok((assumed.map_err(AssumeError::into_report)?, fresh))
        }
        Err(error) => Err(error.into_report().into()),
    }
}

fn no_machine_role(given: Option<&str>) -> Report {
    let summary = "a machine needs the whole ARN of its role";
    let report = Report::new(ErrorCode::MachineRole, summary);
    match given {
        Some(given) => report.cause(format!("{given:?} is not one")),
        None => report,
    }
    .hint("`-r arn:aws:iam::123456789012:role/Deploy`, or `role =` of a profile")
}

/// Whether a failure of [`obtain_credentials`] says that the user lost the role or the app.
pub fn is_withdrawn(report: &Report) -> bool {
    matches!(
        report.code,
        ErrorCode::SamlNoSuchRole
            | ErrorCode::SamlNoRoles
            | ErrorCode::OktaStatus
            | ErrorCode::OktaForbidden
            | ErrorCode::OktaNotFound
    )
}
