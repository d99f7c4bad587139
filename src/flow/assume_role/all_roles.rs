//! The credentials of every role of every app, with a bounded number of STS calls at a time.

use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::Mutex;

use crate::flow::app::aws_app::{AwsAssertion, aws_apps, fetch_assertion, open_apps};
use crate::flow::assume_role::role_request::RoleRequest;
use crate::flow::assume_role::sts::AssumeError;
use crate::flow::context::FlowContext;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::retry::{backoff, jitter};
use crate::flow::roles::entries::{no_roles, role_entries};
use crate::flow::session::machine::cannot_list_roles;
use crate::flow::session::{OktaSession, SessionKind};
use crate::model::{Credentials, RoleArn, SamlRole};
use crate::report::Report;
use crate::wire::{Notice, RoleEntry, Target};

/// As many as the pool keeps connections.
const MAX_CONCURRENT_CALLS: usize = 32;
/// Throttled calls for one role before it is reported.
const MAX_THROTTLED_CALLS: u32 = 7;
const MAX_JITTER_MILLIS: u64 = 1000;

/// Receives the results as they arrive.
pub trait RoleObserver {
    /// Every role there is, before the first result.
    fn listed(&self, roles: Vec<RoleEntry>);
    fn issued(&self, credentials: &Credentials);
    fn refused(&self, role: &RoleArn, report: Report);
}

/// Assumes every role that the user's apps grant. A role that STS refuses does not stop the others.
///
/// # Errors
/// If the roles cannot be listed.
pub async fn assume_all_roles(
    session: &OktaSession,
    target: &Target,
    context: &dyn FlowContext,
    conversation: &impl Conversation,
    observer: &impl RoleObserver,
) -> Result<(), Failure> {
    if let SessionKind::Machine(_) = session.kind() {
        return Err(cannot_list_roles().into());
    }
    let apps = aws_apps(session, target.app.as_deref(), conversation).await?;
    let opened = open_apps(session, apps, context.now(), conversation).await?;
    let mut entries = role_entries(&opened.assertions, target);
    // One provider of each role is enough.
    entries.sort();
    entries.dedup_by(|(_, a), (_, b)| a.role == b.role);
    if entries.is_empty() {
        return Err(no_roles(&opened.assertions).into());
    }
    observer.listed(entries.iter().map(|(entry, _)| entry.clone()).collect());
    let request = RoleRequest {
        session,
        target,
        context,
        conversation,
    };
    let app = |assertion: AwsAssertion| App {
        request: &request,
        roles: assertion.roles().to_vec(),
        latest: Mutex::new(Rc::new(assertion)),
    };
    let apps: Vec<App<'_, _>> = opened.assertions.into_iter().map(app).collect();
    let calls = entries.into_iter().filter_map(|(_, role)| {
        let app = apps.iter().find(|app| app.roles.contains(&role))?;
        Some((app, role))
    });
    stream::iter(calls)
        .for_each_concurrent(MAX_CONCURRENT_CALLS, |(app, role)| async move {
            match app.assume(&role).await {
                Ok(credentials) => observer.issued(&credentials),
                Err(report) => observer.refused(&role.role, report),
            }
        })
        .await;
    Ok(())
}

/// An app with its newest assertion.
struct App<'a, C> {
    request: &'a RoleRequest<'a, C>,
    roles: Vec<SamlRole>,
    latest: Mutex<Rc<AwsAssertion>>,
}

impl<C: Conversation> App<'_, C> {
    async fn assume(&self, role: &SamlRole) -> Result<Credentials, Report> {
        let mut assertion = Rc::clone(&*self.latest.lock().await);
        let mut is_refreshed = false;
        let mut throttled = 0;
        loop {
            match self.request.with_assertion(&assertion, role).await {
                Ok(credentials) => return Ok(credentials),
                Err(AssumeError::Throttled(report)) => {
                    throttled += 1;
                    if throttled > MAX_THROTTLED_CALLS {
                        return Err(report);
                    }
                    let wait = backoff(throttled) + jitter(MAX_JITTER_MILLIS);
                    self.request.conversation.pause(wait).await?;
                }
                Err(AssumeError::ProofExpired(_)) if !is_refreshed => {
                    is_refreshed = true;
                    assertion = self.newer_than(&assertion).await?;
                }
                Err(error) => return Err(error.into_report()),
            }
        }
    }

    /// Returns a newer assertion, fetched once for all calls that need it.
    async fn newer_than(&self, old: &Rc<AwsAssertion>) -> Result<Rc<AwsAssertion>, Report> {
        let RoleRequest {
            session,
            context,
            conversation,
            ..
        } = self.request;
        let mut latest = self.latest.lock().await;
        if Rc::ptr_eq(&latest, old) {
            conversation.notify(Notice::Doing(format!("open {} again", old.app.label)));
            let app = old.app.clone();
            let fresh = fetch_assertion(session, app, context.now(), *conversation).await;
            *latest = Rc::new(fresh.map_err(Failure::into_report)?);
        }
        Ok(Rc::clone(&latest))
    }
}
