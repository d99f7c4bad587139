//! Who waits for one outcome, and who of them is asked.
//!
//! A [`Member`] is one connected client. A [`Party`] is everyone who waits for one flight: its own
//! members and the parties of the flights that wait for it. A question goes to the first member who is
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
pub(super) struct Member {
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

impl Member {
    /// A member, and the ends that its connection serves.
    pub(super) fn new(
        route: Option<Rc<Route>>,
    ) -> (
        Rc<Self>,
        mpsc::UnboundedReceiver<FromAgent>,
        mpsc::UnboundedSender<Answer>,
    ) {
        let (out, outgoing) = mpsc::unbounded_channel();
        let (incoming, answers) = mpsc::unbounded_channel();
        let member = Rc::new(Self {
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
        (member, outgoing, incoming)
    }

    /// How long the next frame from this client may be; `None` while it has not been asked anything.
    pub(super) fn may_say(&self) -> Option<usize> {
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
            member: self,
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
    member: &'a Member,
    answers: MutexGuard<'a, mpsc::UnboundedReceiver<Answer>>,
    is_over: bool,
    too_late: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        // What has come in the same moment as another's answer is thrown away here.
        if !self.is_over && self.answers.try_recv().is_err() {
            let unwanted = &self.member.unwanted;
            unwanted.set(unwanted.get() + 1);
            let too_late = self.too_late;
            self.member
                .say(FromAgent::Notice(Notice::NoAnswerWanted { too_late }));
        }
    }
}

/// Everyone who waits for one outcome.
#[derive(Debug, Default)]
pub(super) struct Party {
    members: RefCell<Vec<Rc<Member>>>,
    guests: RefCell<Vec<Weak<Party>>>,
    /// The party whose outcome this one waits for.
    host: RefCell<Weak<Party>>,
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

impl Party {
    pub(super) fn unattended(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            unattended: true,
            route,
            ..Self::default()
        })
    }

    /// A party without members yet, for requests by `route`.
    pub(super) fn by(route: Option<Rc<Route>>) -> Rc<Self> {
        Rc::new(Self {
            route,
            ..Self::default()
        })
    }

    /// The party of one client.
    pub(super) fn of(member: &Rc<Member>) -> Rc<Self> {
        let party = Self::by(member.route.clone());
        party.join(member);
        party
    }

    pub(super) fn route(&self) -> Option<&Rc<Route>> {
        self.route.as_ref()
    }

    /// Lets one more client wait; it is told what is being done.
    pub(super) fn join(&self, member: &Rc<Member>) {
        self.tell_newcomer(member);
        self.members.borrow_mut().push(Rc::clone(member));
    }

    fn tell_newcomer(&self, member: &Member) {
        if let Some(host) = self.host.borrow().upgrade() {
            return host.tell_newcomer(member);
        }
        if self.asking.get() {
            member.tell_elsewhere();
        }
        if let Some(doing) = &*self.doing.borrow() {
            member.say(FromAgent::Notice(doing.clone()));
        }
    }

    /// Lets everyone of another party wait for this one's outcome too.
    pub(super) fn welcome(self: &Rc<Self>, party: &Rc<Self>) {
        for member in party.present() {
            self.tell_newcomer(&member);
        }
        party.host.replace(Rc::downgrade(self));
        self.guests.borrow_mut().push(Rc::downgrade(party));
    }

    /// Whether there is anybody who might answer a question.
    pub(super) fn can_be_asked(&self) -> bool {
        self.present().iter().any(|member| !member.declined.get())
    }

    /// Whether nothing but a goodbye can come of this.
    pub(super) fn is_closed(&self) -> bool {
        let host = self.host.borrow().upgrade();
        self.closed.get() || host.is_some_and(|host| host.is_closed())
    }

    /// Everyone who is still there, in the order of their coming.
    fn present(&self) -> Vec<Rc<Member>> {
        self.members
            .borrow_mut()
            .retain(|member| !member.gone.get());
        let mut present = self.members.borrow().clone();
        self.guests
            .borrow_mut()
            .retain(|guest| guest.strong_count() > 0);
        for guest in self.guests.borrow().iter().filter_map(Weak::upgrade) {
            present.extend(guest.present());
        }
        present
    }

    fn is_attended(&self) -> bool {
        self.unattended
            || self
                .guests
                .borrow()
                .iter()
                .filter_map(Weak::upgrade)
                .any(|guest| guest.is_attended())
            || !self.present().is_empty()
    }

    /// Whether everybody has left. Then it is closed: who comes now begins anew.
    pub(super) fn is_left(&self) -> bool {
        let is_left = !self.is_attended();
        self.closed.set(self.closed.get() || is_left);
        is_left
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

impl Conversation for Party {
    async fn ask(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let kind = ask.kind();
        // The client answers these by itself: no other client waits for them, and no user need be
        // there.
        let of_a_person = !(ask.is_for_certificates() || ask == Ask::Terminal);
        let of_one = matches!(ask, Ask::Role { .. } | Ask::KnownRole { .. });
        let mut late = None;
        let mut asked: Vec<Rc<Member>> = Vec::new();
        let mut answers = FuturesUnordered::new();
        loop {
            let present = self.present();
            let can_answer = |member: &Member| !of_a_person || !member.declined.get();
            let is_asked = |other: &Rc<Member>| asked.iter().any(|one| Rc::ptr_eq(one, other));
            let next = present
                .iter()
                .filter(|member| can_answer(member) && !is_asked(member))
                // Who has kept the others waiting before does so once.
                .min_by_key(|member| member.silent.get());
            if let Some(member) = next.filter(|_| !of_one || answers.is_empty()) {
                asked.push(Rc::clone(member));
                let (member, ask) = (Rc::clone(member), ask.clone());
                answers.push(async move {
                    let answer = member.ask(ask).await;
                    (member, answer)
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
                let is_asked = |other: &&Rc<Member>| asked.iter().any(|one| Rc::ptr_eq(one, other));
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
                Some((member, Ok(Some(Answer::Nobody)))) => member.declined.set(true),
                Some((member, Ok(Some(answer)))) => {
                    member.silent.set(false);
                    return Ok(answer);
                }
                Some((_, Ok(None))) => {}
                None => asked.iter().for_each(|member| member.silent.set(true)),
                // Its person has gone for a walk.
                Some((member, Err(unanswered))) => {
                    member.declined.set(true);
                    late = Some(unanswered);
                }
            }
        }
    }

    fn notify(&self, notice: Notice) {
        for member in self.present() {
            member.say(FromAgent::Notice(notice.clone()));
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
