//! The sign-in of a machine: its key, and a first token that proves it.

use crate::flow::conversation::{Conversation, Unanswered};
use crate::flow::session::machine::MachineSession;
use crate::http::CookieClient;
use crate::model::Timestamp;
use crate::okta::oauth::SigningKey;
use crate::report::{ErrorCode, Report};
use crate::wire::{Account, Answer, Ask, AskKind};

/// Asks for the machine's key and fetches a first token.
///
/// # Errors
/// If the key cannot be used, or Okta refuses it.
pub(super) async fn sign_in(
    client: &CookieClient,
    account: &Account,
    now: Option<Timestamp>,
    conversation: &impl Conversation,
) -> Result<MachineSession, Report> {
    let (Some(client_id), Some(machine)) = (&account.client_id, &account.machine) else {
        let summary = "a machine's sign-in needs a client id and a private key";
        return Err(Report::new(ErrorCode::AgentTarget, summary)
            .hint("set `client_id`, `key_id` and `private_key_file` in [org]"));
    };
    let Answer::PrivateKey(pem) = conversation.ask(Ask::PrivateKey).await? else {
        return Err(Unanswered::Mismatched(AskKind::PrivateKey).into());
    };
    let key = SigningKey::parse(&pem.0)?;
    drop(pem);
    let session = MachineSession::new(client, client_id, machine, key);
    let now = now.unwrap_or(Timestamp(0));
    session.token(client, now, conversation).await?;
    Ok(session)
}
