//! One request to the agent: sends it, answers the agent's questions and returns the reply.

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::client::answerer::{Answerer, lock};
use crate::client::context::Context;
use crate::client::network::{hint_ca_variables, route};
use crate::client::progress::Progress;
use crate::client::running_agent::{find_or_start_agent, start_private_agent};
use crate::client::stdin_answers::SignInOptions;
use crate::client::target::hint_profile;
use crate::config::OrgTarget;
use crate::link::{AgentConnection, LinkError};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, FromAgent, Notice, Part, Reply, Request};

/// How long another agent is tried after one has gone away: one that is being killed accepts
/// connections a moment longer than it serves them.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const RECONNECT_INTERVAL: Duration = Duration::from_millis(20);

/// What a verb does while the agent works.
#[derive(Default)]
pub struct AgentHooks<'a> {
    /// Called before a question that needs the user or a secret. An error ends the request.
    pub before_question: Option<&'a dyn Fn() -> Result<(), Report>>,
    /// Set once the user has chosen a role in a menu.
    pub menu_answered: Option<&'a Cell<bool>>,
    /// Takes the results that come one by one.
    pub on_part: Option<&'a mut dyn FnMut(Part)>,
}

impl fmt::Debug for AgentHooks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentHooks").finish_non_exhaustive()
    }
}

/// Has the agent handle `request`, starting an agent if none runs.
///
/// # Errors
/// What the agent reports, or why it cannot be reached.
pub fn ask_agent(
    context: &Context,
    request: impl Fn() -> Request,
    org: &OrgTarget,
    sign_in: &SignInOptions,
) -> Result<Reply, Report> {
    ask_agent_with(context, request, org, sign_in, AgentHooks::default())
}

/// As [`ask_agent`], with hooks. If the request fails, the parts that came before stay taken.
///
/// # Errors
/// As [`ask_agent`], and what a hook returns.
pub fn ask_agent_with(
    context: &Context,
    request: impl Fn() -> Request,
    org: &OrgTarget,
    sign_in: &SignInOptions,
    mut hooks: AgentHooks<'_>,
) -> Result<Reply, Report> {
    let mut stdin = sign_in.read()?;
    let mut gone_since: Option<Instant> = None;
    loop {
        let link = Arc::new(Mutex::new(connect(context)?));
        let before_question = hooks.before_question;
        let mut answerer = Answerer::new(context, org, &mut stdin, before_question, &request());
        let mut must_not_repeat = false;
        let outcome = exchange(
            request(),
            &link,
            &mut answerer,
            &mut hooks,
            &mut must_not_repeat,
        );
        let is_done = matches!(&outcome, Ok(reply) if !matches!(reply, Reply::Failed(_)));
        if !(is_done && context.has_command) {
            answerer.discard_typeahead();
        }
        must_not_repeat |= answerer.has_answered;
        match outcome {
            Err(ExchangeError::Link(error))
                if error.is_gone()
                    && !must_not_repeat
                    && gone_since.get_or_insert_with(Instant::now).elapsed()
                        < RECONNECT_TIMEOUT =>
            {
                std::thread::sleep(RECONNECT_INTERVAL);
            }
            Err(ExchangeError::Link(error)) => return Err(error.into()),
            Err(ExchangeError::Report(report)) => return Err(report),
            Ok(Reply::Failed(report)) => {
                answerer.handle_failure(&report);
                let report = hint_ca_variables(context, org, report);
                return Err(hint_profile(context, &request(), report));
            }
            Ok(reply) => {
                stdin.discard()?;
                return Ok(reply);
            }
        }
    }
}

fn connect(context: &Context) -> Result<AgentConnection, Report> {
    if context.globals.no_agent {
        return start_private_agent();
    }
    find_or_start_agent(context)
}

enum ExchangeError {
    Link(LinkError),
    Report(Report),
}

impl From<LinkError> for ExchangeError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<Report> for ExchangeError {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

/// Sends the request and handles the agent's messages up to its reply. `must_not_repeat` is set
/// once a part has been taken.
fn exchange(
    request: Request,
    link: &Arc<Mutex<AgentConnection>>,
    answerer: &mut Answerer<'_>,
    hooks: &mut AgentHooks<'_>,
    must_not_repeat: &mut bool,
) -> Result<Reply, ExchangeError> {
    let mut progress = Progress::new(answerer.context);
    lock(link).request_by(request, Some(route(answerer.org)))?;
    loop {
        progress.show_while_waiting(&lock(link))?;
        let message = lock(link).recv()?;
        progress.end_wait(&message);
        match message {
            FromAgent::Reply(Reply::Failed(report)) => return Ok(Reply::Failed(report)),
            FromAgent::Reply(_) if answerer.is_role_chosen_elsewhere() => {
                return Err(chosen_elsewhere().into());
            }
            FromAgent::Reply(reply) => return Ok(reply),
            FromAgent::Ask(ask) => {
                let opened = match &ask {
                    Ask::OpenPage { minutes, .. } => Some(minutes * 60),
                    _ => None,
                };
                let answer = answerer.answer(ask, link)?;
                if let (Some(menu_answered), Answer::Role(_) | Answer::KnownRole(_)) =
                    (hooks.menu_answered, &answer)
                {
                    menu_answered.set(true);
                }
                lock(link).answer(answer)?;
                if let Some(seconds) = opened {
                    let what = "waiting for you to sign in in the browser".to_owned();
                    progress.start_countdown(what, seconds);
                }
            }
            FromAgent::Part(part) => {
                *must_not_repeat = true;
                progress.hide_steps();
                if let Some(on_part) = &mut hooks.on_part {
                    on_part(part);
                }
            }
            FromAgent::Notice(notice) => {
                if matches!(notice, Notice::NoAnswerWanted { .. }) {
                    answerer.withdraw_question();
                }
                progress.show(notice);
            }
            FromAgent::Hello(_) => {}
        }
    }
}

fn chosen_elsewhere() -> Report {
    Report::new(
        ErrorCode::RoleChosenElsewhere,
        "a role was chosen at another terminal",
    )
    .cause("the choice at this one came too late, and nothing is run with another's")
    .hint("run the same command again, or name the role with `-r ROLE`")
}
