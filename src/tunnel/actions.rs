//! What the supervisor does about an input: the state steps, its actions are done in their order.

use nix::sys::signal::{Signal, kill};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use super::agent_client;
use super::already_up;
use super::auth::Next;
use super::connections::Number;
use super::name_servers::{notes_on, status_of};
use super::reaper::Reaper;
use super::supervisor::{Event, Supervisor};
use crate::model::DnsScope;
use crate::openvpn::command::Command;
use crate::openvpn::network::TunnelNetwork;
use crate::openvpn::state::{Action, AuthAnswer, Input};
use crate::privileged::DnsConfig;
use crate::secret::Secret;
use crate::wire::{DnsStatus, FromTunnel, Sealed};

impl Supervisor<'_> {
    pub(super) async fn stop(&mut self) {
        if self.management.is_some() {
            self.step(Input::Stop).await;
        } else {
            // Not yet started, or about to call nobody: it ends by itself.
            self.step(Input::Stop).await;
            self.step(Input::Closed).await;
        }
    }

    pub(super) async fn step(&mut self, input: Input) {
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
        self.announce_change();
    }

    fn announce_change(&mut self) {
        if *self.state.phase() != self.announced {
            self.announced = self.state.phase().clone();
            let asked = self.question.is_some();
            self.deadlines
                .changed(&self.announced, asked, Instant::now());
            self.announce();
        }
    }

    /// Does `action`; what follows from it at once is the next input.
    pub(super) async fn act(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Send(command) => self.send(command).await,
            Action::SendAfter(pause, command) => {
                let happen = self.happen.clone();
                spawn_local(async move {
                    sleep(pause).await;
                    let _ = happen.send(Event::Due(command));
                });
            }
            Action::Ask(question) => {
                let next = self.auth.asked(question);
                return self.next(next).map(Input::Answer);
            }
            Action::SignIn { url, .. } => self.sign_in(url),
            Action::Withdraw => {
                self.auth.withdraw();
                self.question = None;
                self.say_to_starter(FromTunnel::Withdrawn);
            }
            Action::Configure(network) => self.configure(network),
            Action::Revert => {
                self.set = None;
                if let Some(reaper) = &mut self.reaper {
                    let _ = reaper.revert();
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

    pub(super) async fn answer(&mut self, next: Next) {
        if let Some(answer) = self.next(next) {
            self.step(Input::Answer(answer)).await;
        }
    }

    pub(super) fn next(&mut self, next: Next) -> Option<AuthAnswer> {
        match next {
            Next::Answer(answer) => Some(answer),
            Next::Renew => {
                let target = self.begin.as_ref()?.target.clone();
                let happen = self.happen.clone();
                agent_client::renew(self.start.directory.clone(), target, move |outcome| {
                    let _ = happen.send(Event::Session(outcome));
                });
                None
            }
            Next::Person(question) => {
                self.questions += 1;
                let number = self.questions;
                self.question = Some((number, question.clone()));
                // Said before the question stands on the terminal.
                self.announce_change();
                if !self.say_to_starter(FromTunnel::Ask { number, question }) {
                    // Somebody may come; the phase has its deadline.
                    self.log
                        .say("ob: nobody is here to answer; `ob vpn up` does".to_owned());
                }
                None
            }
        }
    }

    /// Puts somebody in the place of the one who started the tunnel, if the place is free and an answer is wanted.
    pub(super) fn attach(&mut self, number: Number, to: UnboundedSender<FromTunnel>) {
        match &self.question {
            Some((asked, question)) if self.starter.is_none() => {
                for message in self.present() {
                    let _ = to.send(message);
                }
                let _ = to.send(FromTunnel::Ask {
                    number: *asked,
                    question: question.clone(),
                });
                self.starter = Some((number, to));
            }
            _ => drop(to.send(FromTunnel::Failed(already_up()))),
        }
    }

    /// Whether somebody is there to hear it.
    fn say_to_starter(&self, message: FromTunnel) -> bool {
        let starter = self.starter.as_ref();
        starter.is_some_and(|(_, to)| to.send(message).is_ok())
    }

    pub(super) fn sign_in(&mut self, url: Secret) {
        let Some(begin) = self.begin.as_ref().filter(|begin| begin.has_agent) else {
            return self.browse(url, None);
        };
        let happen = self.happen.clone();
        let directory = self.start.directory.clone();
        agent_client::sign_in(directory, begin.target.clone(), url, move |outcome| {
            let _ = happen.send(Event::Session(outcome));
        });
    }

    /// The person's to do, if one is there.
    pub(super) fn browse(&mut self, url: Secret, why: Option<String>) {
        let reason = why.as_deref().unwrap_or("no agent is there to do it");
        self.log.say(format!(
            "ob: the server wants a sign-in by browser: {reason}"
        ));
        let url = Sealed(url);
        self.say_to_starter(FromTunnel::Browse { url, why });
    }

    pub(super) fn configure(&mut self, network: TunnelNetwork) {
        let begin = self.begin.as_ref();
        let (sets, wish) = begin.map_or((false, None), |begin| (begin.sets_dns, begin.dns_scope));
        // openvpn was told to use this very device.
        let Ok(device) = network.device.parse() else {
            self.network = Some(network);
            return self.dns_is(no_device());
        };
        let config = DnsConfig::of(&network, device, wish);
        self.dns_notes = notes_on(&network, &config);
        self.network = Some(network);
        if !sets || config.servers.is_empty() {
            return self.dns_is(status_of(&config));
        }
        self.set = Some(config);
        self.set_name_servers();
    }

    fn set_name_servers(&mut self) {
        let Some(config) = self.set.clone() else {
            return;
        };
        let mut status = status_of(&config);
        let told = self.reaper.as_mut().map(|reaper| reaper.apply(config));
        if !matches!(told, Some(Ok(()))) {
            status.why = Some("the process that sets them is gone".to_owned());
            self.dns_is(status);
        }
    }

    /// Starts the reaper and its reserve.
    pub(super) fn start_reapers(&mut self) {
        let kept = self.files.kept(&self.start.directory);
        self.reaper = Reaper::start(&kept).ok();
        self.reserve = Reaper::start_reserve(&kept).ok();
    }

    pub(super) fn listen_to_reaper(&mut self) {
        let happen = self.happen.clone();
        let tell = move |status: Option<DnsStatus>| {
            drop(happen.send(status.map_or(Event::ReaperGone, Event::Dns)));
        };
        let heard = self.reaper.as_ref().map(|reaper| reaper.listen(tell));
        if !matches!(heard, Some(Ok(()))) {
            self.reaper = None;
        }
    }

    /// One that was killed has taken nothing back: the reserve goes on where it was.
    pub(super) fn replace_reaper(&mut self) {
        let Some(reaper) = self.reaper.take() else {
            return;
        };
        reaper.reap();
        if let Some(mut reserve) = self.reserve.take()
            && reserve.activate().is_ok()
        {
            self.reaper = Some(reserve);
            self.listen_to_reaper();
        }
        self.set_name_servers();
    }

    /// Told even where there are none: somebody may wait to hear of them.
    pub(super) fn dns_is(&mut self, mut status: DnsStatus) {
        status.notes.extend(self.dns_notes.iter().cloned());
        if let Some(why) = &status.why {
            self.log
                .say(format!("ob: name servers are not applied: {why}"));
        }
        self.tell(|| FromTunnel::Dns(status.clone()));
        self.dns = Some(status);
    }

    pub(super) async fn send(&mut self, command: Command) {
        let line = match command.line() {
            Ok(line) => line,
            Err(error) => {
                self.failure = Some(error.into());
                let _ = self.happen.send(Event::Signal);
                return;
            }
        };
        if let Some(writer) = &mut self.management {
            // One that is closed says so by itself.
            let _ = writer.write_all(line.expose().as_bytes()).await;
        }
    }
}

fn no_device() -> DnsStatus {
    DnsStatus {
        applied: false,
        servers: Vec::new(),
        asked: DnsScope::Domains,
        domains: Vec::new(),
        notes: vec!["openvpn names another device than it was told to use".to_owned()],
        why: None,
        commands: Vec::new(),
    }
}
