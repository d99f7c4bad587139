//! What a role's policies lead to. Nothing of it is kept.

use std::rc::Rc;

use super::session::Errand;
use super::{Desk, Outcome, to_the_end};
use crate::agent::party::{Member, Party};
use crate::flow::{self, Failure, OktaSession};
use crate::wire::{CredentialsRequest, DiscoverRequest, Reply};

impl Desk {
    pub(super) async fn discover(
        self: &Rc<Self>,
        request: DiscoverRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        if let Some(endpoint) = &request.iam_endpoint {
            flow::check_endpoint("IAM endpoint", endpoint)?;
        }
        let menu = request.menu;
        let wanted = |target, confirm| CredentialsRequest {
            target,
            min_ttl: None,
            may_sign_in: true,
            knows_roles: false,
            menu,
            confirm,
        };
        let target = request.target.clone();
        let held = self
            .good(wanted(request.target, request.confirm), member)
            .await?
            .held;
        let reader = match request.reader {
            Some(target) => {
                let wanted = wanted(target, request.confirm_reader);
                self.good(wanted, member).await?.held
            }
            None => Rc::clone(&held),
        };
        let party = Party::of(member);
        let desk = Rc::clone(self);
        to_the_end(async move {
            let endpoint = request.iam_endpoint.as_deref();
            let (role, reader) = (&held.credentials.role, &reader.credentials);
            let read = async |okta: &OktaSession| {
                let now = flow::FlowContext::now(&desk.vault);
                flow::discover(okta, role, reader, endpoint, now, &*party)
                    .await
                    .map_err(Failure::from)
            };
            let errand = Errand::of(&target);
            let (_, found) = desk
                .with_session(&target.account, errand, &party, read)
                .await?;
            Ok(Reply::Discovered(found))
        })
        .await
    }
}
