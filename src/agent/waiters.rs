//! The clients that wait for one outcome, and which of them is asked a question.
//!
//! A [`Client`] is one connected client. [`Waiters`] are the clients that wait for one call: its
//! own clients, and the waiters of calls that depend on it. A question goes to the first client
//! that is connected and has not said that it cannot ask its user; if that client disconnects, to
//! the next. If it does not answer in time, the next client is asked as well. The first answer
//! counts, and the other clients are told. A menu of roles goes only to the clients of one
//! terminal, and to one client at a time: otherwise two menus could be answered in one terminal.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex, MutexGuard, Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::agent::timeouts::Timeouts;
use crate::flow::{Conversation, Unanswered};
use crate::wire::{
    Answer, Ask, FromAgent, Notice, Route, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX,
};

/// How often a paused call checks whether a client still waits for it. Polling is cheaper here
/// than a notification through every parent.
const ABANDONED_CHECK: Duration = Duration::from_millis(500);

/// One connected client.
#[derive(Debug)]
pub(super) struct Client {
    out: mpsc::UnboundedSender<FromAgent>,
    answers: Mutex<mpsc::UnboundedReceiver<Answer>>,
    /// Size limits of the outstanding answers. A client answers every question exactly once.
    pending: RefCell<VecDeque<usize>>,
    /// How many of the outstanding answers, the first ones, will be discarded.
    discard: Cell<usize>,
    declined: Cell<bool>,
    disconnected: Cell<bool>,
    /// The client let a question go to another client, and has answered none since.
    unresponsive: Cell<bool>,
    notified_of_other_prompt: Cell<bool>,
    disconnect: Notify,
    /// The network settings of the request. A request of the VPN supervisor has none.
    route: Option<Rc<Route>>,
    timeouts: Timeouts,
}

impl Client {
    /// Returns a client, the messages to send to it, and where to put its answers.
    pub(super) fn new(
        route: Option<Rc<Route>>,
        timeouts: Timeouts,
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
            pending: RefCell::default(),
            discard: Cell::new(0),
            declined: Cell::new(false),
            disconnected: Cell::new(false),
            unresponsive: Cell::new(false),
            notified_of_other_prompt: Cell::new(false),
            disconnect: Notify::new(),
            route,
            timeouts,
        });
        (client, outgoing, incoming)
    }

    /// Returns the size limit of the client's next frame; `None` if it has no question to answer.
    pub(super) fn next_frame_limit(&self) -> Option<usize> {
        self.pending.borrow().front().copied()
    }

    /// Counts one answer of the client. Returns whether the answer is still needed; `None` if the
    /// client had no question to answer.
    pub(super) fn take_pending(&self) -> Option<bool> {
        self.pending.borrow_mut().pop_front()?;
        let discard = self.discard.get();
        self.discard.set(discard.saturating_sub(1));
        Some(discard == 0)
    }

    pub(super) fn route(&self) -> Option<&Rc<Route>> {
        self.route.as_ref()
    }

    /// Queues a message. Messages to a disconnected client are dropped.
    pub(super) fn send(&self, message: FromAgent) {
        let _ = self.out.send(message);
    }

    /// Records that the client cannot ask its user.
    pub(super) fn decline(&self) {
        self.declined.set(true);
    }

    /// Records that the client has disconnected.
    pub(super) fn leave(&self) {
        self.disconnected.set(true);
        self.disconnect.notify_waiters();
    }

    /// Tells the client, once, that another client is asked the questions.
    fn notify_asked_elsewhere(&self) {
        if !self.notified_of_other_prompt.replace(true) {
            self.send(FromAgent::Notice(Notice::AskedElsewhere));
        }
    }

    /// Asks this client. Returns `None` if it disconnects.
    async fn ask(&self, ask: Ask) -> Result<Option<Answer>, Unanswered> {
        let kind = ask.kind();
        let limit = if ask.is_for_certificates() {
            TO_AGENT_WITH_CERTIFICATES_MAX
        } else {
            TO_AGENT_MAX
        };
        let mut question = PendingQuestion {
            client: self,
            answers: self.answers.lock().await,
            is_done: true,
            too_late: false,
        };
        let disconnect = self.disconnect.notified();
        if self.disconnected.get() {
            return Ok(None);
        }
        self.pending.borrow_mut().push_back(limit);
        question.is_done = false;
        self.send(FromAgent::Ask(ask));
        tokio::select! {
            answer = timeout(self.timeouts.answer, question.answers.recv()) => {
                question.is_done = answer.is_ok();
                question.too_late = answer.is_err();
                answer.map_err(|_| Unanswered::TimedOut(kind))
            }
            () = disconnect => Ok(None),
        }
    }
}

/// A question under way. Dropped before its answer, it tells the client that the answer is not
/// needed, and discards it.
struct PendingQuestion<'a> {
    client: &'a Client,
    answers: MutexGuard<'a, mpsc::UnboundedReceiver<Answer>>,
    is_done: bool,
    too_late: bool,
}

impl Drop for PendingQuestion<'_> {
    fn drop(&mut self) {
        // An answer that arrived together with that of another client is dropped here.
        if !self.is_done && self.answers.try_recv().is_err() {
            let discard = &self.client.discard;
            discard.set(discard.get() + 1);
            let too_late = self.too_late;
            self.client
                .send(FromAgent::Notice(Notice::NoAnswerWanted { too_late }));
        }
    }
}

/// The clients that wait for one outcome.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    clients: RefCell<Vec<Rc<Client>>>,
    children: RefCell<Vec<Weak<Waiters>>>,
    /// The waiters of the call whose outcome this call waits for.
    parent: RefCell<Weak<Waiters>>,
    /// A user has been asked and has not answered yet.
    asking: Cell<bool>,
    /// The call was given up, because every client left or none could answer.
    closed: Cell<bool>,
    /// A background renewal: no client can be asked, and none can leave.
    background: bool,
    /// The route of all these clients; absent if the route of the last client is to be used.
    route: Option<Rc<Route>>,
    progress: RefCell<Option<Notice>>,
}

impl Waiters {
    /// Returns the waiters of a background renewal.
    pub(super) fn background(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            background: true,
            route,
            ..Self::default()
        })
    }

    /// Returns waiters without clients, for requests over `route`.
    pub(super) fn by(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            route,
            ..Self::default()
        })
    }

    /// Returns the waiters of one client.
    pub(super) fn of(client: &Rc<Client>) -> Rc<Self> {
        let waiters = Self::by(client.route.clone());
        waiters.join(client);
        waiters
    }

    pub(super) fn route(&self) -> Option<&Rc<Route>> {
        self.route.as_ref()
    }

    /// Adds a client and tells it what is being done.
    pub(super) fn join(&self, client: &Rc<Client>) {
        self.send_progress(client);
        self.clients.borrow_mut().push(Rc::clone(client));
    }

    fn send_progress(&self, client: &Client) {
        if let Some(parent) = self.parent.borrow().upgrade() {
            return parent.send_progress(client);
        }
        if self.asking.get() {
            client.notify_asked_elsewhere();
        }
        if let Some(progress) = &*self.progress.borrow() {
            client.send(FromAgent::Notice(progress.clone()));
        }
    }

    /// Lets the clients of `child` wait for this outcome too.
    pub(super) fn attach(self: &Rc<Self>, child: &Rc<Self>) {
        for client in child.connected() {
            self.send_progress(&client);
        }
        child.parent.replace(Rc::downgrade(self));
        self.children.borrow_mut().push(Rc::downgrade(child));
    }

    /// Whether some client might answer a question.
    pub(super) fn can_be_asked(&self) -> bool {
        self.connected().iter().any(|client| !client.declined.get())
    }

    /// Whether the call was given up: it only cleans up and has no outcome to share.
    pub(super) fn is_closed(&self) -> bool {
        let parent = self.parent.borrow().upgrade();
        self.closed.get() || parent.is_some_and(|parent| parent.is_closed())
    }

    /// Returns the connected clients in the order in which they joined.
    fn connected(&self) -> Vec<Rc<Client>> {
        self.clients
            .borrow_mut()
            .retain(|client| !client.disconnected.get());
        let mut connected = self.clients.borrow().clone();
        connected.extend(self.children().iter().flat_map(|child| child.connected()));
        connected
    }

    fn children(&self) -> Vec<Rc<Self>> {
        let mut children = self.children.borrow_mut();
        children.retain(|child| child.strong_count() > 0);
        children.iter().filter_map(Weak::upgrade).collect()
    }

    fn is_awaited(&self) -> bool {
        self.background
            || self.children().iter().any(|child| child.is_awaited())
            || !self.connected().is_empty()
    }

    /// Whether no client waits any longer. The call is then closed: a later client starts anew.
    pub(super) fn is_abandoned(&self) -> bool {
        let is_abandoned = !self.is_awaited();
        self.closed.set(self.closed.get() || is_abandoned);
        is_abandoned
    }

    /// Returns once no client waits any longer.
    async fn abandoned(&self) {
        while self.is_awaited() {
            sleep(ABANDONED_CHECK).await;
        }
    }
}

impl Conversation for Waiters {
    async fn ask(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let kind = ask.kind();
        // A client answers these itself; other clients need not be told.
        let needs_user = !(ask.is_for_certificates() || ask == Ask::Terminal);
        let one_at_a_time = matches!(ask, Ask::Role { .. } | Ask::KnownRole { .. });
        let mut timed_out = None;
        let mut asked: Vec<Rc<Client>> = Vec::new();
        let mut answers = FuturesUnordered::new();
        loop {
            let connected = self.connected();
            let is_asked = |client: &Rc<Client>| asked.iter().any(|one| Rc::ptr_eq(one, client));
            let next = connected
                .iter()
                .filter(|client| !needs_user || !client.declined.get())
                .filter(|client| !is_asked(client))
                // A client that did not answer before is asked last.
                .min_by_key(|client| client.unresponsive.get());
            if let Some(client) = next.filter(|_| !one_at_a_time || answers.is_empty()) {
                asked.push(Rc::clone(client));
                let (client, ask) = (Rc::clone(client), ask.clone());
                answers.push(async move {
                    let answer = client.ask(ask).await;
                    (client, answer)
                });
            }
            let Some(latest) = asked.last().filter(|_| !answers.is_empty()) else {
                self.closed.set(true);
                let unattended = !connected.is_empty() || self.is_awaited();
                return Err(timed_out.unwrap_or(match unattended {
                    true => Unanswered::Unattended(kind),
                    false => Unanswered::Abandoned,
                }));
            };
            if needs_user {
                let is_asked =
                    |client: &Rc<Client>| asked.iter().any(|one| Rc::ptr_eq(one, client));
                let others = connected.iter().filter(|client| !is_asked(client));
                others.for_each(|client| client.notify_asked_elsewhere());
            }
            self.asking.set(needs_user);
            let answer = tokio::select! {
                answer = answers.next() => answer,
                () = pin!(sleep(latest.timeouts.ask_next_client_after)) => None,
            };
            self.asking.set(false);
            match answer {
                Some((client, Ok(Some(Answer::Unavailable)))) => client.declined.set(true),
                Some((client, Ok(Some(answer)))) => {
                    client.unresponsive.set(false);
                    return Ok(answer);
                }
                Some((_, Ok(None))) => {}
                Some((client, Err(unanswered))) => {
                    client.declined.set(true);
                    timed_out = Some(unanswered);
                }
                None => asked
                    .iter()
                    .for_each(|client| client.unresponsive.set(true)),
            }
        }
    }

    fn notify(&self, notice: Notice) {
        for client in self.connected() {
            client.send(FromAgent::Notice(notice.clone()));
        }
        if matches!(notice, Notice::Doing(_) | Notice::NumberChallenge { .. }) {
            self.progress.replace(Some(notice));
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

#[cfg(test)]
mod tests;
