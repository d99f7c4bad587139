//! The calls under shuttle, whose scheduler picks the next task at each await and finds deadlocks.
//!
//! [`super::exhaustive_tests`] polls by hand and covers every order of two clients. Here clients
//! and calls are tasks, as in the agent, and a client that disconnects is an aborted task.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use shuttle::future::{JoinHandle, block_on, yield_now};
use shuttle::rand::{Rng as _, thread_rng};

use super::*;

const CLIENTS: usize = 5;
const SCHEDULES: usize = 100_000;

thread_local! {
    static USES_SHUTTLE: Cell<bool> = const { Cell::new(false) };
}

/// Starts a call: with shuttle where shuttle runs, with tokio otherwise.
pub(super) fn spawn_local(call: impl Future<Output = ()> + 'static) {
    if USES_SHUTTLE.get() {
        drop(shuttle::future::spawn_local(call));
    } else {
        drop(tokio::task::spawn_local(call));
    }
}

/// Calls: the key, and whether the call has ended.
type StartedCalls = Rc<RefCell<Vec<(usize, bool)>>>;

async fn idle() {
    for _ in 0..thread_rng().gen_range(0..3) {
        yield_now().await;
    }
}

/// Asks, waits for the outcome, and checks that it is of the call that it joined or started.
async fn client(calls: Rc<SingleFlight<usize, Result<usize, usize>>>, started: StartedCalls) {
    idle().await;
    let key = thread_rng().gen_range(0..2);
    let joined = Rc::new(Cell::new(None));
    let (before, record) = (Rc::clone(&started), Rc::clone(&joined));
    let join = move |_: &Rc<Waiters>| {
        let running = before
            .borrow()
            .iter()
            .rposition(|call| *call == (key, false));
        assert_eq!(
            record.replace(Some(running.unwrap_or(before.borrow().len()))),
            None
        );
    };
    let log = Rc::clone(&started);
    let start = move |_: Rc<Waiters>| {
        let number = log.borrow().len();
        assert!(!log.borrow().contains(&(key, false)), "two calls for {key}");
        log.borrow_mut().push((key, false));
        async move {
            idle().await;
            log.borrow_mut()[number].1 = true;
            if thread_rng().gen_range(0..2) == 0 {
                Ok(number)
            } else {
                Err(number)
            }
        }
    };
    let outcome = calls.join_or_start(key, Rc::default(), join, start).await;
    let (Ok(number) | Err(number)) = outcome.expect("a call has an outcome");
    assert_eq!(Some(number), joined.get(), "of another call");
    assert_eq!(started.borrow()[number], (key, true));
}

fn run(new: impl Fn() -> SingleFlight<usize, Result<usize, usize>>) {
    block_on(async {
        let (calls, started) = (Rc::new(new()), StartedCalls::default());
        let clients: Vec<JoinHandle<()>> = (0..CLIENTS)
            .map(|_| shuttle::future::spawn_local(client(Rc::clone(&calls), Rc::clone(&started))))
            .collect();
        idle().await;
        let leaves = thread_rng().gen_range(0..CLIENTS * 2);
        for (place, client) in clients.into_iter().enumerate() {
            if place == leaves {
                client.abort();
            }
            let ended = client.await;
            assert!(ended.is_ok() || place == leaves, "client {place} was lost");
        }
        // A client that left does not end the call that it started.
        while calls.any() {
            yield_now().await;
        }
        assert!(started.borrow().iter().all(|(_, ended)| *ended));
    });
}

#[test]
fn shuttle_schedules_lose_no_client() {
    USES_SHUTTLE.set(true);
    shuttle::check_random(|| run(SingleFlight::new), SCHEDULES);
}
