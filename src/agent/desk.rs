//! What each request gets.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;
use tokio::task::spawn_local;

use crate::agent::flight::Flights;
use crate::agent::life;
use crate::agent::party::{Member, Party};
use crate::agent::vault::{Freshness, Held, LiveSession, SessionKey, Vault};
use crate::clock::Clock;
use crate::flow::{self, Conversation, Failure, OktaSession};
use crate::model::Timestamp;
use crate::process::Confinement;
use crate::report::{Exit, Report};
use crate::wire::{
    Account, CredentialsRequest, Notice, Reply, Request, RoleEntry, SignOutScope, StatusReply,
    Target,
};

/// Seconds an agent without a session waits for somebody to sign in.
const EMPTY: i64 = 3600;
/// A machine's clock may be this far from the servers' before a person is told, in seconds.
const SKEW: i64 = 120;

pub(super) type Outcome<T> = Result<T, Report>;

#[derive(Debug)]
pub(super) struct Desk {
    vault: Vault,
    sign_ins: Flights<SessionKey, Outcome<Rc<LiveSession>>>,
    roles: Flights<Target, Outcome<Rc<Held>>>,
    confinement: Confinement,
    started: Timestamp,
    stopped: Notify,
    changed: Notify,
    told_skew: Cell<bool>,
}

impl Desk {
    pub(super) fn new(confinement: Confinement) -> Self {
        let clock = Clock::system();
        let started = clock.now();
        Self {
            vault: Vault::new(clock),
            sign_ins: Flights::new(),
            roles: Flights::new(),
            confinement,
            started,
            stopped: Notify::new(),
            changed: Notify::new(),
            told_skew: Cell::new(false),
        }
    }

    pub(super) async fn handle(self: &Rc<Self>, request: Request, member: &Rc<Member>) -> Reply {
        let outcome = match request {
            Request::SignIn { account, again } => self.sign_in(account, again, member).await,
            Request::Credentials(request) => self.credentials(request, member).await,
            Request::Roles(target) => self.list_roles(target, member).await,
            Request::VpnProfile(request) => self.vpn_profile(request, member).await,
            Request::VpnSignIn(request) => self.vpn_sign_in(request, member).await,
            Request::Status => Ok(Reply::Status(self.status())),
            Request::SignOut(scope) => Ok(self.sign_out(&scope).await),
            Request::Stop => Ok(Reply::Stopping),
        };
        outcome.unwrap_or_else(Reply::Failed)
    }

    pub(super) fn stop(&self) {
        self.stopped.notify_one();
    }

    pub(super) fn wipe(&self) {
        self.vault.take(None);
    }

    /// Returns when somebody said stop, or nobody has needed the agent for long enough.
    pub(super) async fn over(&self) {
        loop {
            self.vault.expire();
            let had_sessions = self.vault.next_end();
            let left = had_sessions.unwrap_or(EMPTY);
            tokio::select! {
                () = self.stopped.notified() => return,
                () = self.changed.notified() => {}
                () = life::seconds(left.max(1)) => {
                    self.vault.expire();
                    if self.vault.next_end().is_none() {
                        return;
                    }
                }
            }
        }
    }

    async fn sign_in(
        self: &Rc<Self>,
        account: Account,
        again: bool,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        flow::check_account(&account)?;
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        let session = match live {
            Some(live) if !again => live,
            old => {
                if let Some(old) = old {
                    self.vault.forget_session(&old);
                }
                let party = Rc::new(Party::default());
                party.join(member);
                let session = self.new_session(&account, &party, None).await?;
                session.okta.settle().await.map_err(Failure::into_report)?;
                session
            }
        };
        Ok(Reply::SignedIn {
            username: session.okta.username().into(),
            expires_at: session.okta.expires_at(),
        })
    }

    async fn credentials(
        self: &Rc<Self>,
        request: CredentialsRequest,
        member: &Rc<Member>,
    ) -> Outcome<Reply> {
        let CredentialsRequest {
            target,
            min_ttl,
            may_sign_in,
        } = request;
        flow::check_target(&target)?;
        let live = self
            .vault
            .session(&target.account.org, target.account.username.as_deref());
        if let Some(held) = self.vault.held(&target) {
            match self.vault.freshness(&held, min_ttl) {
                Freshness::Fresh => return Ok(Reply::Credentials(held.issue())),
                Freshness::Aging => {
                    self.renew_behind(target);
                    return Ok(Reply::Credentials(held.issue()));
                }
                Freshness::Stale => {}
            }
        }
        if !may_sign_in {
            if live.is_none() {
                return Err(flow::nobody_signed_in(&target.account));
            }
            member.decline();
        }
        let held = self.obtained(target, Rc::default(), Some(member)).await?;
        if self.vault.freshness(&held, min_ttl) == Freshness::Stale {
            return Err(too_short(self.vault.seconds_left(&held), min_ttl));
        }
        Ok(Reply::Credentials(held.issue()))
    }

    /// Renews while the old credentials are still handed out; a failure is the next request's to hear.
    fn renew_behind(self: &Rc<Self>, target: Target) {
        if !self.roles.is_under_way(&target) {
            let desk = Rc::clone(self);
            spawn_local(async move { desk.obtained(target, Party::unattended(), None).await });
        }
    }

    async fn obtained(
        self: &Rc<Self>,
        target: Target,
        party: Rc<Party>,
        member: Option<&Rc<Member>>,
    ) -> Outcome<Rc<Held>> {
        let desk = Rc::clone(self);
        let wanted = target.clone();
        let join = |party: &Party| {
            if let Some(member) = member {
                party.join(member);
            }
        };
        let start = |party| async move { desk.obtain(&wanted, &party).await };
        self.roles
            .outcome(target, party, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    async fn obtain(self: &Rc<Self>, target: &Target, party: &Rc<Party>) -> Outcome<Rc<Held>> {
        let generation = self.vault.generation();
        let account = &target.account;
        let warm = flow::sts_to_be_asked(target);
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        let reused = live.is_some();
        let mut session = match live {
            Some(live) => live,
            None => self.new_session(account, party, warm.clone()).await?,
        };
        let mut outcome = self.assume(&session, target, party).await;
        if reused && matches!(outcome, Err(Failure::SessionEnded)) {
            self.vault.forget_session(&session);
            session = self.new_session(account, party, warm).await?;
            outcome = self.assume(&session, target, party).await;
        }
        let credentials = outcome.map_err(Failure::into_report)?;
        if self.vault.generation() != generation {
            return Err(signed_out_meanwhile());
        }
        Ok(self.vault.keep(target.clone(), session.key(), credentials))
    }

    async fn assume(
        &self,
        session: &LiveSession,
        target: &Target,
        party: &Party,
    ) -> Result<crate::model::Credentials, Failure> {
        let memory = flow::Memory {
            now: &|| self.vault.now(),
            duration: &|role| self.vault.duration(role),
            remember_duration: &|role, seconds| self.vault.remember_duration(role, seconds),
        };
        let outcome = flow::obtain_credentials(&session.okta, target, &memory, party).await;
        self.learn_time(&session.okta, party);
        outcome
    }

    pub(super) fn live(&self, account: &Account) -> Option<Rc<LiveSession>> {
        self.vault
            .session(&account.org, account.username.as_deref())
    }

    pub(super) fn forget(&self, session: &LiveSession) {
        self.vault.forget_session(session);
    }

    /// The session that a sign-in makes, which is joined if one for this user is under way.
    pub(super) async fn new_session(
        self: &Rc<Self>,
        account: &Account,
        party: &Rc<Party>,
        warm: Option<String>,
    ) -> Outcome<Rc<LiveSession>> {
        let key = SessionKey {
            org: account.org.clone(),
            username: account
                .username
                .clone()
                .unwrap_or_default()
                .to_ascii_lowercase(),
        };
        let (desk, account) = (Rc::clone(self), account.clone());
        let start = |party: Rc<Party>| async move {
            let generation = desk.vault.generation();
            let okta = flow::sign_in(&account, warm.as_deref(), &*party).await?;
            desk.learn_time(&okta, &party);
            if desk.vault.generation() != generation {
                return Err(signed_out_meanwhile());
            }
            let session = desk.vault.keep_session(okta, account.idle, account.max);
            desk.changed.notify_one();
            Ok(session)
        };
        let fresh = if party.is_unattended() {
            Party::unattended()
        } else {
            Rc::default()
        };
        let join = |flight: &Party| flight.welcome(party);
        self.sign_ins
            .outcome(key, fresh, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    fn learn_time(&self, okta: &OktaSession, party: &Party) {
        self.vault.correct(okta.server_time());
        let skew = self.vault.skew();
        if skew.abs() > SKEW && !self.told_skew.replace(true) {
            let direction = if skew > 0 { "ahead of" } else { "behind" };
            party.tell(Notice::Said(format!(
                "this machine's clock is {} minutes {direction} Okta's: programs may think that good credentials have expired; set it right",
                skew.abs() / 60
            )));
        }
    }

    async fn list_roles(self: &Rc<Self>, target: Target, member: &Rc<Member>) -> Outcome<Reply> {
        flow::check_target(&target)?;
        let party = Rc::new(Party::default());
        party.join(member);
        let account = &target.account;
        let live = self
            .vault
            .session(&account.org, account.username.as_deref());
        let reused = live.is_some();
        let mut session = match live {
            Some(live) => live,
            None => self.new_session(account, &party, None).await?,
        };
        let list = async |session: &LiveSession| -> Result<Vec<RoleEntry>, Failure> {
            flow::list_roles(&session.okta, &target, self.vault.now(), &*party).await
        };
        let mut outcome = list(&session).await;
        if reused && matches!(outcome, Err(Failure::SessionEnded)) {
            self.vault.forget_session(&session);
            session = self.new_session(account, &party, None).await?;
            outcome = list(&session).await;
        }
        outcome.map(Reply::Roles).map_err(Failure::into_report)
    }

    fn status(&self) -> StatusReply {
        self.vault.expire();
        StatusReply {
            pid: std::process::id(),
            build: env!("CARGO_PKG_VERSION").into(),
            started: self.started,
            confinement: self.confinement.words.clone(),
            confined: self.confinement.complete,
            sessions: self.vault.sessions(),
            roles: self.vault.roles(),
        }
    }

    /// Wipes first, then ends the session at the server: a server that is away changes nothing here.
    async fn sign_out(&self, scope: &SignOutScope) -> Reply {
        let org = match scope {
            SignOutScope::Everything => None,
            SignOutScope::Org(org) => Some(org.as_str()),
        };
        let taken = self.vault.take(org);
        let mut server_unreachable = None;
        for session in &taken {
            if let Err(report) = session.okta.end().await {
                server_unreachable = Some(report.causes.first().unwrap_or(&report.summary).clone());
            }
        }
        Reply::SignedOut {
            sessions: taken.len(),
            server_unreachable,
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

fn stopping() -> Report {
    Report::new(Exit::Failed, "agent.stopping", "the agent is stopping")
        .hint("try again: a new one is started")
}

fn signed_out_meanwhile() -> Report {
    Report::new(
        Exit::SignIn,
        "sign_in.signed_out",
        "somebody signed out meanwhile",
    )
    .hint("`ob login` signs you in again")
}
