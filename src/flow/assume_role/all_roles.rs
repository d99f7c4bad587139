//! The credentials of every role of every app, side by side: one assertion for each app, then STS with a
//! bounded number of calls at a time.

use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::Mutex;

use crate::flow::app::aws_app::{self, AwsAssertion};
use crate::flow::assume_role::redeem;
use crate::flow::assume_role::sts_calls::NoCredentials;
use crate::flow::retry::backoff;
use crate::flow::roles::{entries, nothing_to_choose};
use crate::flow::session::machine;
use crate::flow::{Conversation, Failure, FlowContext, OktaSession};
use crate::model::{Credentials, RoleArn, SamlRole};
use crate::report::Report;
use crate::wire::{Notice, RoleEntry, Target};

/// STS calls at a time: as many connections as the pool keeps.
const AT_ONCE: usize = 32;
/// How often STS may say "slow down" about one role before it is reported.
const PATIENCE: u32 = 7;

/// Whoever takes the results as they come.
pub trait RoleObserver {
    /// Every role there is, before the first result.
    fn listed(&self, roles: Vec<RoleEntry>);
    fn issued(&self, credentials: &Credentials);
    fn refused(&self, role: &RoleArn, report: Report);
}

/// Redeems every role that the user's apps grant and hands each result over. A role that STS refuses spoils
/// no other.
///
/// # Errors
/// When the roles cannot be told, or nobody waits any longer.
pub async fn assume_all_roles(
    session: &OktaSession,
    target: &Target,
    memory: &dyn FlowContext,
    conversation: &impl Conversation,
    observer: &impl RoleObserver,
) -> Result<(), Failure> {
    if session.machine().is_some() {
        return Err(machine::no_list().into());
    }
    let apps = aws_app::aws_apps(session, target.app.as_deref(), conversation).await?;
    let assertions = aws_app::assertions(session, apps, memory.now(), conversation).await?;
    let mut entries = entries(&assertions, target);
    // Several providers may open one role; one of them is enough.
    entries.sort();
    entries.dedup_by(|(_, a), (_, b)| a.role == b.role);
    if entries.is_empty() {
        return Err(nothing_to_choose(&assertions));
    }
    observer.listed(entries.iter().map(|(entry, _)| entry.clone()).collect());
    let apps: Vec<App<'_>> = assertions
        .into_iter()
        .map(|assertion| App {
            session,
            latest: Mutex::new(Rc::new(assertion)),
        })
        .collect();
    let mut work = Vec::new();
    for (_, role) in entries {
        for app in &apps {
            if app
                .latest
                .lock()
                .await
                .roles
                .as_ref()
                .is_some_and(|roles| roles.contains(&role))
            {
                work.push((app, role));
                break;
            }
        }
    }
    stream::iter(work)
        .for_each_concurrent(AT_ONCE, |(app, role)| async move {
            match app.redeem(target, &role, memory, conversation).await {
                Ok(credentials) => observer.issued(&credentials),
                Err(report) => observer.refused(&role.role, report),
            }
        })
        .await;
    Ok(())
}

/// An app and the freshest assertion it handed over.
struct App<'a> {
    session: &'a OktaSession,
    latest: Mutex<Rc<AwsAssertion>>,
}

impl App<'_> {
    async fn redeem(
        &self,
        target: &Target,
        role: &SamlRole,
        memory: &dyn FlowContext,
        conversation: &impl Conversation,
    ) -> Result<Credentials, Report> {
        let mut assertion = Rc::clone(&*self.latest.lock().await);
        let mut refreshed = false;
        let mut throttled = 0;
        loop {
            match redeem(self.session, target, &assertion, role, memory, conversation).await {
                Ok(credentials) => return Ok(credentials),
                Err(NoCredentials::Throttled(report)) => {
                    throttled += 1;
                    if throttled > PATIENCE {
                        return Err(report);
                    }
                    // Everyone who was turned away does not come back at once.
                    let jitter = std::time::Duration::from_millis(fastrand::u64(0..1000));
                    conversation.pause(backoff(throttled) + jitter).await?;
                }
                Err(NoCredentials::AssertionExpired(_)) if !refreshed => {
                    refreshed = true;
                    assertion = self.fresher(&assertion, memory, conversation).await?;
                }
                Err(NoCredentials::AssertionExpired(report) | NoCredentials::Final(report)) => {
                    return Err(report);
                }
            }
        }
    }

    /// Another assertion than `old`, which one of all who need it fetches.
    async fn fresher(
        &self,
        old: &Rc<AwsAssertion>,
        memory: &dyn FlowContext,
        conversation: &impl Conversation,
    ) -> Result<Rc<AwsAssertion>, Report> {
        let mut latest = self.latest.lock().await;
        if Rc::ptr_eq(&latest, old) {
            conversation.notify(Notice::Doing(format!("open {} again", old.app.label)));
            let app = vec![old.app.clone()];
            let fresh = aws_app::assertions(self.session, app, memory.now(), conversation)
                .await
                .map_err(Failure::into_report)?;
            if let Some(fresh) = fresh.into_iter().next() {
                *latest = Rc::new(fresh);
            }
        }
        Ok(Rc::clone(&latest))
    }
}
