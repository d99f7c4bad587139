//! What a person has agreed to, and at which terminal: `confirm = true` of a profile is asked once for each.
//!
//! It guards against slips, not against programs: whoever runs as the user could ask without it.

use std::rc::Rc;

use crate::agent::choices::TerminalAnswers;
use crate::agent::vault::LiveSession;
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{Conversation as _, Unanswered};
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::wire::{Answer, Ask, AskKind, Confirmation, Target};

#[derive(Debug)]
pub(super) struct Approvals(TerminalAnswers<Target, ()>);

impl Approvals {
    pub(super) fn new() -> Self {
        Self(TerminalAnswers::new())
    }

    /// Has the person at this client agree, unless they have before at the same terminal and in the same session.
    pub(super) async fn agree(
        &self,
        confirmation: &Confirmation,
        target: &Target,
        client: &Rc<Client>,
        session: Option<&Rc<LiveSession>>,
    ) -> Result<(), Report> {
        let agreed = confirmation
            .terminal
            .and_then(|terminal| self.0.get(terminal, question(target), session));
        if agreed.is_some() {
            return Ok(());
        }
        let waiters = Waiters::of(client);
        let ask = Ask::Confirm {
            profile: confirmation.profile.clone(),
            role: target.role.clone(),
        };
        match waiters.ask(ask).await {
            Ok(Answer::Confirm(true)) => Ok(()),
            Ok(Answer::Confirm(false)) => Err(declined(&confirmation.profile)),
            Ok(_) => Err(Unanswered::Mismatched(AskKind::Confirmation).into()),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// Remembers the agreement for the session that it was used with.
    pub(super) fn remember(
        &self,
        confirmation: &Confirmation,
        target: &Target,
        session: &Rc<LiveSession>,
    ) {
        if let Some(terminal) = confirmation.terminal {
            self.0.put(terminal, question(target), (), session);
        }
    }
}

/// A shell's renewals are for what its user agreed to, whichever provider opened the role.
fn question(target: &Target) -> Target {
    Target {
        through: None,
        ..target.clone()
    }
}

fn declined(profile: &str) -> Report {
    Report::new(
        Exit::SignIn,
        "confirm.declined",
        format!("the profile {} is not used", escape(profile)),
    )
    .cause("it has `confirm = true`, and the answer was not yes")
    .hint("run the same command again and answer `y`")
}
