//! The single-flight cell under every order of events of a few clients; [`super::shuttle_tests`] runs random ones of more.
//!
//! The agent is one thread, so there are no memory orders to explore: what can differ is which
//! future runs next. Here that is decided by this module. Clients are polled only when something woke them, so a wake-up
//! that gets lost shows as a client that never hears; flights end when the schedule says so.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::*;

/// Which flight an outcome is of, and how it ended.
type Outcome = Result<usize, usize>;

/// Depth first through the tree of choices.
#[derive(Default)]
struct Every {
    /// What was chosen at each step of this run, and of how many.
    path: Vec<(usize, usize)>,
    step: usize,
}

impl Every {
    fn below(&mut self, count: usize) -> usize {
        if self.step == self.path.len() {
            self.path.push((0, count));
        }
        self.step += 1;
        self.path[self.step - 1].0
    }

    /// Goes on to the next leaf; `false` when there is none.
    fn next(&mut self) -> bool {
        self.step = 0;
        while let Some((chosen, count)) = self.path.pop() {
            if chosen + 1 < count {
                self.path.push((chosen + 1, count));
                return true;
            }
        }
        false
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Woken {
    fn new() -> (Arc<Self>, Waker) {
        let woken = Arc::new(Self(AtomicBool::new(true)));
        (Arc::clone(&woken), Waker::from(woken))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// A flight that has begun and ends when told.
struct Begun {
    key: usize,
    end: Option<oneshot::Sender<bool>>,
    is_over: Rc<Cell<bool>>,
}

enum Client {
    NotYet,
    Waiting {
        call: Pin<Box<dyn Future<Output = Option<Outcome>>>>,
        key: usize,
        woken: Arc<Woken>,
        waker: Waker,
    },
    Heard,
    Gone,
}

/// One run of the cell under one schedule.
struct World {
    flights: Rc<SingleFlight<usize, Outcome>>,
    begun: Rc<RefCell<Vec<Begun>>>,
    /// For each key the flight that was under way when the client joined.
    joined: Rc<RefCell<Vec<Option<usize>>>>,
    clients: Vec<Client>,
    keys: usize,
    tasks: LocalSet,
    tasks_woken: Arc<Woken>,
    tasks_waker: Waker,
}

#[derive(Clone, Copy)]
enum Event {
    /// A client comes with this key.
    Come(usize, usize),
    Poll(usize),
    Leave(usize),
    End(usize, bool),
    RunTasks,
}

impl World {
    fn new(clients: usize, keys: usize) -> Self {
        let (tasks_woken, tasks_waker) = Woken::new();
        Self {
            flights: Rc::new(SingleFlight::new()),
            begun: Rc::default(),
            joined: Rc::new(RefCell::new(vec![None; clients])),
            clients: (0..clients).map(|_| Client::NotYet).collect(),
            keys,
            tasks: LocalSet::new(),
            tasks_woken,
            tasks_waker,
        }
    }

    /// What could happen now. Leaving and ending are never forced, coming and running are.
    fn possible(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (place, client) in self.clients.iter().enumerate() {
            match client {
                Client::NotYet => events.extend((0..self.keys).map(|key| Event::Come(place, key))),
                Client::Waiting { woken, .. } => {
                    if woken.0.load(Ordering::Relaxed) {
                        events.push(Event::Poll(place));
                    }
                    events.push(Event::Leave(place));
                }
                Client::Heard | Client::Gone => {}
            }
        }
        for (place, flight) in self.begun.borrow().iter().enumerate() {
            if flight.end.is_some() {
                events.extend([Event::End(place, true), Event::End(place, false)]);
            }
        }
        if self.tasks_woken.0.load(Ordering::Relaxed) {
            events.push(Event::RunTasks);
        }
        events
    }

    fn take_place(&mut self, event: Event) {
        match event {
            Event::Come(place, key) => self.come(place, key),
            Event::Poll(place) => self.poll(place),
            Event::Leave(place) => self.clients[place] = Client::Gone,
            Event::End(place, well) => {
                let end = self.begun.borrow_mut()[place].end.take();
                end.unwrap().send(well).unwrap();
            }
            Event::RunTasks => {
                self.tasks_woken.take();
                let mut context = Context::from_waker(&self.tasks_waker);
                let _ = Pin::new(&mut self.tasks).poll(&mut context);
            }
        }
        self.check();
    }

    fn come(&mut self, place: usize, key: usize) {
        let flights = Rc::clone(&self.flights);
        let (begun, joined) = (Rc::clone(&self.begun), Rc::clone(&self.joined));
        let started = Rc::clone(&begun);
        let join = move |_: &Rc<Waiters>| {
            // Whoever joins before a flight of its key has begun is the one who begins it.
            let under_way = started
                .borrow()
                .iter()
                .rposition(|flight| flight.key == key && !flight.is_over.get());
            let flight = under_way.unwrap_or(started.borrow().len());
            let before = joined.borrow_mut()[place].replace(flight);
            assert_eq!(before, None, "client {place} joined twice");
        };
        let start = move |_: Rc<Waiters>| {
            let (end, told) = oneshot::channel();
            let is_over = Rc::new(Cell::new(false));
            let number = begun.borrow().len();
            begun.borrow_mut().push(Begun {
                key,
                end: Some(end),
                is_over: Rc::clone(&is_over),
            });
            async move {
                let well = told.await.unwrap();
                is_over.set(true);
                if well { Ok(number) } else { Err(number) }
            }
        };
        let call = async move { flights.outcome(key, Rc::default(), join, start).await };
        let (woken, waker) = Woken::new();
        self.clients[place] = Client::Waiting {
            call: Box::pin(call),
            key,
            woken,
            waker,
        };
        self.poll(place);
    }

    fn poll(&mut self, place: usize) {
        let Client::Waiting {
            call,
            woken,
            waker,
            key,
        } = &mut self.clients[place]
        else {
            panic!("client {place} does not wait");
        };
        let _guard = self.tasks.enter();
        woken.take();
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut Context::from_waker(waker)) {
            let flight = self.joined.borrow()[place].expect("it joined");
            let (Ok(number) | Err(number)) = outcome.expect("a flight has an outcome");
            assert_eq!(number, flight, "client {place} heard of another flight");
            assert_eq!(self.begun.borrow()[number].key, *key);
            assert!(self.begun.borrow()[number].is_over.get());
            self.clients[place] = Client::Heard;
        }
    }

    /// Never two flights of one key.
    fn check(&self) {
        for key in 0..self.keys {
            let begun = self.begun.borrow();
            let flying = begun
                .iter()
                .filter(|flight| flight.key == key && !flight.is_over.get());
            assert!(flying.count() <= 1, "two flights for {key}");
        }
    }

    /// Lets everything come to its end, then nobody may be left waiting and nothing be under way.
    fn finish(&mut self) {
        loop {
            let rest = self.possible().into_iter().find(|event| {
                matches!(
                    event,
                    Event::Poll(_) | Event::End(_, true) | Event::RunTasks
                )
            });
            match rest {
                Some(event) => self.take_place(event),
                None => break,
            }
        }
        for (place, client) in self.clients.iter().enumerate() {
            assert!(
                !matches!(client, Client::Waiting { .. }),
                "client {place} waits for ever"
            );
        }
        for key in 0..self.keys {
            assert!(!self.flights.is_under_way(&key));
        }
    }
}

fn run(clients: usize, keys: usize, steps: usize, choose: &mut Every) -> usize {
    let mut world = World::new(clients, keys);
    for _ in 0..steps {
        let events = world.possible();
        if events.is_empty() {
            break;
        }
        world.take_place(events[choose.below(events.len())]);
    }
    world.finish();
    world.begun.take().len()
}

#[test]
fn every_order_of_two_clients_and_most_of_three_share_one_flight() {
    for (clients, steps) in [(2, 12), (3, 8)] {
        let (mut every, mut schedules, mut shared) = (Every::default(), 0_usize, 0_usize);
        loop {
            let flights = run(clients, 1, steps, &mut every);
            schedules += 1;
            shared += usize::from(flights == 1);
            if !every.next() {
                break;
            }
        }
        println!("{clients} clients: {schedules} schedules, {shared} with one flight");
        assert!(schedules > 1000 && shared > 100);
    }
}

#[test]
fn the_schedules_would_notice_a_second_flight() {
    // The same run with a cell that forgets what is under way.
    let noticed = std::panic::catch_unwind(|| {
        let mut world = World::new(2, 1);
        world.take_place(Event::Come(0, 0));
        world.flights = Rc::new(SingleFlight::new());
        world.take_place(Event::Come(1, 0));
    });
    assert!(noticed.is_err());
}
