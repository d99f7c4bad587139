//! An Okta session with its deadlines and its network routes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::moment::Moment;
use crate::flow::{OktaSession, RoutedClient};
use crate::model::Timestamp;
use crate::wire::Route;

/// Org and user of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::agent) struct SessionKey {
    pub(in crate::agent) org: String,
    pub(in crate::agent) username: String,
}

impl SessionKey {
    /// Lower-cases the username: Okta does not distinguish case in it.
    pub(in crate::agent) fn new(org: &str, username: &str) -> Self {
        Self {
            org: org.to_owned(),
            username: username.to_lowercase(),
        }
    }
}

/// A session and when the agent forgets it.
#[derive(Debug)]
pub(in crate::agent) struct LiveSession {
    okta: RefCell<OktaSession>,
    /// The route of the last client, whether its request needed a server or not.
    last_route: RefCell<Rc<Route>>,
    /// The route of the last request that a server answered.
    working_route: RefCell<Rc<Route>>,
    signed_in: Moment,
    used: Cell<Moment>,
    /// The session ends after this time without a request. Set by the client that signed in.
    idle: Duration,
    /// The session ends this long after the sign-in. Set by the client that signed in.
    max: Duration,
}

impl LiveSession {
    pub(super) fn new(okta: OktaSession, now: Moment, idle: Duration, max: Duration) -> Self {
        let network = okta.network();
        let route = network.map_or_else(Rc::default, |network| Rc::clone(network.route()));
        Self {
            okta: RefCell::new(okta),
            last_route: RefCell::new(Rc::clone(&route)),
            working_route: RefCell::new(route),
            signed_in: now,
            used: Cell::new(now),
            idle,
            max,
        }
    }

    pub(in crate::agent) fn key(&self) -> SessionKey {
        let okta = self.okta.borrow();
        SessionKey::new(okta.org().origin(), okta.username())
    }

    /// Returns the session over the connections of its last request.
    pub(in crate::agent) fn okta(&self) -> OktaSession {
        self.okta.borrow().clone()
    }

    /// Returns the session if its last request used `route` too.
    pub(in crate::agent) fn okta_by(&self, route: &Route) -> Option<OktaSession> {
        let okta = self.okta.borrow();
        let same = okta
            .network()
            .is_some_and(|network| **network.route() == *route);
        same.then(|| okta.clone())
    }

    /// Replaces the connections by those of another route.
    pub(in crate::agent) fn reroute(&self, network: RoutedClient) -> OktaSession {
        self.set_background_route(network.route());
        let okta = self.okta.borrow().with_network(network);
        self.okta.replace(okta.clone());
        okta
    }

    /// Returns the session over the connections of `other`.
    pub(in crate::agent) fn okta_like(&self, other: &Self) -> OktaSession {
        let okta = self.okta();
        match other.okta.borrow().network() {
            Some(network) => okta.with_network(network.clone()),
            None => okta,
        }
    }

    /// Sets the route that background work uses.
    pub(in crate::agent) fn set_background_route(&self, route: &Rc<Route>) {
        if *self.last_route.borrow() != *route {
            self.last_route.replace(Rc::clone(route));
        }
    }

    /// Returns the session over the last client's route, for work that no client waits for.
    ///
    /// `None` if that route needs certificates that the client has not sent: no other route is
    /// used in its place.
    pub(in crate::agent) fn in_background(&self) -> Option<OktaSession> {
        let route = Rc::clone(&self.last_route.borrow());
        if let Some(okta) = self.okta_by(&route) {
            return Some(okta);
        }
        let network = self.okta.borrow().network()?.reopen(&route)?;
        Some(self.reroute(network))
    }

    pub(in crate::agent) fn last_route(&self) -> Rc<Route> {
        Rc::clone(&self.last_route.borrow())
    }

    pub(in crate::agent) fn working_route(&self) -> Rc<Route> {
        Rc::clone(&self.working_route.borrow())
    }

    /// Records that a server has answered over `route`.
    pub(in crate::agent) fn set_working_route(&self, route: &Rc<Route>) {
        self.working_route.replace(Rc::clone(route));
    }

    pub(super) fn signed_in(&self) -> Moment {
        self.signed_in
    }

    /// Starts the idle time anew.
    pub(super) fn touch(&self, now: Moment) {
        self.used.set(now);
    }

    /// Returns the time until the session ends if no request uses it; zero once it has ended.
    pub(super) fn time_left(&self, now: Moment) -> Duration {
        let idle = self.idle.saturating_sub(now.since(self.used.get()));
        idle.min(self.max.saturating_sub(now.since(self.signed_in)))
    }

    /// Returns when the session ends if no request uses it, on this machine's clock.
    pub(super) fn ends(&self, now: Moment) -> Timestamp {
        now.wall.plus(self.time_left(now).as_secs().cast_signed())
    }
}
