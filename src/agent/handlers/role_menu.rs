//! Which role is meant if a target matches several. The user is asked in the client's terminal,
//! and the choice is remembered for that terminal only: a role that was chosen in one terminal
//! never serves a request from another.

use std::cell::Cell;
use std::rc::Rc;

use super::fetch::Requirements;
use super::state::{Fetched, Handlers, Outcome, stopping};
use crate::agent::credential_key::RoleSelector;
use crate::agent::terminal_answers::RoleChoice;
use crate::agent::waiters::{Client, Waiters};
use crate::clock::span;
use crate::flow::{self, Conversation as _, RoleChoices, Unanswered};
use crate::model::{ProviderArn, RoleArn};
use crate::wire::{
    Answer, Ask, ChosenRole, FromAgent, Notice, RoleEntry, RoleMenu, Target, TerminalId,
};

/// What a menu lists.
pub(super) enum Menu {
    /// The roles that the client remembers; Okta has not been asked yet.
    Remembered,
    /// The roles that a fetch found to match.
    Found(Rc<RoleChoices>),
}

impl Handlers {
    /// Returns the earlier choice in the client's terminal, and that terminal.
    pub(super) async fn choice_of_terminal(
        &self,
        target: &Target,
        client: &Rc<Client>,
    ) -> Option<(TerminalId, RoleChoice)> {
        let selector = RoleSelector::of(target);
        let session = self.live(&target.account);
        if !self.choices.has_any(&selector, session.as_ref()) {
            return None;
        }
        let terminal = terminal_of(client).await?;
        // The session may have ended while the client was asked.
        let session = self.live(&target.account);
        let choice = self.choices.get(terminal, selector, session.as_ref())?;
        Some((terminal, choice))
    }

    /// Opens a menu in the client's terminal and fetches the credentials of the chosen role.
    /// Requests for the same target share one menu in a terminal.
    ///
    /// Returns `None` if the client remembers no roles after all.
    pub(super) async fn choose(
        self: &Rc<Self>,
        target: &Target,
        menu: Menu,
        mode: RoleMenu,
        client: &Rc<Client>,
    ) -> Outcome<Option<RoleChoice>> {
        let terminal = terminal_of(client).await;
        let selector = RoleSelector::of(target);
        let session = self.live(&target.account);
        let made_while_waiting =
            terminal
                .filter(|_| mode == RoleMenu::Remembered)
                .and_then(|terminal| {
                    let selector = selector.clone();
                    self.choices.get(terminal, selector, session.as_ref())
                });
        if let Some(choice) = made_while_waiting {
            self.notify_choice(target, &choice, client);
            return Ok(Some(choice));
        }
        let opened = Rc::new(Cell::new(false));
        let start = {
            let (handlers, target, opened) = (Rc::clone(self), target.clone(), Rc::clone(&opened));
            move |waiters: Rc<Waiters>| async move {
                opened.set(true);
                handlers.open_menu(terminal, target, menu, &waiters).await
            }
        };
        let Some(terminal) = terminal else {
            return start(Waiters::of(client)).await;
        };
        let route = client.route().cloned();
        let key = (terminal, selector, route.clone());
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        let choice = self
            .menus
            .join_or_start(key, Waiters::by(route), join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))?;
        if let Some(choice) = choice.as_ref().filter(|_| !opened.get()) {
            self.notify_choice(target, choice, client);
        }
        Ok(choice)
    }

    /// Asks, fetches the credentials of the chosen role, and remembers it for the terminal.
    async fn open_menu(
        self: Rc<Self>,
        terminal: Option<TerminalId>,
        target: Target,
        menu: Menu,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Option<RoleChoice>> {
        let (chosen, found) = match menu {
            Menu::Remembered => {
                let used = self.usage.all();
                match waiters.ask(Ask::KnownRole { used }).await {
                    Ok(Answer::KnownRole(chosen)) => (chosen, None),
                    _ => return Ok(None),
                }
            }
            Menu::Found(roles) => {
                let chosen = ask_role(&target, &roles.choices, waiters).await?;
                (chosen, Some(roles))
            }
        };
        let choice = RoleChoice {
            chosen,
            at: self.vault.moment(),
        };
        let exact = choice.narrow(&target);
        let requirements = Requirements {
            min_ttl: None,
            may_sign_in: true,
        };
        let fetch_waiters = Waiters::by(waiters.route().cloned());
        let join = |fetch: &Rc<Waiters>| fetch.attach(waiters);
        let fetched = self
            .get_or_fetch(exact.clone(), found, requirements, fetch_waiters, join)
            .await?;
        let cached = match fetched {
            Fetched::One(cached) => cached,
            Fetched::Several(roles) => {
                return Err(flow::ambiguous_role_unasked(&exact, &roles.choices));
            }
        };
        let user = &cached.session;
        let session = self.vault.session(&user.org, Some(&user.username));
        if let (Some(terminal), Some(session)) = (terminal, session) {
            let selector = RoleSelector::of(&target);
            self.choices
                .put(terminal, selector, choice.clone(), &session);
        }
        Ok(Some(choice))
    }

    /// Tells the client which earlier choice is used.
    pub(super) fn notify_choice(&self, target: &Target, choice: &RoleChoice, client: &Client) {
        let chosen = &choice.chosen;
        let role = match RoleArn::parse(&chosen.role) {
            Ok(role) => {
                let number = role.account();
                let account = target.names.accounts.get(number);
                let account = account.map_or(number, String::as_str);
                format!("{account}/{}", role.name())
            }
            Err(_) => chosen.role.clone(),
        };
        let when = match self.vault.moment().since(choice.at).as_secs() {
            0 => "just now".to_owned(),
            seconds => format!("{} ago", span(seconds.cast_signed())),
        };
        // If the target names the role in full, the choice was between its providers.
        let names_role = target.role.as_ref() == Some(&chosen.role);
        let provider = ProviderArn::parse(&chosen.provider);
        let through = match provider.ok().filter(|_| names_role) {
            Some(provider) => format!(" through {}", provider.name()),
            None => String::new(),
        };
        let text = format!("using {role}{through}, chosen {when}; --choose to change");
        client.send(FromAgent::Notice(Notice::Message(text)));
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
    let entry = match waiters.ask(ask).await {
        Ok(Answer::Role(index)) => roles.get(index),
        Ok(_) => None,
        Err(unanswered) => return Err(flow::ambiguous_role(target, roles, unanswered)),
    };
    let entry = entry.ok_or(Unanswered::Mismatched(kind))?;
    Ok(ChosenRole {
        role: entry.role.clone(),
        provider: entry.provider.clone(),
    })
}

/// Asks the client for its terminal; `None` also if the client cannot tell.
async fn terminal_of(client: &Rc<Client>) -> Option<TerminalId> {
    let waiters = Waiters::default();
    waiters.join(client);
    match waiters.ask(Ask::Terminal).await {
        Ok(Answer::Terminal(terminal)) => terminal,
        _ => None,
    }
}
