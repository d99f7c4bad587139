//! What a role's policies lead to. Nothing of it is kept.

use std::rc::Rc;

use super::session::Errand;
use super::{Desk, Outcome};
use crate::agent::party::{Member, Party};
use crate::flow::{self, Failure, Memory as _};
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
            confirm: None,
        };
        let (account, errand) = (request.target.account.clone(), Errand::of(&request.target));
        let held = self.good(wanted(request.target), member).await?;
        let reader = match request.reader {
            Some(target) => self.good(wanted(target), member).await?,
            None => Rc::clone(&held),
        };
        let party = Rc::new(Party::default());
        party.join(member);
        let endpoint = request.iam_endpoint.as_deref();
        let role = &held.credentials.role;
        let (_, found) = self
            .with_session(&account, errand, &party, async |session| {
                let now = self.vault.now();
                let credentials = &reader.credentials;
                flow::discover(&session.okta, role, credentials, endpoint, now, &*party)
                    .await
                    .map_err(Failure::Final)
            })
            .await?;
        Ok(Reply::Discovered(found))
    }
}
