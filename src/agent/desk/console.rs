//! A sign-in to the AWS console. The link is made for one client and not kept.

use std::rc::Rc;

use super::session::Errand;
use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::flow::{self, Failure};
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
            confirm: request.confirm.take(),
        };
        let held = self.good(wanted, member).await?;
        let account = &request.target.account;
        let party = Rc::new(Party::default());
        party.join(member);
        // Credentials may have outlived their session, whose connection is the one to AWS.
        let errand = Errand::of(&request.target);
        let (_, link) = self
            .with_session(account, errand, &party, async |session| {
                flow::console_link(&session.okta, &request, &held.credentials, &*party)
                    .await
                    .map_err(Failure::Final)
            })
            .await?;
        Ok(Reply::Console {
            link: Sealed(link),
            role: held.credentials.role.to_string(),
        })
    }
}
