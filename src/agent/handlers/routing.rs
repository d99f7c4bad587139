//! The network route of a session's requests: that of the waiting client, or of the last client if
//! none waits. The agent never takes another route because that one works.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::state::{Handlers, Outcome};
use crate::agent::vault::LiveSession;
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{OktaSession, RoutedClient};
use crate::report::{ErrorCode, Exit, Report};
use crate::wire::{Ask, Reply, Route, RouteSummary};

impl Handlers {
    /// Checks the CA bundle and the proxy of the client's route, without a connection.
    pub(super) async fn check_route(&self, client: &Rc<Client>) -> Outcome<Reply> {
        let waiters = Waiters::of(client);
        if let Some(route) = waiters.route() {
            RoutedClient::open(route, None, Ask::CaCertificates, &*waiters).await?;
        }
        Ok(Reply::RouteIsUsable)
    }

    /// Returns the session over the route of the waiting clients. Opens new connections if its
    /// last request used another route.
    pub(super) async fn over_route(
        &self,
        session: &LiveSession,
        waiters: &Waiters,
    ) -> Outcome<OktaSession> {
        match waiters.route() {
            None => session.in_background().ok_or_else(no_certificates),
            Some(route) => reroute(session, route, Ask::CaCertificates, waiters).await,
        }
    }

    /// Ends a session at Okta over the route that `routes` has for its org, or else over the
    /// client's own.
    pub(super) async fn end_over_route(
        &self,
        session: &LiveSession,
        routes: &BTreeMap<String, Rc<Route>>,
        waiters: &Waiters,
    ) -> Outcome<()> {
        let org = session.key().org;
        let okta = match routes.get(&org).or_else(|| waiters.route()) {
            None => session.in_background().ok_or_else(no_certificates)?,
            Some(route) => reroute(session, route, Ask::CaCertificatesOf { org }, waiters).await?,
        };
        let outcome = okta.end().await;
        outcome.map_err(|report| with_network_change(report, session, &okta))
    }
}

async fn reroute(
    session: &LiveSession,
    route: &Rc<Route>,
    ask: Ask,
    waiters: &Waiters,
) -> Outcome<OktaSession> {
    session.set_background_route(route);
    if let Some(okta) = session.okta_by(route) {
        return Ok(okta);
    }
    let okta = session.okta();
    let network = RoutedClient::open(route, okta.network(), ask, waiters).await?;
    Ok(session.reroute(network))
}

/// Describes how the last working route and that of `okta` differ; `None` if they are the same.
pub(super) fn network_change(session: &LiveSession, okta: &OktaSession) -> Option<String> {
    let (then, now) = summaries(session, okta)?;
    Some(format!(
        "signed in with other network settings: {}; now {}",
        then.differences(&now),
        now.differences(&then)
    ))
}

/// Adds to the report of an unreachable server that the session worked with other network
/// settings, and how to set them again.
pub(super) fn with_network_change(
    mut report: Report,
    session: &LiveSession,
    okta: &OktaSession,
) -> Report {
    let change = network_change(session, okta).zip(summaries(session, okta));
    let Some((words, (then, now))) = change.filter(|_| report.exit == Exit::Unreachable) else {
        return report;
    };
    report = report.cause(words);
    if then.proxy != now.proxy || then.no_proxy != now.no_proxy {
        report = report.hint(match &then.proxy {
            Some(proxy) => format!(
                "where that proxy is needed: `export HTTPS_PROXY={proxy}`, \
                 or `proxy = \"{proxy}\"` in [org]"
            ),
            None => format!(
                "where no proxy is needed: `unset HTTPS_PROXY`, or `export NO_PROXY={}`",
                okta.org().host()
            ),
        });
    }
    match then.ca_bundle {
        Some(bundle) if now.ca_bundle.is_none() => report.hint(format!(
            "where TLS is inspected: `ca_bundle = \"{}\"` in [org]",
            bundle.path
        )),
        _ => report,
    }
}

fn summaries(session: &LiveSession, okta: &OktaSession) -> Option<(RouteSummary, RouteSummary)> {
    let (then, now) = (session.working_route(), okta.network()?.route());
    (then != *now).then(|| (then.summary(), now.summary()))
}

fn no_certificates() -> Report {
    Report::new(
        ErrorCode::NetworkNoCertificates,
        "cannot connect with the network settings of the last command",
    )
    .cause("the agent does not have the CA bundle (`ca_bundle`) of these settings yet")
    .hint("run `ob roles --refresh` first, then the same command again")
}
