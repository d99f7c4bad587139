//! The calls under every order of events of a few clients. [`super::shuttle_tests`] runs random
//! orders of more clients.
//!
//! The agent is one thread, so memory orders do not matter: only the order in which futures run
//! can differ. This module decides that order. It polls a client only after a wake-up, so that a
//! lost wake-up shows as a client that never gets an outcome.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::sync::oneshot;
use tokio::task::LocalSet;

use super::*;

/// The number of the call, and whether it succeeded.
type Outcome = Result<usize, usize>;

/// Depth-first walk through the tree of choices.
#[derive(Default)]
struct Choices {
    /// The choice at each step of this run, and the number of options.
    path: Vec<(usize, usize)>,
    step: usize,
}

impl Choices {
    fn pick(&mut self, count: usize) -> usize {
        if self.step == self.path.len() {
            self.path.push((0, count));
        }
        self.step += 1;
        self.path[self.step - 1].0
    }

    /// Advances to the next leaf. Returns `false` after the last one.
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

/// A call that has started, and ends when `end` is sent.
struct StartedCall {
    key: usize,
    end: Option<oneshot::Sender<bool>>,
    has_ended: Rc<Cell<bool>>,
}

enum Client {
    NotYet,
    Waiting {
        call: Pin<Box<dyn Future<Output = Option<Outcome>>>>,
        key: usize,
        woken: Arc<Woken>,
        waker: Waker,
    },
    Done,
    Gone,
}

/// One run under one schedule.
struct Schedule {
    calls: Rc<SingleFlight<usize, Outcome>>,
    started_calls: Rc<RefCell<Vec<StartedCall>>>,
    /// For each client, the call that it joined.
    joined: Rc<RefCell<Vec<Option<usize>>>>,
    clients: Vec<Client>,
    keys: usize,
    tasks: LocalSet,
    tasks_woken: Arc<Woken>,
    tasks_waker: Waker,
}

#[derive(Clone, Copy)]
enum Event {
    /// A client asks for a key.
    Ask(usize, usize),
    Poll(usize),
    Leave(usize),
    End(usize, bool),
    RunTasks,
}

impl Schedule {
    fn new(clients: usize, keys: usize) -> Self {
        let (tasks_woken, tasks_waker) = Woken::new();
        Self {
            calls: Rc::new(SingleFlight::new()),
            started_calls: Rc::default(),
            joined: Rc::new(RefCell::new(vec![None; clients])),
            clients: (0..clients).map(|_| Client::NotYet).collect(),
            keys,
            tasks: LocalSet::new(),
            tasks_woken,
            tasks_waker,
        }
    }

    /// Returns the events that are possible now.
    fn possible(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (place, client) in self.clients.iter().enumerate() {
            match client {
                Client::NotYet => events.extend((0..self.keys).map(|key| Event::Ask(place, key))),
                Client::Waiting { woken, .. } => {
                    if woken.0.load(Ordering::Relaxed) {
                        events.push(Event::Poll(place));
                    }
                    events.push(Event::Leave(place));
                }
                Client::Done | Client::Gone => {}
            }
        }
        for (place, call) in self.started_calls.borrow().iter().enumerate() {
            if call.end.is_some() {
                events.extend([Event::End(place, true), Event::End(place, false)]);
            }
        }
        if self.tasks_woken.0.load(Ordering::Relaxed) {
            events.push(Event::RunTasks);
        }
        events
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Ask(place, key) => self.ask(place, key),
            Event::Poll(place) => self.poll(place),
            Event::Leave(place) => self.clients[place] = Client::Gone,
            Event::End(place, succeeds) => {
                let end = self.started_calls.borrow_mut()[place].end.take();
                end.unwrap().send(succeeds).unwrap();
            }
            Event::RunTasks => {
                self.tasks_woken.take();
                let mut context = Context::from_waker(&self.tasks_waker);
                let _ = Pin::new(&mut self.tasks).poll(&mut context);
            }
        }
        self.check();
    }

    fn ask(&mut self, place: usize, key: usize) {
        let calls = Rc::clone(&self.calls);
        let (started_calls, joined) = (Rc::clone(&self.started_calls), Rc::clone(&self.joined));
        let started = Rc::clone(&started_calls);
        let join = move |_: &Rc<Waiters>| {
            // A client that joins before a call of its key has started starts that call.
            let under_way = started
                .borrow()
                .iter()
                .rposition(|call| call.key == key && !call.has_ended.get());
            let call = under_way.unwrap_or(started.borrow().len());
            let before = joined.borrow_mut()[place].replace(call);
            assert_eq!(before, None, "client {place} joined twice");
        };
        let start = move |_: Rc<Waiters>| {
            let (end, ended) = oneshot::channel();
            let has_ended = Rc::new(Cell::new(false));
            let number = started_calls.borrow().len();
            started_calls.borrow_mut().push(StartedCall {
                key,
                end: Some(end),
                has_ended: Rc::clone(&has_ended),
            });
            async move {
                let succeeds = ended.await.unwrap();
                has_ended.set(true);
                if succeeds { Ok(number) } else { Err(number) }
            }
        };
        let call = async move { calls.join_or_start(key, Rc::default(), join, start).await };
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
            let call = self.joined.borrow()[place].expect("it joined");
            let (Ok(number) | Err(number)) = outcome.expect("a call has an outcome");
            assert_eq!(
                number, call,
                "client {place} got the outcome of another call"
            );
            assert_eq!(self.started_calls.borrow()[number].key, *key);
            assert!(self.started_calls.borrow()[number].has_ended.get());
            self.clients[place] = Client::Done;
        }
    }

    /// Checks that no key has two calls.
    fn check(&self) {
        for key in 0..self.keys {
            let started_calls = self.started_calls.borrow();
            let running = started_calls
                .iter()
                .filter(|call| call.key == key && !call.has_ended.get());
            assert!(running.count() <= 1, "two calls for {key}");
        }
    }

    /// Runs everything to its end, and checks that no client waits and no call is under way.
    fn finish(&mut self) {
        loop {
            let rest = self.possible().into_iter().find(|event| {
                matches!(
                    event,
                    Event::Poll(_) | Event::End(_, true) | Event::RunTasks
                )
            });
            match rest {
                Some(event) => self.apply(event),
                None => break,
            }
        }
        for (place, client) in self.clients.iter().enumerate() {
            assert!(
                !matches!(client, Client::Waiting { .. }),
                "client {place} waits forever"
            );
        }
        for key in 0..self.keys {
            assert!(!self.calls.is_under_way(&key));
        }
    }
}

fn run(clients: usize, keys: usize, steps: usize, choose: &mut Choices) -> usize {
    let mut schedule = Schedule::new(clients, keys);
    for _ in 0..steps {
        let events = schedule.possible();
        if events.is_empty() {
            break;
        }
        schedule.apply(events[choose.pick(events.len())]);
    }
    schedule.finish();
    schedule.started_calls.take().len()
}

#[test]
fn clients_share_one_call_in_every_order() {
    for (clients, steps) in [(2, 12), (3, 8)] {
        let (mut choices, mut schedules, mut shared) = (Choices::default(), 0_usize, 0_usize);
        loop {
            let calls = run(clients, 1, steps, &mut choices);
            schedules += 1;
            shared += usize::from(calls == 1);
            if !choices.next() {
                break;
            }
        }
        println!("{clients} clients: {schedules} schedules, {shared} with one call");
        assert!(schedules > 1000 && shared > 100);
    }
}

#[test]
fn schedules_detect_a_second_call() {
    // The same run with a value that forgets the calls under way.
    let noticed = std::panic::catch_unwind(|| {
        let mut schedule = Schedule::new(2, 1);
        schedule.apply(Event::Ask(0, 0));
        schedule.calls = Rc::new(SingleFlight::new());
        schedule.apply(Event::Ask(1, 0));
    });
    assert!(noticed.is_err());
}
