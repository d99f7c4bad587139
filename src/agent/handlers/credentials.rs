//! Requests for a role's credentials, with the confirmation and the menu that they may need.

use std::rc::Rc;

use super::fetch::Requirements;
use super::role_menu::Menu;
use super::state::{Fetched, Handlers, Outcome};
use crate::agent::credential_key::{CredentialKey, RoleSelector};
use crate::agent::terminal_answers::RoleChoice;
use crate::agent::vault::{CachedCredentials, issue};
use crate::agent::waiters::{Client, Waiters};
use crate::flow;
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::validate;
use crate::wire::{CredentialsRequest, Reply, RoleMenu, Target};

/// The credentials for one request.
pub(super) struct Granted {
    pub(super) cached: Rc<CachedCredentials>,
    /// The answer of a menu, if the target matches several roles.
    choice: Option<RoleChoice>,
}

impl Handlers {
    pub(super) async fn credentials(
        self: &Rc<Self>,
        request: CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        let granted = self.grant(request, client).await?;
        self.usage.record(&granted.cached);
        let mut issued = issue(&granted.cached.credentials);
        issued.chosen = granted.choice.map(|choice| choice.chosen);
        panic_point("agent.issue", issued.session_token.0.expose());
        Ok(Reply::Credentials(issued))
    }

    /// Returns credentials that last long enough, after the confirmation that the request asks
    /// for.
    pub(super) async fn grant(
        self: &Rc<Self>,
        request: CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Granted> {
        validate::check_target(&request.target)?;
        if !request.may_sign_in {
            client.decline();
        }
        let Some(confirm) = &request.confirm else {
            return self.select(&request, client).await;
        };
        let session = self.live(&request.target.account);
        self.approvals
            .require(confirm, &request.target, client, session.as_ref())
            .await?;
        let granted = self.select(&request, client).await?;
        let user = &granted.cached.session;
        if let Some(session) = self.vault.session(&user.org, Some(&user.username)) {
            self.approvals.remember(confirm, &request.target, &session);
            // The shell that is opened now will renew the role that was chosen for it.
            if let Some(choice) = &granted.choice {
                let renewed = Target {
                    role: Some(choice.chosen.role.clone()),
                    ..request.target.clone()
                };
                self.approvals.remember(confirm, &renewed, &session);
            }
        }
        Ok(granted)
    }

    /// Returns the credentials of the role that the request names, or that was chosen in the
    /// client's terminal.
    async fn select(
        self: &Rc<Self>,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Granted> {
        let mut target = request.target.clone();
        if let Some(provider) = target.through.take().filter(|_| target.role.is_some()) {
            let exact = Target {
                provider: Some(provider),
                ..target.clone()
            };
            match self.exact(exact, request, client).await {
                // The user did not name this provider: another one may open the role.
                Err(report) if flow::is_withdrawn(&report) => {}
                outcome => return Ok(Granted::named(outcome?)),
            }
        }
        let mut withdrawn = None;
        if request.menu == RoleMenu::Remembered
            && let Some((terminal, choice)) = self.choice_of_terminal(&target, client).await
        {
            match self.exact(choice.narrow(&target), request, client).await {
                Err(report) if flow::is_withdrawn(&report) => {
                    self.choices.remove(terminal, RoleSelector::of(&target));
                    withdrawn = Some(choice);
                }
                outcome => {
                    let cached = outcome?;
                    self.notify_choice(&target, &choice, client);
                    return Ok(Granted::chosen(cached, choice));
                }
            }
        }
        let mode = request.menu;
        let has_cached_roles =
            request.has_cached_roles && mode != RoleMenu::Never && target.role.is_none();
        let is_cached = || {
            self.vault
                .credentials(&CredentialKey::of(&target))
                .is_some()
        };
        if has_cached_roles
            && (mode == RoleMenu::Again || !is_cached())
            && let Some(granted) = self
                .choose_for(&target, Menu::Remembered, request, client)
                .await?
        {
            return Ok(granted);
        }
        let roles = match self.fetch_for(&target, request, client).await? {
            Fetched::One(_) if mode == RoleMenu::Again && names_one(&target) => {
                return Err(nothing_to_choose(&target));
            }
            Fetched::One(cached) => {
                return match withdrawn {
                    Some(choice) if is_another(&cached, &choice, &target) => {
                        Err(choice_withdrawn(&choice, &cached))
                    }
                    _ => Ok(Granted::named(cached)),
                };
            }
            Fetched::Several(roles) => roles,
        };
        let ambiguous = || flow::ambiguous_role_unasked(&target, &roles.choices);
        if mode == RoleMenu::Never {
            return Err(ambiguous());
        }
        let menu = Menu::Found(Rc::clone(&roles));
        let granted = self.choose_for(&target, menu, request, client).await?;
        granted.ok_or_else(ambiguous)
    }

    /// Opens a menu for the target and returns the credentials of the chosen role.
    async fn choose_for(
        self: &Rc<Self>,
        target: &Target,
        menu: Menu,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Option<Granted>> {
        let Some(choice) = self.choose(target, menu, request.menu, client).await? else {
            return Ok(None);
        };
        let cached = self.exact(choice.narrow(target), request, client).await?;
        Ok(Some(Granted::chosen(cached, choice)))
    }

    /// Returns the credentials of a target that names its role and provider in full.
    async fn exact(
        self: &Rc<Self>,
        target: Target,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Rc<CachedCredentials>> {
        let waiters = Waiters::by(client.route().cloned());
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        let requirements = Requirements::of(request);
        match self
            .get_or_fetch(target.clone(), None, requirements, waiters, join)
            .await?
        {
            Fetched::One(cached) => Ok(cached),
            Fetched::Several(roles) => Err(flow::ambiguous_role_unasked(&target, &roles.choices)),
        }
    }

    /// Returns what the target matches. A menu that is opened again asks Okta anew.
    async fn fetch_for(
        self: &Rc<Self>,
        target: &Target,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Fetched> {
        let waiters = Waiters::by(client.route().cloned());
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        let target = target.clone();
        match request.menu {
            RoleMenu::Again => self.join_fetch(target, None, waiters, join).await,
            RoleMenu::Never | RoleMenu::Remembered => {
                let requirements = Requirements::of(request);
                self.get_or_fetch(target, None, requirements, waiters, join)
                    .await
            }
        }
    }
}

impl Granted {
    fn named(cached: Rc<CachedCredentials>) -> Self {
        let choice = None;
        Self { cached, choice }
    }

    fn chosen(cached: Rc<CachedCredentials>, choice: RoleChoice) -> Self {
        let choice = Some(choice);
        Self { cached, choice }
    }
}

/// Whether the target names one role, and not a pattern of roles.
fn names_one(target: &Target) -> bool {
    let role = target.role.as_deref();
    role.is_some_and(|role| !role.contains(['*', '?']))
}

/// Whether the credentials are of another role than the chosen one. At the end of a chain they
/// are of a role that the settings name.
fn is_another(cached: &CachedCredentials, choice: &RoleChoice, target: &Target) -> bool {
    target.chain.is_empty() && cached.credentials.role.as_str() != choice.chosen.role
}

fn choice_withdrawn(choice: &RoleChoice, cached: &CachedCredentials) -> Report {
    Report::new(
        ErrorCode::RoleChoiceWithdrawn,
        "the role chosen in this terminal is no longer granted to you",
    )
    .cause(format!("the chosen role: {}", choice.chosen.role))
    .hint(format!(
        "run the same command again to use {}, the only role that matches now",
        cached.credentials.role
    ))
}

fn nothing_to_choose(target: &Target) -> Report {
    let role = target.role.as_deref().unwrap_or_default();
    Report::new(ErrorCode::RoleNothingToChoose, "there is no role to choose")
        .cause(format!("{role:?} names one role"))
        .hint("leave `--choose` out, or list all your roles with `--choose -r '*'`")
}
