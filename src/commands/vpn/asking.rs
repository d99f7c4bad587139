//! A question of the VPN server on the terminal, in a thread of its own: it is taken back when nobody waits for the
//! answer any more, be it that the server's patience is over or that the tunnel is.

use std::io::{PipeWriter, pipe};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::commands::Context;
use crate::link::{LinkError, TunnelLink};
use crate::report::Report;
use crate::sanitize::escape;
use crate::secret::Secret;
use crate::terminal::{Question as Text, Questions, TerminalError};
use crate::wire::{Question, QuestionAnswer, Sealed, ToTunnel};

/// A signal that ends us waits this long for the tunnel to be down.
const GOODBYE: Duration = Duration::from_secs(2);

/// The question that is open. Dropping it takes it back.
pub(super) struct Asking {
    /// Closed when the question is over.
    open: Option<PipeWriter>,
    /// Closed when the tunnel is gone.
    tunnel: Option<Sender<()>>,
    thread: Option<JoinHandle<Over>>,
}

/// The terminal as it is between two questions, and why the last one had no answer if there could be none.
pub(super) struct Over {
    pub(super) questions: Questions,
    pub(super) why: Option<String>,
}

impl Asking {
    /// Asks, and tells the supervisor what was answered. `questions` are those of the question before: between two
    /// the terminal shows nothing that is typed.
    pub(super) fn begin(
        context: &Context,
        questions: Option<Questions>,
        number: u64,
        question: Question,
        link: &TunnelLink,
    ) -> Result<Self, Report> {
        let (over, open) = pipe().map_err(LinkError::from)?;
        let (tunnel, gone) = channel::<()>();
        let mut aborting = link.second().map_err(LinkError::from)?;
        let mut answering = link.second().map_err(LinkError::from)?;
        let voice = context.voice;
        let abort = move || {
            let _ = aborting.say(&ToTunnel::Down);
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
            if let Question::Password { why: Some(why), .. } = &question {
                voice.say(&format!("ob: the VPN server says: {}\n", escape(why)));
            }
            let (answer, failure) = match ask(&mut questions, &question) {
                Ok(answer) => (QuestionAnswer::Given(Sealed(answer)), None),
                // The next question must not get the answer to this one.
                Err(TerminalError::TakenBack { .. }) => {
                    let why = None;
                    return Over { questions, why };
                }
                Err(error) => (QuestionAnswer::Nobody, Some(said(&question, &error))),
            };
            // A supervisor that is gone is noticed by whoever listens to it.
            let _ = answering.say(&ToTunnel::Answer { number, answer });
            Over {
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
    pub(super) fn end(mut self) -> Option<Over> {
        self.close()
    }

    fn close(&mut self) -> Option<Over> {
        self.open = None;
        self.tunnel = None;
        self.thread.take()?.join().ok()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.close();
    }
}

fn ask(questions: &mut Questions, question: &Question) -> Result<Secret, TerminalError> {
    let text = question.text();
    let text = Text {
        text: &text,
        instead: "run it in a terminal",
    };
    match question {
        Question::Challenge { echo: true, .. } => questions.ask_line(text).map(Secret::new),
        _ => questions.ask_secret(text),
    }
}

fn said(question: &Question, error: &TerminalError) -> String {
    format!("{error}: {}", escape(&question.text()))
}
