//! Who answers openvpn's questions: what is at hand first, then the agent, then the person.
//!
//! A token or an empty password (with which a server begins a sign-in by web) is tried once each; a password
//! that a person typed is sent once. Nobody there is an answer too.

use crate::openvpn::challenge::StaticChallenge;
use crate::openvpn::state::{AuthAnswer, AuthPrompt, CredentialReason, VpnCredentials};
use crate::secret::Secret;
use crate::wire;

/// What is to be done about a question.
#[derive(Debug)]
pub(super) enum Next {
    Answer(AuthAnswer),
    /// Ask the agent for a new token.
    Renew,
    /// Ask the person beside the tunnel.
    Person(wire::TunnelQuestion),
}

/// The credentials of one tunnel.
#[derive(Debug)]
pub(super) struct Auth {
    username: String,
    token: Option<Secret>,
    /// Whether the web sign-in was already offered since the last connection.
    offered_web: bool,
    has_agent: bool,
    /// The question that is open.
    open: Option<Open>,
}

#[derive(Debug)]
enum Open {
    /// A password is being fetched or asked; the static challenge comes after.
    Password(Option<StaticChallenge>),
    /// The answer to the static challenge, which is sent with this password.
    Static(Secret),
    Challenge,
}

impl Auth {
    pub(super) fn new(username: String, token: Option<Secret>, has_agent: bool) -> Self {
        Self {
            username,
            token,
            offered_web: false,
            has_agent,
            open: None,
        }
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// The tunnel is up: what was tried may be tried again the next time.
    pub(super) fn connected(&mut self) {
        self.offered_web = false;
        self.open = None;
    }

    /// The open question needs no answer any more.
    pub(super) fn withdraw(&mut self) {
        self.open = None;
    }

    pub(super) fn asked(&mut self, question: AuthPrompt) -> Next {
        match question {
            AuthPrompt::Challenge { text, echo } => {
                self.open = Some(Open::Challenge);
                Next::Person(wire::TunnelQuestion::Challenge { text, echo })
            }
            AuthPrompt::Credentials { reason, challenge } => match reason {
                CredentialReason::SessionExpired if self.has_agent => {
                    self.open = Some(Open::Password(challenge));
                    Next::Renew
                }
                CredentialReason::First | CredentialReason::SessionExpired => {
                    self.password_at_hand(challenge)
                }
                CredentialReason::Refused(_) if !self.offered_web => {
                    self.password_at_hand(challenge)
                }
                CredentialReason::Refused(reason) => {
                    self.open = Some(Open::Password(challenge));
                    Next::Person(wire::TunnelQuestion::Password {
                        username: self.username.clone(),
                        why: reason,
                    })
                }
            },
        }
    }

    /// What the agent has brought.
    pub(super) fn renewed(&mut self, renewed: Option<(String, Secret)>) -> Option<Next> {
        let Some(Open::Password(challenge)) = self.open.take() else {
            return None;
        };
        if let Some((username, token)) = renewed {
            self.username = username;
            self.token = Some(token);
        }
        Some(self.password_at_hand(challenge))
    }

    /// What the person has answered; `None`: nobody is there.
    pub(super) fn given(&mut self, answer: Option<Secret>) -> Option<Next> {
        let open = self.open.take()?;
        let Some(answer) = answer else {
            return Some(Next::Answer(AuthAnswer::Declined));
        };
        Some(match open {
            Open::Password(challenge) => self.with_challenge(answer, challenge),
            Open::Static(password) => Next::Answer(self.credentials(password, Some(answer))),
            Open::Challenge => Next::Answer(AuthAnswer::Challenge(answer)),
        })
    }

    /// The token, once; else nothing, which asks the server for a sign-in by web. A server that wants a code with the
    /// password has none.
    fn password_at_hand(&mut self, challenge: Option<StaticChallenge>) -> Next {
        if self.token.is_none() && challenge.is_some() {
            self.open = Some(Open::Password(challenge));
            return Next::Person(wire::TunnelQuestion::Password {
                username: self.username.clone(),
                why: None,
            });
        }
        let password = self.token.take().unwrap_or_else(|| {
            self.offered_web = true;
            Secret::new("")
        });
        self.with_challenge(password, challenge)
    }

    fn with_challenge(&mut self, password: Secret, challenge: Option<StaticChallenge>) -> Next {
        match challenge {
            None => Next::Answer(self.credentials(password, None)),
            Some(StaticChallenge { text, echo, .. }) => {
                self.open = Some(Open::Static(password));
                Next::Person(wire::TunnelQuestion::Challenge { text, echo })
            }
        }
    }

    fn credentials(&self, password: Secret, challenge: Option<Secret>) -> AuthAnswer {
        AuthAnswer::Credentials(VpnCredentials {
            username: self.username.clone(),
            password,
            challenge,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &mut Auth, why: CredentialReason) -> String {
        match answers.asked(AuthPrompt::Credentials {
            reason: why,
            challenge: None,
        }) {
            Next::Answer(AuthAnswer::Credentials(given)) => {
                format!("sent {:?}", given.password.expose())
            }
            Next::Renew => "renew".to_owned(),
            Next::Person(wire::TunnelQuestion::Password { .. }) => "person".to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_token_is_sent_once_then_the_web_then_the_person_is_asked() {
        let mut answers = Auth::new("alice@acme.com".into(), Some(Secret::new("t")), true);
        assert_eq!(asked(&mut answers, CredentialReason::First), "sent \"t\"");
        assert_eq!(
            asked(&mut answers, CredentialReason::Refused(None)),
            "sent \"\""
        );
        assert_eq!(
            asked(&mut answers, CredentialReason::Refused(None)),
            "person"
        );
        let given = answers.given(Some(Secret::new("pw")));
        assert!(matches!(
            given,
            Some(Next::Answer(AuthAnswer::Credentials(_)))
        ));
        assert!(
            answers.given(Some(Secret::new("pw"))).is_none(),
            "an answer is used once"
        );
    }

    #[test]
    fn a_dead_token_is_renewed_by_the_agent() {
        let mut answers = Auth::new("alice@acme.com".into(), None, true);
        answers.connected();
        assert_eq!(
            asked(&mut answers, CredentialReason::SessionExpired),
            "renew"
        );
        let next = answers.renewed(Some(("alice".into(), Secret::new("new"))));
        let Some(Next::Answer(AuthAnswer::Credentials(given))) = next else {
            panic!("{next:?}");
        };
        assert_eq!(
            (given.username.as_str(), given.password.expose()),
            ("alice", "new")
        );
        let mut alone = Auth::new("alice@acme.com".into(), None, false);
        assert_eq!(
            asked(&mut alone, CredentialReason::SessionExpired),
            "sent \"\""
        );
    }

    #[test]
    fn a_static_challenge_is_asked_beside_the_password() {
        let mut answers = Auth::new("a".into(), Some(Secret::new("t")), false);
        let challenge = Some(StaticChallenge {
            text: "Code".into(),
            echo: true,
            concatenate: false,
        });
        let next = answers.asked(AuthPrompt::Credentials {
            reason: CredentialReason::First,
            challenge,
        });
        assert!(matches!(
            next,
            Next::Person(wire::TunnelQuestion::Challenge { .. })
        ));
        let Some(Next::Answer(AuthAnswer::Credentials(given))) =
            answers.given(Some(Secret::new("42")))
        else {
            panic!("no credentials");
        };
        assert_eq!(given.challenge.unwrap().expose(), "42");
        assert!(matches!(
            answers.asked(AuthPrompt::Challenge {
                text: String::new(),
                echo: false
            }),
            Next::Person(_)
        ));
        assert!(matches!(
            answers.given(None),
            Some(Next::Answer(AuthAnswer::Declined))
        ));
    }
}
