//! Answers the agent's questions: from the settings, from standard input, or from the user.

use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::context::Context;
use crate::client::device_page::open_device_page;
use crate::client::network::ca_certificates;
use crate::client::prompts::{PromptError, ask_user};
use crate::client::role_menu::CachedRoleMenu;
use crate::client::security_key::touch;
use crate::client::stdin_answers::StdinAnswers;
use crate::config::{OrgTarget, read_private_key};
use crate::link::AgentConnection;
use crate::process;
use crate::report::Report;
use crate::terminal::{Questions, TerminalError, terminal_id};
use crate::wire::{Answer, Ask, Request, SecretText};

/// Whether this client has taken part in the choice of the role.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RoleQuestion {
    None,
    /// The last question was for the role.
    Last,
    /// It was, but its answer came too late: the role that another client chose must not run here.
    TooLate,
}

pub(super) struct Answerer<'a> {
    pub(super) context: &'a Context,
    pub(super) org: &'a OrgTarget,
    stdin: &'a mut StdinAnswers,
    before_question: Option<&'a dyn Fn() -> Result<(), Report>>,
    /// Whether an answer was given that must not be given twice.
    pub(super) has_answered: bool,
    questions: Option<Questions>,
    menu: Option<CachedRoleMenu<'a>>,
    role_question: RoleQuestion,
}

impl<'a> Answerer<'a> {
    pub(super) fn new(
        context: &'a Context,
        org: &'a OrgTarget,
        stdin: &'a mut StdinAnswers,
        before_question: Option<&'a dyn Fn() -> Result<(), Report>>,
        request: &Request,
    ) -> Self {
        Self {
            context,
            org,
            stdin,
            before_question,
            has_answered: false,
            questions: None,
            menu: CachedRoleMenu::of(context, request),
            role_question: RoleQuestion::None,
        }
    }

    /// Discards what was typed after the last answer: it may be a secret that came too early, and
    /// must not reach the shell.
    pub(super) fn discard_typeahead(&self) {
        if let Some(questions) = &self.questions {
            questions.forget_typed();
        }
    }

    pub(super) fn handle_failure(&self, report: &Report) {
        if let Some(menu) = &self.menu {
            menu.handle_failure(report);
        }
    }

    /// Notes that the agent no longer wants the answer to its last question.
    pub(super) fn withdraw_question(&mut self) {
        if self.role_question == RoleQuestion::Last {
            self.role_question = RoleQuestion::TooLate;
        }
    }

    pub(super) fn is_role_chosen_elsewhere(&self) -> bool {
        self.role_question == RoleQuestion::TooLate
    }

    /// Returns the answer to `ask`. Every question gets one, so that both sides stay in step.
    pub(super) fn answer(
        &mut self,
        ask: Ask,
        link: &Arc<Mutex<AgentConnection>>,
    ) -> Result<Answer, Report> {
        if ask == Ask::Terminal {
            return Ok(Answer::Terminal(terminal_id()));
        }
        if self.role_question != RoleQuestion::TooLate {
            self.role_question = match ask {
                Ask::Role { .. } | Ask::KnownRole { .. } => RoleQuestion::Last,
                _ => RoleQuestion::None,
            };
        }
        if !ask.is_for_certificates()
            && let Some(before_question) = self.before_question
        {
            before_question()?;
        }
        if let Some(answer) = self.answer_alone(&ask)? {
            return Ok(answer);
        }
        match self.ask_user(&ask, link) {
            Ok(Answer::UnknownRole) => Ok(Answer::UnknownRole),
            Ok(answer) => {
                self.has_answered = true;
                if let (Ask::Role { choices }, Answer::Role(index), Some(menu)) =
                    (&ask, &answer, &self.menu)
                {
                    menu.store(choices, *index);
                }
                Ok(answer)
            }
            Err(PromptError::Terminal(TerminalError::NoTerminal { .. }))
                if matches!(ask, Ask::KnownRole { .. }) =>
            {
                Ok(Answer::UnknownRole)
            }
            Err(PromptError::Terminal(
                TerminalError::NoTerminal { .. } | TerminalError::Withdrawn { .. },
            )) => Ok(Answer::Unavailable),
            Err(PromptError::Terminal(error)) => Err(error.into()),
            Err(PromptError::Report(report)) => Err(report),
        }
    }

    /// Returns the answer if it needs no terminal.
    fn answer_alone(&mut self, ask: &Ask) -> Result<Option<Answer>, Report> {
        let environment = &self.context.environment;
        Ok(match ask {
            Ask::CaCertificates => {
                let pem = ca_certificates(self.org, environment)?;
                Some(Answer::CaCertificates(pem))
            }
            Ask::PrivateKey => {
                let key = read_private_key(&self.org.machine, environment)?;
                Some(Answer::PrivateKey(SecretText(key)))
            }
            Ask::OpenPage {
                page,
                code,
                minutes,
            } => {
                let org = &self.org.org;
                Some(open_device_page(page, code, *minutes, org, self.context)?)
            }
            Ask::Password { .. } => self.stdin.password.take().map(|password| {
                self.has_answered = true;
                process::panic_point("client.password", password.expose());
                Answer::Password(SecretText(password))
            }),
            Ask::Passcode { .. } => self.stdin.passcode()?.map(|passcode| {
                self.has_answered = true;
                process::panic_point("client.passcode", passcode.expose());
                Answer::Passcode(SecretText(passcode))
            }),
            _ => None,
        })
    }

    fn ask_user(
        &mut self,
        ask: &Ask,
        link: &Arc<Mutex<AgentConnection>>,
    ) -> Result<Answer, PromptError> {
        let context = self.context;
        let questions = self
            .questions
            .get_or_insert_with(|| open_questions(context, link));
        match (ask, &mut self.menu) {
            (Ask::KnownRole { used }, Some(menu)) => Ok(menu.ask(used, questions)?),
            (
                Ask::SecurityKey {
                    challenge,
                    can_change,
                },
                _,
            ) => touch(challenge, *can_change, &self.org.org, questions),
            _ => Ok(ask_user(ask, questions, context.output)?),
        }
    }
}

/// Prepares questions that end when the agent wants no answer any more. An abort closes the
/// connection, upon which the agent cancels the transaction at Okta.
fn open_questions(context: &Context, link: &Arc<Mutex<AgentConnection>>) -> Questions {
    let shutdown = lock(link).shutdown_handle().ok();
    let abort = move || {
        if let Some(shutdown) = shutdown {
            shutdown();
        }
    };
    let link = Arc::clone(link);
    let is_wanted = move |tty: BorrowedFd<'_>| lock(&link).wait_for_input(tty).unwrap_or(false);
    Questions::new(context.output, &context.environment, abort)
        .unseen_between()
        .while_wanted(Box::new(is_wanted))
}

/// Locks the connection, which only an open question shares.
pub(super) fn lock(link: &Mutex<AgentConnection>) -> MutexGuard<'_, AgentConnection> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}
