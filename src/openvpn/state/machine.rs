//! The state machine. The supervisor feeds it openvpn's events, the user's answers and passed
//! deadlines, and carries out its actions in order.
//!
//! It holds no clock and no socket, so that a test can play any transcript of openvpn. `>HOLD` is
//! a level, not an edge: openvpn waits until it is released, so each one is answered, whatever was
//! expected. A server may ask again at any time: an expired token is renewed, and a password that
//! was refused is not sent twice.

use std::time::Duration;

use super::connect_timeout::{CONNECT_TIMEOUT, TriedServers};
use super::end_reason::EndReason;
use super::io::{Action, AuthAnswer, AuthPrompt, CredentialReason, Input, VpnCredentials};
use super::phase::{DEFAULT_WEB_AUTH_TIMEOUT, Phase, parse_timeout};
use crate::openvpn::challenge::{
    DynamicChallenge, StaticChallenge, dynamic_response, static_response,
};
use crate::openvpn::command::{Command, REALM};
use crate::openvpn::device_network::overbroad_network;
use crate::openvpn::management::{
    ConnectionState, DeviceChange, Event, InfoMessage, PasswordEvent, StateLine, UpDown,
};
use crate::openvpn::network::Environment;
use crate::secret::Secret;

/// Upper limit of the pause before a hold is released.
const MAX_HOLD_SECONDS: u32 = 30;

/// The state of a tunnel between two inputs.
#[derive(Debug, Default)]
pub struct TunnelState {
    phase: Phase,
    was_connected: bool,
    /// The set-up commands have been sent.
    is_set_up: bool,
    /// openvpn waits for username and password.
    awaits_credentials: bool,
    open_prompt: Option<OpenPrompt>,
    /// Credentials that arrived before openvpn asked for them.
    ready: Option<(String, Secret)>,
    /// The reason for the next request for credentials.
    reason: CredentialReason,
    /// The server's last refusal of credentials, with the text it gave.
    refusal: Option<Option<String>>,
    /// The last server message was a notification. The log repeats it, which is ignored.
    notified: bool,
    /// The time limit that the server gave for a web sign-in.
    web_auth_timeout: Option<Duration>,
    /// The variables of the `>UPDOWN:` event that is coming in.
    environment: Option<(DeviceChange, Environment)>,
    /// The reason to report if openvpn ends now.
    likely_reason: Option<EndReason>,
    tried: TriedServers,
}

/// The prompt that has been sent and not answered.
#[derive(Debug)]
enum OpenPrompt {
    Credentials(Option<StaticChallenge>),
    Dynamic(DynamicChallenge),
    /// A `CR_TEXT` question.
    Text,
}

impl TunnelState {
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns how long this state may last, counted from the last change of phase.
    pub fn deadline(&self) -> Option<Duration> {
        self.phase.deadline(self.was_connected)
    }

    /// Returns how long servers may be tried, counted from the first attempt. One search goes
    /// through the phases several times.
    pub fn search_deadline(&self) -> Option<Duration> {
        let searches = matches!(self.phase, Phase::Connecting | Phase::Reconnecting { .. });
        (searches && !self.was_connected).then_some(CONNECT_TIMEOUT)
    }

    /// Returns the next state and the actions to carry out.
    #[must_use]
    pub fn step(mut self, input: Input) -> (Self, Vec<Action>) {
        let mut actions = Vec::new();
        match (&self.phase, input) {
            (Phase::Ended(_), _) => {}
            (_, Input::Closed) => self.phase = Phase::Ended(self.final_reason()),
            (Phase::Stopping(reason), Input::Deadline) => {
                self.phase = Phase::Ended(reason.clone());
                actions.push(Action::Kill);
            }
            (Phase::Stopping(_), Input::Event(event)) => {
                self.event_while_stopping(event, &mut actions);
            }
            (Phase::Stopping(_), _) => {}
            (_, Input::Event(event)) => self.event(event, &mut actions),
            (_, Input::Answer(answer)) => self.answer(answer, &mut actions),
            (_, Input::Deadline) => {
                let reason = self.deadline_reason();
                self.stop(reason, &mut actions);
            }
            (_, Input::Stop) => self.stop(EndReason::Stopped, &mut actions),
        }
        (self, actions)
    }

    fn stop(&mut self, reason: EndReason, actions: &mut Vec<Action>) {
        self.phase = Phase::Stopping(reason);
        actions.push(Action::Send(Command::Terminate));
    }

    fn final_reason(&mut self) -> EndReason {
        match std::mem::replace(&mut self.phase, Phase::Starting) {
            Phase::Stopping(reason) => reason,
            _ => self.likely_reason.take().unwrap_or(EndReason::Vanished),
        }
    }

    fn deadline_reason(&mut self) -> EndReason {
        match (&self.phase, self.likely_reason.take()) {
            (Phase::WebAuth { .. }, _) => EndReason::SignInNotFinished,
            (Phase::Asking, _) => EndReason::NotAnswered,
            (
                Phase::Connecting | Phase::Reconnecting { .. },
                None | Some(EndReason::Unreachable),
            ) => self.tried.no_answer(),
            (_, Some(reason)) => reason,
            (phase, None) => EndReason::TooSlow(phase.awaited()),
        }
    }

    /// A restart may have overtaken the signal. The device's changes are still followed.
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
            Event::Log(text) => {
                self.tried.read_log(&text);
                match EndReason::from_log(&text) {
                    // openvpn would try the same again.
                    Some(EndReason::Compression) => self.stop(EndReason::Compression, actions),
                    Some(reason) => self.likely_reason = Some(reason),
                    None => {}
                }
            }
            Event::Fatal(text) => {
                let known = EndReason::from_log(&text).or_else(|| self.likely_reason.take());
                self.likely_reason = Some(known.unwrap_or(EndReason::Failed(text)));
            }
            Event::ByteCount { .. } | Event::Ignored => {}
        }
    }

    fn hold(&mut self, seconds: u32, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.is_set_up, true) {
            actions.extend(Command::set_up().map(Action::Send));
        }
        if self.phase == Phase::Starting {
            self.phase = Phase::Connecting;
        }
        // Where an answer is expected the pause only costs time; a server that is gone gets it.
        let expects_answer = self.open_prompt.is_some() || self.reason != CredentialReason::First;
        actions.push(if seconds <= 1 || expects_answer {
            Action::Send(Command::HoldRelease)
        } else {
            let pause = Duration::from_secs(seconds.min(MAX_HOLD_SECONDS).into());
            Action::SendAfter(pause, Command::HoldRelease)
        });
    }

    fn state(&mut self, line: StateLine, actions: &mut Vec<Action>) {
        match line.state {
            ConnectionState::Searching => self.phase = Phase::Connecting,
            ConnectionState::Auth => self.phase = Phase::SigningIn,
            ConnectionState::AuthPending => {
                self.web_auth_timeout = parse_timeout(&line.description);
                if self.phase != Phase::Asking {
                    self.phase = self.web_auth();
                }
            }
            // openvpn asks for its configuration while the server still waits for the sign-in.
            ConnectionState::GetConfig
                if matches!(self.phase, Phase::WebAuth { .. } | Phase::Asking) => {}
            ConnectionState::GetConfig | ConnectionState::Configuring => {
                self.phase = Phase::Configuring;
            }
            ConnectionState::Connected => {
                self.was_connected = true;
                self.refusal = None;
                self.reason = CredentialReason::First;
                self.likely_reason = None;
                if self.open_prompt.take().is_some() {
                    actions.push(Action::Withdraw);
                }
                self.phase = Phase::Connected {
                    routes: line.description == "SUCCESS",
                };
            }
            ConnectionState::Reconnecting => self.reconnecting(line.description, actions),
            ConnectionState::Exiting => {
                let refusal = match &self.reason {
                    CredentialReason::Refused(text) => text.clone(),
                    _ => None,
                };
                let known = EndReason::from_exit(&line.description, refusal)
                    .or_else(|| self.likely_reason.take());
                self.likely_reason = Some(known.unwrap_or(EndReason::Failed(line.description)));
            }
            ConnectionState::Other => {}
        }
    }

    fn web_auth(&self) -> Phase {
        Phase::WebAuth {
            timeout: self.web_auth_timeout.unwrap_or(DEFAULT_WEB_AUTH_TIMEOUT),
        }
    }

    /// `reason` is openvpn's text for the restart.
    fn reconnecting(&mut self, reason: String, actions: &mut Vec<Action>) {
        self.awaits_credentials = false;
        let unanswered = match (&self.phase, &self.open_prompt) {
            (Phase::WebAuth { .. }, _) => Some(EndReason::SignInNotFinished),
            (_, Some(OpenPrompt::Text)) => Some(EndReason::NotAnswered),
            _ => None,
        };
        match (reason.as_str(), unanswered) {
            ("no-push-reply", Some(end)) => return self.stop(end, actions),
            ("auth-failure (auth-token)", _) => self.reason = CredentialReason::SessionExpired,
            ("auth-failure", _)
                if self.reason == CredentialReason::First && self.open_prompt.is_none() =>
            {
                self.reason = CredentialReason::Refused(None);
            }
            _ => {}
        }
        // A text belongs to the connection that is gone; the other prompts outlive it.
        if matches!(self.open_prompt, Some(OpenPrompt::Text)) {
            self.open_prompt = None;
            actions.push(Action::Withdraw);
        }
        if self.open_prompt.is_none() {
            self.phase = Phase::Reconnecting { reason };
        }
    }

    fn ask(&mut self, open: OpenPrompt, prompt: AuthPrompt, actions: &mut Vec<Action>) {
        self.open_prompt = Some(open);
        self.phase = Phase::Asking;
        actions.push(Action::Ask(prompt));
    }

    fn password(&mut self, event: PasswordEvent, actions: &mut Vec<Action>) {
        match event {
            PasswordEvent::NeedPassword { realm } => {
                self.stop(EndReason::UnexpectedPrompt(realm), actions);
            }
            PasswordEvent::Need { realm, .. } if realm != REALM => {
                self.stop(EndReason::UnexpectedPrompt(realm), actions);
            }
            PasswordEvent::Need { challenge, .. } => {
                self.awaits_credentials = true;
                if let Some((username, password)) = self.ready.take() {
                    self.give(username, password, actions);
                } else if self.open_prompt.is_none() {
                    let reason = std::mem::replace(&mut self.reason, CredentialReason::First);
                    let open = OpenPrompt::Credentials(challenge.clone());
                    self.ask(open, AuthPrompt::Credentials { reason, challenge }, actions);
                }
            }
            PasswordEvent::Failed { reason } => {
                if let Some(challenge) = reason.as_deref().and_then(DynamicChallenge::parse) {
                    let prompt = AuthPrompt::Challenge {
                        text: challenge.text.clone(),
                        echo: challenge.echo,
                    };
                    self.ask(OpenPrompt::Dynamic(challenge), prompt, actions);
                } else {
                    self.refusal = Some(reason.clone());
                    self.reason = CredentialReason::Refused(reason);
                }
            }
            // openvpn keeps the token and sends it itself.
            PasswordEvent::Token => {}
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
                wants_answer: true,
                text,
            } => self.ask(
                OpenPrompt::Text,
                AuthPrompt::Challenge { text, echo },
                actions,
            ),
            InfoMessage::CrText { .. } | InfoMessage::Other => {}
        }
    }

    fn answer(&mut self, answer: AuthAnswer, actions: &mut Vec<Action>) {
        match (self.open_prompt.take(), answer) {
            (None, _) => {}
            // The refusal before it is the reason, not the missing second password.
            (Some(OpenPrompt::Credentials(_)), AuthAnswer::Declined) if self.refusal.is_some() => {
                let text = self.refusal.take().flatten();
                self.stop(EndReason::AuthRefused(text), actions);
            }
            (_, AuthAnswer::Declined) => self.stop(EndReason::NotAnswered, actions),
            (Some(OpenPrompt::Credentials(asked)), AuthAnswer::Credentials(credentials)) => {
                let VpnCredentials {
                    username,
                    password,
                    challenge,
                } = credentials;
                let password = match (asked, challenge) {
                    (Some(asked), Some(answer)) => {
                        static_response(password.expose(), answer.expose(), asked.concatenate)
                    }
                    _ => password,
                };
                self.give(username, password, actions);
            }
            (Some(OpenPrompt::Dynamic(challenge)), AuthAnswer::Challenge(answer)) => {
                let password = dynamic_response(&challenge.state, answer.expose());
                self.give(challenge.username, password, actions);
            }
            (Some(OpenPrompt::Text), AuthAnswer::Challenge(answer)) => {
                self.phase = self.web_auth();
                actions.push(Action::Send(Command::ChallengeResponse(answer)));
            }
            // The answer belongs to another prompt, so this one stays open.
            (open, _) => self.open_prompt = open,
        }
    }

    /// Sends credentials to an openvpn that waits for them, or keeps them until it does. It asks
    /// before it connects.
    fn give(&mut self, username: String, password: Secret, actions: &mut Vec<Action>) {
        self.phase = Phase::Connecting;
        if !std::mem::take(&mut self.awaits_credentials) {
            self.ready = Some((username, password));
            return;
        }
        actions.push(Action::Send(Command::Username(username)));
        actions.push(Action::Send(Command::Password(password)));
    }

    fn up_down(&mut self, event: UpDown, actions: &mut Vec<Action>) {
        match event {
            UpDown::Begin(change) => self.environment = Some((change, Environment::default())),
            UpDown::Variable { name, value } => {
                if let Some((_, environment)) = &mut self.environment {
                    environment.set(name, value);
                }
            }
            UpDown::End => match self.environment.take() {
                Some((DeviceChange::Up, environment)) => match overbroad_network(&environment) {
                    Some(network) => self.stop(EndReason::OwnNetwork(network), actions),
                    None => actions.push(Action::Configure(environment.network())),
                },
                Some((DeviceChange::Down, _)) => actions.push(Action::Revert),
                None => {}
            },
        }
    }
}
