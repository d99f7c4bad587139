//! The supervisor's loop: one thing happens, the state steps, its actions are done.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::OwnedWriteHalf;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::agent_side::{self, FromSession};
use super::answers::{Answers, Next};
use super::journal::Journal;
use super::keeper::Keeper;
use super::management::{self, Heard};
use super::name_servers::Wanted;
use super::place::{self, Place};
use super::visitors::{self, Visit};
use super::{Start, cannot};
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::openvpn::command::Command;
use crate::openvpn::management::Event;
use crate::openvpn::network::TunnelNetwork;
use crate::openvpn::state::{Action, Answer, Cause, Input, Phase, TunnelState};
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{
    Begin, DnsStatus, FromTunnel, PhaseTime, QuestionAnswer, Sealed, ToTunnel, TunnelStatus,
};

/// From being started to being told what to do: a person signs in meanwhile.
const PREPARING: Duration = Duration::from_secs(15 * 60);
/// From there to openvpn opening its configuration: sudo may ask for a password.
const LAUNCHING: Duration = Duration::from_secs(180);
/// An openvpn that has let go of its socket is gone within this time.
const GONE: Duration = Duration::from_secs(5);

/// What can happen.
#[derive(Debug)]
pub(super) enum Happening {
    Visit(Visit),
    Management(Heard),
    Session(FromSession),
    Due(Command),
    HandedOver(bool),
    Dns(DnsStatus),
    Signal,
}

/// How far the tunnel is before its state counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Preparing,
    Launching,
    Running,
}

struct Supervisor<'a> {
    start: &'a Start,
    happen: UnboundedSender<Happening>,
    stage: Stage,
    state: TunnelState,
    since: Instant,
    began: Instant,
    started: Timestamp,
    place: Place,
    journal: Journal,
    starter: Option<UnboundedSender<FromTunnel>>,
    begin: Option<Begin>,
    answers: Answers,
    management: Option<OwnedWriteHalf>,
    openvpn: Option<Pid>,
    keeper: Option<Keeper>,
    network: Option<TunnelNetwork>,
    dns: Option<DnsStatus>,
    remote: Option<String>,
    address: Option<String>,
    traffic: (u64, u64),
    connections: u32,
    /// What went wrong beside openvpn.
    failure: Option<Report>,
}

pub(super) async fn supervise(stream: UnixStream, start: &Start) -> Result<(), Report> {
    let (happen, happenings) = unbounded_channel();
    let visit = {
        let happen = happen.clone();
        move |visit| drop(happen.send(Happening::Visit(visit)))
    };
    let (starter, speaking) = visitors::starter(stream, visit.clone())
        .map_err(|error| cannot("talk to whoever started it", &error))?;
    let taken = Place::take(&start.directory, start.private).and_then(|(place, listeners)| {
        visitors::receive(listeners.control, visit)
            .and_then(|()| {
                let happen = happen.clone();
                management::receive(listeners.management, move |heard| {
                    drop(happen.send(Happening::Management(heard)));
                })
            })
            .map_err(|error| cannot("listen", &error))?;
        watch_signals(&happen).map_err(|error| cannot("catch signals", &error))?;
        Ok(place)
    });
    let place = match taken {
        Ok(place) => place,
        Err(report) => {
            let _ = starter.send(FromTunnel::Failed(report.clone()));
            drop(starter);
            let _ = timeout(Duration::from_secs(2), speaking).await;
            return Err(report);
        }
    };
    let _ = starter.send(FromTunnel::Ready {
        config: place.config(),
        management: place.management(),
        control: place.control().to_owned(),
    });
    let now = Instant::now();
    let supervisor = Supervisor {
        start,
        happen,
        stage: Stage::Preparing,
        state: TunnelState::default(),
        since: now,
        began: now,
        started: Clock::system().now(),
        place,
        journal: Journal::default(),
        starter: Some(starter),
        begin: None,
        answers: Answers::new(String::new(), None, false),
        management: None,
        openvpn: None,
        keeper: None,
        network: None,
        dns: None,
        remote: None,
        address: None,
        traffic: (0, 0),
        connections: 0,
        failure: None,
    };
    supervisor.run(happenings, speaking).await;
    Ok(())
}

fn watch_signals(happen: &UnboundedSender<Happening>) -> std::io::Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let mut signals = signal(kind)?;
        let happen = happen.clone();
        spawn_local(async move {
            while signals.recv().await.is_some() {
                let _ = happen.send(Happening::Signal);
            }
        });
    }
    Ok(())
}

impl Supervisor<'_> {
    async fn run(mut self, mut happenings: UnboundedReceiver<Happening>, speaking: JoinHandle<()>) {
        while !matches!(self.state.phase(), Phase::Ended(_)) {
            let limit = match self.stage {
                Stage::Preparing => Some(PREPARING),
                Stage::Launching => Some(LAUNCHING),
                Stage::Running => self.state.deadline(),
            };
            // Far away is never: the select below has one arm for both.
            let until = self.since + limit.unwrap_or(Duration::from_secs(365 * 86_400));
            tokio::select! {
                happening = happenings.recv() => match happening {
                    Some(happening) => self.handle(happening).await,
                    None => break,
                },
                () = sleep_until(until) => self.step(Input::Deadline).await,
            }
        }
        self.finish(speaking).await;
    }

    async fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Visit(visit) => self.visited(visit).await,
            Happening::Management(heard) => self.heard(heard).await,
            Happening::Session(FromSession::Token(outcome)) => {
                let renewed = outcome.unwrap_or_else(|report| {
                    self.journal
                        .say(format!("ob: no new token: {}", report.summary));
                    None
                });
                if let Some(next) = self.answers.renewed(renewed) {
                    self.answer(next).await;
                }
            }
            Happening::Session(FromSession::SignedIn(_, Ok(()))) => {
                self.journal.say("ob: signed in for the tunnel".to_owned());
            }
            Happening::Session(FromSession::SignedIn(url, Err(report))) => {
                let why = report.causes.first().unwrap_or(&report.summary).clone();
                self.browse(url, Some(why));
            }
            Happening::Due(command) => self.send(command).await,
            Happening::HandedOver(done) => {
                self.stage = Stage::Running;
                self.since = Instant::now();
                if !done {
                    self.step(Input::Closed).await;
                }
            }
            Happening::Dns(status) => self.dns_is(status),
            Happening::Signal => self.stop().await,
        }
    }

    async fn visited(&mut self, visit: Visit) {
        match visit {
            Visit::Starter(ToTunnel::Begin(begin)) if self.begin.is_none() => self.launch(*begin),
            Visit::Starter(ToTunnel::Answer(answer)) => {
                let answer = match answer {
                    QuestionAnswer::Nobody => None,
                    QuestionAnswer::Given(secret) => Some(secret.0),
                };
                if let Some(next) = self.answers.given(answer) {
                    self.answer(next).await;
                }
            }
            Visit::Starter(ToTunnel::NotStarted) if self.openvpn.is_none() => {
                self.step(Input::Closed).await;
            }
            Visit::Starter(ToTunnel::Detach) => self.starter = None,
            Visit::Starter(ToTunnel::Down) => self.stop().await,
            Visit::StarterLeft if self.starter.take().is_some() => self.stop().await,
            Visit::Visitor(ToTunnel::Status, to) => {
                let _ = to.send(FromTunnel::Status(Box::new(self.status())));
            }
            Visit::Visitor(ToTunnel::Logs { follow }, to) => self.journal.replay(to, follow),
            Visit::Visitor(ToTunnel::Events, to) => {
                for message in self.present() {
                    let _ = to.send(message);
                }
                self.journal.watch(to);
            }
            Visit::Visitor(ToTunnel::Down, to) => {
                self.journal.watch(to);
                self.stop().await;
            }
            _ => {}
        }
    }

    fn launch(&mut self, mut begin: Begin) {
        let token = begin.token.take().map(|token| token.0);
        self.answers = Answers::new(begin.username.clone(), token, begin.has_agent);
        let profile = std::mem::replace(&mut begin.profile, Sealed(Secret::new("")));
        let (pipe, happen) = (self.place.config(), self.happen.clone());
        // Opening blocks until openvpn opens too; should it never, the process ends with this thread in it.
        std::thread::spawn(move || {
            let done = place::hand_over(&pipe, &profile.0).is_ok();
            let _ = happen.send(Happening::HandedOver(done));
        });
        self.begin = Some(begin);
        self.stage = Stage::Launching;
        self.since = Instant::now();
        self.began = self.since;
        self.announce();
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Called(writer, pid) => {
                self.management = Some(writer);
                self.openvpn = pid.map(Pid::from_raw);
                self.place.called();
            }
            Heard::Line(line) => {
                self.journal.note(&String::from_utf8_lossy(&line));
                let event = Event::read(&line);
                match &event {
                    Event::ByteCount { received, sent } => self.traffic = (*received, *sent),
                    Event::State(line) if line.name == "CONNECTED" => {
                        self.remote = Some(format!("{}:{}", line.remote, line.port));
                        self.address = Some(line.address.clone()).filter(|text| !text.is_empty());
                        self.connections += 1;
                        self.answers.connected();
                    }
                    _ => {}
                }
                self.step(Input::Event(event)).await;
            }
            Heard::Closed => {
                self.management = None;
                self.step(Input::Closed).await;
            }
        }
    }

    async fn stop(&mut self) {
        if self.management.is_some() {
            self.step(Input::Stop).await;
        } else {
            // Not yet started, or about to call nobody: it ends by itself.
            self.step(Input::Stop).await;
            self.step(Input::Closed).await;
        }
    }

    async fn step(&mut self, input: Input) {
        let before = self.state.phase().clone();
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let (state, actions) = std::mem::take(&mut self.state).step(input);
            self.state = state;
            for action in actions {
                if let Some(next) = Box::pin(self.act(action)).await {
                    inputs.push(next);
                }
            }
        }
        // What was asked and answered at once is no phase of its own.
        if *self.state.phase() != before {
            self.since = Instant::now();
            self.announce();
        }
    }

    /// Does `action`; what follows from it at once is the next input.
    async fn act(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Send(command) => self.send(command).await,
            Action::SendAfter(pause, command) => {
                let happen = self.happen.clone();
                spawn_local(async move {
                    sleep(pause).await;
                    let _ = happen.send(Happening::Due(command));
                });
            }
            Action::Ask(question) => {
                let next = self.answers.asked(question);
                return self.next(next).map(Input::Answer);
            }
            Action::SignIn { url, .. } => self.sign_in(url),
            Action::Withdraw => self.answers.withdraw(),
            Action::Configure(network) => self.configure(network),
            Action::Revert => {
                if let Some(keeper) = &mut self.keeper {
                    let _ = keeper.revert();
                }
            }
            Action::Kill => {
                if let Some(openvpn) = self.openvpn {
                    let _ = kill(openvpn, Signal::SIGKILL);
                }
            }
        }
        None
    }

    async fn answer(&mut self, next: Next) {
        if let Some(answer) = self.next(next) {
            self.step(Input::Answer(answer)).await;
        }
    }

    fn next(&mut self, next: Next) -> Option<Answer> {
        match next {
            Next::Answer(answer) => Some(answer),
            Next::Renew => {
                let target = self.begin.as_ref()?.target.clone();
                let happen = self.happen.clone();
                agent_side::renew(self.start.directory.clone(), target, move |outcome| {
                    let _ = happen.send(Happening::Session(outcome));
                });
                None
            }
            Next::Person(question) => {
                let asked = self.starter.as_ref();
                let asked = asked.is_some_and(|to| to.send(FromTunnel::Ask(question)).is_ok());
                (!asked).then(|| {
                    self.answers.withdraw();
                    Answer::GiveUp
                })
            }
        }
    }

    fn sign_in(&mut self, url: Secret) {
        let Some(begin) = self.begin.as_ref().filter(|begin| begin.has_agent) else {
            return self.browse(url, None);
        };
        let happen = self.happen.clone();
        let directory = self.start.directory.clone();
        agent_side::sign_in(directory, begin.target.clone(), url, move |outcome| {
            let _ = happen.send(Happening::Session(outcome));
        });
    }

    /// The person's to do, if one is there.
    fn browse(&mut self, url: Secret, why: Option<String>) {
        let reason = why.as_deref().unwrap_or("no agent is there to do it");
        self.journal.say(format!(
            "ob: the server wants a sign-in by browser: {reason}"
        ));
        if let Some(starter) = &self.starter {
            let _ = starter.send(FromTunnel::Browse {
                url: Sealed(url),
                why,
            });
        }
    }

    fn configure(&mut self, network: TunnelNetwork) {
        let wanted = Wanted::of(&network);
        self.network = Some(network);
        let sets = self.begin.as_ref().is_some_and(|begin| begin.sets_dns);
        if !sets || wanted.servers.is_empty() {
            return self.dns_is(wanted.status());
        }
        if self.keeper.is_none() {
            let happen = self.happen.clone();
            let told = move |status| drop(happen.send(Happening::Dns(status)));
            self.keeper = Keeper::start(told).ok();
        }
        let asked = self
            .keeper
            .as_mut()
            .map(|keeper| keeper.apply(wanted.clone()));
        if !matches!(asked, Some(Ok(()))) {
            let mut status = wanted.status();
            status.why = Some("their keeper does not start".to_owned());
            self.dns_is(status);
        }
    }

    /// Told even where there are none: somebody may wait to hear of them.
    fn dns_is(&mut self, status: DnsStatus) {
        if let Some(why) = &status.why {
            self.journal
                .say(format!("ob: name servers are not applied: {why}"));
        }
        self.tell(|| FromTunnel::Dns(status.clone()));
        self.dns = Some(status);
    }

    async fn send(&mut self, command: Command) {
        let line = match command.line() {
            Ok(line) => line,
            Err(error) => {
                self.failure = Some(error.into());
                let _ = self.happen.send(Happening::Signal);
                return;
            }
        };
        if let Some(writer) = &mut self.management {
            // One that is closed says so by itself.
            let _ = writer.write_all(line.expose().as_bytes()).await;
        }
    }

    fn announce(&mut self) {
        let phase = self.phase();
        self.journal.say(format!("ob: {}", phase.name));
        self.tell(|| FromTunnel::Phase(phase.clone()));
    }

    /// What somebody who comes later has missed.
    fn present(&self) -> Vec<FromTunnel> {
        let dns = self.dns.clone().map(FromTunnel::Dns);
        dns.into_iter()
            .chain([FromTunnel::Phase(self.phase())])
            .collect()
    }

    fn phase(&self) -> PhaseTime {
        let (name, detail) = match (self.stage, self.state.phase()) {
            (Stage::Preparing, Phase::Starting) => ("preparing", None),
            (Stage::Launching, Phase::Starting) => ("launching", None),
            (_, Phase::Connected { routes: false }) => {
                ("connected", Some("not every route could be set".to_owned()))
            }
            (_, Phase::Reconnecting { reason }) => ("reconnecting", Some(reason.clone())),
            (_, phase) => (phase.name(), None),
        };
        PhaseTime {
            name: name.to_owned(),
            detail,
            after: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn tell(&mut self, message: impl Fn() -> FromTunnel) {
        if let Some(starter) = &self.starter {
            let _ = starter.send(message());
        }
        self.journal.tell(message);
    }

    fn status(&self) -> TunnelStatus {
        let begin = self.begin.as_ref();
        let network = self.network.as_ref();
        TunnelStatus {
            pid: std::process::id(),
            host: begin
                .map(|begin| begin.target.host.clone())
                .unwrap_or_default(),
            username: self.answers.username().to_owned(),
            phase: self.phase().name,
            seconds: self.since.elapsed().as_secs(),
            started: self.started,
            device: network.map(|network| network.device.clone()),
            address: self.address.clone(),
            remote: self.remote.clone(),
            routes: network
                .map(|network| network.routes.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            received: self.traffic.0,
            sent: self.traffic.1,
            dns: self.dns.clone(),
            reconnections: self.connections.saturating_sub(1),
        }
    }

    /// Waits until openvpn is gone, takes everything back, and tells everybody.
    async fn finish(mut self, speaking: JoinHandle<()>) {
        self.management = None;
        if let Some(openvpn) = self.openvpn {
            management::gone(openvpn, GONE).await;
        }
        if let Some(keeper) = self.keeper.take() {
            keeper.end().await;
        }
        let report = match (self.failure.take(), self.state.phase()) {
            (Some(failure), _) => Some(failure),
            (None, Phase::Ended(Cause::Stopped)) => None,
            (None, Phase::Ended(cause)) => Some(Report::from(cause.clone())),
            (None, _) => None,
        };
        self.tell(|| FromTunnel::Ended(report.clone()));
        let Self {
            mut journal,
            starter,
            place,
            ..
        } = self;
        drop(place);
        journal.close();
        drop(starter);
        let _ = timeout(Duration::from_secs(1), speaking).await;
        // The visitors' last words are on their way.
        tokio::task::yield_now().await;
    }
}
