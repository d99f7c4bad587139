//! One call for everyone who wants the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use tokio::sync::watch;
#[cfg(not(test))]
use tokio::task::spawn_local;

use crate::agent::waiters::Waiters;
#[cfg(test)]
use shuttle_tests::spawn_local;

/// What is under way, by key. The first who asks starts it; everyone else waits for that outcome, good
/// or bad. Nothing is remembered when it is over. A waiter who goes away takes nothing with it.
#[derive(Debug)]
pub(super) struct SingleFlight<K, T>(Rc<RefCell<HashMap<K, Flight<T>>>>);

#[derive(Debug)]
struct Flight<T> {
    waiters: Rc<Waiters>,
    outcome: watch::Receiver<Option<T>>,
}

impl<K: Clone + Eq + Hash + 'static, T: Clone + 'static> SingleFlight<K, T> {
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
    /// `join` makes the caller known to the flight's waiters. `None` when the flight ended without an
    /// outcome, which only a stopping agent does.
    pub(super) async fn outcome<F: Future<Output = T> + 'static>(
        &self,
        key: K,
        waiters: Rc<Waiters>,
        join: impl FnOnce(&Rc<Waiters>),
        start: impl FnOnce(Rc<Waiters>) -> F,
    ) -> Option<T> {
        let under_way = self
            .0
            .borrow()
            .get(&key)
            // What has been given up only says goodbye: nobody can get anything from it any more.
            .filter(|flight| !flight.waiters.is_closed())
            .map(|flight| (Rc::clone(&flight.waiters), flight.outcome.clone()));
        let mut outcome = if let Some((waiters, outcome)) = under_way {
            join(&waiters);
            outcome
        } else {
            join(&waiters);
            let (publish, outcome) = watch::channel(None);
            let flight = Flight {
                waiters: Rc::clone(&waiters),
                outcome: outcome.clone(),
            };
            self.0.borrow_mut().insert(key.clone(), flight);
            let (flights, own) = (Rc::clone(&self.0), Rc::clone(&waiters));
            let work = start(waiters);
            spawn_local(async move {
                let value = work.await;
                // Another may have taken its place when it was given up.
                let mut flights = flights.borrow_mut();
                if flights
                    .get(&key)
                    .is_some_and(|flight| Rc::ptr_eq(&flight.waiters, &own))
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
mod exhaustive_tests;
#[cfg(test)]
mod shuttle_tests;
