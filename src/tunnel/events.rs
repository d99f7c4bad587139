//! What everybody is told of a tunnel: its phases as they come, its state when asked, its end.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::supervisor::{Stage, Supervisor};
use super::{agent_client, management};
use crate::clock::Clock;
use crate::openvpn::state::{EndReason, Phase};
use crate::report::Report;
use crate::wire::{FromTunnel, PhaseChange, TunnelEnd, TunnelPhase, TunnelStatus};

/// An openvpn that has let go of its socket is gone within this time.
const GONE: Duration = Duration::from_secs(5);

impl Supervisor<'_> {
    pub(super) fn announce(&mut self) {
        let phase = self.phase();
        if matches!(self.state.phase(), Phase::Connected { .. }) {
            let network = self.network.as_ref();
            self.files
                .is_up(network.map(|network| network.device.as_str()));
        } else {
            self.files.is_not_up();
        }
        self.log.say(format!("ob: {}", phase.phase.name()));
        self.tell(|| FromTunnel::Phase(phase.clone()));
    }

    /// What somebody who comes later has missed.
    pub(super) fn present(&self) -> Vec<FromTunnel> {
        let dns = self.dns.clone().map(FromTunnel::Dns);
        dns.into_iter()
            .chain([FromTunnel::Phase(self.phase())])
            .collect()
    }

    pub(super) fn phase(&self) -> PhaseChange {
        let (phase, detail) = match (self.stage, self.state.phase()) {
            (Stage::Preparing, Phase::Starting) => (TunnelPhase::Preparing, None),
            (Stage::Launching, Phase::Starting) => (TunnelPhase::Launching, None),
            (_, Phase::Starting) => (TunnelPhase::Starting, None),
            (_, Phase::Connecting) => (TunnelPhase::Connecting, None),
            (_, Phase::SigningIn) => (TunnelPhase::SigningIn, None),
            (_, Phase::Asking) => (
                TunnelPhase::Asking,
                self.question.as_ref().map(|(_, question)| question.text()),
            ),
            (_, Phase::WebAuth { .. }) => (TunnelPhase::WebAuth, None),
            (_, Phase::Configuring) => (TunnelPhase::Configuring, None),
            (_, Phase::Connected { routes }) => (
                TunnelPhase::Connected,
                (!routes).then(|| "not every route could be set".to_owned()),
            ),
            (_, Phase::Reconnecting { reason }) => {
                (TunnelPhase::Reconnecting, Some(reason.clone()))
            }
            (_, Phase::Stopping(_)) => (TunnelPhase::Stopping, None),
            (_, Phase::Ended(_)) => (TunnelPhase::Ended, None),
        };
        PhaseChange {
            phase,
            detail,
            elapsed_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn tell(&mut self, message: impl Fn() -> FromTunnel) {
        if let Some((_, starter)) = &self.starter {
            let _ = starter.send(message());
        }
        self.log.tell(message);
    }

    pub(super) fn status(&self) -> TunnelStatus {
        let begin = self.begin.as_ref();
        let network = self.network.as_ref();
        TunnelStatus {
            pid: std::process::id(),
            host: begin
                .map(|begin| begin.target.host.clone())
                .unwrap_or_default(),
            username: self.auth.username().to_owned(),
            phase: self.phase().phase,
            question: self.question.as_ref().map(|(_, question)| question.text()),
            is_unattended: self.starter.is_none(),
            seconds_in_phase: self.deadlines.since.elapsed().as_secs(),
            started: self.started,
            device: network.map(|network| network.device.clone()),
            address: self.address.clone(),
            remote: self.remote.clone(),
            routes: network
                .map(|network| network.routes.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            bytes_received: self.traffic.0,
            bytes_sent: self.traffic.1,
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
        if let Some(reaper) = self.reaper.take() {
            reaper.end().await;
        }
        let report = match (self.failure.take(), self.state.phase()) {
            (Some(failure), _) => Some(failure),
            (None, Phase::Ended(EndReason::Stopped)) => None,
            (None, Phase::Ended(cause)) => Some(Report::from(cause.clone())),
            (None, _) => None,
        };
        self.tell(|| FromTunnel::Ended(report.clone()));
        let Self {
            mut log,
            starter,
            files,
            start,
            ..
        } = self;
        drop(files);
        log.close();
        if !start.private {
            // Who stays beside the tunnel has been told.
            let report = report.filter(|_| starter.is_none());
            let at = Clock::system().now();
            agent_client::report_end(
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
