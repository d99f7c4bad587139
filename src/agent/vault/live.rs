//! A session and its deadlines.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::SessionKey;
use super::moment::Moment;
use crate::flow::{OktaSession, RoutedClient};
use crate::model::Timestamp;
use crate::wire::Route;

/// A session that a sign-in made, and when the agent will forget it.
#[derive(Debug)]
pub(in crate::agent) struct LiveSession {
    okta: RefCell<OktaSession>,
    /// The route of the last client, whether its request needed a server or not.
    last_route: RefCell<Rc<Route>>,
    /// The route of the last request that a server answered.
    working_route: RefCell<Rc<Route>>,
    signed_in: Moment,
    used: Cell<Moment>,
    /// Seconds, as the client that signed in has them in its settings.
    idle: i64,
    max: i64,
}

impl LiveSession {
    pub(super) fn begun(okta: OktaSession, now: Moment, idle: u32, max: u32) -> Self {
        let network = okta.network();
        let route = network.map_or_else(Rc::default, |network| Rc::clone(network.route()));
        Self {
            okta: RefCell::new(okta),
            last_route: RefCell::new(Rc::clone(&route)),
            working_route: RefCell::new(route),
            signed_in: now,
            used: Cell::new(now),
            idle: idle.into(),
            max: max.into(),
        }
    }

    pub(in crate::agent) fn key(&self) -> SessionKey {
        let okta = self.okta.borrow();
        SessionKey::new(okta.org().origin(), okta.username())
    }

    /// The session over the connections of its last request.
    pub(in crate::agent) fn okta(&self) -> OktaSession {
        self.okta.borrow().clone()
    }

    /// The session for a request by `route`, if that is the route of the last request too.
    pub(in crate::agent) fn okta_by(&self, route: &Route) -> Option<OktaSession> {
        let okta = self.okta.borrow();
        let same = okta
            .network()
            .is_some_and(|network| **network.route() == *route);
        same.then(|| okta.clone())
    }

    /// Puts the connections of another route in the place of those it has.
    pub(in crate::agent) fn reroute(&self, network: RoutedClient) -> OktaSession {
        self.note_route(network.route());
        let okta = self.okta.borrow().with_network(network);
        self.okta.replace(okta.clone());
        okta
    }

    /// The session over the connections of `other`.
    pub(in crate::agent) fn okta_like(&self, other: &Self) -> OktaSession {
        let okta = self.okta();
        match other.okta.borrow().network() {
            Some(network) => okta.with_network(network.clone()),
            None => okta,
        }
    }

    /// Notes the route that background work is to use.
    pub(in crate::agent) fn note_route(&self, route: &Rc<Route>) {
        if *self.last_route.borrow() != *route {
            self.last_route.replace(Rc::clone(route));
        }
    }

    /// The session for work that no client waits for, by the last client's route. `None` where that
    /// needs certificates which the client has not handed over: no other route is used in its
    /// place.
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

    /// Notes that a server has answered by the route of the last request.
    pub(in crate::agent) fn works_by(&self, route: &Rc<Route>) {
        self.working_route.replace(Rc::clone(route));
    }

    pub(super) fn signed_in(&self) -> Moment {
        self.signed_in
    }

    pub(super) fn is_used(&self, now: Moment) {
        self.used.set(now);
    }

    pub(super) fn seconds_left(&self, now: Moment) -> i64 {
        (self.idle - now.since(self.used.get())).min(self.max - now.since(self.signed_in))
    }

    /// When it is over if nobody uses it, on this machine's clock.
    pub(super) fn ends(&self, now: Moment) -> Timestamp {
        Timestamp(now.wall + self.seconds_left(now))
    }
}
