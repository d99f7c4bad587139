//! A push: waited for as fast as Okta says and no longer than it does.

use std::time::Duration;

use super::Engine;
use crate::flow::Conversation;
use crate::okta::idx::PendingPush;
use crate::okta::{FactorKind, Post};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, Notice};

/// Between two polls where Okta names no time.
const POLL: Duration = Duration::from_secs(4);
/// No answer may make us poll faster or slower than this.
const FASTEST: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(15);
/// A push without an end is waited for this long.
const PUSH: Duration = Duration::from_secs(300);

/// A push that is out.
pub(super) struct Push {
    shown: Option<String>,
    pub(super) left: Duration,
    /// Between two polls.
    pub(super) pace: Duration,
}

impl<C: Conversation> Engine<'_, C> {
    /// One look at the push; what to send next.
    pub(super) async fn wait(&mut self, waiting: PendingPush) -> Result<Post, Report> {
        let wanted = self.taste.preferred.as_deref();
        if wanted.is_some_and(|wanted| wanted != "push") && waiting.can_choose_other() {
            return self.select(waiting.choose_other()).await;
        }
        let name = match waiting.detail() {
            Some(detail) => format!("push ({detail})"),
            None => "push".into(),
        };
        if self.push.is_none() {
            self.verifies_with(&FactorKind::Push);
            self.conversation.notify(Notice::PushSent {
                factor: name.clone(),
            });
            let now = self.browser.server_time();
            let left = match (waiting.expires_at(), now) {
                (Some(end), Some(now)) => {
                    Duration::from_secs(end.seconds_since(now).max(0).unsigned_abs()).min(PUSH)
                }
                _ => PUSH,
            };
            self.push = Some(Push {
                shown: None,
                left,
                pace: POLL,
            });
        }
        let Some(push) = &mut self.push else {
            return Err(super::unexpected("no push is out"));
        };
        if let Some(number) = waiting.number()
            && push.shown.as_deref() != Some(number)
        {
            self.conversation.notify(Notice::NumberChallenge {
                number: number.to_owned(),
            });
            push.shown = Some(number.to_owned());
        }
        let pause = waiting.poll_interval().unwrap_or(POLL);
        let pause = pause.clamp(FASTEST, SLOWEST);
        if waiting.is_polling() && push.left >= pause {
            push.left -= pause;
            push.pace = pause;
            let poll = waiting.poll()?;
            self.conversation.pause(pause).await?;
            return Ok(poll);
        }
        self.push = None;
        let why = match self.refused.take() {
            Some(report) => report.causes.join(": "),
            None => "nobody answered it in time".into(),
        };
        let ask = Ask::PushAgain {
            factor: name.clone(),
            why: why.clone(),
            can_change: waiting.can_choose_other(),
        };
        match self.conversation.ask(ask).await {
            Ok(Answer::PushAgain(true)) if waiting.can_resend() => Ok(waiting.resend()?),
            Ok(Answer::OtherFactor) if waiting.can_choose_other() => self.select(waiting.choose_other()).await,
            _ => Err(Report::new(
                ErrorCode::SignInPushRefused,
                format!("the {name} was not approved"),
            )
            .cause(why)
            .hint("`ob login` sends another one; with `--factor totp`, or another that you have set up, it asks for that instead")),
        }
    }
}
