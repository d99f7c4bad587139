//! What the user sees while the agent works: steps that take long, countdowns and notices.

use std::time::{Duration, Instant};

use crate::client::context::Context;
use crate::link::{AgentConnection, LinkError};
use crate::sanitize::escape;
use crate::wire::{FromAgent, Notice};

/// A step that takes longer is named.
const SHOW_STEP_AFTER: Duration = Duration::from_secs(1);
const COUNTDOWN_INTERVAL: Duration = Duration::from_secs(1);

/// A wait that a server demands.
struct Countdown {
    until: Instant,
    why: String,
}

pub(super) struct Progress<'a> {
    context: &'a Context,
    /// The step that is named if the next message does not come soon.
    step: Option<String>,
    countdown: Option<Countdown>,
    /// Whether the verb itself shows how far the request is.
    are_steps_hidden: bool,
}

impl<'a> Progress<'a> {
    pub(super) const fn new(context: &'a Context) -> Self {
        Self {
            context,
            step: None,
            countdown: None,
            are_steps_hidden: false,
        }
    }

    fn message(&self, text: &str) {
        self.context.output.message(&format!("ob: {text}\n"));
    }

    /// Shows the countdown, if there is one, until it ends or a message can be read. If then no
    /// message comes within a second, names the pending step. Reads no message.
    pub(super) fn show_while_waiting(&mut self, link: &AgentConnection) -> Result<(), LinkError> {
        self.count_down(link)?;
        if let Some(step) = self.step.take()
            && !link.wait_readable(SHOW_STEP_AFTER)?
        {
            self.message(&format!("{}…", escape(&step)));
        }
        Ok(())
    }

    fn count_down(&self, link: &AgentConnection) -> Result<(), LinkError> {
        let Some(Countdown { until, why }) = &self.countdown else {
            return Ok(());
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let seconds = left.as_millis().div_ceil(1000);
            let text = format!("ob: {}, {seconds} s", escape(why));
            self.context.output.progress(&text);
            if link.wait_readable(left.min(COUNTDOWN_INTERVAL))? {
                return Ok(());
            }
        }
    }

    /// Clears the countdown, unless `message` says only that the agent still waits.
    pub(super) fn end_countdown(&mut self, message: &FromAgent) {
        let ends_wait = !matches!(message, FromAgent::Notice(Notice::StillWaiting));
        if ends_wait && self.countdown.take().is_some() {
            self.context.output.progress("");
        }
    }

    pub(super) const fn hide_steps(&mut self) {
        self.are_steps_hidden = true;
    }

    pub(super) fn show(&mut self, notice: Notice) {
        let text = match notice {
            Notice::StillWaiting => return,
            Notice::Doing(step) if self.context.globals.verbose > 0 => {
                format!("{}…", escape(&step))
            }
            Notice::Doing(step) => {
                self.step = Some(step).filter(|_| !self.are_steps_hidden);
                return;
            }
            Notice::Wait { seconds, why } => {
                if !self.context.output.is_followed() {
                    self.message(&format!("{}, {seconds} s", escape(&why)));
                }
                let until = Instant::now() + Duration::from_secs(seconds);
                self.countdown = Some(Countdown { until, why });
                return;
            }
            Notice::PushSent { factor } => {
                format!("sent a {}: approve it on your phone", escape(&factor))
            }
            Notice::NumberChallenge { number } => format!("tap {} on your phone", escape(&number)),
            Notice::AskedElsewhere => "waiting for the sign-in that is under way".into(),
            Notice::NoAnswerWanted { too_late: false } => "answered elsewhere".into(),
            Notice::NoAnswerWanted { too_late: true } => "no answer came in time".into(),
            Notice::Message(text) => escape(&text),
        };
        self.message(&text);
    }
}
