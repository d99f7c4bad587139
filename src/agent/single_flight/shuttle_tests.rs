//! The same cell under shuttle, whose scheduler decides at each await who goes on, and which finds a deadlock by itself.
//!
//! Where [`super::exhaustive_tests`] polls by hand and knows every order of two, this runs the cell as the agent does: clients
//! and flights are tasks of their own, and a client that leaves is a task that is aborted.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use shuttle::future::{JoinHandle, block_on, yield_now};
use shuttle::rand::{Rng as _, thread_rng};

use super::*;

const CLIENTS: usize = 5;
const SCHEDULES: usize = 100_000;

thread_local! {
    static SHUTTLED: Cell<bool> = const { Cell::new(false) };
}

/// What the cell starts its flights with: shuttle's where shuttle runs, tokio's elsewhere.
pub(super) fn spawn_local(flight: impl Future<Output = ()> + 'static) {
    if SHUTTLED.get() {
        drop(shuttle::future::spawn_local(flight));
    } else {
        drop(tokio::task::spawn_local(flight));
    }
}

/// A flight: its key, and whether it is over.
type Begun = Rc<RefCell<Vec<(usize, bool)>>>;

async fn idle() {
    for _ in 0..thread_rng().gen_range(0..3) {
        yield_now().await;
    }
}

/// Comes, waits for the outcome, and checks that it is that of the flight it joined or began.
async fn client(flights: Rc<SingleFlight<usize, Result<usize, usize>>>, begun: Begun) {
    idle().await;
    let key = thread_rng().gen_range(0..2);
    let joined = Rc::new(Cell::new(None));
    let (before, note) = (Rc::clone(&begun), Rc::clone(&joined));
    let join = move |_: &Rc<Waiters>| {
        let flying = before
            .borrow()
            .iter()
            .rposition(|flight| *flight == (key, false));
        assert_eq!(
            note.replace(Some(flying.unwrap_or(before.borrow().len()))),
            None
        );
    };
    let log = Rc::clone(&begun);
    let start = move |_: Rc<Waiters>| {
        let number = log.borrow().len();
        assert!(
            !log.borrow().contains(&(key, false)),
            "two flights for {key}"
        );
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
    let outcome = flights.outcome(key, Rc::default(), join, start).await;
    let (Ok(number) | Err(number)) = outcome.expect("a flight has an outcome");
    assert_eq!(Some(number), joined.get(), "of another flight");
    assert_eq!(begun.borrow()[number], (key, true));
}

fn run(cell: impl Fn() -> SingleFlight<usize, Result<usize, usize>>) {
    block_on(async {
        let (flights, begun) = (Rc::new(cell()), Begun::default());
        let clients: Vec<JoinHandle<()>> = (0..CLIENTS)
            .map(|_| shuttle::future::spawn_local(client(Rc::clone(&flights), Rc::clone(&begun))))
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
        // Whoever left does not end what was begun for it.
        while flights.any() {
            yield_now().await;
        }
        assert!(begun.borrow().iter().all(|(_, over)| *over));
    });
}

#[test]
fn a_hundred_thousand_schedules_of_shuttle_lose_nobody() {
    SHUTTLED.set(true);
    shuttle::check_random(|| run(SingleFlight::new), SCHEDULES);
}
