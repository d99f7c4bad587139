//! What the user sees while the agent works: steps that take long, countdowns and notices.

use std::time::{Duration, Instant};

use crate::client::context::Context;
use crate::link::{AgentConnection, LinkError};
use crate::sanitize::escape;
use crate::wire::{FromAgent, Notice};

/// A step that takes longer is named.
const SHOW_STEP_AFTER: Duration = Duration::from_secs(1);
const REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// What the line shows that is updated while nothing comes.
struct Wait {
    what: String,
    time: WaitTime,
}

enum WaitTime {
    /// The time left until then.
    Until(Instant),
    /// The time since then.
    Since(Instant),
}

impl Wait {
    /// Returns the line; `None` when the time is over.
    fn line(&self) -> Option<String> {
        let what = &self.what;
        match self.time {
            WaitTime::Since(start) => Some(format!("ob: {what}… {} s", start.elapsed().as_secs())),
            WaitTime::Until(end) => {
                let left = end.saturating_duration_since(Instant::now());
                let seconds = left.as_millis().div_ceil(1000);
                let (minutes, rest) = (seconds / 60, seconds % 60);
                let left = match minutes {
                    0 => format!("{rest} s"),
                    _ => format!("{minutes}:{rest:02}"),
                };
                (seconds > 0).then(|| format!("ob: {what}, {left} left"))
            }
        }
    }
}

pub(super) struct Progress<'a> {
    context: &'a Context,
    /// The step that is named if the next message does not come soon.
    step: Option<String>,
    wait: Option<Wait>,
    /// Whether the verb itself shows how far the request is.
    are_steps_hidden: bool,
}

impl<'a> Progress<'a> {
    pub(super) const fn new(context: &'a Context) -> Self {
        Self {
            context,
            step: None,
            wait: None,
            are_steps_hidden: false,
        }
    }

    fn message(&self, text: &str) {
        self.context.output.message(&format!("ob: {text}\n"));
    }

    /// Shows what is waited for until a message can be read or the time is over. A step is named
    /// after a second: where a line can be replaced, with the elapsed time. Reads no message.
    pub(super) fn show_while_waiting(&mut self, link: &AgentConnection) -> Result<(), LinkError> {
        self.update_line(link)?;
        let Some(step) = self.step.take() else {
            return Ok(());
        };
        let start = Instant::now();
        if link.wait_readable(SHOW_STEP_AFTER)? {
            return Ok(());
        }
        let what = escape(&step);
        if !self.context.output.can_redraw() {
            self.message(&format!("{what}…"));
            return Ok(());
        }
        let time = WaitTime::Since(start);
        self.wait = Some(Wait { what, time });
        self.update_line(link)
    }

    fn update_line(&mut self, link: &AgentConnection) -> Result<(), LinkError> {
        while let Some(line) = self.wait.as_ref().and_then(Wait::line) {
            self.context.output.progress(&line);
            if link.wait_readable(REDRAW_INTERVAL)? {
                return Ok(());
            }
        }
        if self.wait.take().is_some() {
            self.context.output.progress("");
        }
        Ok(())
    }

    /// Shows for how long the user may still do `what`.
    pub(super) fn start_countdown(&mut self, what: String, seconds: u64) {
        let time = WaitTime::Until(Instant::now() + Duration::from_secs(seconds));
        self.wait = Some(Wait { what, time });
    }

    /// Removes the line, unless `message` says only that the agent still waits.
    pub(super) fn end_wait(&mut self, message: &FromAgent) {
        let ends_wait = !matches!(message, FromAgent::Notice(Notice::StillWaiting));
        if ends_wait && self.wait.take().is_some() {
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
                if !self.context.output.can_redraw() {
                    self.message(&format!("{}, {seconds} s", escape(&why)));
                }
                self.start_countdown(escape(&why), seconds);
                return;
            }
            Notice::PushSent { factor, seconds } => {
                self.start_countdown("waiting for your approval".to_owned(), seconds);
                format!("sent a {}: approve it on your phone", escape(&factor))
            }
            Notice::NumberChallenge { number, seconds } => {
                self.start_countdown("waiting for your approval".to_owned(), seconds);
                format!("tap {} on your phone", escape(&number))
            }
            Notice::AskedElsewhere => "waiting for the sign-in in another terminal".into(),
            Notice::NoAnswerWanted { too_late: false } => "answered in another terminal".into(),
            Notice::NoAnswerWanted { too_late: true } => "no answer came in time".into(),
            Notice::Message(text) => escape(&text),
        };
        self.message(&text);
    }
}
