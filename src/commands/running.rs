//! Asking an agent that is running, without ever starting one, and stopping it.

use std::path::PathBuf;
use std::time::Duration;

use crate::commands::Context;
use crate::commands::account::{ca_certificates, route};
use crate::config::OrgTarget;
use crate::link::{self, AgentConnection, LinkError};
use crate::paths::{self, RuntimeDir};
use crate::process;
use crate::report::Report;
use crate::wire::{Answer, Ask, FromAgent, Reply, Request, Route};

/// An agent that is well says at once that it stops.
const STOPPING: Duration = Duration::from_secs(3);

/// A running agent and the directory of its socket.
pub(super) struct RunningAgent {
    pub(super) link: AgentConnection,
    pub(super) directory: PathBuf,
}

/// The running agent: in the directory that this environment names, else in one that a caller with another
/// environment uses.
///
/// # Errors
/// When what is in its place must not be talked to, and none runs elsewhere.
pub(super) fn find_agent(context: &Context) -> Result<Option<RunningAgent>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    if let Ok(Some(directory)) = &preferred
        && let Some(agent) = connect(directory)?
    {
        return Ok(Some(agent));
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        if let Some(agent) = connect_elsewhere(&directory)? {
            return Ok(Some(agent));
        }
    }
    preferred.map(|_| None)
}

/// The running agent, also one that was started with another `XDG_RUNTIME_DIR` or without one (at login, by an
/// IDE, by cron); a new one where none answers anywhere.
///
/// # Errors
/// When there is none and none can be started.
pub(super) fn find_or_start_agent(context: &Context) -> Result<AgentConnection, Report> {
    if let Some(agent) = find_agent(context)? {
        return Ok(agent.link);
    }
    let directory = paths::runtime_dir(&context.environment)?;
    Ok(link::connect_or_start(
        directory.path(),
        process::spawn_agent,
    )?)
}

/// Every running agent. One at most is right; two were started by callers with different environments.
///
/// # Errors
/// As [`find_agent`].
pub(super) fn find_all_agents(context: &Context) -> Result<Vec<RunningAgent>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    let mut found = Vec::new();
    if let Ok(Some(directory)) = &preferred {
        found.extend(connect(directory)?);
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        found.extend(connect_elsewhere(&directory)?);
    }
    if found.is_empty() {
        preferred?;
    }
    Ok(found)
}

fn connect(directory: &RuntimeDir) -> Result<Option<RunningAgent>, LinkError> {
    let directory = directory.path().to_owned();
    let link = link::connect(&directory)?;
    Ok(link.map(|link| RunningAgent { link, directory }))
}

/// An agent of another user in a directory that the environment does not name is ignored.
fn connect_elsewhere(directory: &RuntimeDir) -> Result<Option<RunningAgent>, LinkError> {
    match connect(directory) {
        Err(LinkError::ForeignAgent) => Ok(None),
        other => other,
    }
}

/// Asks an agent that is running; `None` when none is.
///
/// # Errors
/// What the agent reports, or why it could not be spoken to.
pub(super) fn ask_running_agent(
    context: &Context,
    request: Request,
) -> Result<Option<Reply>, Report> {
    match find_agent(context)? {
        Some(agent) => ask(agent, request),
        None => Ok(None),
    }
}

/// As [`ask_running_agent`], by the route of the settings of `org`.
///
/// # Errors
/// As [`ask_running_agent`].
pub(super) fn ask_running_agent_for(
    context: &Context,
    request: Request,
    org: &OrgTarget,
) -> Result<Option<Reply>, Report> {
    let certificates = |_: Option<&str>| ca_certificates(org, &context.environment).ok();
    match find_agent(context)? {
        Some(agent) => ask_by(agent, request, route(org), &certificates),
        None => Ok(None),
    }
}

/// Asks every agent that is running, also when one of them fails, by `route`. `certificates` reads the CA bundle of
/// an org, or of the only one.
///
/// # Errors
/// The first failure, once all have been asked.
pub(super) fn ask_all_running_agents_by(
    context: &Context,
    request: impl Fn() -> Request,
    route: &Route,
    certificates: &dyn Fn(Option<&str>) -> Option<String>,
) -> Result<Vec<Reply>, Report> {
    let asked: Vec<_> = find_all_agents(context)?
        .into_iter()
        .map(|agent| ask_by(agent, request(), route.clone(), certificates))
        .collect();
    asked.into_iter().filter_map(Result::transpose).collect()
}

/// Asks one agent what needs no network.
pub(super) fn ask(agent: RunningAgent, request: Request) -> Result<Option<Reply>, Report> {
    settled(only_reply(agent.link, request, None, &|_| {
        Answer::Unavailable
    }))
}

fn ask_by(
    agent: RunningAgent,
    request: Request,
    route: Route,
    certificates: &dyn Fn(Option<&str>) -> Option<String>,
) -> Result<Option<Reply>, Report> {
    let answer = |ask: &Ask| {
        let pem = match ask {
            Ask::CaCertificates => certificates(None),
            Ask::CaCertificatesOf { org } => certificates(Some(org)),
            _ => None,
        };
        pem.map_or(Answer::Unavailable, Answer::CaCertificates)
    };
    settled(only_reply(agent.link, request, Some(route), &answer))
}

/// How an agent was brought to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It said so itself.
    Itself,
    /// It could not be spoken to, and has lost its socket: it wipes what it holds and ends when it notices.
    Abandoned,
}

/// Ends every agent of the user, also one of another version and one that does not answer.
///
/// # Errors
/// When there is something in its place that is not an agent of this user.
pub(super) fn stop_agents(context: &Context) -> Result<Vec<Stopped>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    let mut stopped = Vec::new();
    if let Ok(Some(directory)) = &preferred {
        stopped.extend(stop(directory)?);
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        match stop(&directory) {
            Err(LinkError::ForeignAgent) => {}
            other => stopped.extend(other?),
        }
    }
    if stopped.is_empty() {
        preferred?;
    }
    Ok(stopped)
}

fn stop(directory: &RuntimeDir) -> Result<Option<Stopped>, LinkError> {
    let link = match link::connect(directory.path()) {
        Ok(Some(link)) => link,
        Ok(None) => return Ok(None),
        Err(LinkError::QueueFull) => {
            link::remove_socket(directory.path())?;
            return Ok(Some(Stopped::Abandoned));
        }
        Err(error) => return Err(error),
    };
    link.set_read_timeout(STOPPING)?;
    match only_reply(link, Request::Stop, None, &|_| Answer::Unavailable) {
        Ok(Reply::Stopping) => Ok(Some(Stopped::Itself)),
        Err(error) if error.is_gone() => Ok(Some(Stopped::Itself)),
        _ => {
            link::remove_socket(directory.path())?;
            Ok(Some(Stopped::Abandoned))
        }
    }
}

fn only_reply(
    mut link: AgentConnection,
    request: Request,
    route: Option<Route>,
    answer: &dyn Fn(&Ask) -> Answer,
) -> Result<Reply, LinkError> {
    link.request_by(request, route)?;
    loop {
        match link.recv()? {
            FromAgent::Reply(reply) => return Ok(reply),
            FromAgent::Ask(ask) => link.answer(answer(&ask))?,
            FromAgent::Hello(_) | FromAgent::Notice(_) | FromAgent::Part(_) => {}
        }
    }
}

fn settled(outcome: Result<Reply, LinkError>) -> Result<Option<Reply>, Report> {
    match outcome {
        Ok(Reply::Failed(report)) => Err(report),
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
