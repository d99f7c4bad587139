//! Asking an agent that is running, without ever starting one, and stopping it.

use std::time::Duration;

use crate::commands::Context;
use crate::link::{self, Link, LinkError};
use crate::paths;
use crate::report::Report;
use crate::wire::{FromAgent, Reply, Request};

/// An agent that is well says at once that it stops.
const STOPPING: Duration = Duration::from_secs(3);

/// Asks an agent that is running; `None` when none is.
///
/// # Errors
/// What the agent reports, or why it could not be spoken to.
pub(super) fn ask_running_agent(
    context: &Context,
    request: Request,
) -> Result<Option<Reply>, Report> {
    let Some(directory) = paths::existing_runtime_dir(&context.environment)? else {
        return Ok(None);
    };
    let Some(link) = link::connect(directory.path())? else {
        return Ok(None);
    };
    match only_reply(link, request) {
        Ok(Reply::Failed(report)) => Err(report),
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How an agent was brought to its end.
pub(super) enum Stopped {
    /// It said so itself.
    Itself,
    /// It could not be spoken to, and has lost its socket: it wipes what it holds and ends when it notices.
    Abandoned,
    NotRunning,
}

/// Ends the agent, also one of another version and one that does not answer.
///
/// # Errors
/// When there is something in its place that is not an agent of this user.
pub(super) fn stop_agent(context: &Context) -> Result<Stopped, Report> {
    let Some(directory) = paths::existing_runtime_dir(&context.environment)? else {
        return Ok(Stopped::NotRunning);
    };
    let link = match link::connect(directory.path()) {
        Ok(Some(link)) => link,
        Ok(None) => return Ok(Stopped::NotRunning),
        Err(LinkError::QueueFull) => {
            link::abandon(directory.path())?;
            return Ok(Stopped::Abandoned);
        }
        Err(error) => return Err(error.into()),
    };
    link.hurry(STOPPING)?;
    match only_reply(link, Request::Stop) {
        Ok(Reply::Stopping) => Ok(Stopped::Itself),
        Err(error) if error.is_gone() => Ok(Stopped::Itself),
        _ => {
            link::abandon(directory.path())?;
            Ok(Stopped::Abandoned)
        }
    }
}

fn only_reply(mut link: Link, request: Request) -> Result<Reply, LinkError> {
    link.request(request)?;
    loop {
        if let FromAgent::Reply(reply) = link.hear()? {
            return Ok(reply);
        }
    }
}
