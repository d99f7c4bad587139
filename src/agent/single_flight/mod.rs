//! One call for all clients that ask for the same.

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

/// The calls under way, by key.
///
/// The first client to ask starts a call. Later clients wait for its outcome, success or failure.
/// The outcome is not remembered. A call goes on if a client that waits for it disconnects.
#[derive(Debug)]
pub(super) struct SingleFlight<K, T>(Rc<RefCell<HashMap<K, Call<T>>>>);

#[derive(Debug)]
struct Call<T> {
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

    /// Whether any call is under way.
    pub(super) fn any(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// Returns the outcome of the call for `key`, which `start` begins if none is under way.
    ///
    /// `join` adds the caller to the waiters of the call. `None` if the call ends without an
    /// outcome, which happens only while the agent stops.
    pub(super) async fn join_or_start<F: Future<Output = T> + 'static>(
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
            // A call that was given up only cleans up: it has no outcome to share.
            .filter(|call| !call.waiters.is_closed())
            .map(|call| (Rc::clone(&call.waiters), call.outcome.clone()));
        let mut outcome = if let Some((waiters, outcome)) = under_way {
            join(&waiters);
            outcome
        } else {
            join(&waiters);
            self.start(key, waiters, start)
        };
        let outcome = outcome.wait_for(Option::is_some).await.ok()?;
        outcome.clone()
    }

    fn start<F: Future<Output = T> + 'static>(
        &self,
        key: K,
        waiters: Rc<Waiters>,
        start: impl FnOnce(Rc<Waiters>) -> F,
    ) -> watch::Receiver<Option<T>> {
        let (publish, outcome) = watch::channel(None);
        let call = Call {
            waiters: Rc::clone(&waiters),
            outcome: outcome.clone(),
        };
        self.0.borrow_mut().insert(key.clone(), call);
        let (calls, own) = (Rc::clone(&self.0), Rc::clone(&waiters));
        let work = start(waiters);
        spawn_local(async move {
            let value = work.await;
            // A call that was given up may have been replaced by another.
            let is_own = |call: &Call<T>| Rc::ptr_eq(&call.waiters, &own);
            let mut calls = calls.borrow_mut();
            if calls.get(&key).is_some_and(is_own) {
                calls.remove(&key);
            }
            drop(calls);
            publish.send_replace(Some(value));
        });
        outcome
    }
}

#[cfg(test)]
mod exhaustive_tests;
#[cfg(test)]
mod shuttle_tests;
