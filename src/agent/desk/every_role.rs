//! Every role at once, for `ob write --all`: handed out as they come and not kept.

use std::rc::Rc;

use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::agent::vault::{LiveSession, issue};
use crate::flow::{self, Failure, Harvest};
use crate::model::{Credentials, RoleArn};
use crate::report::Report;
use crate::wire::{FromAgent, Part, Reply, RoleEntry, Target};

/// Entries of one frame: far below what a frame holds.
const ROLES_AT_A_TIME: usize = 500;

impl Desk {
    pub(super) async fn every_role(
        self: &Rc<Self>,
        target: Target,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_target(&target)?;
        let party = Rc::new(Party::default());
        party.join(member);
        let account = &target.account;
        let warm = flow::sts_to_be_asked(&target);
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        let reused = live.is_some();
        let mut session = match live {
            Some(live) => live,
            None => {
                self.new_session(account, &party, warm.clone(), target.app.clone())
                    .await?
            }
        };
        let mut outcome = self.redeem_all(&session, &target, &party, member).await;
        if reused && matches!(outcome, Err(Failure::SessionEnded)) {
            self.vault.forget_session(&session);
            session = self
                .new_session(account, &party, warm, target.app.clone())
                .await?;
            outcome = self.redeem_all(&session, &target, &party, member).await;
        }
        outcome
            .map(|()| Reply::AllRoles)
            .map_err(Failure::into_report)
    }

    async fn redeem_all(
        &self,
        session: &LiveSession,
        target: &Target,
        party: &Party,
        member: &Rc<Member>,
    ) -> Result<(), Failure> {
        let memory = flow::Memory {
            now: &|| self.vault.now(),
            duration: &|role| self.vault.duration(role),
            remember_duration: &|role, seconds| self.vault.remember_duration(role, seconds),
        };
        let outcome = flow::every_role(&session.okta, target, &memory, party, &**member).await;
        self.learn_time(&session.okta, party);
        outcome
    }
}

impl Harvest for Member {
    fn roles(&self, roles: Vec<RoleEntry>) {
        for some in roles.chunks(ROLES_AT_A_TIME) {
            self.say(FromAgent::Part(Part::Roles(some.to_vec())));
        }
    }

    fn issued(&self, credentials: &Credentials) {
        self.say(FromAgent::Part(Part::Issued(issue(credentials))));
    }

    fn refused(&self, role: &RoleArn, report: Report) {
        let role = role.to_string();
        self.say(FromAgent::Part(Part::Refused { role, report }));
    }
}
