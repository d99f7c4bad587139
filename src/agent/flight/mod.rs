//! One call for everyone who wants the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use tokio::sync::watch;
#[cfg(not(test))]
use tokio::task::spawn_local;

use crate::agent::party::Party;
#[cfg(test)]
use shuttled::spawn_local;

/// What is under way, by key. The first who asks starts it; everyone else waits for that outcome, good
/// or bad. Nothing is remembered when it is over. A waiter who goes away takes nothing with it.
#[derive(Debug)]
pub(super) struct Flights<K, T>(Rc<RefCell<HashMap<K, Flight<T>>>>);

#[derive(Debug)]
struct Flight<T> {
    party: Rc<Party>,
    outcome: watch::Receiver<Option<T>>,
}

impl<K: Clone + Eq + Hash + 'static, T: Clone + 'static> Flights<K, T> {
    pub(super) fn new() -> Self {
        Self(Rc::default())
    }

    pub(super) fn is_under_way(&self, key: &K) -> bool {
        self.0.borrow().contains_key(key)
    }

    /// Whether anything is under way.
    pub(super) fn any(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// The outcome of the flight for `key`, which `start` makes if none is under way.
    ///
    /// `join` makes the caller known to the flight's party. `None` when the flight ended without an
    /// outcome, which only a stopping agent does.
    pub(super) async fn outcome<F: Future<Output = T> + 'static>(
        &self,
        key: K,
        party: Rc<Party>,
        join: impl FnOnce(&Rc<Party>),
        start: impl FnOnce(Rc<Party>) -> F,
    ) -> Option<T> {
        let under_way = self
            .0
            .borrow()
            .get(&key)
            // What has been given up only says goodbye: nobody can get anything from it any more.
            .filter(|flight| !flight.party.is_closed())
            .map(|flight| (Rc::clone(&flight.party), flight.outcome.clone()));
        let mut outcome = if let Some((party, outcome)) = under_way {
            join(&party);
            outcome
        } else {
            join(&party);
            let (publish, outcome) = watch::channel(None);
            let flight = Flight {
                party: Rc::clone(&party),
                outcome: outcome.clone(),
            };
            self.0.borrow_mut().insert(key.clone(), flight);
            let (flights, own) = (Rc::clone(&self.0), Rc::clone(&party));
            let work = start(party);
            spawn_local(async move {
                let value = work.await;
                // Another may have taken its place when it was given up.
                let mut flights = flights.borrow_mut();
                if flights
                    .get(&key)
                    .is_some_and(|flight| Rc::ptr_eq(&flight.party, &own))
                {
                    flights.remove(&key);
                }
                drop(flights);
                publish.send_replace(Some(value));
            });
            outcome
        };
        let settled = outcome.wait_for(Option::is_some).await.ok()?;
        settled.clone()
    }
}

#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shuttled;
