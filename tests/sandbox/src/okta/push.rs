//! "Okta Authentication API: Verify push factor": the first request sends the push, each further
//! one is a poll until the phone has answered; then the link is for a new push. How the phone
//! behaves is a script that a test may change at any moment.

use super::Visit;
use super::authn::{self, Phase, Transaction};
use crate::http::Answer;
use std::time::{Duration, Instant};

/// How phones answer pushes, those under way included.
#[derive(Debug, Clone)]
pub struct PushScript {
    /// That many polls are answered `WAITING` at the least.
    pub waits: usize,
    /// The phone's owner takes at least this long from the moment of sending.
    pub after: Duration,
    /// The number to tap on the phone, if this sign-in is found risky. Zero is a number.
    pub number: Option<u32>,
    /// The poll, counted from 1, from which the number is shown.
    pub number_from_poll: usize,
    /// How it ends.
    pub outcome: PushOutcome,
}

impl PushScript {
    /// Approved on the second poll.
    pub fn approve() -> PushScript {
        PushScript {
            waits: 1,
            after: Duration::ZERO,
            number: None,
            number_from_poll: 2,
            outcome: PushOutcome::Approve,
        }
    }

    /// Rejected on the second poll.
    pub fn reject() -> PushScript {
        PushScript {
            outcome: PushOutcome::Reject,
            ..PushScript::approve()
        }
    }

    /// Approved on the fourth poll, the number shown from the second.
    pub fn number(number: u32) -> PushScript {
        PushScript {
            waits: 3,
            number: Some(number),
            ..PushScript::approve()
        }
    }
}

/// The outcome of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// "Yes, it's me."
    Approve,
    /// "No, it's not me."
    Reject,
    /// Okta gives up waiting.
    TimeOut,
    /// Not at all.
    Never,
}

/// A push that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Push {
    pub(super) factor: String,
    pub(super) result: PushResult,
    /// What the last poll showed.
    pub(super) number: Option<u32>,
    sent: Instant,
    polls: usize,
}

/// `factorResult`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PushResult {
    Waiting,
    Rejected,
    TimedOut,
}

impl PushResult {
    pub(super) fn name(self) -> &'static str {
        match self {
            PushResult::Waiting => "WAITING",
            PushResult::Rejected => "REJECTED",
            PushResult::TimedOut => "TIMEOUT",
        }
    }
}

pub(super) fn verify(
    visit: &Visit<'_>,
    token: &str,
    transaction: Transaction,
    factor: &str,
    operation: &str,
) -> Result<Answer, Answer> {
    match &transaction.phase {
        Phase::Pushed(push) if push.result == PushResult::Waiting && operation == "verify" => {
            let push = push.clone();
            poll(visit, token, transaction, push)
        }
        _ => {
            let push = Push {
                factor: factor.to_owned(),
                result: PushResult::Waiting,
                number: None,
                sent: Instant::now(),
                polls: 0,
            };
            Ok(authn::enter(visit, token, transaction, Phase::Pushed(push)))
        }
    }
}

fn poll(
    visit: &Visit<'_>,
    token: &str,
    transaction: Transaction,
    mut push: Push,
) -> Result<Answer, Answer> {
    let script = visit.state.push_script();
    push.polls += 1;
    if push.polls > script.waits && push.sent.elapsed() >= script.after {
        match script.outcome {
            PushOutcome::Approve => return authn::succeed(visit, token, transaction),
            PushOutcome::Reject => push.result = PushResult::Rejected,
            PushOutcome::TimeOut => push.result = PushResult::TimedOut,
            PushOutcome::Never => {}
        }
    }
    push.number = script
        .number
        .filter(|_| push.result == PushResult::Waiting && push.polls >= script.number_from_poll);
    Ok(authn::enter(visit, token, transaction, Phase::Pushed(push)))
}
