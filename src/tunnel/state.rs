//! The supervisor's state, without effects: an event goes in, actions come out.

mod requests;
mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use super::actions::Action;
use super::auth::{Auth, Next};
use super::connections::{ClientId, ClientQueue};
use super::deadlines::{Deadlines, Stage, Timeouts};
use super::dns_status::{foreign_device, notes_on, status_of};
use super::events::Event;
use super::failure::cannot;
use super::log::Log;
use super::management::SocketEvent;
use crate::model::Timestamp;
use crate::openvpn::command::Command;
use crate::openvpn::management::{ConnectionState, Event as ManagementEvent};
use crate::openvpn::network::TunnelNetwork;
use crate::openvpn::state::{Action as OpenvpnAction, Input, Phase, TunnelState};
use crate::privileged::DnsConfig;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{Begin, DnsStatus, FromTunnel, SecretText, TunnelQuestion};

/// The state of one tunnel from the start of its supervisor to the end of openvpn.
pub(super) struct SupervisorState {
    openvpn: TunnelState,
    /// Whether openvpn's management connection is open.
    is_connected: bool,
    /// Whether openvpn has ever connected.
    was_connected: bool,
    /// The phase that clients know of.
    announced: Phase,
    deadlines: Deadlines,
    /// When openvpn was to be started; before that, when the supervisor was.
    launched: Instant,
    started: Timestamp,
    pub(super) log: Log,
    /// The client that answers questions.
    answerer: Option<(ClientId, ClientQueue)>,
    /// The clients that follow every event.
    watchers: Vec<ClientQueue>,
    /// The open question with its number.
    question: Option<(u64, TunnelQuestion)>,
    question_count: u64,
    begin: Option<Begin>,
    auth: Auth,
    network: Option<TunnelNetwork>,
    /// The name servers that the reaper was told to set.
    dns_config: Option<DnsConfig>,
    /// Added to each status of the name servers.
    dns_notes: Vec<String>,
    dns: Option<DnsStatus>,
    remote: Option<String>,
    address: Option<String>,
    /// Bytes received and sent.
    traffic: (u64, u64),
    connections: u32,
    /// A failure outside openvpn, which ends the tunnel.
    failure: Option<Report>,
    actions: Vec<Action>,
    now: Instant,
}

impl SupervisorState {
    pub(super) fn new(
        answerer: (ClientId, ClientQueue),
        timeouts: &Timeouts,
        now: Instant,
        started: Timestamp,
    ) -> Self {
        Self {
            openvpn: TunnelState::default(),
            is_connected: false,
            was_connected: false,
            announced: Phase::Starting,
            deadlines: Deadlines::new(timeouts, now),
            launched: now,
            started,
            log: Log::default(),
            answerer: Some(answerer),
            watchers: Vec::new(),
            question: None,
            question_count: 0,
            begin: None,
            auth: Auth::new(String::new(), None, false),
            network: None,
            dns_config: None,
            dns_notes: Vec::new(),
            dns: None,
            remote: None,
            address: None,
            traffic: (0, 0),
            connections: 0,
            failure: None,
            actions: Vec::new(),
            now,
        }
    }

    pub(super) const fn has_ended(&self) -> bool {
        matches!(self.openvpn.phase(), Phase::Ended(_))
    }

    /// Returns when [`Event::Deadline`] is due.
    pub(super) fn deadline(&self) -> Instant {
        self.deadlines.end(&self.openvpn)
    }

    /// Changes the state by `event` and returns what is to be done, in this order.
    pub(super) fn handle(&mut self, event: Event, now: Instant) -> Vec<Action> {
        self.now = now;
        match event {
            Event::Client(event) => self.client_event(event),
            Event::Openvpn(event) => self.socket_event(event),
            Event::CommandDue(command) => {
                if let Some(stop) = self.write(&command) {
                    self.step(stop);
                }
            }
            Event::ProfileWritten(outcome) => {
                self.deadlines.enter(Stage::Running, now);
                if let Err(error) = outcome {
                    self.failure = Some(cannot("give openvpn its configuration", &error));
                    self.step(Input::Closed);
                }
            }
            Event::TokenRenewed(outcome) => {
                let renewed = outcome.unwrap_or_else(|report| {
                    self.log
                        .push(format!("ob: no new token: {}", report.summary));
                    None
                });
                if let Some(next) = self.auth.renewed(renewed) {
                    self.proceed(next);
                }
            }
            Event::SignInFinished(_, Ok(())) => {
                self.log.push("ob: signed in for the tunnel".to_owned());
            }
            Event::SignInFinished(url, Err(report)) => {
                let why = report.causes.first().unwrap_or(&report.summary).clone();
                self.browse(url, Some(why));
            }
            Event::Dns(status) => self.announce_dns(status),
            Event::ReaperExited => {
                // A killed reaper has reverted nothing: the reserve continues where it was.
                self.actions.push(Action::ReplaceReaper);
                self.actions
                    .extend(self.dns_config.clone().map(Action::SetDns));
            }
            Event::Deadline => self.step(Input::Deadline),
            Event::Terminate => self.stop(),
        }
        std::mem::take(&mut self.actions)
    }

    fn stop(&mut self) {
        self.step(Input::Stop);
        // Without a connection openvpn was not started or ends by itself.
        if !self.is_connected {
            self.step(Input::Closed);
        }
    }

    fn socket_event(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Connected(socket) => {
                self.is_connected = true;
                self.was_connected = true;
                self.actions.push(Action::AcceptOpenvpn(socket));
            }
            SocketEvent::Line(line) => self.openvpn_line(&line),
            SocketEvent::Closed => {
                self.is_connected = false;
                self.actions.push(Action::CloseManagement);
                self.step(Input::Closed);
            }
        }
    }

    fn openvpn_line(&mut self, line: &[u8]) {
        self.log.push_openvpn_line(&String::from_utf8_lossy(line));
        let event = ManagementEvent::parse(line);
        match &event {
            ManagementEvent::ByteCount { received, sent } => self.traffic = (*received, *sent),
            ManagementEvent::State(line) if line.state == ConnectionState::Connected => {
                self.remote = Some(format!("{}:{}", line.remote, line.port));
                self.address = Some(line.address.clone()).filter(|text| !text.is_empty());
                self.connections += 1;
                self.auth.connected();
            }
            _ => {}
        }
        self.step(Input::Event(event));
    }

    fn step(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let (state, actions) = std::mem::take(&mut self.openvpn).step(input);
            self.openvpn = state;
            for action in actions {
                inputs.extend(self.act(action));
            }
        }
        // A phase that was left within the step is not announced.
        self.announce_change();
    }

    /// Performs `action` of openvpn's state. Returns the input that follows from it at once.
    fn act(&mut self, action: OpenvpnAction) -> Option<Input> {
        match action {
            OpenvpnAction::Send(command) => return self.write(&command),
            OpenvpnAction::SendAfter(pause, command) => {
                self.actions.push(Action::WriteLater(pause, command));
            }
            OpenvpnAction::Ask(question) => {
                let next = self.auth.asked(question);
                return self.resolve(next);
            }
            OpenvpnAction::SignIn { url, .. } => match &self.begin {
                Some(begin) if begin.has_agent => {
                    let target = begin.target.clone();
                    self.actions.push(Action::SignIn(target, url));
                }
                _ => self.browse(url, None),
            },
            OpenvpnAction::Withdraw => {
                self.auth.withdraw();
                self.question = None;
                self.send_to_answerer(FromTunnel::Withdrawn);
            }
            OpenvpnAction::Configure(network) => self.configure(network),
            OpenvpnAction::Revert => {
                self.dns_config = None;
                self.actions.push(Action::RevertDns);
            }
            OpenvpnAction::Kill => self.actions.push(Action::KillOpenvpn),
        }
        None
    }

    /// Writes `command` to openvpn; one that cannot be a line ends the tunnel.
    fn write(&mut self, command: &Command) -> Option<Input> {
        match command.line() {
            Ok(line) => {
                self.actions.push(Action::Write(line));
                None
            }
            Err(error) => {
                self.failure = Some(error.into());
                Some(Input::Stop)
            }
        }
    }

    fn proceed(&mut self, next: Next) {
        if let Some(input) = self.resolve(next) {
            self.step(input);
        }
    }

    /// Answers openvpn, or asks the agent or the user.
    fn resolve(&mut self, next: Next) -> Option<Input> {
        match next {
            Next::Answer(answer) => return Some(Input::Answer(answer)),
            Next::Renew => {
                let target = self.begin.as_ref()?.target.clone();
                self.actions.push(Action::RenewToken(target));
            }
            Next::AskUser(question) => {
                self.question_count += 1;
                let number = self.question_count;
                self.question = Some((number, question.clone()));
                // The phase is announced before the prompt appears.
                self.announce_change();
                if !self.send_to_answerer(FromTunnel::Ask { number, question }) {
                    // A client may still attach before the phase's deadline.
                    self.log.push(
                        "ob: no client is attached to answer; run `ob vpn up` to answer".to_owned(),
                    );
                }
            }
        }
        None
    }

    /// Leaves the sign-in at `url` to the user.
    fn browse(&mut self, url: Secret, why: Option<String>) {
        let reason = why.as_deref().unwrap_or("no agent is running");
        self.log.push(format!(
            "ob: the server wants a sign-in by browser: {reason}"
        ));
        let url = SecretText(url);
        self.send_to_answerer(FromTunnel::Browse { url, why });
    }

    fn configure(&mut self, network: TunnelNetwork) {
        let begin = self.begin.as_ref();
        let (sets_dns, scope) =
            begin.map_or((false, None), |begin| (begin.sets_dns, begin.dns_scope));
        // openvpn was given the device's name: another name than ours is not trusted.
        let Ok(device) = network.device.parse() else {
            self.network = Some(network);
            return self.announce_dns(foreign_device());
        };
        let config = DnsConfig::of(&network, device, scope);
        self.dns_notes = notes_on(&network, &config);
        self.network = Some(network);
        if !sets_dns || config.servers.is_empty() {
            return self.announce_dns(status_of(&config));
        }
        self.dns_config = Some(config.clone());
        self.actions.push(Action::SetDns(config));
    }

    /// Announces even that there are no servers: `ob vpn up --detach` waits for a status.
    fn announce_dns(&mut self, mut status: DnsStatus) {
        status.notes.extend(self.dns_notes.iter().cloned());
        if let Some(why) = &status.why {
            self.log
                .push(format!("ob: name servers are not applied: {why}"));
        }
        self.send_to_all(|| FromTunnel::Dns(status.clone()));
        self.dns = Some(status);
    }

    fn announce_change(&mut self) {
        if *self.openvpn.phase() != self.announced {
            self.announced = self.openvpn.phase().clone();
            let asks_user = self.question.is_some();
            self.deadlines
                .phase_changed(&self.announced, asks_user, self.now);
            self.announce();
        }
    }

    fn since_launch(&self) -> Duration {
        self.now.saturating_duration_since(self.launched)
    }
}
