//! The change of an expired password.

use super::transaction::IdxTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::dead_end::password_not_changed;
use crate::flow::sign_in::prompts::ask_new_password;
use crate::okta::Post;
use crate::okta::idx::PasswordChange;
use crate::report::Report;
use crate::wire::Notice;

impl<C: Conversation> IdxTransaction<'_, C> {
    /// Asks for a new password. One that the org's rules refuse leads back to this step, after
    /// Okta's message was shown.
    pub(super) async fn change_password(&mut self, change: PasswordChange) -> Result<Post, Report> {
        if self.refused.is_none() {
            self.conversation.notify(Notice::Message(
                "your Okta password has expired and must be changed now".into(),
            ));
        }
        let org = self.client.org();
        let new = ask_new_password(org, self.username, self.conversation).await;
        let new = new.map_err(|unanswered| match self.refused.take() {
            Some(refused) => refused.cause(unanswered),
            None => password_not_changed(change.custom_url().as_deref(), unanswered),
        })?;
        Ok(change.change(&new)?)
    }

    /// Keeps a password that expires soon, and says so.
    pub(super) fn keep_password(&self, change: &PasswordChange) -> Result<Post, Report> {
        if let Some(days) = change.days_left() {
            let text = format!("your password ends in {days} days");
            self.conversation.notify(Notice::Message(text));
        }
        Ok(change.skip()?)
    }
}
