//! `ob write --watch`: writes again and again, each time before the credentials expire.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use super::every_role::run_once;
use super::outcome::Outcome;
use super::plan::Plan;
use crate::clock::Clock;
use crate::model::Timestamp;
use crate::report::{Exit, Report};

/// Seconds before expiry at which credentials are renewed. Short ones are renewed after two thirds
/// of their time.
const RENEWAL_MARGIN: i64 = 600;
/// The longest sleep at a time: the machine may be suspended, and its clock be set.
const MAX_SLEEP: Duration = Duration::from_secs(15);
/// Seconds between two attempts to reach a server.
const RETRY_INTERVAL: i64 = 30;

/// Writes until a run fails.
///
/// # Errors
/// When a renewal needs an answer and has none, or is refused. The file is as the last run left it.
pub(super) fn run(plan: &Plan<'_>) -> Result<ExitCode, Report> {
    let clock = Clock::system();
    let output = plan.context.output;
    let mut outcome = run_once(plan, None)?;
    loop {
        let (renews_at, margin) = next_renewal(&outcome, clock.now());
        outcome.print(plan.context, &plan.path, Some(renews_at))?;
        if let Some(report) = outcome.refusal() {
            output.report(&report);
        }
        wait_until(&clock, renews_at);
        let min_ttl = u64::try_from(margin + 1).ok().map(Duration::from_secs);
        outcome = loop {
            match run_once(plan, min_ttl) {
                Ok(outcome) => break outcome,
                // The old credentials stay in the file until the network is back.
                Err(report) if report.exit == Exit::Unreachable => {
                    output.report(&report);
                    wait_until(&clock, clock.now().plus(RETRY_INTERVAL));
                }
                Err(report) => return Err(report.context("cannot renew; the file is as it was")),
            }
        };
    }
}

/// Returns when the next run is due, and how many seconds that is before the first expiry.
fn next_renewal(outcome: &Outcome, now: Timestamp) -> (Timestamp, i64) {
    let expiry = outcome.first_expiry().unwrap_or(now);
    let left = expiry.seconds_since(now).max(3);
    let margin = if left >= 3 * RENEWAL_MARGIN / 2 {
        RENEWAL_MARGIN
    } else {
        left / 3
    };
    (expiry.plus(-margin), margin)
}

fn wait_until(clock: &Clock, time: Timestamp) {
    loop {
        let left = u64::try_from(time.seconds_since(clock.now())).unwrap_or(0);
        if left == 0 {
            return;
        }
        sleep(MAX_SLEEP.min(Duration::from_secs(left)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Written;
    use super::*;
    use crate::model::RoleArn;

    #[test]
    fn renewal_is_ten_minutes_or_a_third_before_the_first_expiry() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/Dev").unwrap();
        let renews_at = |expiries: &[i64]| {
            let written = expiries.iter().map(|expiry| Written {
                section: "a".into(),
                role: role.clone(),
                expires_at: Timestamp(*expiry),
            });
            let outcome = Outcome {
                written: written.collect(),
                ..Outcome::default()
            };
            next_renewal(&outcome, Timestamp(0)).0
        };
        assert_eq!(renews_at(&[7200, 3600]), Timestamp(3000));
        assert_eq!(renews_at(&[900]), Timestamp(300));
        assert_eq!(renews_at(&[300]), Timestamp(200));
        assert_eq!(renews_at(&[]), Timestamp(-1));
    }
}
