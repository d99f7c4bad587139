//! A push: sent, waited for no longer than Okta does, sent again if the person says so.

use std::time::Duration;

use super::Engine;
use super::verify::name;
use crate::flow::Conversation;
use crate::flow::retry::poll;
use crate::http::Request;
use crate::okta::authn::{FactorResult, MfaChallenge, Transaction};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, Notice};

/// Between two looks at a push; Okta's own page takes four seconds and its limits allow two.
const POLL: Duration = Duration::from_secs(2);
/// A push without an `expiresAt` is waited for this long, in seconds.
const PUSH: i64 = 300;

impl<C: Conversation> Engine<'_, C> {
    pub(super) async fn push(
        &mut self,
        mut challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let mut shown = None;
        let started = self.browser.server_time();
        let good_for = match (challenge.handle.expires_at, started) {
            (Some(end), Some(now)) => end.seconds_since(now).clamp(0, PUSH),
            _ => PUSH,
        };
        let mut left = Duration::from_secs(good_for.unsigned_abs());
        loop {
            if let Some(number) = challenge
                .number()
                .filter(|number| shown.as_deref() != Some(*number))
            {
                self.conversation.notify(Notice::NumberChallenge {
                    number: number.to_owned(),
                });
                shown = Some(number.to_owned());
            }
            if let Some(why) = stopped(&challenge, left.is_zero()) {
                return self.push_again(why, challenge).await;
            }
            self.conversation.pause(POLL).await?;
            left = left.saturating_sub(POLL);
            let ask = challenge.poll()?;
            let what = "ask whether the push was answered";
            let page = poll(what, POLL, &mut left, self.conversation, || {
                let ask = ask.duplicate();
                self.browser.send(Request::post_json(ask.url, ask.body))
            })
            .await?;
            challenge = match self.read(&page)? {
                Transaction::MfaChallenge(challenge) => *challenge,
                other => return Ok(other),
            };
            self.cancel = challenge.handle.cancel();
        }
    }

    async fn push_again(
        &mut self,
        why: &str,
        challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let factor = name(challenge.factor());
        let ask = Ask::PushAgain {
            factor: factor.clone(),
            why: why.to_owned(),
            can_change: challenge.can_go_back(),
        };
        match self.conversation.ask(ask).await {
            Ok(Answer::PushAgain(true)) if challenge.is_polling() => {
                // Okta still waits for the old one and takes no other: it says so itself.
                self.push_is_over(&factor, why)
            }
            Ok(Answer::PushAgain(true)) => {
                let transaction = self.once(challenge.restart()?).await?;
                self.conversation.notify(Notice::PushSent { factor });
                Ok(transaction)
            }
            Ok(Answer::OtherFactor) => self.change(challenge).await,
            _ => self.push_is_over(&factor, why),
        }
    }

    fn push_is_over(&self, factor: &str, why: &str) -> Result<Transaction, Report> {
        Err(Report::new(
            ErrorCode::SignInPushRefused,
            format!("the {factor} was not approved"),
        )
        .cause(why)
        .hint("`ob login` sends another one; with `--factor totp`, or another that you have set up, it asks for that instead"))
    }
}

/// Why there is nothing to wait for any longer.
fn stopped(challenge: &MfaChallenge, out_of_time: bool) -> Option<&'static str> {
    match challenge.factor_result() {
        Some(FactorResult::Rejected) => Some("it was rejected on the phone"),
        Some(FactorResult::Timeout | FactorResult::TimeWindowExceeded) => {
            Some("nobody answered it in time")
        }
        Some(FactorResult::Cancelled) => Some("it was cancelled"),
        Some(FactorResult::Error | FactorResult::Failed) => Some("Okta could not deliver it"),
        _ if !challenge.is_polling() => Some("Okta no longer waits for it"),
        _ if out_of_time => Some("nobody answered it in time"),
        _ => None,
    }
}
