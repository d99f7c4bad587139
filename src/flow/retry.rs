//! Repeats requests that do no harm when sent twice: a `GET`, a poll, an STS call. Never a password
//! or a passcode.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::span;
use crate::flow::conversation::{Conversation, Unanswered};
use crate::http::{HttpError, Response};
use crate::report::{ErrorCode, Report};
use crate::wire::Notice;

/// Requests for one question, the first included.
const MAX_ATTEMPTS: u32 = 3;
/// Nothing is retried when a question has taken this long.
const MAX_ELAPSED: Duration = Duration::from_secs(25);
/// Longest wait for a rate limit. Okta counts by the minute.
const MAX_RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);
const DEFAULT_RATE_LIMIT_WAIT: Duration = Duration::from_secs(1);
/// Spreads the retries of clients that were turned away at the same time.
const MAX_JITTER_MILLIS: u64 = 250;

/// The provider of a server, for the report of its failure.
#[derive(Clone, Copy)]
pub(super) enum Provider<'a> {
    Okta,
    /// With the server's host.
    Aws(&'a str),
}

/// Sends a request to Okta until the server has decided something, at most [`MAX_ATTEMPTS`] times.
/// `what` completes "cannot …".
///
/// # Errors
/// The last failure, or [`Unanswered::Abandoned`].
pub(super) async fn with_retry<F>(
    what: &str,
    conversation: &impl Conversation,
    send: impl Fn() -> F,
) -> Result<Response, Report>
where
    F: Future<Output = Result<Response, HttpError>>,
{
    with_retry_at(Provider::Okta, what, conversation, send).await
}

/// As [`with_retry`], at any provider.
pub(super) async fn with_retry_at<F>(
    provider: Provider<'_>,
    what: &str,
    conversation: &impl Conversation,
    send: impl Fn() -> F,
) -> Result<Response, Report>
where
    F: Future<Output = Result<Response, HttpError>>,
{
    let mut budget = RetryBudget::new();
    loop {
        let accepted = budget.accept(provider, what, send().await, conversation);
        if let Some(response) = accepted.await? {
            return Ok(response);
        }
    }
}

/// Counts the attempts of one question.
pub(super) struct RetryBudget {
    started: Instant,
    attempts: u32,
}

impl RetryBudget {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            attempts: 0,
        }
    }

    /// Returns the wait after a failed attempt, or `None` if that was the last one.
    pub(super) fn next_wait(&mut self) -> Option<Duration> {
        self.attempts += 1;
        let is_spent = self.attempts >= MAX_ATTEMPTS || self.started.elapsed() >= MAX_ELAPSED;
        (!is_spent).then(|| backoff(self.attempts) + jitter(MAX_JITTER_MILLIS))
    }

    /// Returns the response if the server has decided something. Returns `None`, after a wait, if
    /// the request is to be sent again.
    ///
    /// # Errors
    /// The failure of the last attempt, or [`Unanswered::Abandoned`].
    pub(super) async fn accept(
        &mut self,
        provider: Provider<'_>,
        what: &str,
        result: Result<Response, HttpError>,
        conversation: &impl Conversation,
    ) -> Result<Option<Response>, Report> {
        match classify(provider, what, result)? {
            Outcome::Decided(response) => return Ok(Some(response)),
            Outcome::RateLimited(wait) => {
                self.attempts += 1;
                if self.attempts >= MAX_ATTEMPTS || wait > MAX_RATE_LIMIT_WAIT {
                    return Err(rate_limited_at(provider, what, wait));
                }
                wait_rate_limit(what, wait, conversation).await?;
            }
            Outcome::Transient(report) => {
                let wait = self.next_wait().ok_or(report)?;
                pause(what, wait, conversation).await?;
            }
        }
        Ok(None)
    }
}

/// Polls the state of a transaction that ends after `left`; the time waited is subtracted from it.
/// After a failure the next request is sent no sooner than `pace`, and none after the end.
///
/// # Errors
/// If there is no response, or the server accepts the next request only after the end.
pub(super) async fn poll<F>(
    what: &str,
    pace: Duration,
    left: &mut Duration,
    conversation: &impl Conversation,
    send: impl Fn() -> F,
) -> Result<Response, Report>
where
    F: Future<Output = Result<Response, HttpError>>,
{
    let mut failures = 0;
    loop {
        match classify(Provider::Okta, what, send().await)? {
            Outcome::Decided(response) => return Ok(response),
            Outcome::RateLimited(limit) => {
                let wait = limit.max(pace);
                let Some(rest) = left.checked_sub(wait) else {
                    let left = people(left.as_secs());
                    return Err(rate_limited(what, Some(limit))
                        .cause(format!("the step that waits ends before that, in {left}")));
                };
                *left = rest;
                wait_rate_limit(what, wait, conversation).await?;
            }
            Outcome::Transient(report) => {
                failures += 1;
                let wait = pace.max(backoff(failures));
                *left = match left.checked_sub(wait) {
                    Some(rest) if failures < MAX_ATTEMPTS => rest,
                    _ => return Err(report),
                };
                pause(what, wait + jitter(MAX_JITTER_MILLIS), conversation).await?;
            }
        }
    }
}

/// The outcome of one attempt.
enum Outcome {
    Decided(Response),
    /// 429, with the time until the next request is accepted.
    RateLimited(Duration),
    /// A failure that may pass.
    Transient(Report),
}

fn classify(
    provider: Provider<'_>,
    what: &str,
    result: Result<Response, HttpError>,
) -> Result<Outcome, Report> {
    match result {
        Ok(response) if response.status == 429 => {
            let wait = response.retry_after().unwrap_or_default();
            Ok(Outcome::RateLimited(wait.max(DEFAULT_RATE_LIMIT_WAIT)))
        }
        Ok(response) if response.status >= 500 => {
            let report = server_error(provider, what, response.status);
            Ok(Outcome::Transient(report))
        }
        Ok(response) => Ok(Outcome::Decided(response)),
        Err(error) => {
            let is_transient = error.is_transient();
            let report = Report::from(error).context(format!("cannot {what}"));
            match is_transient {
                true => Ok(Outcome::Transient(report)),
                false => Err(report),
            }
        }
    }
}

async fn wait_rate_limit(
    what: &str,
    wait: Duration,
    conversation: &impl Conversation,
) -> Result<(), Unanswered> {
    conversation.notify(Notice::Wait {
        seconds: wait.as_secs(),
        why: format!("too many requests (429): waiting to {what}"),
    });
    conversation.pause(wait + jitter(MAX_JITTER_MILLIS)).await
}

async fn pause(
    what: &str,
    wait: Duration,
    conversation: &impl Conversation,
) -> Result<(), Unanswered> {
    conversation.notify(Notice::Doing(format!(
        "waiting {} s before asking again to {what}",
        wait.as_secs().max(1)
    )));
    conversation.pause(wait).await
}

pub(super) fn jitter(max_millis: u64) -> Duration {
    Duration::from_millis(fastrand::u64(0..max_millis))
}

/// Returns the wait after `attempts` failed attempts: 400 ms, doubled each time up to 6.4 s.
pub(super) fn backoff(attempts: u32) -> Duration {
    Duration::from_millis(200 << attempts.min(5))
}

/// Returns the report of Okta's 429. Without `wait`, Okta's limits of a minute are assumed.
pub(super) fn rate_limited(what: &str, wait: Option<Duration>) -> Report {
    let wait = wait.unwrap_or(MAX_RATE_LIMIT_WAIT);
    rate_limited_at(Provider::Okta, what, wait)
}

fn rate_limited_at(provider: Provider<'_>, what: &str, wait: Duration) -> Report {
    let (code, server) = match provider {
        Provider::Okta => (ErrorCode::OktaRateLimited, "Okta"),
        Provider::Aws(host) => (ErrorCode::AwsRateLimited, host),
    };
    let time = people(wait.as_secs().max(1));
    Report::new(code, format!("cannot {what}"))
        .cause(format!(
            "too many requests (HTTP 429); {server} accepts the next one in {time}"
        ))
        .hint(format!("run the same command again in {time}"))
}

/// Returns a duration as people say it.
fn people(seconds: u64) -> String {
    span(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn server_error(provider: Provider<'_>, what: &str, status: u16) -> Report {
    let (code, server, hint) = match provider {
        Provider::Okta => (
            ErrorCode::OktaServerError,
            "the server",
            "run the same command again in a minute; \
             https://status.okta.com tells whether Okta is down",
        ),
        Provider::Aws(host) => (
            ErrorCode::AwsServerError,
            host,
            "run the same command again in a minute; \
             https://health.aws.amazon.com tells whether AWS is down",
        ),
    };
    Report::new(code, format!("cannot {what}"))
        .cause(format!(
            "{server} answered with status {status}, {MAX_ATTEMPTS} times"
        ))
        .hint(hint)
}
