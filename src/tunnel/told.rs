//! What everybody is told of a tunnel: its phases as they come, its state when asked, its end.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::supervisor::{Stage, Supervisor};
use super::{agent_side, management};
use crate::clock::Clock;
use crate::openvpn::state::{EndReason, Phase};
use crate::report::Report;
use crate::wire::{FromTunnel, PhaseTime, TunnelEnd, TunnelStatus};

/// An openvpn that has let go of its socket is gone within this time.
const GONE: Duration = Duration::from_secs(5);

impl Supervisor<'_> {
    pub(super) fn announce(&mut self) {
        let phase = self.phase();
        if matches!(self.state.phase(), Phase::Connected { .. }) {
            let network = self.network.as_ref();
            self.place
                .is_up(network.map(|network| network.device.as_str()));
        } else {
            self.place.is_not_up();
        }
        self.journal.say(format!("ob: {}", phase.name));
        self.tell(|| FromTunnel::Phase(phase.clone()));
    }

    /// What somebody who comes later has missed.
    pub(super) fn present(&self) -> Vec<FromTunnel> {
        let dns = self.dns.clone().map(FromTunnel::Dns);
        dns.into_iter()
            .chain([FromTunnel::Phase(self.phase())])
            .collect()
    }

    pub(super) fn phase(&self) -> PhaseTime {
        let (name, detail) = match (self.stage, self.state.phase()) {
            (Stage::Preparing, Phase::Starting) => ("preparing", None),
            (Stage::Launching, Phase::Starting) => ("launching", None),
            (_, Phase::Connected { routes: false }) => {
                ("connected", Some("not every route could be set".to_owned()))
            }
            (_, Phase::Reconnecting { reason }) => ("reconnecting", Some(reason.clone())),
            (_, Phase::Asking) => (
                "asking",
                self.question.as_ref().map(|(_, question)| question.text()),
            ),
            (_, phase) => (phase.name(), None),
        };
        PhaseTime {
            name: name.to_owned(),
            detail,
            after: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn tell(&mut self, message: impl Fn() -> FromTunnel) {
        if let Some((_, starter)) = &self.starter {
            let _ = starter.send(message());
        }
        self.journal.tell(message);
    }

    pub(super) fn status(&self) -> TunnelStatus {
        let begin = self.begin.as_ref();
        let network = self.network.as_ref();
        TunnelStatus {
            pid: std::process::id(),
            host: begin
                .map(|begin| begin.target.host.clone())
                .unwrap_or_default(),
            username: self.answers.username().to_owned(),
            phase: self.phase().name,
            asks: self.question.as_ref().map(|(_, question)| question.text()),
            alone: self.starter.is_none(),
            seconds: self.patience.since.elapsed().as_secs(),
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
    pub(super) async fn finish(mut self, speaking: JoinHandle<()>) {
        self.management = None;
        if let Some(openvpn) = self.openvpn {
            management::gone(openvpn, GONE).await;
        }
        drop(self.reserve.take());
        if let Some(keeper) = self.keeper.take() {
            keeper.end().await;
        }
        let report = match (self.failure.take(), self.state.phase()) {
            (Some(failure), _) => Some(failure),
            (None, Phase::Ended(EndReason::Stopped)) => None,
            (None, Phase::Ended(cause)) => Some(Report::from(cause.clone())),
            (None, _) => None,
        };
        self.tell(|| FromTunnel::Ended(report.clone()));
        let Self {
            mut journal,
            starter,
            place,
            start,
            ..
        } = self;
        drop(place);
        journal.close();
        if !start.private {
            // Who stays beside the tunnel has been told.
            let report = report.filter(|_| starter.is_none());
            let at = Clock::system().now();
            agent_side::leave_word(
                &start.directory,
                report.map(|report| TunnelEnd { at, report }),
            );
        }
        drop(starter);
        let _ = timeout(Duration::from_secs(1), speaking).await;
        // The visitors' last words are on their way.
        tokio::task::yield_now().await;
    }
}
