//! Situations of a whole tunnel, without a process or a socket.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::tunnel::connections::{ClientEvent, STARTER};
use crate::tunnel::management::SocketEvent;
use crate::wire::{ToTunnel, TunnelAnswer, TunnelPhase};

struct Fixture {
    state: SupervisorState,
    starter: UnboundedReceiver<FromTunnel>,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        let (queue, starter) = unbounded_channel();
        let now = Instant::now();
        let timeouts = Timeouts::default();
        let state = SupervisorState::new((STARTER, queue), &timeouts, now, Timestamp(0));
        Self {
            state,
            starter,
            now,
        }
    }

    /// Handles `event` and delivers the messages. Returns the other actions.
    fn handle(&mut self, event: Event) -> Vec<Action> {
        let mut rest = Vec::new();
        for action in self.state.handle(event, self.now) {
            match action {
                Action::Tell(client, message) => drop(client.send(message)),
                action => rest.push(action),
            }
        }
        rest
    }

    fn line(&mut self, line: &str) -> Vec<Action> {
        let line = SocketEvent::Line(line.as_bytes().to_vec());
        self.handle(Event::Openvpn(line))
    }

    fn answerer(&mut self, message: ToTunnel) -> Vec<Action> {
        self.handle(Event::Client(ClientEvent::Answerer(STARTER, message)))
    }

    /// Returns the phases that the starter was told since the last call.
    fn phases(&mut self) -> Vec<TunnelPhase> {
        let mut phases = Vec::new();
        while let Ok(message) = self.starter.try_recv() {
            if let FromTunnel::Phase(change) = message {
                phases.push(change.phase);
            }
        }
        phases
    }
}

#[test]
fn orders_that_never_come_end_the_tunnel() {
    let mut tunnel = Fixture::new();
    tunnel.now = tunnel.state.deadline();
    tunnel.handle(Event::Deadline);
    assert_eq!(tunnel.phases(), [TunnelPhase::Stopping]);
    let killed = tunnel.handle(Event::Deadline);
    assert!(
        matches!(killed[..], [Action::KillOpenvpn, Action::MarkDown]),
        "{killed:?}"
    );
    assert!(tunnel.state.has_ended());
    let (_, to_remember) = tunnel.state.finish();
    assert!(to_remember.is_none(), "the starter is told");
}

#[test]
fn marker_for_prompts_is_set_before_clients_are_notified() {
    let mut tunnel = Fixture::new();
    let line = b">STATE:1,CONNECTED,SUCCESS,10.0.0.2,192.0.2.1,1194,,".to_vec();
    let event = Event::Openvpn(SocketEvent::Line(line));
    let actions = tunnel.state.handle(event, tunnel.now);
    assert!(
        matches!(actions[..], [Action::MarkUp(_), Action::Tell(..)]),
        "{actions:?}"
    );
}

#[test]
fn answer_to_an_earlier_question_is_dropped() {
    let mut tunnel = Fixture::new();
    for text in ["First?", "Second?"] {
        tunnel.line(&format!(">INFOMSG:CR_TEXT:R,E:{text}"));
    }
    let answer = |number| ToTunnel::Answer {
        number,
        answer: TunnelAnswer::Given(SecretText(Secret::new("42"))),
    };
    assert!(tunnel.answerer(answer(1)).is_empty());
    let actions = tunnel.answerer(answer(2));
    assert!(matches!(actions[..], [Action::Write(_), ..]), "{actions:?}");
}

#[test]
fn end_of_a_detached_tunnel_is_remembered() {
    let mut tunnel = Fixture::new();
    tunnel.answerer(ToTunnel::Detach);
    tunnel.handle(Event::Client(ClientEvent::AnswererLeft(STARTER)));
    assert!(!tunnel.state.has_ended(), "a detached client may leave");
    tunnel.handle(Event::Openvpn(SocketEvent::Closed));
    assert!(tunnel.state.has_ended());
    let (_, to_remember) = tunnel.state.finish();
    assert_eq!(to_remember.unwrap().name(), "vpn.vanished");
}

#[test]
fn tunnel_ends_when_its_answerer_leaves() {
    let mut tunnel = Fixture::new();
    tunnel.handle(Event::Client(ClientEvent::AnswererLeft(STARTER)));
    assert!(tunnel.state.has_ended());
    let (_, to_remember) = tunnel.state.finish();
    assert!(to_remember.is_none(), "taken down on request");
}
