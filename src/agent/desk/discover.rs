//! What a role's policies lead to. Nothing of it is kept.

use std::rc::Rc;

use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::flow;
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
        let wanted = |target| CredentialsRequest {
            target,
            min_ttl: None,
            may_sign_in: true,
        };
        let (account, app) = (request.target.account.clone(), request.target.app.clone());
        let held = self.good(wanted(request.target), member).await?;
        let reader = match request.reader {
            Some(target) => self.good(wanted(target), member).await?,
            None => Rc::clone(&held),
        };
        let party = Rc::new(Party::default());
        party.join(member);
        let session = match self
            .vault
            .session(&account.org, account.username.as_deref())
        {
            Some(live) => live,
            None => self.new_session(&account, &party, None, app).await?,
        };
        let endpoint = request.iam_endpoint.as_deref();
        let (role, now) = (&held.credentials.role, self.vault.now());
        flow::discover(
            &session.okta,
            role,
            &reader.credentials,
            endpoint,
            now,
            &*party,
        )
        .await
        .map(Reply::Discovered)
    }
}
