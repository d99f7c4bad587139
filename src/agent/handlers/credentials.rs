//! A role's credentials: those that are held, or new ones, once for everyone who wants the same.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::role_menu::Menu;
use super::session::{SignInHints, signed_out_meanwhile};
use super::{Handlers, Outcome, stopping};
use crate::agent::choices::{RoleChoice, RoleQuestion};
use crate::agent::vault::{CachedCredentials, Freshness};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, Obtained, RoleChoices};
use crate::process::panic_point;
use crate::report::{Exit, Report};
use crate::wire::{CredentialsRequest, Reply, RoleMenu, Route, Target};

/// What a target came to.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    One(Rc<CachedCredentials>),
    /// It matches several roles. Which of them is meant is asked of each terminal by itself.
    Several(Rc<RoleChoices>),
}

/// Credentials for one request.
pub(super) struct Granted {
    pub(super) held: Rc<CachedCredentials>,
    /// What a menu has answered, where the target matches several roles.
    pub(super) chosen: Option<RoleChoice>,
}

impl Handlers {
    pub(super) async fn credentials(
        self: &Rc<Self>,
        request: CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        let granted = self.grant(request, client).await?;
        self.usage.note(&granted.held);
        let mut issued = granted.held.issue();
        issued.chosen = granted.chosen.map(|choice| choice.pair);
        panic_point("agent.issue", issued.session_token.0.expose());
        Ok(Reply::Credentials(issued))
    }

    /// Credentials that last long enough: those that are held, or new ones.
    pub(super) async fn grant(
        self: &Rc<Self>,
        request: CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Granted> {
        flow::check_target(&request.target)?;
        if !request.may_sign_in {
            client.decline();
        }
        let Some(confirm) = &request.confirm else {
            return self.granted_role(&request, client).await;
        };
        let session = self.live(&request.target.account);
        self.approvals
            .agree(confirm, &request.target, client, session.as_ref())
            .await?;
        let granted = self.granted_role(&request, client).await?;
        let user = &granted.held.session;
        if let Some(session) = self.vault.session(&user.org, Some(&user.username)) {
            self.approvals.remember(confirm, &request.target, &session);
            // A shell that is opened now renews the role that was chosen for it.
            if let Some(choice) = &granted.chosen {
                let renewed = Target {
                    role: Some(choice.pair.role.clone()),
                    ..request.target.clone()
                };
                self.approvals.remember(confirm, &renewed, &session);
            }
        }
        Ok(granted)
    }

    /// Credentials of the role that the request names, or that was chosen in its client's terminal.
    async fn granted_role(
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
                // The user did not name this provider: another may open the role.
                Err(report) if flow::is_withdrawn(&report) => {}
                outcome => return Ok(Granted::named(outcome?)),
            }
        }
        let mut withdrawn = None;
        if request.menu == RoleMenu::Remembered
            && let Some((terminal, choice)) = self.choice_of_terminal(&target, client).await
        {
            let exact = choice.exactly(&target);
            match self.exact(exact, request, client).await {
                Err(report) if flow::is_withdrawn(&report) => {
                    self.choices.remove(terminal, RoleQuestion::of(&target));
                    withdrawn = Some(choice);
                }
                outcome => {
                    let held = outcome?;
                    self.tell_choice(&target, &choice, client);
                    return Ok(Granted::chosen(held, choice));
                }
            }
        }
        let mode = request.menu;
        let asks_first = request.knows_roles && mode != RoleMenu::Never && target.role.is_none();
        if asks_first && (mode == RoleMenu::Again || self.vault.held(&target).is_none()) {
            let menu = Menu::Remembered;
            if let Some(choice) = self.choose(&target, menu, mode, client).await? {
                let exact = choice.exactly(&target);
                let held = self.exact(exact, request, client).await?;
                return Ok(Granted::chosen(held, choice));
            }
        }
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        let fetched = match mode {
            RoleMenu::Again => {
                self.join_fetch(
                    target.clone(),
                    None,
                    Waiters::by(client.route().cloned()),
                    join,
                )
                .await?
            }
            RoleMenu::Never | RoleMenu::Remembered => {
                self.get_or_fetch_for(target.clone(), request, client)
                    .await?
            }
        };
        let roles = match fetched {
            Fetched::One(_) if mode == RoleMenu::Again && names_one(&target) => {
                return Err(nothing_to_choose(&target));
            }
            Fetched::One(held) => {
                return match withdrawn {
                    Some(choice) if is_another(&held, &choice, &target) => {
                        Err(choice_withdrawn(&choice, &held))
                    }
                    _ => Ok(Granted::named(held)),
                };
            }
            Fetched::Several(roles) if mode == RoleMenu::Never => {
                return Err(flow::ambiguous_role_unasked(&target, &roles.choices));
            }
            Fetched::Several(roles) => roles,
        };
        let menu = Menu::Found(Rc::clone(&roles));
        match self.choose(&target, menu, mode, client).await? {
            Some(choice) => {
                let exact = choice.exactly(&target);
                let held = self.exact(exact, request, client).await?;
                Ok(Granted::chosen(held, choice))
            }
            None => Err(flow::ambiguous_role_unasked(&target, &roles.choices)),
        }
    }

    /// Credentials of a target that names its role and provider in full.
    async fn exact(
        self: &Rc<Self>,
        target: Target,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Rc<CachedCredentials>> {
        match self
            .get_or_fetch_for(target.clone(), request, client)
            .await?
        {
            Fetched::One(held) => Ok(held),
            Fetched::Several(roles) => Err(flow::ambiguous_role_unasked(&target, &roles.choices)),
        }
    }

    /// As [`Self::get_or_fetch`], with the limits and the route of the client's request.
    async fn get_or_fetch_for(
        self: &Rc<Self>,
        target: Target,
        request: &CredentialsRequest,
        client: &Rc<Client>,
    ) -> Outcome<Fetched> {
        let (min_ttl, may_sign_in) = (request.min_ttl, request.may_sign_in);
        let waiters = Waiters::by(client.route().cloned());
        let join = |waiters: &Rc<Waiters>| waiters.join(client);
        self.get_or_fetch(target, None, min_ttl, may_sign_in, waiters, join)
            .await
    }

    /// What is held for the target and lasts long enough, else what it comes to now. It may be one of `found`.
    pub(super) async fn get_or_fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        min_ttl: Option<u32>,
        may_sign_in: bool,
        waiters: Rc<Waiters>,
        join: impl FnOnce(&Rc<Waiters>),
    ) -> Outcome<Fetched> {
        let account = &target.account;
        let live = self.live(account);
        if let (Some(live), Some(route)) = (&live, waiters.route()) {
            live.note_route(route);
        }
        if let Some(held) = self.vault.held(&target) {
            match self.vault.freshness(&held, min_ttl) {
                Freshness::Fresh => return Ok(Fetched::One(held)),
                Freshness::Aging => {
                    if let Some(live) = &live {
                        join(&waiters);
                        if self.by_route(live, &waiters).await.is_ok() {
                            self.renew_in_background(target, waiters.route().cloned());
                        }
                    }
                    return Ok(Fetched::One(held));
                }
                Freshness::Stale => {}
            }
        }
        if !may_sign_in && live.is_none() {
            return Err(flow::not_signed_in(account));
        }
        let fetched = self.join_fetch(target, found, waiters, join).await?;
        if let Fetched::One(held) = &fetched
            && self.vault.freshness(held, min_ttl) == Freshness::Stale
        {
            return Err(too_short(self.vault.seconds_left(held), min_ttl));
        }
        Ok(fetched)
    }

    /// Renews while the old credentials are still handed out; a failure is the next request's to hear.
    fn renew_in_background(self: &Rc<Self>, target: Target, route: Option<Rc<Route>>) {
        let flight = (target, route);
        if !self.roles.is_under_way(&flight) {
            let handlers = Rc::clone(self);
            let (target, route) = flight;
            let waiters = Waiters::unattended(route);
            spawn_local(async move { handlers.join_fetch(target, None, waiters, |_| {}).await });
        }
    }

    /// What the target comes to, once for all who ask at the same time. No menu is part of it, so that clients of
    /// different terminals can share it.
    async fn join_fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        waiters: Rc<Waiters>,
        join: impl FnOnce(&Rc<Waiters>),
    ) -> Outcome<Fetched> {
        let handlers = Rc::clone(self);
        let wanted = target.clone();
        let flight = (target, waiters.route().cloned());
        let start = |waiters| async move { handlers.fetch(wanted, found, &waiters).await };
        self.roles
            .outcome(flight, waiters, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    async fn fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Fetched> {
        let account = &target.account;
        let generation = self.vault.generation(&account.org);
        let (session, obtained) = self
            .with_session(account, SignInHints::of(&target), waiters, async |okta| {
                let found = found.as_deref();
                flow::obtain_credentials(okta, &target, found, &self.vault, &**waiters).await
            })
            .await?;
        if self.vault.generation(&account.org) != generation {
            return Err(signed_out_meanwhile());
        }
        let credentials = match obtained {
            Obtained::Credentials(credentials) => credentials,
            Obtained::Several(roles) => return Ok(Fetched::Several(roles.into())),
        };
        panic_point(
            "agent.keep_credentials",
            credentials.secret_access_key.expose(),
        );
        // The target matches this role alone, so the next request for it gets the same, from whichever terminal.
        let held = self.vault.keep(target, session.key(), credentials);
        Ok(Fetched::One(held))
    }
}

impl Granted {
    fn named(held: Rc<CachedCredentials>) -> Self {
        Self { held, chosen: None }
    }

    fn chosen(held: Rc<CachedCredentials>, choice: RoleChoice) -> Self {
        let chosen = Some(choice);
        Self { held, chosen }
    }
}

/// Whether the user named a role, and no pattern of roles.
fn names_one(target: &Target) -> bool {
    let role = target.role.as_deref();
    role.is_some_and(|role| !role.contains(['*', '?']))
}

/// Whether the credentials are of another role than the one that was chosen. At the end of a chain they are of a role
/// that the settings name.
fn is_another(held: &CachedCredentials, choice: &RoleChoice, target: &Target) -> bool {
    target.chain.is_empty() && held.credentials.role.as_str() != choice.pair.role
}

fn choice_withdrawn(choice: &RoleChoice, held: &CachedCredentials) -> Report {
    Report::new(
        Exit::Refused,
        "role.choice_withdrawn",
        "you may not assume the role that you chose in this terminal any more",
    )
    .cause(format!("it was {}", choice.pair.role))
    .hint(format!(
        "run the same command again to use {}, the only role that matches now",
        held.credentials.role
    ))
}

fn nothing_to_choose(target: &Target) -> Report {
    let role = target.role.as_deref().unwrap_or_default();
    Report::new(
        Exit::Usage,
        "role.nothing_to_choose",
        "there is no role to choose",
    )
    .cause(format!("{role:?} names one role"))
    .hint("leave `--choose` out, or list all your roles with `--choose -r '*'`")
}

fn too_short(left: i64, min_ttl: Option<u32>) -> Report {
    let wanted = min_ttl.map_or_else(
        || "the 10 minutes".into(),
        |s| format!("--min-ttl of {s} s"),
    );
    Report::new(Exit::Refused, "sts.too_short", "the role's credentials do not last long enough")
        .cause(format!("they are good for {left} s, less than {wanted} asked for"))
        .hint("ask for less with `--min-ttl`, or for longer credentials with `--duration` or `duration =`")
}
