//! Who waits for one outcome, and who of them is asked.
//!
//! A [`Member`] is one connected client. A [`Party`] is everyone who waits for one flight: its own
//! members and the parties of the flights that wait for it. A question goes to the first member who is
//! still there and has not said that nobody is with it; if that one goes away, to the next.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{sleep, timeout};

use crate::flow::{Conversation, Unanswered};
use crate::wire::{Answer, Ask, FromAgent, Notice, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX};

/// A person who has been asked answers within this time: Okta forgets a sign-in after five minutes.
const ANSWER: Duration = Duration::from_secs(300);

/// One connected client, as those who want to ask it something see it.
#[derive(Debug)]
pub(super) struct Member {
    out: mpsc::UnboundedSender<FromAgent>,
    answers: Mutex<mpsc::UnboundedReceiver<Answer>>,
    asked: Cell<Option<usize>>,
    declined: Cell<bool>,
    gone: Cell<bool>,
    /// It has been told that somebody else is asked.
    told_elsewhere: Cell<bool>,
    left: Notify,
}

impl Member {
    /// A member, and the ends that its connection serves.
    pub(super) fn new() -> (
        Rc<Self>,
        mpsc::UnboundedReceiver<FromAgent>,
        mpsc::UnboundedSender<Answer>,
    ) {
        let (out, outgoing) = mpsc::unbounded_channel();
        let (incoming, answers) = mpsc::unbounded_channel();
        let member = Rc::new(Self {
            out,
            answers: Mutex::new(answers),
            asked: Cell::new(None),
            declined: Cell::new(false),
            gone: Cell::new(false),
            told_elsewhere: Cell::new(false),
            left: Notify::new(),
        });
        (member, outgoing, incoming)
    }

    /// How long the next frame from this client may be; `None` while it has not been asked anything.
    pub(super) fn may_say(&self) -> Option<usize> {
        self.asked.get()
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
        let name = ask.name();
        let limit = match ask {
            Ask::CaCertificates => TO_AGENT_WITH_CERTIFICATES_MAX,
            _ => TO_AGENT_MAX,
        };
        let mut answers = self.answers.lock().await;
        let left = self.left.notified();
        if self.gone.get() {
            return Ok(None);
        }
        self.asked.set(Some(limit));
        self.say(FromAgent::Ask(ask));
        let answer = tokio::select! {
            answer = timeout(ANSWER, answers.recv()) => answer.map_err(|_| Unanswered::TooLate(name)),
            () = left => Ok(None),
        };
        self.asked.set(None);
        answer
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
    doing: RefCell<Option<Notice>>,
}

impl Party {
    pub(super) fn unattended() -> Rc<Self> {
        Rc::new(Self {
            unattended: true,
            ..Self::default()
        })
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
        let name = ask.name();
        // A CA bundle is read from a file: nobody is kept waiting by that question.
        let of_a_person = ask != Ask::CaCertificates;
        let mut late = None;
        loop {
            let present = self.present();
            let Some(member) = present.iter().find(|member| !member.declined.get()) else {
                self.closed.set(true);
                let nobody = !present.is_empty() || self.is_attended();
                return Err(match late {
                    Some(late) => late,
                    None if nobody => Unanswered::Nobody(name),
                    None => Unanswered::Abandoned,
                });
            };
            if of_a_person {
                let others = present.iter().filter(|other| !Rc::ptr_eq(other, member));
                others.for_each(|other| other.tell_elsewhere());
            }
            self.asking.set(of_a_person);
            let answer = member.ask(ask.clone()).await;
            self.asking.set(false);
            match answer {
                Ok(Some(Answer::Nobody)) => member.declined.set(true),
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                // Its person has gone for a walk: the next one is asked.
                Err(unanswered) => {
                    member.declined.set(true);
                    late = Some(unanswered);
                }
            }
        }
    }

    fn tell(&self, notice: Notice) {
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
