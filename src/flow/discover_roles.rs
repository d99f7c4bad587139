//! Finds the roles of other accounts that a role may assume, by its policies.

use futures_util::future::try_join_all;
use percent_encoding::percent_decode_str;

use crate::aws::AssumePermissions;
use crate::flow::conversation::Conversation;
use crate::flow::iam_client::IamClient;
use crate::flow::session::OktaSession;
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::wire::{DiscoveredRole, Notice};

/// Reads the inline and attached policies of `role` with the credentials of `reader`.
///
/// # Errors
/// If the reader belongs to another account, or IAM refuses or cannot be reached.
pub async fn discover(
    session: &OktaSession,
    role: &RoleArn,
    reader: &Credentials,
    endpoint: Option<&str>,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<Vec<DiscoveredRole>, Report> {
    if reader.role.account() != role.account() {
        let summary = format!("cannot read the policies of {role}");
        return Err(Report::new(ErrorCode::DiscoverAccount, summary)
            .cause(format!("{} belongs to another account", reader.role))
            .hint("name a profile of the same account with `--with PROFILE`"));
    }
    conversation.notify(Notice::Doing(format!("read the policies of {role}")));
    let iam = IamClient::new(session.http(), reader, endpoint, now)?;
    let role_name = ("RoleName", role.name());
    let list = async |action: &str, path: &[&str]| {
        iam.list(action, &[role_name], path, conversation).await
    };
    let get = async |action: &str, parameters: &[(&str, &str)], path: &[&str]| {
        iam.get(action, parameters, path, conversation).await
    };
    let inline = list("ListRolePolicies", &["PolicyNames", "member"]).await?;
    let path = ["AttachedPolicies", "member", "PolicyArn"];
    let attached = list("ListAttachedRolePolicies", &path).await?;
    let inline = inline.iter().map(async |policy| {
        let parameters = [role_name, ("PolicyName", policy)];
        let path = ["GetRolePolicyResult", "PolicyDocument"];
        let document = get("GetRolePolicy", &parameters, &path).await?;
        parse(policy, &document)
    });
    let attached = attached.iter().map(async |policy| {
        let arn = ("PolicyArn", policy.as_str());
        let version = get("GetPolicy", &[arn], &["Policy", "DefaultVersionId"]).await?;
        let parameters = [arn, ("VersionId", &version)];
        let path = ["PolicyVersion", "Document"];
        let document = get("GetPolicyVersion", &parameters, &path).await?;
        parse(policy, &document)
    });
    let mut all = AssumePermissions::default();
    let inline = try_join_all(inline).await?;
    for permissions in inline.into_iter().chain(try_join_all(attached).await?) {
        all.merge(permissions);
    }
    let found = all.targets().map(|onward| DiscoveredRole {
        from: role.to_string(),
        role: onward.role.clone(),
        conditional: onward.conditional,
    });
    Ok(found.collect())
}

/// Parses a policy document, which IAM percent-encodes (RFC 3986).
fn parse(policy: &str, document: &str) -> Result<AssumePermissions, Report> {
    let decoded = percent_decode_str(document).decode_utf8_lossy();
    AssumePermissions::parse(&decoded).ok_or_else(|| {
        let summary = format!("cannot read the policy {policy}");
        Report::new(ErrorCode::DiscoverPolicy, summary)
            .cause("it is not the JSON of a policy")
            .hint("`ob exec -- aws iam get-role-policy` shows what IAM has")
    })
}
