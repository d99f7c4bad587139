//! Answers that are used again without asking: each in the terminal where it was given, and as long as the session
//! lives for which it was given.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::{Rc, Weak};

use crate::agent::vault::{LiveSession, Moment};
use crate::model::{Labels, SessionPolicy};
use crate::wire::{ChosenRole, Target, TerminalId};

/// More answers than a user gives between two sign-ins. What comes then is asked each time.
const MAX_ANSWERS: usize = 1000;

/// Answers by terminal and question.
#[derive(Debug)]
pub(super) struct TerminalAnswers<Q, A>(RefCell<HashMap<(TerminalId, Q), Given<A>>>);

#[derive(Debug)]
struct Given<A> {
    answer: A,
    session: Weak<LiveSession>,
}

impl<A> Given<A> {
    fn is_of(&self, session: Option<&Rc<LiveSession>>) -> bool {
        session.is_some_and(|session| std::ptr::eq(self.session.as_ptr(), Rc::as_ptr(session)))
    }
}

impl<Q: Eq + Hash, A: Clone> TerminalAnswers<Q, A> {
    pub(super) fn new() -> Self {
        Self(RefCell::default())
    }

    /// The answer that was given at `terminal` in this very session.
    pub(super) fn get(
        &self,
        terminal: TerminalId,
        question: Q,
        session: Option<&Rc<LiveSession>>,
    ) -> Option<A> {
        let answers = self.0.borrow();
        let given = answers.get(&(terminal, question))?;
        given.is_of(session).then(|| given.answer.clone())
    }

    /// Whether the question was answered in this session, at whichever terminal.
    pub(super) fn has_any(&self, question: &Q, session: Option<&Rc<LiveSession>>) -> bool {
        let answers = self.0.borrow();
        let mut answers = answers.iter();
        answers.any(|((_, known), given)| known == question && given.is_of(session))
    }

    pub(super) fn put(
        &self,
        terminal: TerminalId,
        question: Q,
        answer: A,
        session: &Rc<LiveSession>,
    ) {
        let mut answers = self.0.borrow_mut();
        answers.retain(|_, given| given.session.strong_count() > 0);
        let key = (terminal, question);
        if answers.len() < MAX_ANSWERS || answers.contains_key(&key) {
            let session = Rc::downgrade(session);
            answers.insert(key, Given { answer, session });
        }
    }

    pub(super) fn remove(&self, terminal: TerminalId, question: Q) {
        self.0.borrow_mut().remove(&(terminal, question));
    }
}

/// The question that a menu of roles answers: what of a target decides which roles it matches, and what limits them.
/// How long the credentials last, and where STS is, does not change the question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RoleQuestion {
    org: String,
    username: Option<String>,
    app: Option<String>,
    role: Option<String>,
    provider: Option<String>,
    chain: Vec<String>,
    /// A role that was chosen to be limited is not used unlimited.
    policy: SessionPolicy,
    /// Names that a role may be matched by.
    accounts: Vec<(String, String)>,
    labels: Labels,
}

impl RoleQuestion {
    pub(super) fn of(target: &Target) -> Self {
        let accounts = target.accounts.iter();
        Self {
            org: target.account.org.clone(),
            username: target.account.username.as_deref().map(str::to_lowercase),
            app: target.app.clone(),
            role: target.role.clone(),
            provider: target.provider.clone(),
            chain: target.chain.clone(),
            policy: target.policy.clone(),
            accounts: accounts
                .map(|(number, name)| (number.clone(), name.clone()))
                .collect(),
            labels: target.labels.clone(),
        }
    }
}

/// What was chosen in a menu of roles, and when.
#[derive(Clone, Debug)]
pub(super) struct RoleChoice {
    pub(super) pair: ChosenRole,
    pub(super) at: Moment,
}

impl RoleChoice {
    /// `target` for the chosen role and provider: it matches nothing else.
    pub(super) fn exactly(&self, target: &Target) -> Target {
        Target {
            role: Some(self.pair.role.clone()),
            provider: Some(self.pair.provider.clone()),
            through: None,
            ..target.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::vault::tests::{ORG, OTHER, signed_in_session, target, vault};

    const TERMINAL: TerminalId = TerminalId {
        session: 42,
        leader_started: 1000,
        device: 34816,
    };

    fn read_only() -> ChosenRole {
        ChosenRole {
            role: "arn:aws:iam::123456789012:role/ReadOnly".to_owned(),
            provider: "arn:aws:iam::123456789012:saml-provider/okta".to_owned(),
        }
    }

    #[test]
    fn an_answer_counts_at_its_terminal_alone() {
        let (vault, _) = vault();
        let session = signed_in_session(&vault, ORG);
        let answers = TerminalAnswers::new();
        answers.put(TERMINAL, 1, "a", &session);
        assert_eq!(answers.get(TERMINAL, 1, Some(&session)), Some("a"));
        let others = [
            TerminalId {
                session: 43,
                ..TERMINAL
            },
            // The same number, of another session at another time.
            TerminalId {
                leader_started: 1001,
                ..TERMINAL
            },
            TerminalId {
                device: 34817,
                ..TERMINAL
            },
        ];
        for other in others {
            assert_eq!(answers.get(other, 1, Some(&session)), None, "{other:?}");
        }
        assert_eq!(answers.get(TERMINAL, 2, Some(&session)), None);
        assert!(answers.has_any(&1, Some(&session)) && !answers.has_any(&2, Some(&session)));
        answers.remove(TERMINAL, 1);
        assert_eq!(answers.get(TERMINAL, 1, Some(&session)), None);
    }

    #[test]
    fn an_answer_ends_with_its_session() {
        let (vault, _) = vault();
        let session = signed_in_session(&vault, ORG);
        let answers = TerminalAnswers::new();
        answers.put(TERMINAL, 1, "a", &session);
        assert_eq!(answers.get(TERMINAL, 1, None), None);
        // Signed in again, as the same user.
        let again = signed_in_session(&vault, ORG);
        assert_eq!(answers.get(TERMINAL, 1, Some(&again)), None);
        assert!(!answers.has_any(&1, Some(&again)));
        let other = signed_in_session(&vault, OTHER);
        assert_eq!(answers.get(TERMINAL, 1, Some(&other)), None);
    }

    #[test]
    fn answers_are_bounded_and_those_of_ended_sessions_make_room() {
        let (vault, _) = vault();
        let answers = TerminalAnswers::new();
        {
            let session = signed_in_session(&vault, ORG);
            for question in 0..=MAX_ANSWERS {
                answers.put(TERMINAL, question, (), &session);
            }
            assert_eq!(answers.get(TERMINAL, MAX_ANSWERS, Some(&session)), None);
            assert_eq!(answers.get(TERMINAL, 0, Some(&session)), Some(()));
            vault.forget_session(&session);
        }
        let session = signed_in_session(&vault, ORG);
        answers.put(TERMINAL, MAX_ANSWERS, (), &session);
        assert_eq!(answers.get(TERMINAL, MAX_ANSWERS, Some(&session)), Some(()));
    }

    #[test]
    fn a_role_question_is_what_decides_the_role() {
        let base = target(ORG, 3600);
        let same = |target: &Target| RoleQuestion::of(target) == RoleQuestion::of(&base);
        let mut longer = target(ORG, 7200);
        longer.region = Some("eu-west-1".to_owned());
        longer.account.factor = Some("totp".to_owned());
        assert!(same(&longer));
        let changes: [fn(&mut Target); 7] = [
            |target| target.role = Some("*".to_owned()),
            |target| target.provider = Some("okta".to_owned()),
            |target| target.app = Some("0oa1".to_owned()),
            |target| target.account.username = Some("bob@acme.com".to_owned()),
            |target| target.policy = SessionPolicy::ReadOnly,
            |target| target.chain = vec!["arn:aws:iam::123456789012:role/Next".to_owned()],
            |target| {
                target.accounts = [("123456789012".to_owned(), "prod".to_owned())].into();
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = target(ORG, 3600);
            change(&mut other);
            assert!(!same(&other), "change {number}");
        }
    }

    #[test]
    fn the_chosen_role_is_a_target_of_its_own() {
        let (vault, _) = vault();
        let wanted = target(ORG, 3600);
        let choice = RoleChoice {
            pair: read_only(),
            at: vault.moment(),
        };
        let exact = choice.exactly(&wanted);
        assert_ne!(exact, wanted);
        assert_eq!(exact.role.as_deref(), Some(&*read_only().role));
        assert_eq!(exact.provider.as_deref(), Some(&*read_only().provider));
    }
}
