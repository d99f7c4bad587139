//! Which roles of other accounts a role may go on to, read from its policies.

use futures_util::future::try_join_all;
use percent_encoding::percent_decode_str;

use crate::aws::AssumePermissions;
use crate::flow::iam_client::Iam;
use crate::flow::{Conversation, OktaSession};
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::wire::{DiscoveredRole, Notice};

/// Reads the policies of `role` with `reader`'s credentials: inline ones and attached ones.
///
/// # Errors
/// When IAM refuses, cannot be reached, or the reader belongs to another account.
pub async fn discover(
    session: &OktaSession,
    role: &RoleArn,
    reader: &Credentials,
    endpoint: Option<&str>,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<Vec<DiscoveredRole>, Report> {
    if reader.role.account() != role.account() {
        return Err(Report::new(
            ErrorCode::DiscoverAccount,
            format!("cannot read the policies of {role}"),
        )
        .cause(format!("{} belongs to another account", reader.role))
        .hint("name a profile of the same account with `--with PROFILE`"));
    }
    conversation.notify(Notice::Doing(format!("read the policies of {role}")));
    let iam = Iam::new(session, reader, endpoint, now)?;
    let name = [("RoleName", role.name())];
    let inline = iam
        .list(
            "ListRolePolicies",
            &name,
            &["PolicyNames", "member"],
            conversation,
        )
        .await?;
    let attached = iam
        .list(
            "ListAttachedRolePolicies",
            &name,
            &["AttachedPolicies", "member", "PolicyArn"],
            conversation,
        )
        .await?;
    let of_inline = inline.iter().map(|policy| {
        let asked = [("RoleName", role.name()), ("PolicyName", policy)];
        let iam = &iam;
        async move {
            let path = ["GetRolePolicyResult", "PolicyDocument"];
            let document = iam
                .one("GetRolePolicy", &asked, &path, conversation)
                .await?;
            read(policy, &document)
        }
    });
    let of_attached = attached.iter().map(|policy| {
        let iam = &iam;
        async move {
            let asked = [("PolicyArn", policy.as_str())];
            let version = iam
                .one(
                    "GetPolicy",
                    &asked,
                    &["Policy", "DefaultVersionId"],
                    conversation,
                )
                .await?;
            let asked = [("PolicyArn", policy.as_str()), ("VersionId", &version)];
            let path = ["PolicyVersion", "Document"];
            let document = iam
                .one("GetPolicyVersion", &asked, &path, conversation)
                .await?;
            read(policy, &document)
        }
    });
    let mut all = AssumePermissions::default();
    for found in try_join_all(of_inline)
        .await?
        .into_iter()
        .chain(try_join_all(of_attached).await?)
    {
        all.merge(found);
    }
    let found = all.targets().map(|onward| DiscoveredRole {
        from: role.to_string(),
        role: onward.role.clone(),
        conditional: onward.conditional,
    });
    Ok(found.collect())
}

/// IAM hands documents out percent-encoded (RFC 3986).
fn read(policy: &str, document: &str) -> Result<AssumePermissions, Report> {
    let decoded = percent_decode_str(document).decode_utf8_lossy();
    AssumePermissions::parse(&decoded).ok_or_else(|| {
        Report::new(
            ErrorCode::DiscoverPolicy,
            format!("cannot read the policy {policy}"),
        )
        .cause("it is not the JSON of a policy")
        .hint("`ob exec -- aws iam get-role-policy` shows what IAM has")
    })
}
