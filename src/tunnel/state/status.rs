//! The state of a tunnel as clients see it.

use super::SupervisorState;
use crate::openvpn::state::{EndReason, Phase};
use crate::report::Report;
use crate::tunnel::actions::Action;
use crate::tunnel::deadlines::Stage;
use crate::wire::{FromTunnel, PhaseChange, TunnelPhase, TunnelStatus};

impl SupervisorState {
    /// Returns what a new client has missed.
    pub(super) fn present(&self) -> Vec<FromTunnel> {
        let dns = self.dns.clone().map(FromTunnel::Dns);
        dns.into_iter()
            .chain([FromTunnel::Phase(self.phase_change())])
            .collect()
    }

    pub(super) fn phase_change(&self) -> PhaseChange {
        PhaseChange {
            phase: self.phase(),
            detail: self.phase_detail(),
            elapsed_ms: u64::try_from(self.since_launch().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn phase(&self) -> TunnelPhase {
        match (self.deadlines.stage(), self.openvpn.phase()) {
            (Stage::Preparing, Phase::Starting) => TunnelPhase::Preparing,
            (Stage::Launching, Phase::Starting) => TunnelPhase::Launching,
            (Stage::Running, Phase::Starting) => TunnelPhase::Starting,
            (_, Phase::Connecting) => TunnelPhase::Connecting,
            (_, Phase::SigningIn) => TunnelPhase::SigningIn,
            (_, Phase::Asking) => TunnelPhase::Asking,
            (_, Phase::WebAuth { .. }) => TunnelPhase::WebAuth,
            (_, Phase::Configuring) => TunnelPhase::Configuring,
            (_, Phase::Connected { .. }) => TunnelPhase::Connected,
            (_, Phase::Reconnecting { .. }) => TunnelPhase::Reconnecting,
            (_, Phase::Stopping(_)) => TunnelPhase::Stopping,
            (_, Phase::Ended(_)) => TunnelPhase::Ended,
        }
    }

    fn phase_detail(&self) -> Option<String> {
        match self.openvpn.phase() {
            Phase::Connected { routes: false } => Some("not every route could be set".to_owned()),
            Phase::Reconnecting { reason } => Some(reason.clone()),
            Phase::Asking => self.question_text(),
            _ => None,
        }
    }

    fn question_text(&self) -> Option<String> {
        self.question.as_ref().map(|(_, question)| question.text())
    }

    pub(super) fn status(&self) -> TunnelStatus {
        let host = self.begin.as_ref().map(|begin| begin.target.host.clone());
        let network = self.network.as_ref();
        let routes =
            network.map(|network| network.routes.iter().map(ToString::to_string).collect());
        TunnelStatus {
            pid: std::process::id(),
            host: host.unwrap_or_default(),
            username: self.auth.username().to_owned(),
            phase: self.phase(),
            question: self.question_text(),
            is_unattended: self.answerer.is_none(),
            seconds_in_phase: self.deadlines.in_phase(self.now).as_secs(),
            started: self.started,
            device: network.map(|network| network.device.clone()),
            address: self.address.clone(),
            remote: self.remote.clone(),
            routes: routes.unwrap_or_default(),
            bytes_received: self.traffic.0,
            bytes_sent: self.traffic.1,
            dns: self.dns.clone(),
            reconnections: self.connections.saturating_sub(1),
        }
    }

    /// Tells every client how the tunnel ended and lets all but the answerer go. Returns the reason
    /// if no answerer was told: the agent is to remember it.
    pub(in crate::tunnel) fn finish(&mut self) -> (Vec<Action>, Option<Report>) {
        let report = match (self.failure.take(), self.openvpn.phase()) {
            (Some(failure), _) => Some(failure),
            (None, Phase::Ended(EndReason::Stopped)) => None,
            (None, Phase::Ended(reason)) => Some(Report::from(reason.clone())),
            (None, _) => None,
        };
        self.send_to_all(|| FromTunnel::Ended(report.clone()));
        self.watchers.clear();
        let to_remember = report.filter(|_| self.answerer.is_none());
        (std::mem::take(&mut self.actions), to_remember)
    }
}
