//! The accounts' aliases, which IAM tells with a role of each account. An account that does not
//! answer has no alias in the list.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;

use crate::aws::SessionDuration;
use crate::flow::app::aws_app::AwsAssertion;
use crate::flow::assume_role::role_request::RoleRequest;
use crate::flow::context::FlowContext;
use crate::flow::conversation::Conversation;
use crate::flow::iam_client::IamClient;
use crate::flow::session::OktaSession;
use crate::model::{SamlRole, SessionPolicy};
use crate::wire::{Notice, RolesRequest, Target};

const MAX_CONCURRENT_ACCOUNTS: usize = 16;
/// For all accounts together.
const ALIASES_TIMEOUT: Duration = Duration::from_secs(20);

/// Returns the alias of each account that has one, by account number.
pub(super) async fn account_aliases(
    session: &OktaSession,
    request: &RolesRequest,
    assertions: &[AwsAssertion],
    context: &dyn FlowContext,
    conversation: &impl Conversation,
) -> BTreeMap<String, String> {
    let mut role_of_account: BTreeMap<&str, (&AwsAssertion, &SamlRole)> = BTreeMap::new();
    for assertion in assertions {
        for role in assertion.roles() {
            let account = role.role.account();
            role_of_account.entry(account).or_insert((assertion, role));
        }
    }
    // The weakest credentials that can ask: short-lived and read-only.
    let target = Target {
        chain: Vec::new(),
        policy: SessionPolicy::ReadOnly,
        duration: SessionDuration::MIN.seconds(),
        ..request.target.clone()
    };
    let role_request = RoleRequest {
        session,
        target: &target,
        context,
        conversation,
    };
    let (endpoint, now) = (request.iam_endpoint.as_deref(), context.now());
    let ask = async |assertion: &AwsAssertion, role: &SamlRole| {
        let credentials = role_request.with_assertion(assertion, role).await.ok()?;
        let iam = IamClient::new(session.http(), &credentials, endpoint, now).ok()?;
        let path = ["AccountAliases", "member"];
        let aliases = iam.list("ListAccountAliases", &[], &path, conversation);
        let alias = aliases.await.ok()?.into_iter().next()?;
        Some((role.role.account().to_owned(), alias))
    };
    let mut found = BTreeMap::new();
    let all = async {
        let mut answers = stream::iter(role_of_account)
            .map(|(_, (assertion, role))| ask(assertion, role))
            .buffer_unordered(MAX_CONCURRENT_ACCOUNTS);
        while let Some(answer) = answers.next().await {
            found.extend(answer);
        }
    };
    conversation.notify(Notice::Doing("ask the accounts for their names".into()));
    // Those that are late are asked again the next time.
    let _ = timeout(ALIASES_TIMEOUT, all).await;
    found
}
