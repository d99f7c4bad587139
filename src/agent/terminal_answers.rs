//! Answers that are reused without asking: only in the terminal where they were given, and only
//! while the session lives for which they were given.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::{Rc, Weak};

use crate::agent::vault::{LiveSession, Moment};
use crate::wire::{ChosenRole, Target, TerminalId};

/// Further answers are not remembered; the question is then asked each time.
const MAX_ANSWERS: usize = 1000;

/// Answers by terminal and question.
#[derive(Debug)]
pub(super) struct TerminalAnswers<Q, A>(RefCell<HashMap<(TerminalId, Q), TerminalAnswer<A>>>);

#[derive(Debug)]
struct TerminalAnswer<A> {
    answer: A,
    session: Weak<LiveSession>,
}

impl<A> TerminalAnswer<A> {
    fn is_of(&self, session: Option<&Rc<LiveSession>>) -> bool {
        session.is_some_and(|session| std::ptr::eq(self.session.as_ptr(), Rc::as_ptr(session)))
    }
}

impl<Q, A> Default for TerminalAnswers<Q, A> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<Q: Eq + Hash, A: Clone> TerminalAnswers<Q, A> {
    /// Returns the answer that was given at `terminal` in this session.
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

    /// Whether the question was answered in this session, at any terminal.
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
            answers.insert(key, TerminalAnswer { answer, session });
        }
    }

    pub(super) fn remove(&self, terminal: TerminalId, question: Q) {
        self.0.borrow_mut().remove(&(terminal, question));
    }
}

/// The answer of a menu of roles, and when it was given.
#[derive(Clone, Debug)]
pub(super) struct RoleChoice {
    pub(super) chosen: ChosenRole,
    pub(super) at: Moment,
}

impl RoleChoice {
    /// Narrows `target` to the chosen role and provider.
    pub(super) fn narrow(&self, target: &Target) -> Target {
        Target {
            role: Some(self.chosen.role.clone()),
            provider: Some(self.chosen.provider.clone()),
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
    fn answer_counts_at_its_terminal_only() {
        let (vault, _) = vault();
        let session = signed_in_session(&vault, ORG);
        let answers = TerminalAnswers::default();
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
    fn answer_ends_with_its_session() {
        let (vault, _) = vault();
        let session = signed_in_session(&vault, ORG);
        let answers = TerminalAnswers::default();
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
    fn answers_are_bounded_and_ended_sessions_free_space() {
        let (vault, _) = vault();
        let answers = TerminalAnswers::default();
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
    fn chosen_role_narrows_the_target() {
        let (vault, _) = vault();
        let wanted = target(ORG, 3600);
        let choice = RoleChoice {
            chosen: read_only(),
            at: vault.moment(),
        };
        let exact = choice.narrow(&wanted);
        assert_ne!(exact, wanted);
        assert_eq!(exact.role.as_deref(), Some(&*read_only().role));
        assert_eq!(exact.provider.as_deref(), Some(&*read_only().provider));
    }
}
