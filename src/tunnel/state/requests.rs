//! What clients ask for, and what they are told.

use super::SupervisorState;
use crate::openvpn::state::{Input, Phase};
use crate::secret::Secret;
use crate::tunnel::actions::Action;
use crate::tunnel::auth::Auth;
use crate::tunnel::connections::{ClientEvent, ClientId, ClientQueue};
use crate::tunnel::deadlines::Stage;
use crate::tunnel::runtime_files::already_up;
use crate::wire::{Begin, FromTunnel, SecretText, ToTunnel, TunnelAnswer};

impl SupervisorState {
    pub(super) fn client_event(&mut self, event: ClientEvent) {
        let answerer = self.answerer.as_ref().map(|(id, _)| *id);
        match event {
            ClientEvent::Answerer(id, message) if answerer == Some(id) => {
                self.answerer_message(message);
            }
            ClientEvent::AnswererLeft(id) if answerer == Some(id) => {
                self.answerer = None;
                self.stop();
            }
            ClientEvent::Answerer(..) | ClientEvent::AnswererLeft(_) => {}
            ClientEvent::Attach(id, queue) => self.attach(id, queue),
            ClientEvent::Request(message, queue) => self.request(&message, queue),
        }
    }

    fn answerer_message(&mut self, message: ToTunnel) {
        match message {
            ToTunnel::Begin(begin) if self.begin.is_none() => self.launch(*begin),
            ToTunnel::Answer { number, answer } => {
                // The answer to an earlier question came too late, and may be a password.
                if self.question.as_ref().map(|(open, _)| *open) != Some(number) {
                    return;
                }
                self.question = None;
                let answer = match answer {
                    TunnelAnswer::Unavailable => None,
                    TunnelAnswer::Given(secret) => Some(secret.0),
                };
                if let Some(next) = self.auth.answered(answer) {
                    self.proceed(next);
                }
            }
            ToTunnel::NotStarted if !self.was_connected => self.step(Input::Closed),
            ToTunnel::Detach => self.answerer = None,
            ToTunnel::Down => self.stop(),
            _ => {}
        }
    }

    fn request(&mut self, message: &ToTunnel, queue: ClientQueue) {
        match message {
            ToTunnel::Status => {
                let status = FromTunnel::Status(Box::new(self.status()));
                self.actions.push(Action::Tell(queue, status));
            }
            ToTunnel::Logs { follow } => self.log.replay(queue, *follow),
            ToTunnel::Events => {
                for message in self.present().into_iter().chain([FromTunnel::Listening]) {
                    self.actions.push(Action::Tell(queue.clone(), message));
                }
                self.watchers.push(queue);
            }
            ToTunnel::Down => {
                self.watchers.push(queue);
                self.stop();
            }
            _ => {}
        }
    }

    fn launch(&mut self, mut begin: Begin) {
        let token = begin.token.take().map(|token| token.0);
        self.auth = Auth::new(begin.username.clone(), token, begin.has_agent);
        let profile = std::mem::replace(&mut begin.profile, SecretText(Secret::new("")));
        self.actions.push(Action::WriteProfile(profile.0));
        self.begin = Some(begin);
        self.deadlines.enter(Stage::Launching, self.now);
        self.launched = self.now;
        self.announce();
    }

    /// Lets a client answer in place of the one that left, if a question is open.
    fn attach(&mut self, id: ClientId, queue: ClientQueue) {
        let messages = match &self.question {
            Some((number, question)) if self.answerer.is_none() => {
                self.answerer = Some((id, queue.clone()));
                let ask = FromTunnel::Ask {
                    number: *number,
                    question: question.clone(),
                };
                self.present().into_iter().chain([ask]).collect()
            }
            _ => vec![FromTunnel::Failed(already_up())],
        };
        let tell = |message| Action::Tell(queue.clone(), message);
        self.actions.extend(messages.into_iter().map(tell));
    }

    /// Returns whether a client is there to answer.
    pub(super) fn send_to_answerer(&mut self, message: FromTunnel) -> bool {
        let Some((_, queue)) = &self.answerer else {
            return false;
        };
        self.actions.push(Action::Tell(queue.clone(), message));
        true
    }

    /// Tells the answerer and every watcher.
    pub(super) fn send_to_all(&mut self, message: impl Fn() -> FromTunnel) {
        self.watchers.retain(|watcher| !watcher.is_closed());
        let answerer = self.answerer.iter().map(|(_, queue)| queue);
        let tell = |queue: &ClientQueue| Action::Tell(queue.clone(), message());
        self.actions
            .extend(answerer.chain(&self.watchers).map(tell));
    }

    pub(super) fn announce(&mut self) {
        let change = self.phase_change();
        self.actions.push(match self.openvpn.phase() {
            Phase::Connected { .. } => {
                let device = self.network.as_ref().map(|network| network.device.clone());
                Action::MarkUp(device)
            }
            _ => Action::MarkDown,
        });
        self.log.push(format!("ob: {}", change.phase.name()));
        self.send_to_all(|| FromTunnel::Phase(change.clone()));
    }
}
