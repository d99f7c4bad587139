//! A tunnel as a machine without effects: a state and an input make a state and what is to be done.
//!
//! The supervisor feeds it openvpn's events, people's answers and passed deadlines, and does what comes
//! out, in order. It holds no clock and no socket, so every transcript of openvpn is a test. Two facts
//! shape it. A `>HOLD` is a level: whoever misses one waits for ever, so each is answered, whatever was
//! expected. And a server may ask again at any time: a token that died is renewed, a password that was
//! refused is not sent twice.

mod connect_timeout;
mod end_reason;
mod io;
mod phase;
#[cfg(test)]
mod tests;

pub use end_reason::EndReason;
pub use io::{Action, AuthAnswer, AuthPrompt, CredentialReason, Input, VpnCredentials};
pub use phase::Phase;

use std::time::Duration;

use phase::pending_seconds;

use super::challenge::{DynamicChallenge, PromptedChallenge, dynamic_response, static_response};
use super::command::{Command, REALM};
use super::device_network::too_wide;
use super::management::{Event, InfoMessage, PasswordEvent, StateLine, UpDown};
use super::network::Environment;
use crate::secret::Secret;

/// The longest pause before a hold is released.
const MAX_HOLD_SECONDS: u32 = 30;

/// A tunnel between two inputs.
#[derive(Debug)]
pub struct TunnelState {
    phase: Phase,
    was_connected: bool,
    greeted: bool,
    /// openvpn waits for username and password.
    prompted: bool,
    /// What somebody is being asked.
    asked: Option<Asked>,
    /// Credentials that were ready before openvpn asked for them.
    ready: Option<(String, Secret)>,
    /// Why credentials will be needed again.
    why: CredentialReason,
    /// The server's words about the credentials it refused last.
    refusal: Option<Option<String>>,
    /// The last message of the server was a notification; its repetition in the log is none.
    notified: bool,
    pending_seconds: u64,
    environment: Option<(bool, Environment)>,
    /// The likely cause, should it end.
    suspicion: Option<EndReason>,
    tried: connect_timeout::Tried,
}

#[derive(Debug)]
enum Asked {
    Credentials(Option<PromptedChallenge>),
    Dynamic(DynamicChallenge),
    Text,
}

impl Default for TunnelState {
    fn default() -> Self {
        Self {
            phase: Phase::Starting,
            was_connected: false,
            greeted: false,
            prompted: false,
            asked: None,
            ready: None,
            why: CredentialReason::First,
            refusal: None,
            notified: false,
            pending_seconds: pending_seconds(""),
            environment: None,
            suspicion: None,
            tried: connect_timeout::Tried::default(),
        }
    }
}

impl TunnelState {
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The next state and what is to be done.
    #[must_use]
    pub fn step(mut self, input: Input) -> (Self, Vec<Action>) {
        let mut actions = Vec::new();
        match (&self.phase, input) {
            (Phase::Ended(_), _) => {}
            (_, Input::Closed) => self.phase = Phase::Ended(self.final_cause()),
            (Phase::Stopping(cause), Input::Deadline) => {
                self.phase = Phase::Ended(cause.clone());
                actions.push(Action::Kill);
            }
            (Phase::Stopping(_), Input::Event(event)) => {
                self.event_while_stopping(event, &mut actions);
            }
            (Phase::Stopping(_), _) => {}
            (_, Input::Event(event)) => self.event(event, &mut actions),
            (_, Input::Answer(answer)) => self.answer(answer, &mut actions),
            (_, Input::Deadline) => {
                let cause = self.too_late();
                self.stop(cause, &mut actions);
            }
            (_, Input::Stop) => self.stop(EndReason::Stopped, &mut actions),
        }
        (self, actions)
    }

    fn stop(&mut self, cause: EndReason, actions: &mut Vec<Action>) {
        self.phase = Phase::Stopping(cause);
        actions.push(Action::Send(Command::Terminate));
    }

    fn final_cause(&mut self) -> EndReason {
        match std::mem::replace(&mut self.phase, Phase::Starting) {
            Phase::Stopping(cause) => cause,
            _ => self.suspicion.take().unwrap_or(EndReason::Vanished),
        }
    }

    /// A restart may have overtaken the signal; the end of the device is told all the same.
    fn event_while_stopping(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Hold { .. } => actions.push(Action::Send(Command::Terminate)),
            Event::UpDown(event) => self.up_down(event, actions),
            _ => {}
        }
    }

    fn event(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Hold { seconds } => self.hold(seconds, actions),
            Event::State(line) => self.state(line, actions),
            Event::Password(event) => self.password(event, actions),
            Event::InfoMessage(message) => {
                self.notified = true;
                self.message(message, actions);
            }
            Event::LoggedMessage(message) => {
                if !std::mem::take(&mut self.notified) {
                    self.message(message, actions);
                }
            }
            Event::UpDown(event) => self.up_down(event, actions),
            Event::Log { text, .. } => {
                self.tried.note(&text);
                match EndReason::read(&text) {
                    // openvpn would try the same again.
                    Some(EndReason::Compression) => self.stop(EndReason::Compression, actions),
                    Some(cause) => self.suspicion = Some(cause),
                    None => {}
                }
            }
            Event::Fatal(text) => {
                let known = EndReason::read(&text).or_else(|| self.suspicion.take());
                self.suspicion = Some(known.unwrap_or(EndReason::Failed(text)));
            }
            Event::Info(_)
            | Event::ByteCount { .. }
            | Event::Notify(_)
            | Event::Success(_)
            | Event::Error
            | Event::End
            | Event::Other(_) => {}
        }
    }

    fn hold(&mut self, seconds: u32, actions: &mut Vec<Action>) {
        if !self.greeted {
            self.greeted = true;
            actions.extend(Command::set_up().map(Action::Send));
        }
        if self.phase == Phase::Starting {
            self.phase = Phase::Connecting;
        }
        // A person or the agent is about to answer; a server that is gone deserves its pause.
        let asked = self.asked.is_some() || self.why != CredentialReason::First;
        actions.push(if seconds <= 1 || asked {
            Action::Send(Command::HoldRelease)
        } else {
            let pause = Duration::from_secs(seconds.min(MAX_HOLD_SECONDS).into());
            Action::SendAfter(pause, Command::HoldRelease)
        });
    }

    fn state(&mut self, line: StateLine, actions: &mut Vec<Action>) {
        let pending = matches!(self.phase, Phase::WebAuth { .. } | Phase::Asking);
        match line.name.as_str() {
            "CONNECTING" | "RESOLVE" | "TCP_CONNECT" | "WAIT" => self.phase = Phase::Connecting,
            "AUTH" => self.phase = Phase::SigningIn,
            "AUTH_PENDING" => {
                self.pending_seconds = pending_seconds(&line.description);
                if self.phase != Phase::Asking {
                    self.phase = self.web_auth();
                }
            }
            // Openvpn asks for its configuration while the server still waits for the person.
            "GET_CONFIG" if pending => {}
            "GET_CONFIG" | "ASSIGN_IP" | "ADD_ROUTES" => self.phase = Phase::Configuring,
            "CONNECTED" => {
                self.was_connected = true;
                self.refusal = None;
                self.why = CredentialReason::First;
                self.suspicion = None;
                if self.asked.take().is_some() {
                    actions.push(Action::Withdraw);
                }
                self.phase = Phase::Connected {
                    routes: line.description == "SUCCESS",
                };
            }
            "RECONNECTING" => self.reconnecting(line.description, actions),
            "EXITING" => {
                let refusal = match &self.why {
                    CredentialReason::Refused(reason) => reason.clone(),
                    _ => None,
                };
                let known = EndReason::of_exit(&line.description, refusal);
                let known = known.or_else(|| self.suspicion.take());
                self.suspicion = Some(known.unwrap_or(EndReason::Failed(line.description)));
            }
            _ => {}
        }
    }

    fn web_auth(&self) -> Phase {
        Phase::WebAuth {
            seconds: self.pending_seconds,
        }
    }

    fn reconnecting(&mut self, reason: String, actions: &mut Vec<Action>) {
        self.prompted = false;
        let waited_for = match (&self.phase, &self.asked) {
            (Phase::WebAuth { .. }, _) => Some(EndReason::SignInNotFinished),
            (_, Some(Asked::Text)) => Some(EndReason::NotAnswered),
            _ => None,
        };
        if let ("no-push-reply", Some(cause)) = (reason.as_str(), waited_for) {
            return self.stop(cause, actions);
        }
        match reason.as_str() {
            "auth-failure (auth-token)" => self.why = CredentialReason::SessionExpired,
            "auth-failure" if self.why == CredentialReason::First && self.asked.is_none() => {
                self.why = CredentialReason::Refused(None);
            }
            _ => {}
        }
        // A text was asked within the connection that is gone; the other questions outlive it.
        if matches!(self.asked, Some(Asked::Text)) {
            self.asked = None;
            actions.push(Action::Withdraw);
        }
        if self.asked.is_none() {
            self.phase = Phase::Reconnecting { reason };
        }
    }

    fn password(&mut self, event: PasswordEvent, actions: &mut Vec<Action>) {
        match event {
            PasswordEvent::Need { realm, .. } | PasswordEvent::NeedPassword { realm }
                if realm != REALM =>
            {
                self.stop(EndReason::UnexpectedPrompt(realm), actions);
            }
            PasswordEvent::NeedPassword { realm } => {
                self.stop(EndReason::UnexpectedPrompt(realm), actions);
            }
            PasswordEvent::Need { challenge, .. } => {
                if let Some((username, password)) = self.ready.take() {
                    self.prompted = true;
                    self.give(username, password, actions);
                } else {
                    self.prompted = true;
                    if self.asked.is_none() {
                        self.asked = Some(Asked::Credentials(challenge.clone()));
                        self.phase = Phase::Asking;
                        let why = std::mem::replace(&mut self.why, CredentialReason::First);
                        actions.push(Action::Ask(AuthPrompt::Credentials { why, challenge }));
                    }
                }
            }
            PasswordEvent::Failed { reason, .. } => {
                match reason.as_deref().and_then(DynamicChallenge::read) {
                    Some(challenge) => {
                        let (text, echo) = (challenge.text.clone(), challenge.echo);
                        self.asked = Some(Asked::Dynamic(challenge));
                        self.phase = Phase::Asking;
                        actions.push(Action::Ask(AuthPrompt::Challenge { text, echo }));
                    }
                    None => {
                        self.refusal = Some(reason.clone());
                        self.why = CredentialReason::Refused(reason);
                    }
                }
            }
            // openvpn keeps it and sends it by itself.
            PasswordEvent::Token(_) => {}
        }
    }

    fn message(&mut self, message: InfoMessage, actions: &mut Vec<Action>) {
        match message {
            InfoMessage::WebAuth { url, flags } => {
                self.phase = self.web_auth();
                actions.push(Action::SignIn { url, flags });
            }
            InfoMessage::CrText {
                echo,
                wants_answer,
                text,
            } if wants_answer => {
                self.asked = Some(Asked::Text);
                self.phase = Phase::Asking;
                actions.push(Action::Ask(AuthPrompt::Challenge { text, echo }));
            }
            InfoMessage::CrText { .. } | InfoMessage::Other(_) => {}
        }
    }

    fn answer(&mut self, answer: AuthAnswer, actions: &mut Vec<Action>) {
        match (self.asked.take(), answer) {
            (None, _) => {}
            // That nobody types another password is not why there is no tunnel.
            (Some(Asked::Credentials(_)), AuthAnswer::Declined) if self.refusal.is_some() => {
                let reason = self.refusal.take().flatten();
                self.stop(EndReason::AuthRefused(reason), actions);
            }
            (_, AuthAnswer::Declined) => self.stop(EndReason::NotAnswered, actions),
            (Some(Asked::Credentials(prompted)), AuthAnswer::Credentials(credentials)) => {
                let VpnCredentials {
                    username,
                    password,
                    challenge,
                } = credentials;
                let password = match (prompted, challenge) {
                    (Some(prompted), Some(answer)) => {
                        static_response(password.expose(), answer.expose(), prompted.concatenate)
                    }
                    _ => password,
                };
                self.give(username, password, actions);
            }
            (Some(Asked::Dynamic(challenge)), AuthAnswer::Challenge(answer)) => {
                let password = dynamic_response(&challenge.state, answer.expose());
                self.give(challenge.username, password, actions);
            }
            (Some(Asked::Text), AuthAnswer::Challenge(answer)) => {
                self.phase = self.web_auth();
                actions.push(Action::Send(Command::ChallengeResponse(answer)));
            }
            // An answer to another question: the one that was asked still stands.
            (asked, _) => self.asked = asked,
        }
    }

    /// Gives credentials to an openvpn that asks, or keeps them until it does. It asks before it connects.
    fn give(&mut self, username: String, password: Secret, actions: &mut Vec<Action>) {
        self.phase = Phase::Connecting;
        if !std::mem::take(&mut self.prompted) {
            self.ready = Some((username, password));
            return;
        }
        actions.push(Action::Send(Command::Username(username)));
        actions.push(Action::Send(Command::Password(password)));
    }

    fn up_down(&mut self, event: UpDown, actions: &mut Vec<Action>) {
        match event {
            UpDown::Up => self.environment = Some((true, Environment::default())),
            UpDown::Down => self.environment = Some((false, Environment::default())),
            UpDown::Variable { name, value } => {
                if let Some((_, environment)) = &mut self.environment {
                    environment.set(name, value);
                }
            }
            UpDown::End => match self.environment.take() {
                Some((true, environment)) => match too_wide(&environment) {
                    Some(network) => self.stop(EndReason::OwnNetwork(network), actions),
                    None => actions.push(Action::Configure(environment.network())),
                },
                Some((false, _)) => actions.push(Action::Revert),
                None => {}
            },
        }
    }
}
