//! Sign-in flows against the sandbox, in this process. A script gives the user's answers; waiting
//! moves the sandbox's clock.

mod browser;
mod classic;
pub(crate) mod factor_matrix;
mod factors;
mod idx;
mod interludes;
mod limits;
mod machine;
mod native_to_web;
mod person;
mod renewal;
mod round_trips;
mod security_key;
mod start;
mod statuses;
mod step_up;
mod terminal;
mod unattended;

pub(crate) use self::person::{Forgery, Person, Reply};
pub(crate) use self::start::start;

use std::time::Duration;

use ob::aws::SessionDuration;
use ob::flow::{self, Failure, FlowContext, OktaSession, UsedFactor};
use ob::model::{RoleArn, Timestamp};
use ob::report::Report;
use ob::wire::{Account, SignInWay, Target};
use ob_sandbox::{Pipeline, Sandbox, Server};
use tokio::task::LocalSet;

const PIPELINES: [Pipeline; 2] = [Pipeline::V1, Pipeline::Idx];

pub(crate) fn account(
    sandbox: &Sandbox,
    user: &str,
    way: SignInWay,
    factor: Option<&str>,
) -> Account {
    Account {
        org: sandbox.org_url(),
        username: Some(sandbox.user(user).login.clone()),
        way,
        factor: factor.map(str::to_owned),
        security_keys: true,
        client_id: Some(sandbox.clients().0.to_owned()),
        machine: None,
        vpn: false,
        idle: Duration::from_secs(3600),
        max: Duration::from_secs(43_200),
    }
}

pub(crate) fn target(sandbox: &Sandbox, account: Account, role: Option<&str>) -> Target {
    Target {
        account,
        app: None,
        role: role.map(str::to_owned),
        provider: None,
        through: None,
        policy: ob::model::SessionPolicy::Whole,
        chain: Vec::new(),
        duration: 3600,
        region: Some("eu-west-1".into()),
        replace_foreign_region: false,
        sts_endpoint: Some(sandbox.sts_url()),
        names: ob::wire::DisplayNames::default(),
    }
}

/// Runs a future on the agent's kind of runtime: one thread, local tasks.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, future)
}

/// Signs in and checks the session by establishing it.
pub(crate) fn sign_in(account: &Account, person: &Person<'_>) -> Result<OktaSession, Report> {
    sign_in_after(account, None, person)
}

pub(crate) fn sign_in_after(
    account: &Account,
    last_factor: Option<&str>,
    person: &Person<'_>,
) -> Result<OktaSession, Report> {
    run(async {
        let kind = last_factor.map(str::to_owned);
        let id = String::new();
        let used = kind.map(|kind| (account.username.clone().unwrap(), UsedFactor { kind, id }));
        let start = flow::SignInOptions {
            last_factors: used.into_iter().collect(),
            ..start()
        };
        let session = flow::sign_in(account, start, person).await?;
        session
            .establish(person)
            .await
            .map_err(flow::Failure::into_report)?;
        Ok(session)
    })
}

/// Signs in and assumes a role `times` times in the same session.
pub(crate) fn credentials(
    sandbox: &Sandbox,
    target: &Target,
    person: &Person<'_>,
    times: usize,
) -> Result<(), Report> {
    run(async {
        let start = flow::SignInOptions {
            app: target.app.clone(),
            now: Some(Timestamp(sandbox.now().try_into().unwrap())),
            ..start()
        };
        let session = flow::sign_in(&target.account, start, person).await?;
        let memory = Forgetful(sandbox);
        for _ in 0..times {
            flow::obtain_credentials(&session, target, None, &memory, person)
                .await
                .map_err(Failure::into_report)?;
        }
        session.end().await
    })
}

/// Counts the requests to the org whose body contains this text.
pub(crate) fn times_sent(sandbox: &Sandbox, text: &str) -> usize {
    let log = sandbox.requests(Server::Org, "/");
    log.iter()
        .filter(|request| request.text().contains(text))
        .count()
}

/// A [`FlowContext`] with the sandbox's time that remembers nothing.
pub(crate) struct Forgetful<'a>(pub(crate) &'a Sandbox);

impl FlowContext for Forgetful<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.now().try_into().unwrap())
    }

    fn duration(&self, _: &RoleArn) -> Option<SessionDuration> {
        None
    }

    fn remember_duration(&self, _: &RoleArn, _: SessionDuration) {}
}
