//! How long a tunnel may stay as it is.

use std::time::Duration;

use tokio::time::Instant;

use crate::openvpn::state::{Phase, TunnelState};

/// Stands for "no deadline".
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// The limits of the supervisor. Those of openvpn's phases are [`TunnelState`]'s.
#[derive(Clone, Debug)]
pub(super) struct Timeouts {
    /// From the start of the supervisor to its orders; the user signs in at that time.
    pub(super) preparing: Duration,
    /// From the orders to openvpn opening its configuration; sudo may ask for a password.
    pub(super) launching: Duration,
    /// From the end of the management connection to the end of openvpn; then it is killed and given
    /// the same time again.
    pub(super) openvpn_exit: Duration,
    /// The reaper reverts the name servers in this time.
    pub(super) reaper_exit: Duration,
    /// The last message to a client that started no tunnel.
    pub(super) refusal: Duration,
    /// The last messages to the client that answered questions.
    pub(super) farewell: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            preparing: Duration::from_secs(15 * 60),
            launching: Duration::from_secs(180),
            openvpn_exit: Duration::from_secs(5),
            reaper_exit: Duration::from_secs(5),
            refusal: Duration::from_secs(2),
            farewell: Duration::from_secs(1),
        }
    }
}

/// How far the tunnel is before the phases of openvpn count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The supervisor has no orders yet.
    Preparing,
    /// openvpn has not opened its configuration yet.
    Launching,
    Running,
}

/// When the stage and the phase of a tunnel began.
#[derive(Clone, Debug)]
pub(super) struct Deadlines {
    preparing: Duration,
    launching: Duration,
    stage: Stage,
    /// The last change of stage or phase.
    since: Instant,
    /// The start of the search for a server that is still going on.
    search: Option<Instant>,
}

impl Deadlines {
    pub(super) const fn new(timeouts: &Timeouts, now: Instant) -> Self {
        Self {
            preparing: timeouts.preparing,
            launching: timeouts.launching,
            stage: Stage::Preparing,
            since: now,
            search: None,
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) const fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
    }

    pub(super) fn in_phase(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Notes a change of phase. A search ends when a server waits for the user, or connects.
    /// Credentials that are given without the user are asked for at each attempt and change
    /// nothing.
    pub(super) fn phase_changed(&mut self, phase: &Phase, asks_user: bool, now: Instant) {
        self.since = now;
        match phase {
            Phase::Connecting | Phase::Reconnecting { .. } | Phase::SigningIn => {
                self.search.get_or_insert(now);
            }
            Phase::Asking if !asks_user => {}
            _ => self.search = None,
        }
    }

    /// Returns when `state` reaches its deadline.
    pub(super) fn end(&self, state: &TunnelState) -> Instant {
        match self.stage {
            Stage::Preparing => self.since + self.preparing,
            Stage::Launching => self.since + self.launching,
            Stage::Running => {
                let phase = state.deadline().map(|limit| self.since + limit);
                let search = self.search.zip(state.search_deadline());
                let search = search.map(|(began, limit)| began + limit);
                let first = phase.into_iter().chain(search).min();
                first.unwrap_or(self.since + NEVER)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openvpn::management::Event as ManagementEvent;
    use crate::openvpn::state::{EndReason, Input};

    const STEP: Duration = Duration::from_secs(10);

    /// Feeds `lines` in a circle, ten seconds apart, until the deadline or for an hour.
    fn time_to_deadline(mut state: TunnelState, lines: &[&str]) -> (TunnelState, Option<Duration>) {
        let began = Instant::now();
        let (mut deadlines, mut now) = (Deadlines::new(&Timeouts::default(), began), began);
        deadlines.enter(Stage::Running, began);
        let mut known = state.phase().clone();
        for line in lines.iter().cycle().take(360) {
            state = state
                .step(Input::Event(ManagementEvent::parse(line.as_bytes())))
                .0;
            if *state.phase() != known {
                known = state.phase().clone();
                deadlines.phase_changed(&known, false, now);
            }
            now += STEP;
            let end = deadlines.end(&state);
            if end <= now {
                return (state, Some(end - began));
            }
        }
        (state, None)
    }

    const SILENT: [&str; 4] = [
        ">STATE:1,WAIT,,,,,,",
        ">LOG:1,,UDPv4 link remote: [AF_INET]192.0.2.1:1194",
        ">LOG:1,,Attempting to establish TCP connection with [AF_INET]192.0.2.1:443 [nonblock]",
        ">STATE:1,RECONNECTING,server_poll,,,,,",
    ];

    #[test]
    fn silent_servers_are_given_up_after_a_minute_in_all() {
        let (state, end) = time_to_deadline(TunnelState::default(), &SILENT);
        assert_eq!(end, Some(Duration::from_secs(60)));
        let state = state.step(Input::Deadline).0;
        let Phase::Stopping(cause) = state.phase() else {
            panic!("{state:?}");
        };
        assert!(matches!(cause, EndReason::NoAnswer { .. }), "{cause:?}");
        insta::assert_snapshot!(cause, @"no answer from 192.0.2.1:1194 udp, 192.0.2.1:443 tcp \
            after 60 s");
        let report = crate::report::Report::from(cause.clone());
        assert_eq!(report.exit.code(), 5);
    }

    #[test]
    fn server_that_stops_answering_is_given_up() {
        let lines = [
            ">STATE:1,WAIT,,,,,,",
            ">STATE:1,AUTH,,,,,,",
            ">STATE:1,RECONNECTING,tls-error,,,,,",
        ];
        let (_, end) = time_to_deadline(TunnelState::default(), &lines);
        assert!(
            end.is_some_and(|end| end <= Duration::from_secs(120)),
            "{end:?}"
        );
    }

    #[test]
    fn tunnel_that_was_up_is_retried_without_end() {
        let line = ">STATE:1,CONNECTED,SUCCESS,10.0.0.2,,,,";
        let connected = TunnelState::default()
            .step(Input::Event(ManagementEvent::parse(line.as_bytes())))
            .0;
        assert_eq!(time_to_deadline(connected, &SILENT).1, None);
    }

    #[test]
    fn stages_before_openvpn_runs_have_their_own_limits() {
        let (now, timeouts) = (Instant::now(), Timeouts::default());
        let state = TunnelState::default();
        let mut deadlines = Deadlines::new(&timeouts, now);
        assert_eq!(deadlines.end(&state), now + timeouts.preparing);
        deadlines.enter(Stage::Launching, now + STEP);
        assert_eq!(deadlines.end(&state), now + STEP + timeouts.launching);
        deadlines.enter(Stage::Running, now + STEP);
        assert_eq!(
            Some(deadlines.end(&state) - now - STEP),
            state.deadline(),
            "openvpn's own limit"
        );
    }
}
