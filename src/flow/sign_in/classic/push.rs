//! A push: polled until Okta's deadline, and sent again if the user wants.

use std::time::Duration;

use super::factor::factor_name;
use super::transaction::ClassicTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::retry::poll;
use crate::flow::sign_in::dead_end::push_not_approved;
use crate::flow::sign_in::prompts::{PushDecision, ask_push_again};
use crate::okta::authn::{FactorResult, MfaChallenge, Transaction};
use crate::report::Report;
use crate::wire::Notice;

/// Okta's own page polls every four seconds; its rate limits allow a poll every two.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How long a push is polled: at most, and if it has no `expiresAt`.
const PUSH_LIFETIME_SECONDS: i64 = 300;

impl<C: Conversation> ClassicTransaction<'_, C> {
    pub(super) async fn wait_for_push(
        &mut self,
        mut challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let seconds = match (challenge.handle.expires_at, self.client.server_time()) {
            (Some(end), Some(now)) => end.seconds_since(now).clamp(0, PUSH_LIFETIME_SECONDS),
            _ => PUSH_LIFETIME_SECONDS,
        };
        let mut left = Duration::from_secs(seconds.unsigned_abs());
        let mut shown_number: Option<String> = None;
        if challenge.is_polling() {
            self.conversation.notify(Notice::PushSent {
                factor: factor_name(&challenge.factor),
                seconds: left.as_secs(),
            });
        }
        loop {
            if let Some(number) = challenge.number.as_deref()
                && shown_number.as_deref() != Some(number)
            {
                let number = number.to_owned();
                shown_number = Some(number.clone());
                let seconds = left.as_secs();
                let notice = Notice::NumberChallenge { number, seconds };
                self.conversation.notify(notice);
            }
            if let Some(why) = end_of_push(&challenge, left.is_zero()) {
                return self.resend_push(why, challenge).await;
            }
            self.conversation.pause(POLL_INTERVAL).await?;
            left = left.saturating_sub(POLL_INTERVAL);
            let post = challenge.poll()?;
            let send = || self.post(post.duplicate());
            let what = "ask whether the push was answered";
            let polled = poll(what, POLL_INTERVAL, &mut left, self.conversation, send);
            let response = polled.await?;
            challenge = match self.parse(&response)? {
                Transaction::MfaChallenge(challenge) => *challenge,
                other => return Ok(other),
            };
            self.cancel = challenge.handle.cancel();
        }
    }

    async fn resend_push(
        &mut self,
        why: &str,
        challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let factor = factor_name(&challenge.factor);
        let can_change = challenge.can_go_back();
        // While Okta still waits for the last push, it accepts no other.
        let can_resend = !challenge.is_polling();
        match ask_push_again(&factor, why, can_resend, can_change, self.conversation).await {
            PushDecision::SendAgain => self.send_once(challenge.restart()?).await,
            PushDecision::OtherFactor => self.choose_other(challenge).await,
            PushDecision::GiveUp => Err(push_not_approved(&factor, why)),
        }
    }
}

/// Returns why there is nothing to wait for any more.
fn end_of_push(challenge: &MfaChallenge, is_out_of_time: bool) -> Option<&'static str> {
    match challenge.result {
        Some(FactorResult::Rejected) => Some("it was rejected on the phone"),
        Some(FactorResult::Timeout | FactorResult::TimeWindowExceeded) => {
            Some("nobody answered it in time")
        }
        Some(FactorResult::Cancelled) => Some("it was cancelled"),
        Some(FactorResult::Error | FactorResult::Failed) => Some("Okta could not deliver it"),
        _ if !challenge.is_polling() => Some("Okta no longer waits for it"),
        _ if is_out_of_time => Some("nobody answered it in time"),
        _ => None,
    }
}
