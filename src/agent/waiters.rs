//! Who waits for one outcome, and who of them is asked.
//!
//! A [`Client`] is one connected client. A [`Waiters`] is everyone who waits for one flight: its own
//! clients and the parties of the flights that wait for it. A question goes to the first client who is
//! still there and has not said that nobody is with it; if that one goes away, to the next. If it only
//! says nothing, because it was stopped or nobody looks at its terminal, the next one is asked as well:
//! the first client that answers has answered, and the others are told. Which role to assume is asked of the clients of one
//! terminal, and of one of them at a time: two menus in one terminal could each be answered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex, MutexGuard, Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::flow::{Conversation, Unanswered};
use crate::wire::{
    Answer, Ask, FromAgent, Notice, Route, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX,
};

/// A person who has been asked answers within this time: Okta forgets a sign-in after five minutes.
const ANSWER: Duration = Duration::from_secs(300);
/// When the one who is asked has not answered within this time, one more is asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connected client, as those who want to ask it something see it.
#[derive(Debug)]
pub(super) struct Client {
    out: mpsc::UnboundedSender<FromAgent>,
    answers: Mutex<mpsc::UnboundedReceiver<Answer>>,
    /// How long each answer that is still to come may be: every question gets one, wanted or not.
    to_come: RefCell<VecDeque<usize>>,
    /// How many of them, the first ones, nobody wants any more.
    unwanted: Cell<usize>,
    declined: Cell<bool>,
    gone: Cell<bool>,
    /// It has let a question go unanswered for so long that somebody else was asked, and has answered none since.
    silent: Cell<bool>,
    /// It has been told that somebody else is asked.
    told_elsewhere: Cell<bool>,
    left: Notify,
    /// How its settings reach the servers; absent for a request of the tunnel, which has none.
    route: Option<Rc<Route>>,
}

impl Client {
    /// A client, and the ends that its connection serves.
    pub(super) fn new(
        route: Option<Rc<Route>>,
    ) -> (
        Rc<Self>,
        mpsc::UnboundedReceiver<FromAgent>,
        mpsc::UnboundedSender<Answer>,
    ) {
        let (out, outgoing) = mpsc::unbounded_channel();
        let (incoming, answers) = mpsc::unbounded_channel();
        let client = Rc::new(Self {
            out,
            answers: Mutex::new(answers),
            to_come: RefCell::default(),
            unwanted: Cell::new(0),
            declined: Cell::new(false),
            gone: Cell::new(false),
            silent: Cell::new(false),
            told_elsewhere: Cell::new(false),
            left: Notify::new(),
            route,
        });
        (client, outgoing, incoming)
    }

    /// How long the next frame from this client may be; `None` while it has not been asked anything.
    pub(super) fn next_frame_limit(&self) -> Option<usize> {
        self.to_come.borrow().front().copied()
    }

    /// Takes an answer of this client; `None` when it has not been asked anything. Whether somebody wants it
    /// is the value.
    pub(super) fn answers(&self) -> Option<bool> {
        self.to_come.borrow_mut().pop_front()?;
        let unwanted = self.unwanted.get();
        self.unwanted.set(unwanted.saturating_sub(1));
        Some(unwanted == 0)
    }

    pub(super) fn route(&self) -> Option<&Rc<Route>> {
        self.route.as_ref()
    }

    pub(super) fn say(&self, message: FromAgent) {
        // A client that is gone hears nothing: its connection has noted that already.
        let _ = self.out.send(message);
    }

    /// Nobody is with this client who could answer.
    pub(super) fn decline(&self) {
        self.declined.set(true);
    }

    /// Notes that the client has gone away.
    pub(super) fn leave(&self) {
        self.gone.set(true);
        self.left.notify_waiters();
    }

    /// Tells once that the questions go to somebody else.
    fn tell_elsewhere(&self) {
        if !self.told_elsewhere.replace(true) {
            self.say(FromAgent::Notice(Notice::AskedElsewhere));
        }
    }

    /// Asks this client; `None` when it has gone away meanwhile.
    async fn ask(&self, ask: Ask) -> Result<Option<Answer>, Unanswered> {
        let kind = ask.kind();
        let limit = match ask {
            _ if ask.is_for_certificates() => TO_AGENT_WITH_CERTIFICATES_MAX,
            _ => TO_AGENT_MAX,
        };
        let mut asked = Asked {
            client: self,
            answers: self.answers.lock().await,
            is_over: true,
            too_late: false,
        };
        let left = self.left.notified();
        if self.gone.get() {
            return Ok(None);
        }
        self.to_come.borrow_mut().push_back(limit);
        asked.is_over = false;
        self.say(FromAgent::Ask(ask));
        tokio::select! {
            answer = timeout(ANSWER, asked.answers.recv()) => {
                asked.is_over = answer.is_ok();
                asked.too_late = answer.is_err();
                answer.map_err(|_| Unanswered::TimedOut(kind))
            }
            () = left => Ok(None),
        }
    }
}

/// A question under way; dropped before its answer, nobody wants that any more and the client is told.
struct Asked<'a> {
    client: &'a Client,
    answers: MutexGuard<'a, mpsc::UnboundedReceiver<Answer>>,
    is_over: bool,
    too_late: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        // What has come in the same moment as another's answer is thrown away here.
        if !self.is_over && self.answers.try_recv().is_err() {
            let unwanted = &self.client.unwanted;
            unwanted.set(unwanted.get() + 1);
            let too_late = self.too_late;
            self.client
                .say(FromAgent::Notice(Notice::NoAnswerWanted { too_late }));
        }
    }
}

/// Everyone who waits for one outcome.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    clients: RefCell<Vec<Rc<Client>>>,
    children: RefCell<Vec<Weak<Waiters>>>,
    /// The waiters whose outcome this one waits for.
    parent: RefCell<Weak<Waiters>>,
    /// A person has been asked and has not answered yet.
    asking: Cell<bool>,
    /// It was given up, because everyone left or nobody could answer.
    closed: Cell<bool>,
    /// A renewal of the agent's own accord: there is nobody to ask, and nobody who could go away.
    unattended: bool,
    /// The one route of everyone here; absent where the last client's is meant.
    route: Option<Rc<Route>>,
    doing: RefCell<Option<Notice>>,
}

impl Waiters {
    pub(super) fn unattended(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            unattended: true,
            route,
            ..Self::default()
        })
    }

    /// A waiters without clients yet, for requests by `route`.
    pub(super) fn by(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            route,
            ..Self::default()
        })
    }

    /// The waiters of one client.
    pub(super) fn of(client: &Rc<Client>) -> Rc<Self> {
        let waiters = Self::by(client.route.clone());
        waiters.join(client);
        waiters
    }

    pub(super) fn route(&self) -> Option<&Rc<Route>> {
        self.route.as_ref()
    }

    /// Lets one more client wait; it is told what is being done.
    pub(super) fn join(&self, client: &Rc<Client>) {
        self.tell_newcomer(client);
        self.clients.borrow_mut().push(Rc::clone(client));
    }

    fn tell_newcomer(&self, client: &Client) {
        if let Some(parent) = self.parent.borrow().upgrade() {
            return parent.tell_newcomer(client);
        }
        if self.asking.get() {
            client.tell_elsewhere();
        }
        if let Some(doing) = &*self.doing.borrow() {
            client.say(FromAgent::Notice(doing.clone()));
        }
    }

    /// Lets everyone of another waiters wait for this one's outcome too.
    pub(super) fn attach(self: &Rc<Self>, waiters: &Rc<Self>) {
        for client in waiters.present() {
            self.tell_newcomer(&client);
        }
        waiters.parent.replace(Rc::downgrade(self));
        self.children.borrow_mut().push(Rc::downgrade(waiters));
    }

    /// Whether there is anybody who might answer a question.
    pub(super) fn can_be_asked(&self) -> bool {
        self.present().iter().any(|client| !client.declined.get())
    }

    /// Whether nothing but a goodbye can come of this.
    pub(super) fn is_closed(&self) -> bool {
        let parent = self.parent.borrow().upgrade();
        self.closed.get() || parent.is_some_and(|parent| parent.is_closed())
    }

    /// Everyone who is still there, in the order of their coming.
    fn present(&self) -> Vec<Rc<Client>> {
        self.clients
            .borrow_mut()
            .retain(|client| !client.gone.get());
        let mut present = self.clients.borrow().clone();
        self.children
            .borrow_mut()
            .retain(|child| child.strong_count() > 0);
        for child in self.children.borrow().iter().filter_map(Weak::upgrade) {
            present.extend(child.present());
        }
        present
    }

    fn is_attended(&self) -> bool {
        self.unattended
            || self
                .children
                .borrow()
                .iter()
                .filter_map(Weak::upgrade)
                .any(|child| child.is_attended())
            || !self.present().is_empty()
    }

    /// Whether everybody has left. Then it is closed: who comes now begins anew.
    pub(super) fn is_abandoned(&self) -> bool {
        let is_abandoned = !self.is_attended();
        self.closed.set(self.closed.get() || is_abandoned);
        is_abandoned
    }

    /// Returns when nobody waits any longer.
    async fn abandoned(&self) {
        while self.is_attended() {
            // Leaving is rare and nobody hurries: a look a second is cheaper than a web of wake-ups,
            // and there is one only while a flight pauses.
            sleep(Duration::from_millis(500)).await;
        }
    }
}

impl Conversation for Waiters {
    async fn ask(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let kind = ask.kind();
        // The client answers these by itself: no other client waits for them, and no user need be
        // there.
        let of_a_person = !(ask.is_for_certificates() || ask == Ask::Terminal);
        let of_one = matches!(ask, Ask::Role { .. } | Ask::KnownRole { .. });
        let mut late = None;
        let mut asked: Vec<Rc<Client>> = Vec::new();
        let mut answers = FuturesUnordered::new();
        loop {
            let present = self.present();
            let can_answer = |client: &Client| !of_a_person || !client.declined.get();
            let is_asked = |other: &Rc<Client>| asked.iter().any(|one| Rc::ptr_eq(one, other));
            let next = present
                .iter()
                .filter(|client| can_answer(client) && !is_asked(client))
                // Who has kept the others waiting before does so once.
                .min_by_key(|client| client.silent.get());
            if let Some(client) = next.filter(|_| !of_one || answers.is_empty()) {
                asked.push(Rc::clone(client));
                let (client, ask) = (Rc::clone(client), ask.clone());
                answers.push(async move {
                    let answer = client.ask(ask).await;
                    (client, answer)
                });
            } else if answers.is_empty() {
                self.closed.set(true);
                let nobody = !present.is_empty() || self.is_attended();
                return Err(match late {
                    Some(late) => late,
                    None if nobody => Unanswered::Unattended(kind),
                    None => Unanswered::Abandoned,
                });
            }
            if of_a_person {
                let is_asked = |other: &&Rc<Client>| asked.iter().any(|one| Rc::ptr_eq(one, other));
                let others = present.iter().filter(|other| !is_asked(other));
                others.for_each(|other| other.tell_elsewhere());
            }
            self.asking.set(of_a_person);
            let answer = tokio::select! {
                answer = answers.next() => answer,
                () = pin!(sleep(PATIENCE)) => None,
            };
            self.asking.set(false);
            match answer {
                Some((client, Ok(Some(Answer::Unavailable)))) => client.declined.set(true),
                Some((client, Ok(Some(answer)))) => {
                    client.silent.set(false);
                    return Ok(answer);
                }
                Some((_, Ok(None))) => {}
                None => asked.iter().for_each(|client| client.silent.set(true)),
                // Its person has gone for a walk.
                Some((client, Err(unanswered))) => {
                    client.declined.set(true);
                    late = Some(unanswered);
                }
            }
        }
    }

    fn notify(&self, notice: Notice) {
        for client in self.present() {
            client.say(FromAgent::Notice(notice.clone()));
        }
        if matches!(notice, Notice::Doing(_) | Notice::NumberChallenge { .. }) {
            self.doing.replace(Some(notice));
        }
    }

    async fn pause(&self, duration: Duration) -> Result<(), Unanswered> {
        tokio::select! {
            () = sleep(duration) => Ok(()),
            () = self.abandoned() => {
                self.closed.set(true);
                Err(Unanswered::Abandoned)
            }
        }
    }
}
