//! The pace of codes that Okta sends by text message, call or e-mail.

use std::time::{Duration, Instant};

use crate::flow::conversation::{Conversation, Unanswered};
use crate::wire::Notice;

/// Okta sends no second code to one phone or mailbox within this time.
const MIN_RESEND_INTERVAL: Duration = Duration::from_secs(30);

/// When the last code was sent; `None` if this sign-in has sent none.
#[derive(Debug, Default)]
pub(super) struct CodeDelivery {
    last_sent: Option<Instant>,
}

impl CodeDelivery {
    pub(super) fn note_sent(&mut self) {
        self.last_sent = Some(Instant::now());
    }

    /// Waits until Okta would send another code, and tells the user how long. If none is noted,
    /// waits the whole interval: Okta has said that one was sent just now.
    pub(super) async fn wait(&self, conversation: &impl Conversation) -> Result<(), Unanswered> {
        let elapsed = self.last_sent.map_or(0, |sent| sent.elapsed().as_secs());
        let rest = MIN_RESEND_INTERVAL.saturating_sub(Duration::from_secs(elapsed));
        if rest.is_zero() {
            return Ok(());
        }
        conversation.notify(Notice::Message(format!(
            "a code was sent just now; the next one goes out in {} s",
            rest.as_secs()
        )));
        conversation.pause(rest).await
    }
}
