//! A sign-in to the AWS console. The link is made for one client and not kept.

use std::rc::Rc;

use super::session::Errand;
use super::{Desk, Outcome, to_the_end};
use crate::agent::party::{Member, Party};
use crate::flow::{self, Failure, OktaSession};
use crate::wire::{ConsoleRequest, CredentialsRequest, Reply, Sealed};

impl Desk {
    pub(super) async fn console(
        self: &Rc<Self>,
        mut request: ConsoleRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        if let Some(endpoint) = &request.signin_endpoint {
            flow::check_endpoint("sign-in endpoint", endpoint)?;
        }
        let wanted = CredentialsRequest {
            target: request.target.clone(),
            min_ttl: None,
            may_sign_in: true,
            knows_roles: false,
            menu: request.menu,
            confirm: request.confirm.take(),
        };
        let held = self.good(wanted, member).await?.held;
        let party = Party::of(member);
        let desk = Rc::clone(self);
        to_the_end(async move {
            let target = &request.target;
            // Credentials may have outlived their session, whose connection is the one to AWS.
            let link = async |okta: &OktaSession| {
                flow::console_link(okta, &request, &held.credentials, &*party)
                    .await
                    .map_err(Failure::from)
            };
            let errand = Errand::of(target);
            let (_, link) = desk
                .with_session(&target.account, errand, &party, link)
                .await?;
            Ok(Reply::Console {
                link: Sealed(link),
                role: held.credentials.role.to_string(),
            })
        })
        .await
    }
}
