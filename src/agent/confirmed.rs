//! What a person has agreed to, and at which terminal: `confirm = true` of a profile is asked once for each.
//!
//! It guards against slips, not against programs: whoever runs as the user could ask without it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use crate::agent::party::{Member, Party};
use crate::flow::{Conversation as _, Unanswered};
use crate::report::{Exit, Report};
use crate::shown::shown;
use crate::wire::{Answer, Ask, Confirmation, Target};

#[derive(Debug, Default)]
pub(super) struct Confirmed(RefCell<HashSet<(i32, Target)>>);

impl Confirmed {
    /// Has the person at this client agree, unless they have before at the same terminal.
    pub(super) async fn agree(
        &self,
        confirmation: &Confirmation,
        target: &Target,
        member: &Rc<Member>,
    ) -> Result<(), Report> {
        let place = confirmation.terminal.map(|terminal| {
            // A shell's renewals are for what its user agreed to, whoever was found to open it.
            let target = Target {
                through: None,
                ..target.clone()
            };
            (terminal, target)
        });
        if place
            .as_ref()
            .is_some_and(|place| self.0.borrow().contains(place))
        {
            return Ok(());
        }
        let party = Party::default();
        party.join(member);
        let ask = Ask::Confirm {
            profile: confirmation.profile.clone(),
            role: target.role.clone(),
        };
        match party.ask(ask).await {
            Ok(Answer::Confirm(true)) => {
                self.0.borrow_mut().extend(place);
                Ok(())
            }
            Ok(Answer::Confirm(false)) => Err(declined(&confirmation.profile)),
            Ok(_) => Err(Unanswered::Nonsense("whether to use the profile").into()),
            Err(unanswered) => Err(unanswered.into()),
        }
    }

    /// Forgets all of it.
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

fn declined(profile: &str) -> Report {
    Report::new(
        Exit::SignIn,
        "confirm.declined",
        format!("the profile {} is not used", shown(profile)),
    )
    .cause("it has `confirm = true`, and the answer was not yes")
    .hint("run the same command again and answer `y`")
}
