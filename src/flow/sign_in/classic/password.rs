//! A password that has expired: changed here, if somebody is at a terminal to think of another.

use super::Engine;
use super::dead_end::dead_end;
use crate::flow::{Conversation, Unanswered};
use crate::http::Request;
use crate::okta::ErrorKind;
use crate::okta::authn::{AuthnError, PasswordChange, Transaction};
use crate::report::{Exit, Report};
use crate::secret::Secret;
use crate::wire::{Answer, Ask, Notice};

impl<C: Conversation> Engine<'_, C> {
    pub(super) async fn change_password(
        &mut self,
        change: PasswordChange,
        old: &Secret,
    ) -> Result<Transaction, Report> {
        self.conversation.notify(Notice::Message(
            "your Okta password has expired and must be changed now".into(),
        ));
        loop {
            let ask = Ask::NewPassword {
                org: self.org.origin().into(),
                username: self.username.into(),
            };
            let question = ask.kind();
            let new = match self.conversation.ask(ask).await {
                Ok(Answer::NewPassword(new)) if !new.0.is_empty() => new.0,
                Ok(_) => return Err(Unanswered::Mismatched(question).into()),
                Err(unanswered) => {
                    return Err(match self.refused.take() {
                        Some(refused) => refused.cause(unanswered),
                        None => dead_end(&Transaction::PasswordExpired(change))
                            .cause(unanswered)
                            .exit(Exit::SignIn)
                            .hint("in a terminal `ob login` asks for a new one"),
                    });
                }
            };
            let post = change.change(old, &new)?;
            drop(new);
            let page = self
                .browser
                .send(Request::post_json(post.url, post.body))
                .await?;
            let transaction =
                Transaction::parse(self.org, page.status, page.content_type(), &page.body);
            match transaction {
                // The rules of the org were not met: Okta says which, and takes another one.
                Err(AuthnError::Refused(error)) if error.kind() == ErrorKind::PasswordPolicy => {
                    self.conversation.notify(Notice::Message(error.message()));
                    self.refused = Some(error.into());
                }
                read => {
                    self.refused = None;
                    return Ok(read?);
                }
            }
        }
    }
}
