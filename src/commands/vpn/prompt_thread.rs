//! A question of the VPN server on the terminal, in a thread of its own: it is taken back when nobody waits for the
//! answer any more, be it that the server's patience is over or that the tunnel is.

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
use crate::wire::{Sealed, ToTunnel, TunnelAnswer, TunnelQuestion};

/// A signal that ends us waits this long for the tunnel to be down.
const GOODBYE: Duration = Duration::from_secs(2);

/// The question that is open. Dropping it takes it back.
pub(super) struct PromptThread {
    /// Closed when the question is over.
    open: Option<PipeWriter>,
    /// Closed when the tunnel is gone.
    tunnel: Option<Sender<()>>,
    thread: Option<JoinHandle<Finished>>,
}

/// The terminal as it is between two questions, and why the last one had no answer if there could be none.
pub(super) struct Finished {
    pub(super) questions: Questions,
    pub(super) why: Option<String>,
}

impl PromptThread {
    /// Asks, and tells the supervisor what was answered. `questions` are those of the question before: between two
    /// the terminal shows nothing that is typed.
    pub(super) fn begin(
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
        let voice = context.voice;
        let abort = move || {
            let _ = aborting.send(&ToTunnel::Down);
            let _ = gone.recv_timeout(GOODBYE);
        };
        let mut questions = if let Some(questions) = questions {
            questions.abort_with(abort);
            questions
        } else {
            Questions::new(voice, &context.environment, abort).unseen_between()
        };
        questions.until(over);
        let thread = std::thread::spawn(move || {
            if let TunnelQuestion::Password { why: Some(why), .. } = &question {
                voice.say(&format!("ob: the VPN server says: {}\n", escape(why)));
            }
            let (answer, failure) = match ask(&mut questions, &question) {
                Ok(answer) => (TunnelAnswer::Given(Sealed(answer)), None),
                // The next question must not get the answer to this one.
                Err(TerminalError::TakenBack { .. }) => {
                    let why = None;
                    return Finished { questions, why };
                }
                Err(error) => (TunnelAnswer::Unavailable, Some(said(&question, &error))),
            };
            // A supervisor that is gone is noticed by whoever listens to it.
            let _ = answering.send(&ToTunnel::Answer { number, answer });
            Finished {
                questions,
                why: failure,
            }
        });
        Ok(Self {
            open: Some(open),
            tunnel: Some(tunnel),
            thread: Some(thread),
        })
    }

    /// Takes the question back if it is still open.
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

fn said(question: &TunnelQuestion, error: &TerminalError) -> String {
    format!("{error}: {}", escape(&question.text()))
}
