//! Asking again, where asking twice can do no harm: a GET, a poll, an STS call. Never a password or a passcode.

use std::time::Duration;

use tokio::time::Instant;

use crate::flow::{Conversation, Unanswered};
use crate::http::{HttpError, Response};
use crate::report::{Exit, Report};
use crate::wire::Notice;

/// How often one question is put in all.
pub(super) const TRIES: u32 = 3;
/// A server that asks for more patience than this, in seconds, is reported instead: Okta counts by the minute.
pub(super) const PATIENCE: i64 = 60;

/// After this long nothing is tried again.
pub(super) const ENOUGH: Duration = Duration::from_secs(25);

/// Sends by `send` until a server has decided something, at most three times.
///
/// # Errors
/// The last failure, or that nobody waits any longer.
pub(super) async fn repeat<S, F>(
    what: &str,
    conversation: &impl Conversation,
    send: S,
) -> Result<Response, Report>
where
    S: Fn() -> F,
    F: Future<Output = Result<Response, HttpError>>,
{
    repeat_at(Server::Okta, what, conversation, send).await
}

/// The server that is asked, for the report of one that fails.
#[derive(Clone, Copy)]
pub(super) enum Server<'a> {
    Okta,
    /// Its host.
    Aws(&'a str),
}

/// As [`repeat`], at a server that need not be Okta.
///
/// # Errors
/// As [`repeat`].
pub(super) async fn repeat_at<S, F>(
    server: Server<'_>,
    what: &str,
    conversation: &impl Conversation,
    send: S,
) -> Result<Response, Report>
where
    S: Fn() -> F,
    F: Future<Output = Result<Response, HttpError>>,
{
    let mut patience = Patience {
        server,
        ..Patience::new(what)
    };
    loop {
        if let Some(page) = patience.judge(send().await, conversation).await? {
            return Ok(page);
        }
    }
}

/// How often one question has been put, for those who put it a little differently each time.
pub(super) struct Patience<'a> {
    server: Server<'a>,
    what: &'a str,
    started: Instant,
    attempt: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(what: &'a str) -> Self {
        Self {
            server: Server::Okta,
            what,
            started: Instant::now(),
            attempt: 0,
        }
    }

    /// The answer, if a server has decided something; nothing, after a wait, if it is to be asked again.
    ///
    /// # Errors
    /// As [`repeat`].
    pub(super) async fn judge(
        &mut self,
        answer: Result<Response, HttpError>,
        conversation: &impl Conversation,
    ) -> Result<Option<Response>, Report> {
        self.attempt += 1;
        let (what, attempt) = (self.what, self.attempt);
        // A server that took its whole time to say nothing has had it.
        let last = attempt >= TRIES || self.started.elapsed() >= ENOUGH;
        let wait = match answer {
            Ok(page) if page.status == 429 => match page.retry_in().unwrap_or(1).max(1) {
                seconds if attempt < TRIES && seconds <= PATIENCE => {
                    sit_out(what, seconds, conversation).await?;
                    return Ok(None);
                }
                seconds => {
                    return Err(match self.server {
                        Server::Okta => rate_limited(what, seconds),
                        Server::Aws(host) => aws_rate_limited(what, host, seconds),
                    });
                }
            },
            Ok(page) if page.status >= 500 && !last => backoff(attempt),
            Ok(page) if page.status >= 500 => {
                return Err(match self.server {
                    Server::Okta => server_error(what, page.status),
                    Server::Aws(host) => aws_server_error(what, host, page.status),
                });
            }
            Ok(page) => return Ok(Some(page)),
            Err(error) if error.is_transient() && !last => backoff(attempt),
            Err(error) => return Err(Report::from(error).during(format!("cannot {what}"))),
        };
        pause(what, wait, conversation).await?;
        Ok(None)
    }
}

/// Asks once more how a transaction stands, which is at an end when `left` is over. As many requests as the
/// server takes, no sooner than `pace` after one that failed, and none past the end.
///
/// # Errors
/// When there is no answer, or the server takes the next request only after the end.
pub(super) async fn poll<S, F>(
    what: &str,
    pace: Duration,
    left: &mut Duration,
    conversation: &impl Conversation,
    send: S,
) -> Result<Response, Report>
where
    S: Fn() -> F,
    F: Future<Output = Result<Response, HttpError>>,
{
    let mut failures = 0;
    loop {
        let answer = send().await;
        let failed = match answer {
            Ok(page) if page.status == 429 => {
                let seconds = page.retry_in().unwrap_or(1).max(1);
                let wait = Duration::from_secs(seconds.unsigned_abs()).max(pace);
                if wait > *left {
                    let left = left.as_secs();
                    return Err(rate_limited(what, seconds)
                        .cause(format!("what is waited for ends before, in {left} s")));
                }
                *left = left.saturating_sub(wait);
                let seconds = i64::try_from(wait.as_secs()).unwrap_or(PATIENCE);
                sit_out(what, seconds, conversation).await?;
                continue;
            }
            Ok(page) if page.status >= 500 => server_error(what, page.status),
            Ok(page) => return Ok(page),
            Err(error) if error.is_transient() => {
                Report::from(error).during(format!("cannot {what}"))
            }
            Err(error) => return Err(Report::from(error).during(format!("cannot {what}"))),
        };
        failures += 1;
        let wait = pace.max(backoff(failures));
        if failures >= TRIES || wait > *left {
            return Err(failed);
        }
        *left = left.saturating_sub(wait);
        pause(what, wait, conversation).await?;
    }
}

/// Waits until a server that has had too many requests takes the next.
async fn sit_out(
    what: &str,
    seconds: i64,
    conversation: &impl Conversation,
) -> Result<(), Unanswered> {
    conversation.notify(Notice::Wait {
        seconds: seconds.unsigned_abs(),
        why: format!("too many requests (429): waiting to {what}"),
    });
    conversation
        .pause(Duration::from_secs(seconds.unsigned_abs()) + jitter())
        .await
}

/// Everyone who was turned away at once does not come back at once.
fn jitter() -> Duration {
    Duration::from_millis(fastrand::u64(0..250))
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
    conversation.pause(wait + jitter()).await
}

pub(super) fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(200 << attempt.min(5))
}

/// 429: told with the time the server gave.
pub(super) fn rate_limited(what: &str, seconds: i64) -> Report {
    // A time that has passed on the way is now.
    let seconds = seconds.max(1);
    Report::new(
        Exit::Unreachable,
        "okta.rate_limited",
        format!("cannot {what}"),
    )
    .cause(format!(
        "too many requests (429); Okta takes the next one in {seconds} s"
    ))
    .hint(format!("run the same command again in {seconds} seconds"))
}

fn server_error(what: &str, status: u16) -> Report {
    Report::new(
        Exit::Unreachable,
        "okta.server_error",
        format!("cannot {what}"),
    )
    .cause(format!(
        "the server answered with status {status}, {TRIES} times"
    ))
    .hint("run the same command again in a minute; https://status.okta.com tells whether Okta is down")
}

fn aws_rate_limited(what: &str, host: &str, seconds: i64) -> Report {
    let seconds = seconds.max(1);
    Report::new(
        Exit::Unreachable,
        "aws.rate_limited",
        format!("cannot {what}"),
    )
    .cause(format!(
        "too many requests (429); {host} takes the next one in {seconds} s"
    ))
    .hint(format!("run the same command again in {seconds} seconds"))
}

fn aws_server_error(what: &str, host: &str, status: u16) -> Report {
    Report::new(
        Exit::Unreachable,
        "aws.server_error",
        format!("cannot {what}"),
    )
    .cause(format!(
        "{host} answered with status {status}, {TRIES} times"
    ))
    .hint("run the same command again in a minute; https://health.aws.amazon.com tells whether AWS is down")
}
