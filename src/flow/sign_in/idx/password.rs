//! A password that has expired: changed here, if somebody is at a terminal to think of another.

use super::Engine;
use super::dead_end::nobody_to_change_it;
use crate::flow::{Conversation, Unanswered};
use crate::okta::Post;
use crate::okta::idx::PasswordChange;
use crate::report::Report;
use crate::wire::{Answer, Ask, Notice};

impl<C: Conversation> Engine<'_, C> {
    /// Asks for a new password and sends it once. One that the org's rules refuse leads back to this step,
    /// with Okta's words told by then, for the person to think of another.
    pub(super) async fn change_password(&mut self, change: PasswordChange) -> Result<Post, Report> {
        if self.refused.is_none() {
            self.conversation.notify(Notice::Message(
                "your Okta password has expired and must be changed now".into(),
            ));
        }
        let ask = Ask::NewPassword {
            org: self.browser.org().origin().into(),
            username: self.username.into(),
        };
        let question = ask.kind();
        match self.conversation.ask(ask).await {
            Ok(Answer::NewPassword(new)) if !new.0.is_empty() => Ok(change.change(&new.0)?),
            Ok(_) => Err(Unanswered::Mismatched(question).into()),
            Err(unanswered) => Err(match self.refused.take() {
                Some(refused) => refused.cause(unanswered),
                None => nobody_to_change_it(&change, unanswered),
            }),
        }
    }

    /// One that ends soon is mentioned, and kept.
    pub(super) fn put_off(&mut self, change: &PasswordChange) -> Result<Post, Report> {
        if let Some(days) = change.days_left() {
            self.conversation.notify(Notice::Message(format!(
                "your password ends in {days} days"
            )));
        }
        Ok(change.skip()?)
    }
}
