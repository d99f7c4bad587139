//! What accounts call themselves: IAM's alias, asked with a role of each. Nobody waits for it but who asked for
//! names, and an account that does not tell is left without.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;

use crate::aws::SessionDuration;
use crate::flow::app::aws_app::AwsAssertion;
use crate::flow::assume_role::redeem;
use crate::flow::iam_client::Iam;
use crate::flow::{Conversation, FlowContext, OktaSession};
use crate::model::{SamlRole, SessionPolicy};
use crate::wire::{Notice, RolesRequest, Target};

/// Accounts asked at a time.
const AT_ONCE: usize = 16;
/// For all of them together.
const ENOUGH: Duration = Duration::from_secs(20);

/// The alias of each account that `assertions` open and that tells it, by its number.
pub(in crate::flow) async fn account_aliases(
    session: &OktaSession,
    request: &RolesRequest,
    assertions: &[AwsAssertion],
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
) -> BTreeMap<String, String> {
    let mut one_of_each: BTreeMap<&str, (&AwsAssertion, &SamlRole)> = BTreeMap::new();
    for assertion in assertions {
        for role in assertion.roles.iter().flatten() {
            one_of_each
                .entry(role.role.account())
                .or_insert((assertion, role));
        }
    }
    // The least that can ask: for a quarter of an hour, and only to look.
    let target = Target {
        chain: Vec::new(),
        policy: SessionPolicy::ReadOnly,
        duration: SessionDuration::MIN.seconds(),
        ..request.target.clone()
    };
    let (target, endpoint) = (&target, request.iam_endpoint.as_deref());
    let ask = async |assertion: &AwsAssertion, role: &SamlRole| {
        let credentials = redeem(session, target, assertion, role, memory, conversation)
            .await
            .ok()?;
        let iam = Iam::new(session, &credentials, endpoint, memory.now()).ok()?;
        let path = ["AccountAliases", "member"];
        let answer = iam.list("ListAccountAliases", &[], &path, conversation);
        let alias = answer.await.ok()?.into_iter().next()?;
        Some((role.role.account().to_owned(), alias))
    };
    let mut found = BTreeMap::new();
    let all = async {
        let mut answers = stream::iter(one_of_each)
            .map(|(_, (assertion, role))| ask(assertion, role))
            .buffer_unordered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            found.extend(answer);
        }
    };
    conversation.notify(Notice::Doing("ask the accounts for their names".into()));
    // Those that are slow are asked again the next time.
    let _ = timeout(ENOUGH, all).await;
    found
}
