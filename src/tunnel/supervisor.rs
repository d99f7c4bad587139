//! The supervisor's loop: one thing happens, the state steps, its actions are done.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::unistd::Pid;
use tokio::net::unix::OwnedWriteHalf;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep_until, timeout};

use super::agent_client::FromSession;
use super::auth::Auth;
use super::connections::{self, Number, Visit};
use super::deadlines::Deadlines;
use super::log::Log;
use super::management::{self, Heard};
use super::reaper::Reaper;
use super::runtime_files::{self, RuntimeFiles};
use super::{Start, cannot};
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::openvpn::command::Command;
use crate::openvpn::management::{ConnectionState, Event as ManagementEvent};
use crate::openvpn::network::TunnelNetwork;
use crate::openvpn::state::{Input, Phase, TunnelState};
use crate::privileged::DnsConfig;
use crate::process;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{Begin, DnsStatus, FromTunnel, Sealed, ToTunnel, TunnelAnswer, TunnelQuestion};

/// From being started to being told what to do: a person signs in meanwhile.
const PREPARING: Duration = Duration::from_secs(15 * 60);
/// From there to openvpn opening its configuration: sudo may ask for a password.
const LAUNCHING: Duration = Duration::from_secs(180);

/// What can happen.
#[derive(Debug)]
pub(super) enum Event {
    Visit(Visit),
    Management(Heard),
    Session(FromSession),
    Due(Command),
    HandedOver(io::Result<()>),
    Dns(DnsStatus),
    ReaperGone,
    Signal,
}

/// How far the tunnel is before its state counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Preparing,
    Launching,
    Running,
}

pub(super) struct Supervisor<'a> {
    pub(super) start: &'a Start,
    pub(super) happen: UnboundedSender<Event>,
    pub(super) stage: Stage,
    pub(super) state: TunnelState,
    /// The phase that everybody knows of.
    pub(super) announced: Phase,
    pub(super) deadlines: Deadlines,
    pub(super) began: Instant,
    pub(super) started: Timestamp,
    pub(super) files: RuntimeFiles,
    pub(super) log: Log,
    /// Who answers questions, with its number among those who did.
    pub(super) starter: Option<(Number, UnboundedSender<FromTunnel>)>,
    /// The question that is open, with its number.
    pub(super) question: Option<(u64, TunnelQuestion)>,
    /// How many have been asked.
    pub(super) questions: u64,
    pub(super) begin: Option<Begin>,
    pub(super) auth: Auth,
    pub(super) management: Option<OwnedWriteHalf>,
    pub(super) openvpn: Option<Pid>,
    pub(super) reaper: Option<Reaper>,
    /// What takes the place of a reaper that was killed.
    pub(super) reserve: Option<Reaper>,
    /// The name servers that the reaper was told to set.
    pub(super) set: Option<DnsConfig>,
    pub(super) network: Option<TunnelNetwork>,
    /// What the user is told beside the state of the name servers.
    pub(super) dns_notes: Vec<String>,
    pub(super) dns: Option<DnsStatus>,
    pub(super) remote: Option<String>,
    pub(super) address: Option<String>,
    pub(super) traffic: (u64, u64),
    pub(super) connections: u32,
    /// What went wrong beside openvpn.
    pub(super) failure: Option<Report>,
}

pub(super) async fn supervise(stream: UnixStream, start: &Start) -> Result<(), Report> {
    let (happen, happenings) = unbounded_channel();
    let visit = {
        let happen = happen.clone();
        move |visit| drop(happen.send(Event::Visit(visit)))
    };
    let (starter, speaking) = connections::starter(stream, visit.clone())
        .map_err(|error| cannot("talk to whoever started it", &error))?;
    let taken =
        RuntimeFiles::take(&start.directory, start.private).and_then(|(place, listeners)| {
            connections::receive(listeners.control, visit)
                .and_then(|()| {
                    let happen = happen.clone();
                    management::receive(listeners.management, move |heard| {
                        drop(happen.send(Event::Management(heard)));
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
    let mut supervisor = Supervisor {
        start,
        happen,
        stage: Stage::Preparing,
        state: TunnelState::default(),
        announced: Phase::Starting,
        deadlines: Deadlines::new(now),
        began: now,
        started: Clock::system().now(),
        files: place,
        log: Log::default(),
        starter: Some((connections::FIRST, starter)),
        question: None,
        questions: 0,
        begin: None,
        auth: Auth::new(String::new(), None, false),
        management: None,
        openvpn: None,
        reaper: None,
        reserve: None,
        set: None,
        network: None,
        dns_notes: Vec::new(),
        dns: None,
        remote: None,
        address: None,
        traffic: (0, 0),
        connections: 0,
        failure: None,
    };
    supervisor.start_reapers();
    // From here on it starts no program.
    let confinement = process::confine_supervisor(&start.directory);
    supervisor.log.say(format!("ob: {confinement}"));
    supervisor.listen_to_reaper();
    supervisor.run(happenings, speaking).await;
    Ok(())
}

fn watch_signals(happen: &UnboundedSender<Event>) -> io::Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let mut signals = signal(kind)?;
        let happen = happen.clone();
        spawn_local(async move {
            while signals.recv().await.is_some() {
                let _ = happen.send(Event::Signal);
            }
        });
    }
    Ok(())
}

impl Supervisor<'_> {
    async fn run(mut self, mut happenings: UnboundedReceiver<Event>, speaking: JoinHandle<()>) {
        while !matches!(self.state.phase(), Phase::Ended(_)) {
            let until = match self.stage {
                Stage::Preparing => self.deadlines.since + PREPARING,
                Stage::Launching => self.deadlines.since + LAUNCHING,
                Stage::Running => self.deadlines.end(&self.state),
            };
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

    async fn handle(&mut self, happening: Event) {
        match happening {
            Event::Visit(visit) => self.visited(visit).await,
            Event::Management(heard) => self.heard(heard).await,
            Event::Session(FromSession::Token(outcome)) => {
                let renewed = outcome.unwrap_or_else(|report| {
                    self.log
                        .say(format!("ob: no new token: {}", report.summary));
                    None
                });
                if let Some(next) = self.auth.renewed(renewed) {
                    self.answer(next).await;
                }
            }
            Event::Session(FromSession::SignedIn(_, Ok(()))) => {
                self.log.say("ob: signed in for the tunnel".to_owned());
            }
            Event::Session(FromSession::SignedIn(url, Err(report))) => {
                let why = report.causes.first().unwrap_or(&report.summary).clone();
                self.browse(url, Some(why));
            }
            Event::Due(command) => self.send(command).await,
            Event::HandedOver(done) => {
                self.stage = Stage::Running;
                self.deadlines.since = Instant::now();
                if let Err(error) = done {
                    self.failure = Some(cannot("give openvpn its configuration", &error));
                    self.step(Input::Closed).await;
                }
            }
            Event::Dns(status) => self.dns_is(status),
            Event::ReaperGone => self.replace_reaper(),
            Event::Signal => self.stop().await,
        }
    }

    async fn visited(&mut self, visit: Visit) {
        let starter = self.starter.as_ref().map(|(number, _)| *number);
        match visit {
            Visit::Starter(number, message) if starter == Some(number) => {
                self.starter_says(message).await;
            }
            Visit::StarterLeft(number) if starter == Some(number) => {
                self.starter = None;
                self.stop().await;
            }
            Visit::Attached(number, to) => self.attach(number, to),
            Visit::Visitor(ToTunnel::Status, to) => {
                let _ = to.send(FromTunnel::Status(Box::new(self.status())));
            }
            Visit::Visitor(ToTunnel::Logs { follow }, to) => self.log.replay(to, follow),
            Visit::Visitor(ToTunnel::Events, to) => {
                for message in self.present().into_iter().chain([FromTunnel::Listening]) {
                    let _ = to.send(message);
                }
                self.log.watch(to);
            }
            Visit::Visitor(ToTunnel::Down, to) => {
                self.log.watch(to);
                self.stop().await;
            }
            _ => {}
        }
    }

    async fn starter_says(&mut self, message: ToTunnel) {
        match message {
            ToTunnel::Begin(begin) if self.begin.is_none() => self.launch(*begin),
            ToTunnel::Answer { number, answer } => {
                // One that was given to another question came too late, and may be a password.
                if self.question.as_ref().map(|(open, _)| *open) != Some(number) {
                    return;
                }
                self.question = None;
                let answer = match answer {
                    TunnelAnswer::Unavailable => None,
                    TunnelAnswer::Given(secret) => Some(secret.0),
                };
                if let Some(next) = self.auth.given(answer) {
                    self.answer(next).await;
                }
            }
            ToTunnel::NotStarted if self.openvpn.is_none() => self.step(Input::Closed).await,
            ToTunnel::Detach => self.starter = None,
            ToTunnel::Down => self.stop().await,
            _ => {}
        }
    }

    fn launch(&mut self, mut begin: Begin) {
        let token = begin.token.take().map(|token| token.0);
        self.auth = Auth::new(begin.username.clone(), token, begin.has_agent);
        let profile = std::mem::replace(&mut begin.profile, Sealed(Secret::new("")));
        let (pipe, happen) = (self.files.config(), self.happen.clone());
        // Opening blocks until openvpn opens too; should it never, the process ends with this thread in it.
        let tell = self.happen.clone();
        let handing = std::thread::Builder::new().spawn(move || {
            let done = runtime_files::write_profile(&pipe, &profile.0);
            let _ = happen.send(Event::HandedOver(done));
        });
        if let Err(error) = handing {
            let _ = tell.send(Event::HandedOver(Err(error)));
        }
        self.begin = Some(begin);
        self.stage = Stage::Launching;
        self.deadlines.since = Instant::now();
        self.began = self.deadlines.since;
        self.announce();
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Called(writer, pid) => {
                self.management = Some(writer);
                self.openvpn = pid.map(Pid::from_raw);
                self.files.called();
            }
            Heard::Line(line) => {
                self.log.note(&String::from_utf8_lossy(&line));
                let event = ManagementEvent::parse(&line);
                match &event {
                    ManagementEvent::ByteCount { received, sent } => {
                        self.traffic = (*received, *sent)
                    }
                    ManagementEvent::State(line) if line.state == ConnectionState::Connected => {
                        self.remote = Some(format!("{}:{}", line.remote, line.port));
                        self.address = Some(line.address.clone()).filter(|text| !text.is_empty());
                        self.connections += 1;
                        self.auth.connected();
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
}
