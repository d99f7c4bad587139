//! Which role is meant where a target matches several: asked in the client's terminal, and remembered for that
//! terminal alone. A role that was chosen in one terminal never serves a request from another.

use std::cell::Cell;
use std::rc::Rc;

use super::credentials::Fetched;
use super::{Handlers, Outcome, stopping};
use crate::agent::choices::{RoleChoice, RoleQuestion};
use crate::agent::waiters::{Client, Waiters};
use crate::clock::span;
use crate::flow::{self, Conversation as _, RoleChoices, Unanswered};
use crate::model::{ProviderArn, RoleArn};
use crate::wire::{
    Answer, Ask, ChosenRole, FromAgent, Notice, RoleEntry, RoleMenu, Target, TerminalId,
};

/// What a menu lists.
pub(super) enum Menu {
    /// What the client remembers: asked before anything is known of Okta.
    Remembered,
    /// What a target was found to match.
    Found(Rc<RoleChoices>),
}

impl Handlers {
    /// The choice that was made in the client's terminal before, with that terminal.
    pub(super) async fn choice_of_terminal(
        &self,
        target: &Target,
        client: &Rc<Client>,
    ) -> Option<(TerminalId, RoleChoice)> {
        let question = RoleQuestion::of(target);
        let session = self.live(&target.account);
        if !self.choices.has_any(&question, session.as_ref()) {
            return None;
        }
        let terminal = terminal_of(client).await?;
        // The session may have ended while the client was asked.
        let session = self.live(&target.account);
        let choice = self.choices.get(terminal, question, session.as_ref())?;
        Some((terminal, choice))
    }

    /// Asks in the client's terminal, and gets the credentials of what is chosen; several requests for the same target
    /// there share one menu. `None` where the client knows no roles after all.
    pub(super) async fn choose(
        self: &Rc<Self>,
        target: &Target,
        menu: Menu,
        mode: RoleMenu,
        client: &Rc<Client>,
    ) -> Outcome<Option<RoleChoice>> {
        let terminal = terminal_of(client).await;
        let question = RoleQuestion::of(target);
        let session = self.live(&target.account);
        let made_meanwhile =
            terminal
                .filter(|_| mode == RoleMenu::Remembered)
                .and_then(|terminal| {
                    self.choices
                        .get(terminal, question.clone(), session.as_ref())
                });
        if let Some(choice) = made_meanwhile {
            self.tell_choice(target, &choice, client);
            return Ok(Some(choice));
        }
        let opened = Rc::new(Cell::new(false));
        let start = {
            let (handlers, target, opened) = (Rc::clone(self), target.clone(), Rc::clone(&opened));
            move |waiters: Rc<Waiters>| async move {
                opened.set(true);
                handlers.choose_at(terminal, target, menu, &waiters).await
            }
        };
        let Some(terminal) = terminal else {
            return start(Waiters::of(client)).await;
        };
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        let outcome = self
            .menus
            .outcome(
                (terminal, question, client.route().cloned()),
                Waiters::by(client.route().cloned()),
                join,
                start,
            )
            .await
            .unwrap_or_else(|| Err(stopping()))?;
        if let Some(choice) = outcome.as_ref().filter(|_| !opened.get()) {
            self.tell_choice(target, choice, client);
        }
        Ok(outcome)
    }

    /// Asks, gets the credentials of the answer, and remembers it for the terminal.
    async fn choose_at(
        self: Rc<Self>,
        terminal: Option<TerminalId>,
        target: Target,
        menu: Menu,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Option<RoleChoice>> {
        let pair = match &menu {
            Menu::Remembered => {
                let used = self.usage.all();
                match waiters.ask(Ask::KnownRole { used }).await {
                    Ok(Answer::KnownRole(pair)) => pair,
                    _ => return Ok(None),
                }
            }
            Menu::Found(roles) => ask_role(&target, &roles.choices, waiters).await?,
        };
        let found = match menu {
            Menu::Found(roles) => Some(roles),
            Menu::Remembered => None,
        };
        let choice = RoleChoice {
            pair,
            at: self.vault.moment(),
        };
        let exact = choice.exactly(&target);
        let join = |flight: &Rc<Waiters>| flight.attach(waiters);
        let fetching = Waiters::by(waiters.route().cloned());
        let held = match self
            .get_or_fetch(exact.clone(), found, None, true, fetching, join)
            .await?
        {
            Fetched::One(held) => held,
            Fetched::Several(roles) => {
                return Err(flow::ambiguous_role_unasked(&exact, &roles.choices));
            }
        };
        let session = self
            .vault
            .session(&held.session.org, Some(&held.session.username));
        if let (Some(terminal), Some(session)) = (terminal, session) {
            let question = RoleQuestion::of(&target);
            self.choices
                .put(terminal, question, choice.clone(), &session);
        }
        Ok(Some(choice))
    }

    /// Tells the client which earlier choice is used for it.
    pub(super) fn tell_choice(&self, target: &Target, choice: &RoleChoice, client: &Client) {
        let role = match RoleArn::parse(&choice.pair.role) {
            Ok(role) => {
                let number = role.account();
                let account = target.accounts.get(number).map_or(number, String::as_str);
                format!("{account}/{}", role.name())
            }
            Err(_) => choice.pair.role.clone(),
        };
        let when = match self.vault.moment().since(choice.at) {
            ..1 => "just now".to_owned(),
            seconds => format!("{} ago", span(seconds)),
        };
        // Where the role is named in full, the choice was between providers.
        let is_named = target.role.as_ref() == Some(&choice.pair.role);
        let provider = ProviderArn::parse(&choice.pair.provider);
        let through = match provider.ok().filter(|_| is_named) {
            Some(provider) => format!(" through {}", provider.name()),
            None => String::new(),
        };
        let text = format!("using {role}{through}, chosen {when}; --choose to change");
        client.say(FromAgent::Notice(Notice::Message(text)));
    }
}

async fn ask_role(
    target: &Target,
    roles: &[RoleEntry],
    waiters: &Rc<Waiters>,
) -> Outcome<ChosenRole> {
    let ask = Ask::Role {
        choices: roles.to_vec(),
    };
    let kind = ask.kind();
    match waiters.ask(ask).await {
        Ok(Answer::Role(place)) => match roles.get(place) {
            Some(entry) => Ok(ChosenRole {
                role: entry.role.clone(),
                provider: entry.provider.clone(),
            }),
            None => Err(Unanswered::Mismatched(kind).into()),
        },
        Ok(_) => Err(Unanswered::Mismatched(kind).into()),
        Err(unanswered) => Err(flow::ambiguous_role(target, roles, unanswered)),
    }
}

/// The terminal of the client's user; `None` also where the client cannot tell.
async fn terminal_of(client: &Rc<Client>) -> Option<TerminalId> {
    let waiters = Waiters::default();
    waiters.join(client);
    match waiters.ask(Ask::Terminal).await {
        Ok(Answer::Terminal(terminal)) => terminal,
        _ => None,
    }
}
