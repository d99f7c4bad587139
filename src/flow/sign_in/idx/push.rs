//! A push: polled at Okta's pace and until its deadline, and sent again if the user wants.

use std::time::Duration;

use super::dead_end::unexpected;
use super::transaction::{IdxTransaction, Push};
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::dead_end::push_not_approved;
use crate::flow::sign_in::prompts::{PushDecision, ask_push_again};
use crate::okta::idx::PendingPush;
use crate::okta::{FactorKind, Post};
use crate::report::Report;
use crate::wire::Notice;

/// Where Okta names no interval.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(4);
const MIN_POLL_INTERVAL: Duration = Duration::from_secs(1);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(15);
/// How long a push is polled: at most, and if it has no deadline.
const PUSH_LIFETIME: Duration = Duration::from_secs(300);

impl<C: Conversation> IdxTransaction<'_, C> {
    /// Waits one polling interval. Returns the request to send next.
    pub(super) async fn wait_for_push(&mut self, pending: PendingPush) -> Result<Post, Report> {
        let preferred = self.preference.preferred.as_deref();
        if preferred.is_some_and(|name| name != "push") && pending.can_choose_other() {
            return self.select_factor(pending.choose_other()).await;
        }
        let name = match pending.detail() {
            Some(detail) => format!("push ({detail})"),
            None => "push".into(),
        };
        if self.push.is_none() {
            self.note_factor(&FactorKind::Push);
            let push = self.new_push(&pending);
            self.conversation.notify(Notice::PushSent {
                factor: name.clone(),
                seconds: push.left.as_secs(),
            });
            self.push = Some(push);
        }
        let Some(push) = &mut self.push else {
            return Err(unexpected("Okta waits for a push that was not sent"));
        };
        if let Some(number) = pending.number()
            && push.shown_number.as_deref() != Some(number)
        {
            let number = number.to_owned();
            push.shown_number = Some(number.clone());
            let seconds = push.left.as_secs();
            let notice = Notice::NumberChallenge { number, seconds };
            self.conversation.notify(notice);
        }
        let interval = pending.poll_interval().unwrap_or(DEFAULT_POLL_INTERVAL);
        let interval = interval.clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL);
        if pending.is_polling() && push.left >= interval {
            push.left -= interval;
            push.interval = interval;
            let poll = pending.poll()?;
            self.conversation.pause(interval).await?;
            return Ok(poll);
        }
        self.push = None;
        let why = match self.refused.take() {
            Some(report) => report.causes.join(": "),
            None => "nobody answered it in time".into(),
        };
        let (can_resend, can_change) = (pending.can_resend(), pending.can_choose_other());
        match ask_push_again(&name, &why, can_resend, can_change, self.conversation).await {
            PushDecision::SendAgain => Ok(pending.resend()?),
            PushDecision::OtherFactor => self.select_factor(pending.choose_other()).await,
            PushDecision::GiveUp => Err(push_not_approved(&name, &why)),
        }
    }

    fn new_push(&self, pending: &PendingPush) -> Push {
        let left = match (pending.expires_at(), self.client.server_time()) {
            (Some(end), Some(now)) => {
                let seconds = end.seconds_since(now).max(0).unsigned_abs();
                Duration::from_secs(seconds).min(PUSH_LIFETIME)
            }
            _ => PUSH_LIFETIME,
        };
        Push {
            shown_number: None,
            left,
            interval: DEFAULT_POLL_INTERVAL,
        }
    }
}
