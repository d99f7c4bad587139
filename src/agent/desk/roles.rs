//! The roles of a user: listed, or every one of them redeemed and handed out as it comes.

use std::rc::Rc;

use super::session::Errand;
use super::{Desk, Outcome, to_the_end};
use crate::agent::party::{Member, Party};
use crate::agent::vault::issue;
use crate::flow::{self, OktaSession, RoleObserver};
use crate::model::{Credentials, RoleArn};
use crate::report::Report;
use crate::wire::{FromAgent, Part, Reply, RoleEntry, RolesRequest, Target};

/// Entries of one frame: far below what a frame holds.
const ROLES_AT_A_TIME: usize = 500;

impl Desk {
    pub(super) async fn list_roles(
        self: &Rc<Self>,
        request: RolesRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_target(&request.target)?;
        if let Some(endpoint) = &request.iam_endpoint {
            flow::check_endpoint("IAM endpoint", endpoint)?;
        }
        let party = Party::of(member);
        let desk = Rc::clone(self);
        to_the_end(async move {
            let list = async |okta: &OktaSession| {
                flow::list_roles(okta, &request, &desk.vault, &*party).await
            };
            let errand = Errand::of(&request.target);
            let (session, mut roles) = desk
                .with_session(&request.target.account, errand, &party, list)
                .await?;
            let key = session.key();
            for used in desk.uses.all() {
                let same = used.org == key.org && used.username == key.username;
                for entry in roles
                    .iter_mut()
                    .filter(|entry| same && entry.role == used.role)
                {
                    entry.used = Some(used.at);
                }
            }
            Ok(Reply::Roles(roles))
        })
        .await
    }

    /// For `ob write --all`: nothing of it is kept.
    pub(super) async fn every_role(
        self: &Rc<Self>,
        target: Target,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_target(&target)?;
        let party = Party::of(member);
        let (desk, member) = (Rc::clone(self), Rc::clone(member));
        to_the_end(async move {
            let told = Told {
                desk: &desk,
                member: &member,
                org: &target.account.org,
            };
            let redeem = async |okta: &OktaSession| {
                flow::assume_all_roles(okta, &target, &desk.vault, &*party, &told).await
            };
            let errand = Errand::of(&target);
            desk.with_session(&target.account, errand, &party, redeem)
                .await?;
            Ok(Reply::AllRoles)
        })
        .await
    }
}

/// Hands out as it comes.
struct Told<'a> {
    desk: &'a Desk,
    member: &'a Member,
    org: &'a str,
}

impl RoleObserver for Told<'_> {
    fn listed(&self, roles: Vec<RoleEntry>) {
        for some in roles.chunks(ROLES_AT_A_TIME) {
            self.member.say(FromAgent::Part(Part::Roles(some.to_vec())));
        }
    }

    fn issued(&self, credentials: &Credentials) {
        self.desk.uses.note_expiry(self.org, credentials.expires_at);
        self.member
            .say(FromAgent::Part(Part::Issued(issue(credentials))));
    }

    fn refused(&self, role: &RoleArn, report: Report) {
        let role = role.to_string();
        self.member
            .say(FromAgent::Part(Part::Refused { role, report }));
    }
}
