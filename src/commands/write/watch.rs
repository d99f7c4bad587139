//! `ob write --watch`: round after round, each before the last one's credentials expire.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use super::round::{Plan, Round};
use super::say;
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::report::{Exit, Report};

/// Seconds before expiry at which credentials are renewed; a third of a short life.
const MARGIN: i64 = 600;
/// The machine may sleep and its clock be set: the time is looked at again this often.
const LOOK: Duration = Duration::from_secs(15);
/// Between two tries to reach a server, in seconds.
const RETRY: i64 = 30;

/// Writes until it cannot.
///
/// # Errors
/// When a renewal needs an answer that nobody gives, or is refused. The file is as the last round left it.
pub(super) fn run(plan: &Plan<'_>) -> Result<ExitCode, Report> {
    let clock = Clock::system();
    let mut round = plan.run(None)?;
    loop {
        let (next, margin) = next(&round, clock.now());
        say(plan, &round, Some(next))?;
        if let Some(report) = round.refusal() {
            plan.context.voice.report(&report);
        }
        wait(&clock, next);
        let min_ttl = u64::try_from(margin + 1).ok().map(Duration::from_secs);
        round = loop {
            match plan.run(min_ttl) {
                Ok(round) => break round,
                // A network comes back; until then the old credentials are what there is.
                Err(report) if report.exit == Exit::Unreachable => {
                    plan.context.voice.report(&report);
                    wait(&clock, clock.now().plus(RETRY));
                }
                Err(report) => return Err(report.during("cannot renew; the file is as it was")),
            }
        };
    }
}

fn next(round: &Round, now: Timestamp) -> (Timestamp, i64) {
    let expiry = round.first_expiry().unwrap_or(now);
    let left = expiry.seconds_since(now).max(3);
    let margin = if left >= 3 * MARGIN / 2 {
        MARGIN
    } else {
        left / 3
    };
    (expiry.plus(-margin), margin)
}

fn wait(clock: &Clock, until: Timestamp) {
    loop {
        let left = u64::try_from(until.seconds_since(clock.now())).unwrap_or(0);
        if left == 0 {
            return;
        }
        sleep(LOOK.min(Duration::from_secs(left)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::round::Written;
    use super::*;
    use crate::model::RoleArn;

    #[test]
    fn renewal_is_ten_minutes_before_the_first_expiry_or_a_third_of_a_short_life() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/Dev").unwrap();
        let of = |expiries: &[i64]| {
            let written = expiries.iter().map(|expiry| Written {
                section: "a".into(),
                role: role.clone(),
                expires_at: Timestamp(*expiry),
            });
            let round = Round {
                written: written.collect(),
                links: Vec::new(),
                refused: Vec::new(),
            };
            next(&round, Timestamp(0)).0
        };
        assert_eq!(of(&[7200, 3600]), Timestamp(3000));
        assert_eq!(of(&[900]), Timestamp(300));
        assert_eq!(of(&[300]), Timestamp(200));
        assert_eq!(of(&[]), Timestamp(-1));
    }
}
