//! When a tunnel has lasted too long as it is.

use std::time::Duration;

use tokio::time::Instant;

use crate::openvpn::state::{Phase, TunnelState};

/// Longer than anybody waits.
const NEVER: Duration = Duration::from_secs(365 * 86_400);

/// When a tunnel came to where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// The last change of phase.
    pub(super) since: Instant,
    /// Where the search for a server began that is still going on.
    search: Option<Instant>,
}

impl Deadlines {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            since: now,
            search: None,
        }
    }

    /// The phase is another. A search ends with a server that waits for a person, or with a connection; credentials
    /// that are given without a person are asked for at each attempt and change nothing.
    pub(super) fn changed(&mut self, phase: &Phase, a_person_is_asked: bool, now: Instant) {
        self.since = now;
        match phase {
            Phase::Connecting | Phase::Reconnecting { .. } | Phase::SigningIn => {
                self.search.get_or_insert(now);
            }
            Phase::Asking if !a_person_is_asked => {}
            _ => self.search = None,
        }
    }

    /// When `state` is to be told that its time is over.
    pub(super) fn end(&self, state: &TunnelState) -> Instant {
        let phase = state.deadline().map(|limit| self.since + limit);
        let search = self.search.zip(state.search_deadline());
        let search = search.map(|(began, limit)| began + limit);
        let first = phase.into_iter().chain(search).min();
        first.unwrap_or(self.since + NEVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openvpn::management::Event as ManagementEvent;
    use crate::openvpn::state::{EndReason, Input};

    const STEP: Duration = Duration::from_secs(10);

    /// Plays `lines` again and again, ten seconds apart, until the time is over or an hour is.
    fn waits(mut state: TunnelState, lines: &[&str]) -> (TunnelState, Option<Duration>) {
        let began = Instant::now();
        let (mut patience, mut now) = (Deadlines::new(began), began);
        let mut known = state.phase().clone();
        for line in lines.iter().cycle().take(360) {
            state = state
                .step(Input::Event(ManagementEvent::parse(line.as_bytes())))
                .0;
            if *state.phase() != known {
                known = state.phase().clone();
                patience.changed(&known, false, now);
            }
            now += STEP;
            let end = patience.end(&state);
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
    fn a_server_that_never_answers_is_given_up_after_a_minute_in_all() {
        let (state, end) = waits(TunnelState::default(), &SILENT);
        assert_eq!(end, Some(Duration::from_secs(60)));
        let state = state.step(Input::Deadline).0;
        let Phase::Stopping(cause) = state.phase() else {
            panic!("{state:?}");
        };
        assert!(matches!(cause, EndReason::NoAnswer { .. }), "{cause:?}");
        insta::assert_snapshot!(cause, @"no answer from 192.0.2.1:1194 udp, 192.0.2.1:443 tcp after 60 s");
        let report = crate::report::Report::from(cause.clone());
        assert_eq!(report.exit.code(), 5);
    }

    #[test]
    fn a_server_that_begins_and_never_goes_on_is_given_up_too() {
        let lines = [
            ">STATE:1,WAIT,,,,,,",
            ">STATE:1,AUTH,,,,,,",
            ">STATE:1,RECONNECTING,tls-error,,,,,",
        ];
        let (_, end) = waits(TunnelState::default(), &lines);
        assert!(
            end.is_some_and(|end| end <= Duration::from_secs(120)),
            "{end:?}"
        );
    }

    #[test]
    fn a_tunnel_that_was_up_once_is_looked_for_without_an_end() {
        let line = ">STATE:1,CONNECTED,SUCCESS,10.0.0.2,,,,";
        let connected = TunnelState::default()
            .step(Input::Event(ManagementEvent::parse(line.as_bytes())))
            .0;
        assert_eq!(waits(connected, &SILENT).1, None);
    }
}
