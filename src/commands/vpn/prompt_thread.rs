//! A prompt for the VPN server's question, in a thread of its own so that it can be withdrawn: the
//! server may stop waiting, and the tunnel may end.

use std::io::{PipeWriter, pipe};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::client::Context;
use crate::link::{LinkError, SupervisorConnection};
use crate::report::Report;
use crate::sanitize::escape;
use crate::secret::Secret;
use crate::terminal::{Question as Text, Questions, TerminalError};
use crate::wire::{SecretText, ToTunnel, TunnelAnswer, TunnelQuestion};

/// An aborted prompt waits this long for the tunnel to go down before the process ends.
const DOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// An open prompt. Dropping it withdraws the prompt.
pub(super) struct PromptThread {
    /// Closed to withdraw the prompt.
    open: Option<PipeWriter>,
    /// Closed when the tunnel is gone, which ends the wait of an aborted prompt.
    tunnel: Option<Sender<()>>,
    thread: Option<JoinHandle<Finished>>,
}

/// The terminal after a prompt, for the next one.
pub(super) struct Finished {
    pub(super) questions: Questions,
    /// Why there can be no answer.
    pub(super) failure: Option<String>,
}

impl PromptThread {
    /// Shows the prompt and sends the answer to the supervisor. `questions` is the terminal of the
    /// previous prompt: between two prompts it echoes nothing.
    pub(super) fn start(
        context: &Context,
        questions: Option<Questions>,
        number: u64,
        question: TunnelQuestion,
        link: &SupervisorConnection,
    ) -> Result<Self, Report> {
        let (over, open) = pipe().map_err(LinkError::from)?;
        let (tunnel, gone) = channel::<()>();
        let mut aborting = link.try_clone().map_err(LinkError::from)?;
        let mut answering = link.try_clone().map_err(LinkError::from)?;
        let output = context.output;
        let abort = move || {
            let _ = aborting.send(&ToTunnel::Down);
            let _ = gone.recv_timeout(DOWN_TIMEOUT);
        };
        let mut questions = if let Some(questions) = questions {
            questions.abort_with(abort);
            questions
        } else {
            Questions::new(output, &context.environment, abort).unseen_between()
        };
        questions.until(over);
        let thread = std::thread::spawn(move || {
            if let TunnelQuestion::Password { why: Some(why), .. } = &question {
                output.message(&format!("ob: the VPN server says: {}\n", escape(why)));
            }
            let (answer, failure) = match ask(&mut questions, &question) {
                Ok(answer) => (TunnelAnswer::Given(SecretText(answer)), None),
                // Sends nothing: the next question must not get the answer to this one.
                Err(TerminalError::Withdrawn { .. }) => {
                    let failure = None;
                    return Finished { questions, failure };
                }
                Err(error) => (TunnelAnswer::Unavailable, Some(describe(&question, &error))),
            };
            // The reader of the connection notices a supervisor that is gone.
            let _ = answering.send(&ToTunnel::Answer { number, answer });
            Finished { questions, failure }
        });
        Ok(Self {
            open: Some(open),
            tunnel: Some(tunnel),
            thread: Some(thread),
        })
    }

    /// Withdraws the prompt if it is still open.
    pub(super) fn end(mut self) -> Option<Finished> {
        self.close()
    }

    fn close(&mut self) -> Option<Finished> {
        self.open = None;
        self.tunnel = None;
        self.thread.take()?.join().ok()
    }
}

impl Drop for PromptThread {
    fn drop(&mut self) {
        self.close();
    }
}

fn ask(questions: &mut Questions, question: &TunnelQuestion) -> Result<Secret, TerminalError> {
    let text = question.text();
    let text = Text {
        text: &text,
        instead: "run it in a terminal",
    };
    match question {
        TunnelQuestion::Challenge { echo: true, .. } => questions.ask_line(text).map(Secret::new),
        _ => questions.ask_secret(text),
    }
}

fn describe(question: &TunnelQuestion, error: &TerminalError) -> String {
    format!("{error}: {}", escape(&question.text()))
}
