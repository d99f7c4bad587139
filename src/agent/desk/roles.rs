//! Which roles there are.

use std::rc::Rc;

use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::agent::vault::LiveSession;
use crate::flow::{self, Failure};
use crate::wire::{Reply, RoleEntry, Target};

impl Desk {
    pub(super) async fn list_roles(
        self: &Rc<Self>,
        target: Target,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_target(&target)?;
        let party = Rc::new(Party::default());
        party.join(member);
        let account = &target.account;
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        let reused = live.is_some();
        let mut session = match live {
            Some(live) => live,
            None => {
                self.new_session(account, &party, None, target.app.clone())
                    .await?
            }
        };
        let list = async |session: &LiveSession| -> Result<Vec<RoleEntry>, Failure> {
            flow::list_roles(&session.okta, &target, self.vault.now(), &*party).await
        };
        let mut outcome = list(&session).await;
        if reused && matches!(outcome, Err(Failure::SessionEnded)) {
            self.vault.forget_session(&session);
            session = self
                .new_session(account, &party, None, target.app.clone())
                .await?;
            outcome = list(&session).await;
        }
        outcome.map(Reply::Roles).map_err(Failure::into_report)
    }
}
