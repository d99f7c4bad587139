//! The supervisor's loop and the effects of its actions.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tokio::io::AsyncWriteExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::actions::Action;
use super::agent_client;
use super::connections::{self, STARTER};
use super::deadlines::Timeouts;
use super::dns_status::status_of;
use super::events::Event;
use super::failure::cannot;
use super::management::{self, ManagementSocket};
use super::process_handle::ProcessHandle;
use super::reaper::Reaper;
use super::runtime_files::{Listeners, RuntimeFiles, write_profile};
use super::state::SupervisorState;
use crate::clock::Clock;
use crate::privileged::DnsConfig;
use crate::process;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{DnsStatus, FromTunnel, TunnelEnd};

/// How a supervisor was started.
#[derive(Debug)]
pub struct Start {
    /// The runtime directory, which holds the agent's socket.
    pub directory: PathBuf,
    /// For `ob vpn exec`: not this machine's tunnel, and not found by `ob vpn status`.
    pub private: bool,
}

type EventQueue = UnboundedSender<Event>;

/// Supervises a tunnel for the client at the other end of `stream`.
pub(super) async fn supervise(
    stream: UnixStream,
    start: &Start,
    timeouts: &Timeouts,
) -> Result<(), Report> {
    let (queue, events) = unbounded_channel();
    let notify = {
        let queue = queue.clone();
        move |event| drop(queue.send(Event::Client(event)))
    };
    let (starter, writer) = connections::serve_starter(stream, notify.clone())
        .map_err(|error| cannot("talk to whoever started it", &error))?;
    let prepared = RuntimeFiles::create(&start.directory, start.private).and_then(
        |(
            files,
            Listeners {
                control,
                management,
            },
        )| {
            let queue = queue.clone();
            connections::serve(control, notify)
                .and_then(|()| {
                    management::serve(management, {
                        let queue = queue.clone();
                        move |event| drop(queue.send(Event::Openvpn(event)))
                    })
                })
                .map_err(|error| cannot("listen", &error))?;
            watch_signals(&queue).map_err(|error| cannot("catch signals", &error))?;
            Ok(files)
        },
    );
    let files = match prepared {
        Ok(files) => files,
        Err(report) => {
            let _ = starter.send(FromTunnel::Failed(report.clone()));
            drop(starter);
            let _ = timeout(timeouts.refusal, writer).await;
            return Err(report);
        }
    };
    let _ = starter.send(FromTunnel::Ready {
        config: files.config(),
        management: files.management(),
        control: files.control().to_owned(),
    });
    let started = Clock::system().now();
    let mut state = SupervisorState::new((STARTER, starter), timeouts, Instant::now(), started);
    let mut effects = Effects::new(start, files, queue);
    // From here on this process starts no program.
    let confinement = process::confine_supervisor(&start.directory);
    state.log.push(format!("ob: {confinement}"));
    effects.watch_reaper();
    effects.run(state, events, writer, timeouts).await;
    Ok(())
}

fn watch_signals(queue: &EventQueue) -> io::Result<()> {
    for kind in [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ] {
        let mut signals = signal(kind)?;
        let queue = queue.clone();
        spawn_local(async move {
            while signals.recv().await.is_some() {
                let _ = queue.send(Event::Terminate);
            }
        });
    }
    Ok(())
}

/// What the supervisor holds of the world.
struct Effects<'a> {
    start: &'a Start,
    files: RuntimeFiles,
    queue: EventQueue,
    management: Option<ManagementSocket>,
    openvpn: Option<ProcessHandle>,
    reaper: Option<Reaper>,
    /// Replaces a reaper that was killed: a confined supervisor can start no other.
    reserve: Option<Reaper>,
}

impl<'a> Effects<'a> {
    fn new(start: &'a Start, files: RuntimeFiles, queue: EventQueue) -> Self {
        let leftovers = files.leftovers(&start.directory);
        Self {
            start,
            files,
            queue,
            management: None,
            openvpn: None,
            reaper: Reaper::start(&leftovers).ok(),
            reserve: Reaper::start_reserve(&leftovers).ok(),
        }
    }

    async fn run(
        mut self,
        mut state: SupervisorState,
        mut events: UnboundedReceiver<Event>,
        writer: JoinHandle<()>,
        timeouts: &Timeouts,
    ) {
        while !state.has_ended() {
            let event = tokio::select! {
                event = events.recv() => event.unwrap_or(Event::Terminate),
                () = sleep_until(state.deadline()) => Event::Deadline,
            };
            for action in state.handle(event, Instant::now()) {
                self.perform(action).await;
            }
        }
        self.finish(state, writer, timeouts).await;
    }

    async fn perform(&mut self, action: Action) {
        match action {
            // A client that is gone misses nothing.
            Action::Tell(client, message) => drop(client.send(message)),
            Action::AcceptOpenvpn(socket) => {
                self.openvpn = socket.pid.map(ProcessHandle::open);
                self.management = Some(socket);
                self.files.openvpn_connected();
            }
            Action::Write(line) => {
                if let Some(socket) = &mut self.management {
                    // The reader notices when the connection is closed.
                    let _ = socket.writer.write_all(line.expose().as_bytes()).await;
                }
            }
            Action::WriteLater(pause, command) => {
                let queue = self.queue.clone();
                spawn_local(async move {
                    sleep(pause).await;
                    let _ = queue.send(Event::CommandDue(command));
                });
            }
            Action::CloseManagement => self.management = None,
            Action::KillOpenvpn => {
                if let Some(openvpn) = &self.openvpn {
                    openvpn.kill();
                }
            }
            Action::WriteProfile(profile) => self.write_profile(profile),
            Action::RenewToken(target) => {
                let (queue, directory) = (self.queue.clone(), self.start.directory.clone());
                agent_client::renew_token(directory, target, move |outcome| {
                    let _ = queue.send(Event::TokenRenewed(outcome));
                });
            }
            Action::SignIn(target, url) => {
                let (queue, directory) = (self.queue.clone(), self.start.directory.clone());
                agent_client::sign_in(directory, target, url, move |url, outcome| {
                    let _ = queue.send(Event::SignInFinished(url, outcome));
                });
            }
            Action::SetDns(config) => self.set_dns(config),
            Action::RevertDns => {
                if let Some(reaper) = &mut self.reaper {
                    let _ = reaper.revert();
                }
            }
            Action::ReplaceReaper => self.replace_reaper(),
            Action::MarkUp(device) => self.files.mark_up(device.as_deref()),
            Action::MarkDown => self.files.mark_down(),
        }
    }

    /// Opening the pipe blocks until openvpn opens it too. If it never does, this process ends with
    /// the thread in it.
    fn write_profile(&self, profile: Secret) {
        let (pipe, queue) = (self.files.config(), self.queue.clone());
        let spawned = std::thread::Builder::new().spawn(move || {
            let _ = queue.send(Event::ProfileWritten(write_profile(&pipe, &profile)));
        });
        if let Err(error) = spawned {
            let _ = self.queue.send(Event::ProfileWritten(Err(error)));
        }
    }

    fn set_dns(&mut self, config: DnsConfig) {
        let mut status = status_of(&config);
        let sent = self.reaper.as_mut().map(|reaper| reaper.apply(config));
        if !matches!(sent, Some(Ok(()))) {
            status.why = Some("the process that sets them is gone".to_owned());
            let _ = self.queue.send(Event::Dns(status));
        }
    }

    fn watch_reaper(&mut self) {
        let queue = self.queue.clone();
        let notify = move |status: Option<DnsStatus>| {
            drop(queue.send(status.map_or(Event::ReaperExited, Event::Dns)));
        };
        let listening = self.reaper.as_ref().map(|reaper| reaper.listen(notify));
        if !matches!(listening, Some(Ok(()))) {
            self.reaper = None;
        }
    }

    fn replace_reaper(&mut self) {
        if let Some(killed) = self.reaper.take() {
            killed.reap();
        }
        if let Some(mut reserve) = self.reserve.take()
            && reserve.activate().is_ok()
        {
            self.reaper = Some(reserve);
            self.watch_reaper();
        }
    }

    /// Waits until openvpn is gone, reverts everything, and tells every client.
    async fn finish(
        mut self,
        mut state: SupervisorState,
        writer: JoinHandle<()>,
        timeouts: &Timeouts,
    ) {
        self.management = None;
        if let Some(openvpn) = self.openvpn.take() {
            openvpn.wait_or_kill(timeouts.openvpn_exit).await;
        }
        drop(self.reserve.take());
        if let Some(reaper) = self.reaper.take() {
            reaper.end(timeouts.reaper_exit).await;
        }
        let (actions, to_remember) = state.finish();
        for action in actions {
            self.perform(action).await;
        }
        // No task has run since: a client that reads of the end finds no file of the tunnel.
        drop(self.files);
        if !self.start.private {
            let at = Clock::system().now();
            let end = to_remember.map(|report| TunnelEnd { at, report });
            agent_client::report_end(&self.start.directory, end);
        }
        // Closes the queues of all clients.
        drop(state);
        let _ = timeout(timeouts.farewell, writer).await;
        // Lets the tasks of the other clients write their last message.
        yield_now().await;
    }
}
