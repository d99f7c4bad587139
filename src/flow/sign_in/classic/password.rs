//! The change of an expired password.

use super::transaction::ClassicTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::dead_end::password_not_changed;
use crate::flow::sign_in::prompts::ask_new_password;
use crate::okta::authn::{AuthnError, PasswordChange, Transaction};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::Notice;

impl<C: Conversation> ClassicTransaction<'_, C> {
    /// Asks for a new password until one meets the org's rules.
    pub(super) async fn change_password(
        &mut self,
        change: PasswordChange,
        old: &Secret,
    ) -> Result<Transaction, Report> {
        self.conversation.notify(Notice::Message(
            "your Okta password has expired and must be changed now".into(),
        ));
        let mut refused: Option<Report> = None;
        loop {
            let new = ask_new_password(self.org, self.username, self.conversation).await;
            let new = new.map_err(|unanswered| match refused.take() {
                Some(refused) => refused.cause(unanswered),
                None => password_not_changed(change.custom_url.as_deref(), unanswered),
            })?;
            let post = change.change(old, &new)?;
            drop(new);
            let response = self.post(post).await?;
            let (status, content_type) = (response.status, response.content_type());
            match Transaction::parse(self.org, status, content_type, &response.body) {
                // Okta names the rule, and accepts another password.
                Err(AuthnError::Refused(error))
                    if error.report_code() == ErrorCode::OktaPasswordPolicy =>
                {
                    self.conversation.notify(Notice::Message(error.message()));
                    refused = Some(error.into());
                }
                parsed => return Ok(parsed?),
            }
        }
    }
}
