//! Finding, asking and stopping agents that are running already.

use std::io::PipeReader;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use crate::client::context::Context;
use crate::client::network::{ca_certificates, route};
use crate::config::OrgTarget;
use crate::link::{self, AgentConnection, LinkError};
use crate::model::Environment;
use crate::paths::{self, RuntimeDir};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, FromAgent, Reply, Request, Route};

/// Time for an agent to answer that it stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(3);

/// A running agent and the directory of its socket.
#[derive(Debug)]
pub struct RunningAgent {
    link: AgentConnection,
    pub directory: PathBuf,
}

/// Returns the CA bundle of the named org, or of the only one.
type ReadCertificates<'a> = dyn Fn(Option<&str>) -> Option<String> + 'a;

impl RunningAgent {
    /// Has the agent do what needs no network. Returns `None` if it has ended.
    ///
    /// # Errors
    /// What the agent reports, or why it cannot be reached.
    pub fn ask(self, request: Request) -> Result<Option<Reply>, Report> {
        reply_or_report(exchange(self.link, request, None, &|_| Answer::Unavailable))
    }

    fn ask_via(
        self,
        request: Request,
        route: Route,
        certificates: &ReadCertificates<'_>,
    ) -> Result<Option<Reply>, Report> {
        let answer = |ask: &Ask| {
            let pem = match ask {
                Ask::CaCertificates => certificates(None),
                Ask::CaCertificatesOf { org } => certificates(Some(org)),
                _ => None,
            };
            pem.map_or(Answer::Unavailable, Answer::CaCertificates)
        };
        reply_or_report(exchange(self.link, request, Some(route), &answer))
    }
}

/// Looks into the runtime directory of this environment, then into those that other environments of
/// the user lead to (a login shell, an IDE, cron), until `enough`.
///
/// A foreign agent in a directory that this environment does not name is ignored.
///
/// # Errors
/// What `look` returns for the preferred directory; if nothing is found, also why that directory
/// cannot be used.
pub fn look_in_runtime_dirs<T>(
    context: &Context,
    enough: usize,
    mut look: impl FnMut(&RuntimeDir) -> Result<Option<T>, LinkError>,
) -> Result<Vec<T>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    let mut found = Vec::new();
    if let Ok(Some(directory)) = &preferred {
        found.extend(look(directory)?);
    }
    // Looking for the other directories costs system calls, which a warm `ob exec` need not pay.
    if found.len() >= enough {
        return Ok(found);
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        if found.len() >= enough {
            break;
        }
        match look(&directory) {
            Err(LinkError::ForeignAgent) => {}
            other => found.extend(other?),
        }
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

/// Returns the running agent, if there is one.
///
/// # Errors
/// When the socket in the preferred directory must not be used, and no agent runs elsewhere.
pub fn find_agent(context: &Context) -> Result<Option<RunningAgent>, Report> {
    Ok(look_in_runtime_dirs(context, 1, connect)?.pop())
}

/// Returns every running agent. There are several if commands with different environments started
/// them.
///
/// # Errors
/// As [`find_agent`].
pub fn find_all_agents(context: &Context) -> Result<Vec<RunningAgent>, Report> {
    look_in_runtime_dirs(context, usize::MAX, connect)
}

/// Returns a connection to the running agent, starting one if none runs.
///
/// # Errors
/// When none runs and none can be started.
pub(super) fn find_or_start_agent(context: &Context) -> Result<AgentConnection, Report> {
    if let Some(agent) = find_agent(context)? {
        return Ok(agent.link);
    }
    let directory = paths::runtime_dir(&context.environment)?;
    Ok(link::connect_or_start(directory.path(), spawn)?)
}

/// Starts an agent that serves one conversation and is not listed as running.
///
/// # Errors
/// When none can be started.
pub(super) fn start_private_agent() -> Result<AgentConnection, Report> {
    Ok(link::start_private(spawn)?)
}

/// Starts the agent's program, for [`link::Starter`].
fn spawn(
    socket: OwnedFd,
    arguments: &[&str],
    directory: Option<&Path>,
) -> Result<(Child, PipeReader), LinkError> {
    let program =
        process::agent_program().map_err(|error| LinkError::NoProgram(Box::new(error.into())))?;
    process::spawn_agent(&program, socket, arguments, directory).map_err(LinkError::NoProcess)
}

/// Checks the CA bundle and the proxy of `org` without connecting. The agent builds its client for
/// them, because this program has no TLS.
///
/// # Errors
/// When one of them cannot be used, or no agent can be started.
pub fn check_network(org: &OrgTarget, environment: &Environment) -> Result<(), Report> {
    let bundle = org.ca_bundle.as_ref();
    let pem = bundle
        .map(|_| ca_certificates(org, environment))
        .transpose()?;
    let answer = |ask: &Ask| match (ask, &pem) {
        (Ask::CaCertificates, Some(pem)) => Answer::CaCertificates(pem.clone()),
        _ => Answer::Unavailable,
    };
    let agent = start_private_agent()?;
    match exchange(agent, Request::CheckRoute, Some(route(org)), &answer)? {
        Reply::Failed(report) => Err(match (&report.code, bundle) {
            (ErrorCode::HttpCaBundle, Some(path)) => {
                report.cause(format!("the file is {}", path.display()))
            }
            _ => report,
        }),
        _ => Ok(()),
    }
}

/// Has a running agent do what needs no network. Returns `None` if none runs.
///
/// # Errors
/// As [`RunningAgent::ask`].
pub fn ask_running_agent(context: &Context, request: Request) -> Result<Option<Reply>, Report> {
    match find_agent(context)? {
        Some(agent) => agent.ask(request),
        None => Ok(None),
    }
}

/// As [`ask_running_agent`], over the network settings of `org`.
///
/// # Errors
/// As [`ask_running_agent`].
pub fn ask_running_agent_for(
    context: &Context,
    request: Request,
    org: &OrgTarget,
) -> Result<Option<Reply>, Report> {
    let certificates = |_: Option<&str>| ca_certificates(org, &context.environment).ok();
    match find_agent(context)? {
        Some(agent) => agent.ask_via(request, route(org), &certificates),
        None => Ok(None),
    }
}

/// Has every running agent do the same. One that fails does not keep the others from being asked.
///
/// # Errors
/// The first failure.
pub fn ask_all_running_agents(
    context: &Context,
    request: impl Fn() -> Request,
    route: &Route,
    certificates: &ReadCertificates<'_>,
) -> Result<Vec<Reply>, Report> {
    let replies: Vec<_> = find_all_agents(context)?
        .into_iter()
        .map(|agent| agent.ask_via(request(), route.clone(), certificates))
        .collect();
    replies.into_iter().filter_map(Result::transpose).collect()
}

/// How an agent was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopOutcome {
    /// The agent answered that it stops.
    Stopped,
    /// The agent did not answer. Its socket was removed: it wipes its memory and ends when it
    /// notices.
    Abandoned,
}

/// Stops every agent of the user, also one of another version and one that does not answer.
///
/// # Errors
/// When the preferred directory has something else in the place of an agent's socket.
pub fn stop_agents(context: &Context) -> Result<Vec<StopOutcome>, Report> {
    look_in_runtime_dirs(context, usize::MAX, stop)
}

fn stop(directory: &RuntimeDir) -> Result<Option<StopOutcome>, LinkError> {
    let link = match link::connect(directory.path()) {
        Ok(Some(link)) => link,
        Ok(None) => return Ok(None),
        Err(LinkError::QueueFull) => {
            link::remove_socket(directory.path())?;
            return Ok(Some(StopOutcome::Abandoned));
        }
        Err(error) => return Err(error),
    };
    link.set_read_timeout(STOP_TIMEOUT)?;
    match exchange(link, Request::Stop, None, &|_| Answer::Unavailable) {
        Ok(Reply::Stopping) => Ok(Some(StopOutcome::Stopped)),
        Err(error) if error.is_gone() => Ok(Some(StopOutcome::Stopped)),
        _ => {
            link::remove_socket(directory.path())?;
            Ok(Some(StopOutcome::Abandoned))
        }
    }
}

fn exchange(
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

fn reply_or_report(outcome: Result<Reply, LinkError>) -> Result<Option<Reply>, Report> {
    match outcome {
        Ok(Reply::Failed(report)) => Err(report),
        Ok(reply) => Ok(Some(reply)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
