//! Follows a tunnel until it ends: prints its events and asks the user its questions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::event_text::{dns_json, dns_text, phase_json, phase_text, print_event};
use super::find::supervisor_gone;
use super::prompt_thread::{Finished, PromptThread};
use crate::client::{Context, show_qr_code};
use crate::link::{LinkError, SupervisorConnection};
use crate::openvpn::access_server::browsable;
use crate::process;
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::secret::Secret;
use crate::terminal::{Questions, leave_signals_to_others};
use crate::wire::{DnsStatus, FromTunnel, PhaseChange, ToTunnel, TunnelPhase};

const REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// The client that answers a tunnel's questions.
pub(super) struct Watch<'a> {
    context: &'a Context,
    link: SupervisorConnection,
    prompt: Option<PromptThread>,
    /// The terminal of the last prompt, kept until the tunnel is up.
    questions: Option<Questions>,
    last_phase: Option<TunnelPhase>,
    /// The phase that the line shows which is updated, and when its time was 0.
    line: Option<(PhaseChange, Instant)>,
}

/// Whether another phase follows soon, so that a line which is updated suffices.
const fn passes(phase: TunnelPhase) -> bool {
    !matches!(
        phase,
        TunnelPhase::Asking | TunnelPhase::WebAuth | TunnelPhase::Connected | TunnelPhase::Ended
    )
}

/// How the watch ended without an error.
pub(super) enum Outcome {
    /// The tunnel is up and was detached.
    Detached,
    /// The tunnel went down on request.
    Down,
    /// This signal took the tunnel down before it was up.
    Interrupted(i32),
}

impl<'a> Watch<'a> {
    pub(super) fn new(context: &'a Context, link: SupervisorConnection) -> Self {
        Self {
            context,
            link,
            prompt: None,
            questions: None,
            last_phase: None,
            line: None,
        }
    }

    /// Watches until the tunnel ends, or with `detach` until it is up.
    ///
    /// # Errors
    /// When the tunnel does not come up, or ended by itself.
    pub(super) fn run(mut self, detach: bool) -> Result<Outcome, Report> {
        let mut stopping = self.link.try_clone().map_err(LinkError::from)?;
        let last_signal = Arc::new(AtomicI32::new(0));
        let caught = Arc::clone(&last_signal);
        process::on_end_signals(move |signal| {
            caught.store(signal, Ordering::Relaxed);
            drop(stopping.send(&ToTunnel::Down));
        })
        .map_err(LinkError::from)?;
        leave_signals_to_others();
        let (mut is_connected, mut was_connected, mut has_dns) = (false, false, false);
        loop {
            if detach && is_connected && has_dns {
                self.link.send(&ToTunnel::Detach)?;
                return Ok(Outcome::Detached);
            }
            self.update_line()?;
            let message = self.link.recv(None);
            self.remove_line();
            match message {
                Ok(FromTunnel::Phase(change)) => {
                    is_connected = change.phase == TunnelPhase::Connected;
                    was_connected |= is_connected;
                    if is_connected {
                        self.release_terminal();
                    }
                    self.print_phase(change)?;
                }
                Ok(FromTunnel::Dns(status)) => {
                    has_dns = true;
                    self.print_dns(&status)?;
                }
                Ok(FromTunnel::Ask { number, question }) => {
                    self.close_prompt();
                    let questions = self.questions.take();
                    let link = &self.link;
                    self.prompt = Some(PromptThread::start(
                        self.context,
                        questions,
                        number,
                        question,
                        link,
                    )?);
                }
                Ok(FromTunnel::Withdrawn) => drop(self.close_prompt()),
                Ok(FromTunnel::Browse { url, why }) => self.print_url(&url.0, why.as_deref())?,
                Ok(FromTunnel::Ended(report)) => {
                    let unanswered = self.close_prompt();
                    return match report {
                        None => Ok(match last_signal.load(Ordering::Relaxed) {
                            signal if signal != 0 && !was_connected => Outcome::Interrupted(signal),
                            _ => Outcome::Down,
                        }),
                        Some(report) if report.exit == Exit::SignIn => {
                            Err(unanswered.into_iter().fold(report, Report::cause))
                        }
                        Some(report) => Err(report),
                    };
                }
                Ok(FromTunnel::Failed(report)) => return Err(report),
                Ok(_) => {}
                Err(error) if error.is_gone() => return Err(supervisor_gone()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes the open prompt. Returns why it had no answer, if it could have none.
    fn close_prompt(&mut self) -> Option<String> {
        let Finished { questions, failure } = self.prompt.take()?.end()?;
        self.questions = Some(questions);
        failure
    }

    /// Gives the terminal back; nothing more is asked.
    fn release_terminal(&mut self) {
        self.close_prompt();
        if let Some(questions) = self.questions.take() {
            questions.forget_typed();
        }
    }

    fn print_phase(&mut self, mut change: PhaseChange) -> Result<(), Report> {
        if self.context.globals.json {
            return print_event(self.context.output, &phase_json(&change));
        }
        let last = self.last_phase.replace(change.phase);
        match change.phase {
            // The outcome is printed next.
            TunnelPhase::Ended => return Ok(()),
            // Each reconnection would print both.
            TunnelPhase::Connecting if last == Some(TunnelPhase::Reconnecting) => return Ok(()),
            // The prompt shows the question.
            TunnelPhase::Asking => change.detail = None,
            _ => {}
        }
        if self.context.output.can_redraw() && passes(change.phase) {
            let elapsed = Duration::from_millis(change.elapsed_ms);
            let start = Instant::now().checked_sub(elapsed);
            self.line = start.map(|start| (change, start));
            return Ok(());
        }
        let line = format!("ob: {}\n", phase_text(&change));
        self.context.output.message(&line);
        Ok(())
    }

    /// Shows the phase and its time in one line that is updated, until a message can be read.
    fn update_line(&mut self) -> Result<(), Report> {
        let Some((phase, start)) = &mut self.line else {
            return Ok(());
        };
        loop {
            phase.elapsed_ms = start.elapsed().as_secs() * 1000;
            let text = format!("ob: {}", phase_text(phase));
            self.context.output.progress(&text);
            if self.link.wait_readable(REDRAW_INTERVAL)? {
                return Ok(());
            }
        }
    }

    fn remove_line(&mut self) {
        if self.line.take().is_some() {
            self.context.output.progress("");
        }
    }

    fn print_dns(&self, status: &DnsStatus) -> Result<(), Report> {
        if self.context.globals.json {
            let event = json!({ "event": "dns", "dns": dns_json(status) });
            return print_event(self.context.output, &event);
        }
        if let Some(text) = dns_text(status) {
            self.context.output.message(&format!("ob: {text}\n"));
        }
        Ok(())
    }

    fn print_url(&self, url: &Secret, why: Option<&str>) -> Result<(), Report> {
        let url = browsable(url)?;
        let output = self.context.output;
        if self.context.globals.json {
            let event = json!({ "event": "browse", "url": url.as_str() });
            return print_event(output, &event);
        }
        if let Some(why) = why {
            let why = escape(why);
            output.message(&format!(
                "ob: the session cannot finish the VPN's sign-in: {why}\n"
            ));
        }
        // The address opens a session: it is shown on the terminal only.
        output.message("ob: the VPN server wants you to sign in here:\n");
        output.address(url.as_str());
        show_qr_code(url.as_str(), self.context);
        Ok(())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.release_terminal();
    }
}
