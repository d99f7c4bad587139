//! Which profiles with `confirm = true` the user has approved: each is asked for once in a
//! terminal.
//!
//! Approvals prevent mistakes. They do not stop programs: any process of the user can send the
//! same request without a confirmation.

use std::rc::Rc;

use crate::agent::credential_key::CredentialKey;
use crate::agent::terminal_answers::TerminalAnswers;
use crate::agent::vault::LiveSession;
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{Conversation as _, Unanswered};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::wire::{Answer, Ask, AskKind, Confirmation, Target};

#[derive(Debug, Default)]
pub(super) struct Approvals(TerminalAnswers<CredentialKey, ()>);

impl Approvals {
    /// Asks the user at this client, unless the user has approved the target before, at the same
    /// terminal and in the same session.
    pub(super) async fn require(
        &self,
        confirmation: &Confirmation,
        target: &Target,
        client: &Rc<Client>,
        session: Option<&Rc<LiveSession>>,
    ) -> Result<(), Report> {
        let approved = confirmation
            .terminal
            .and_then(|terminal| self.0.get(terminal, CredentialKey::of(target), session));
        if approved.is_some() {
            return Ok(());
        }
        let ask = Ask::Confirm {
            profile: confirmation.profile.clone(),
            role: target.role.clone(),
        };
        match Waiters::of(client).ask(ask).await? {
            Answer::Confirm(true) => Ok(()),
            Answer::Confirm(false) => Err(declined(&confirmation.profile)),
            _ => Err(Unanswered::Mismatched(AskKind::Confirmation).into()),
        }
    }

    /// Remembers the approval for the session that it was used with.
    pub(super) fn remember(
        &self,
        confirmation: &Confirmation,
        target: &Target,
        session: &Rc<LiveSession>,
    ) {
        if let Some(terminal) = confirmation.terminal {
            let key = CredentialKey::of(target);
            self.0.put(terminal, key, (), session);
        }
    }
}

fn declined(profile: &str) -> Report {
    Report::new(
        ErrorCode::ConfirmDeclined,
        format!("the profile {} is not used", escape(profile)),
    )
    .cause("it has `confirm = true`, and the answer was not yes")
    .hint("run the same command again and answer `y`")
}
