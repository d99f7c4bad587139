//! The client's side of a conversation: asks the agent one thing, answers its questions from the terminal
//! or from standard input, and says what there is to wait for.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::context::Context;
use crate::client::device_page::open_device_page;
use crate::client::network::{ca_certificates, hint_ca_variables, route};
use crate::client::prompts::ask_user;
use crate::client::role_menu::KnownRoleMenu;
use crate::client::running_agent::find_or_start_agent;
use crate::client::security_key::{Unsigned, touch};
use crate::client::stdin_answers::{SignInOptions, StdinAnswers};
use crate::client::target::hint_profile;
use crate::config::{OrgTarget, read_private_key};
use crate::link::{self, AgentConnection, LinkError};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::{Questions, TerminalError, terminal_id};
use crate::wire::{Answer, Ask, FromAgent, Notice, Part, Reply, Request, Sealed};

/// After this long without news a person is told what is being done.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two figures of a countdown.
const SECOND: Duration = Duration::from_secs(1);
/// For this long after an agent has gone away another one is tried.
const COMEBACK: Duration = Duration::from_secs(1);
/// Between two tries.
const BREATH: Duration = Duration::from_millis(20);

/// Has the agent do `request`, starting an agent if there is none.
///
/// # Errors
/// What the agent reports, or why it could not be spoken to.
pub fn ask_agent(
    context: &Context,
    request: impl Fn() -> Request,
    org: &OrgTarget,
    args: &SignInOptions,
) -> Result<Reply, Report> {
    ask_agent_with(context, request, org, args, AgentHooks::default())
}

/// What a verb does while the agent works.
#[derive(Default)]
pub struct AgentHooks<'a> {
    /// Called before a question that needs the user or a secret. An error ends the request.
    pub before_question: Option<&'a dyn Fn() -> Result<(), Report>>,
    /// Takes the results that come one by one.
    pub on_part: Option<&'a mut dyn FnMut(Part)>,
}

impl fmt::Debug for AgentHooks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentHooks").finish_non_exhaustive()
    }
}

/// As [`ask_agent`]. `before` is called before anything is asked, and may end it; what comes in parts goes to `take`.
///
/// # Errors
/// As [`ask_agent`]; what has been taken by then stays so.
pub fn ask_agent_with(
    context: &Context,
    request: impl Fn() -> Request,
    org: &OrgTarget,
    args: &SignInOptions,
    mut hooks: AgentHooks<'_>,
) -> Result<Reply, Report> {
    let mut typed = args.read()?;
    let mut lost: Option<Instant> = None;
    loop {
        let link = Arc::new(Mutex::new(open(context)?));
        let mut talk = Talk {
            context,
            org,
            typed: &mut typed,
            answered: false,
            parts: false,
            questions: None,
            menu: None,
            role: RoleAsked::No,
            hooks: &mut hooks,
        };
        let outcome = talk.run(&link, request());
        let done = matches!(&outcome, Ok(reply) if !matches!(reply, Reply::Failed(_)));
        if let Some(questions) = &talk.questions
            && !(done && context.has_command)
        {
            // It may be a secret that came too early, and is no line for a shell.
            questions.forget_typed();
        }
        match outcome {
            // It went away before anything was said that must not be said twice: a new one is started.
            Err(TalkError::AgentConnection(error))
                if error.is_gone()
                    && !talk.answered
                    && lost.get_or_insert_with(Instant::now).elapsed() < COMEBACK =>
            {
                // A process that is being killed takes callers a moment longer than it serves them.
                std::thread::sleep(BREATH);
            }
            Err(TalkError::AgentConnection(error)) => return Err(error.into()),
            Err(TalkError::Report(report)) => return Err(report),
            Ok(Reply::Failed(report)) => {
                if let Some(menu) = talk.menu {
                    menu.refused(&report);
                }
                let report = hint_ca_variables(context, org, report);
                return Err(hint_profile(context, &request(), report));
            }
            Ok(reply) => {
                typed.discard()?;
                return Ok(reply);
            }
        }
    }
}

fn open(context: &Context) -> Result<AgentConnection, Report> {
    if context.globals.no_agent {
        return Ok(link::start_private(process::spawn_agent)?);
    }
    find_or_start_agent(context)
}

enum TalkError {
    AgentConnection(LinkError),
    Report(Report),
}

impl From<LinkError> for TalkError {
    fn from(error: LinkError) -> Self {
        Self::AgentConnection(error)
    }
}

impl From<Report> for TalkError {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

/// Whether the person here has had a say in the role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RoleAsked {
    No,
    /// The last question was for it.
    Here,
    /// It was, and its answer came too late: what others chose is not for this person's command.
    InVain,
}

/// What a server has everybody wait for.
struct Countdown {
    until: Instant,
    why: String,
}

struct Talk<'a, 'b> {
    context: &'a Context,
    org: &'a OrgTarget,
    typed: &'a mut StdinAnswers,
    answered: bool,
    /// Results have come one by one.
    parts: bool,
    questions: Option<Questions>,
    /// The roles that are remembered, where one of them could be chosen.
    menu: Option<KnownRoleMenu<'a>>,
    role: RoleAsked,
    hooks: &'a mut AgentHooks<'b>,
}

impl Talk<'_, '_> {
    fn run(
        &mut self,
        link: &Arc<Mutex<AgentConnection>>,
        request: Request,
    ) -> Result<Reply, TalkError> {
        self.menu = KnownRoleMenu::of(self.context, &request);
        held(link).request_by(request, Some(route(self.org)))?;
        let mut doing: Option<String> = None;
        let mut countdown = None;
        loop {
            self.count_down(countdown.as_ref(), &held(link))?;
            if let Some(what) = doing.take()
                && !held(link).wait_readable(PATIENCE)?
            {
                self.context.voice.say(&format!("ob: {}…\n", escape(&what)));
            }
            let heard = held(link).recv()?;
            if !matches!(heard, FromAgent::Notice(Notice::StillWaiting))
                && countdown.take().is_some()
            {
                self.context.voice.progress("");
            }
            match heard {
                FromAgent::Reply(Reply::Failed(report)) => return Ok(Reply::Failed(report)),
                FromAgent::Reply(_) if self.role == RoleAsked::InVain => {
                    return Err(chosen_elsewhere().into());
                }
                FromAgent::Reply(reply) => return Ok(reply),
                FromAgent::Ask(ask) => {
                    let answer = self.answer(ask, link)?;
                    held(link).answer(answer)?;
                }
                FromAgent::Part(part) => {
                    // From here on there is something to lose by asking anew.
                    self.answered = true;
                    self.parts = true;
                    if let Some(on_part) = &mut self.hooks.on_part {
                        on_part(part);
                    }
                }
                FromAgent::Notice(Notice::Doing(what)) if self.context.globals.verbose > 0 => {
                    self.context.voice.say(&format!("ob: {}…\n", escape(&what)));
                }
                // Whoever takes parts shows how far they are.
                FromAgent::Notice(Notice::Doing(what)) => {
                    doing = Some(what).filter(|_| !self.parts);
                }
                FromAgent::Notice(Notice::Wait { seconds, why }) => {
                    countdown = Some(self.begin_to_wait(seconds, why));
                }
                FromAgent::Notice(notice) => {
                    let in_vain = matches!(notice, Notice::NoAnswerWanted { .. });
                    if in_vain && self.role == RoleAsked::Here {
                        self.role = RoleAsked::InVain;
                    }
                    self.tell(&notice);
                }
                FromAgent::Hello(_) => {}
            }
        }
    }

    fn begin_to_wait(&self, seconds: u64, why: String) -> Countdown {
        if !self.context.voice.is_followed() {
            let text = format!("ob: {}, {seconds} s\n", escape(&why));
            self.context.voice.say(&text);
        }
        let until = Instant::now() + Duration::from_secs(seconds);
        Countdown { until, why }
    }

    /// Shows the seconds as they run down, until the agent has something to say.
    fn count_down(
        &self,
        countdown: Option<&Countdown>,
        link: &AgentConnection,
    ) -> Result<(), LinkError> {
        let Some(Countdown { until, why }) = countdown else {
            return Ok(());
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let seconds = left.as_millis().div_ceil(1000);
            let text = format!("ob: {}, {seconds} s", escape(why));
            self.context.voice.progress(&text);
            if link.wait_readable(left.min(SECOND))? {
                return Ok(());
            }
        }
    }

    fn tell(&self, notice: &Notice) {
        let text = match notice {
            Notice::Doing(_) | Notice::StillWaiting | Notice::Wait { .. } => return,
            Notice::PushSent { factor } => {
                format!("sent a {}: approve it on your phone", escape(factor))
            }
            Notice::NumberChallenge { number } => format!("tap {} on your phone", escape(number)),
            Notice::AskedElsewhere => "waiting for the sign-in that is under way".into(),
            Notice::NoAnswerWanted { too_late: false } => "answered elsewhere".into(),
            Notice::NoAnswerWanted { too_late: true } => "no answer came in time".into(),
            Notice::Message(text) => escape(text),
        };
        self.context.voice.say(&format!("ob: {text}\n"));
    }

    fn answer(
        &mut self,
        ask: Ask,
        link: &Arc<Mutex<AgentConnection>>,
    ) -> Result<Answer, TalkError> {
        if ask == Ask::Terminal {
            return Ok(Answer::Terminal(terminal_id()));
        }
        if self.role != RoleAsked::InVain {
            self.role = match ask {
                Ask::Role { .. } | Ask::KnownRole { .. } => RoleAsked::Here,
                _ => RoleAsked::No,
            };
        }
        if !ask.is_for_certificates()
            && let Some(before_question) = self.hooks.before_question
        {
            before_question()?;
        }
        match ask {
            Ask::CaCertificates => {
                return Ok(Answer::CaCertificates(ca_certificates(
                    self.org,
                    &self.context.environment,
                )?));
            }
            Ask::PrivateKey => {
                let key = read_private_key(&self.org.machine, &self.context.environment)?;
                return Ok(Answer::PrivateKey(Sealed(key)));
            }
            Ask::OpenPage {
                page,
                code,
                minutes,
            } => {
                return Ok(open_device_page(
                    &page,
                    &code,
                    minutes,
                    &self.org.org,
                    self.context,
                )?);
            }
            Ask::Password { .. } => {
                if let Some(password) = self.typed.password.take() {
                    self.answered = true;
                    process::panic_point("client.password", password.expose());
                    return Ok(Answer::Password(Sealed(password)));
                }
            }
            Ask::Passcode { .. } => {
                if let Some(passcode) = self.typed.passcode().map_err(Report::from)? {
                    self.answered = true;
                    process::panic_point("client.passcode", passcode.expose());
                    return Ok(Answer::Passcode(Sealed(passcode)));
                }
            }
            _ => {}
        }
        match self.ask_person(&ask, link) {
            Ok(Answer::UnknownRole) => Ok(Answer::UnknownRole),
            Ok(answer) => {
                self.answered = true;
                if let (Ask::Role { choices }, Answer::Role(place), Some(menu)) =
                    (&ask, &answer, &mut self.menu)
                {
                    menu.learn(choices, *place);
                }
                Ok(answer)
            }
            Err(Unsigned::Terminal(TerminalError::NoTerminal { .. }))
                if matches!(ask, Ask::KnownRole { .. }) =>
            {
                Ok(Answer::UnknownRole)
            }
            // One answer for each question keeps both sides in step.
            Err(Unsigned::Terminal(
                TerminalError::NoTerminal { .. } | TerminalError::TakenBack { .. },
            )) => Ok(Answer::Unavailable),
            Err(Unsigned::Terminal(error)) => Err(TalkError::Report(error.into())),
            Err(Unsigned::Report(report)) => Err(TalkError::Report(report)),
        }
    }

    fn ask_person(
        &mut self,
        ask: &Ask,
        link: &Arc<Mutex<AgentConnection>>,
    ) -> Result<Answer, Unsigned> {
        if self.questions.is_none() {
            // Going away is how a client cancels: the agent then ends the transaction at Okta.
            let hang_up = held(link).shutdown_handle().ok();
            let abort = move || {
                if let Some(hang_up) = hang_up {
                    hang_up();
                }
            };
            let questions = Questions::new(self.context.voice, &self.context.environment, abort);
            let link = Arc::clone(link);
            // An agent that is gone wants no answer either.
            let wait =
                move |person: BorrowedFd<'_>| held(&link).wait_for_input(person).unwrap_or(false);
            let questions = questions.unseen_between();
            self.questions = Some(questions.while_wanted(Box::new(wait)));
        }
        let Some(questions) = &mut self.questions else {
            return Err(Unsigned::Terminal(TerminalError::NoTerminal {
                question: ask.kind().to_string(),
                instead: String::new(),
            }));
        };
        match (ask, &mut self.menu) {
            (Ask::KnownRole { used }, Some(menu)) => Ok(menu.ask(used, questions)?),
            (
                Ask::SecurityKey {
                    challenge,
                    can_change,
                },
                _,
            ) => touch(challenge, *can_change, &self.org.org, questions),
            _ => Ok(ask_user(ask, questions, self.context.voice)?),
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

/// The conversation; nobody else has it but the question that is open.
fn held(link: &Mutex<AgentConnection>) -> MutexGuard<'_, AgentConnection> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}
