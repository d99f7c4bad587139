//! A sign-in to the AWS console. The link is made for one client and not kept.

use std::rc::Rc;

use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::flow;
use crate::report::Report;
use crate::wire::{ConsoleRequest, CredentialsRequest, Reply, Sealed};

impl Desk {
    pub(super) async fn console(
        self: &Rc<Self>,
        request: ConsoleRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        if let Some(endpoint) = &request.signin_endpoint {
            flow::check_endpoint("sign-in endpoint", endpoint)?;
        }
        let wanted = CredentialsRequest {
            target: request.target.clone(),
            min_ttl: None,
            may_sign_in: true,
        };
        let held = self.good(wanted, member).await?;
        let account = &request.target.account;
        let party = Rc::new(Party::default());
        party.join(member);
        // Credentials may have outlived their session, whose connection is the one to AWS.
        let session = match self
            .vault
            .session(&account.org, account.username.as_deref())
        {
            Some(live) => live,
            None => {
                self.new_session(account, &party, None, request.target.app.clone())
                    .await?
            }
        };
        let link: Result<_, Report> =
            flow::console_link(&session.okta, &request, &held.credentials, &*party).await;
        Ok(Reply::Console {
            link: Sealed(link?),
            role: held.credentials.role.to_string(),
        })
    }
}
