//! A role's credentials: those that are held, or new ones, once for everyone who wants the same.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::session::{Errand, signed_out_meanwhile};
use super::{Desk, Outcome, stopping};
use crate::agent::party::{Member, Party};
use crate::agent::vault::{Freshness, Held};
use crate::flow::{self, Conversation as _, Failure};
use crate::process::panic_point;
use crate::report::{Exit, Report};
use crate::wire::{Answer, Ask, CredentialsRequest, Reply, Target};

impl Desk {
    pub(super) async fn credentials(
        self: &Rc<Self>,
        request: CredentialsRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        let held = self.good(request, member).await?;
        self.uses.note(&held);
        let issued = held.issue();
        panic_point("agent.issue", issued.session_token.0.expose());
        Ok(Reply::Credentials(issued))
    }

    /// Credentials that last long enough: those that are held, or new ones.
    pub(super) async fn good(
        self: &Rc<Self>,
        request: CredentialsRequest,
        member: &Rc<Member>,
    ) -> Outcome<Rc<Held>> {
        let CredentialsRequest {
            target,
            min_ttl,
            may_sign_in,
            knows_roles,
            confirm,
        } = request;
        flow::check_target(&target)?;
        if !may_sign_in {
            member.decline();
        }
        if let Some(confirm) = &confirm {
            self.confirmed.agree(confirm, &target, member).await?;
        }
        let account = &target.account;
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        if let Some(held) = self.vault.held(&target) {
            match self.vault.freshness(&held, min_ttl) {
                Freshness::Fresh => return Ok(held),
                Freshness::Aging => {
                    self.renew_behind(target);
                    return Ok(held);
                }
                Freshness::Stale => {}
            }
        }
        if !may_sign_in && live.is_none() {
            return Err(flow::nobody_signed_in(account));
        }
        let held = self
            .obtained(target, Rc::default(), Some(member), knows_roles)
            .await?;
        if self.vault.freshness(&held, min_ttl) == Freshness::Stale {
            return Err(too_short(self.vault.seconds_left(&held), min_ttl));
        }
        Ok(held)
    }

    /// Renews while the old credentials are still handed out; a failure is the next request's to hear.
    fn renew_behind(self: &Rc<Self>, target: Target) {
        if !self.roles.is_under_way(&target) {
            let desk = Rc::clone(self);
            spawn_local(async move {
                desk.obtained(target, Party::unattended(), None, false)
                    .await
            });
        }
    }

    async fn obtained(
        self: &Rc<Self>,
        target: Target,
        party: Rc<Party>,
        member: Option<&Rc<Member>>,
        knows_roles: bool,
    ) -> Outcome<Rc<Held>> {
        let desk = Rc::clone(self);
        let wanted = target.clone();
        let join = |party: &Rc<Party>| {
            if let Some(member) = member {
                party.join(member);
            }
        };
        let start = |party| async move { desk.obtain(&wanted, &party, knows_roles).await };
        self.roles
            .outcome(target, party, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    async fn obtain(
        self: &Rc<Self>,
        wanted: &Target,
        party: &Rc<Party>,
        knows_roles: bool,
    ) -> Outcome<Rc<Held>> {
        let is_asked = knows_roles && wanted.role.is_none();
        let known = match is_asked {
            true => self.known_role(wanted, party).await,
            false => self.chosen_before(wanted),
        };
        let target = known.as_ref().unwrap_or(wanted);
        let ours = !is_asked && known.is_some();
        let account = &target.account;
        let generation = self.vault.generation(&account.org);
        let (session, credentials) = self
            .with_session(account, Errand::of(target), party, async |session| {
                let obtain = async |target| {
                    flow::obtain_credentials(&session.okta, target, &self.vault, &**party).await
                };
                match obtain(target).await {
                    // Nobody named this provider: another may open the role.
                    Err(Failure::Final(report)) if ours && flow::is_withdrawn(&report) => {
                        obtain(wanted).await
                    }
                    outcome => outcome,
                }
            })
            .await?;
        if self.vault.generation(&account.org) != generation {
            return Err(signed_out_meanwhile());
        }
        panic_point(
            "agent.keep_credentials",
            credentials.secret_access_key.expose(),
        );
        // Under what was asked for: the next one who names no role gets the same without a question.
        Ok(self.vault.keep(wanted.clone(), session.key(), credentials))
    }

    /// Which provider opens the role, where a person has chosen one before: nobody is asked for it again.
    fn chosen_before(&self, wanted: &Target) -> Option<Target> {
        let held = self.vault.held(wanted).filter(|_| wanted.role.is_some());
        let provider = held.and_then(|held| held.credentials.provider.clone());
        let provider = provider.map(|provider| provider.to_string());
        Some(Target {
            provider: Some(provider.or_else(|| wanted.through.clone())?),
            ..wanted.clone()
        })
    }

    /// The role that a person takes out of those that their client remembers, before anybody has signed in.
    async fn known_role(&self, wanted: &Target, party: &Rc<Party>) -> Option<Target> {
        let used = self.uses.all();
        match party.ask(Ask::KnownRole { used }).await {
            Ok(Answer::KnownRole(choice)) => Some(Target {
                role: Some(choice.role),
                provider: Some(choice.provider),
                ..wanted.clone()
            }),
            _ => None,
        }
    }
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
