//! Answers openvpn's questions: from what is known first, then by the agent, then by the user.
//!
//! A token and an empty password (with which a server begins a sign-in by web) are tried once each.
//! A password that the user typed is sent once.

use crate::openvpn::challenge::StaticChallenge;
use crate::openvpn::state::{AuthAnswer, AuthPrompt, CredentialReason, VpnCredentials};
use crate::secret::Secret;
use crate::wire;

/// The next step towards an answer.
#[derive(Debug)]
pub(super) enum Next {
    Answer(AuthAnswer),
    /// Ask the agent for a new token.
    Renew,
    AskUser(wire::TunnelQuestion),
}

/// The credentials of one tunnel and the question that is open.
#[derive(Debug)]
pub(super) struct Auth {
    username: String,
    token: Option<Secret>,
    /// Whether an empty password was sent since the last connection.
    tried_web: bool,
    has_agent: bool,
    open: Option<OpenQuestion>,
}

#[derive(Debug)]
enum OpenQuestion {
    /// A password is being fetched or asked for; the static challenge follows.
    Password(Option<StaticChallenge>),
    /// The static challenge, whose answer is sent with this password.
    Static(Secret),
    Challenge,
}

impl Auth {
    pub(super) fn new(username: String, token: Option<Secret>, has_agent: bool) -> Self {
        Self {
            username,
            token,
            tried_web: false,
            has_agent,
            open: None,
        }
    }

    pub(super) fn username(&self) -> &str {
        &self.username
    }

    /// Allows every attempt again, now that the tunnel is up.
    pub(super) fn connected(&mut self) {
        self.tried_web = false;
        self.open = None;
    }

    /// Drops the open question.
    pub(super) fn withdraw(&mut self) {
        self.open = None;
    }

    /// Takes a question of openvpn and returns how to answer it.
    pub(super) fn asked(&mut self, question: AuthPrompt) -> Next {
        match question {
            AuthPrompt::Challenge { text, echo } => {
                self.open = Some(OpenQuestion::Challenge);
                Next::AskUser(wire::TunnelQuestion::Challenge { text, echo })
            }
            AuthPrompt::Credentials { reason, challenge } => match reason {
                CredentialReason::SessionExpired if self.has_agent => {
                    self.open = Some(OpenQuestion::Password(challenge));
                    Next::Renew
                }
                CredentialReason::First | CredentialReason::SessionExpired => {
                    self.known_password(challenge)
                }
                CredentialReason::Refused(_) if !self.tried_web => self.known_password(challenge),
                CredentialReason::Refused(reason) => {
                    self.open = Some(OpenQuestion::Password(challenge));
                    Next::AskUser(wire::TunnelQuestion::Password {
                        username: self.username.clone(),
                        why: reason,
                    })
                }
            },
        }
    }

    /// Takes the agent's username and token, if there are any.
    pub(super) fn renewed(&mut self, renewed: Option<(String, Secret)>) -> Option<Next> {
        let Some(OpenQuestion::Password(challenge)) = self.open.take() else {
            return None;
        };
        if let Some((username, token)) = renewed {
            self.username = username;
            self.token = Some(token);
        }
        Some(self.known_password(challenge))
    }

    /// Takes the user's answer (`None`: the user declined) and returns the next step; `None` if no
    /// question is open.
    pub(super) fn answered(&mut self, answer: Option<Secret>) -> Option<Next> {
        let open = self.open.take()?;
        let Some(answer) = answer else {
            return Some(Next::Answer(AuthAnswer::Declined));
        };
        Some(match open {
            OpenQuestion::Password(challenge) => self.with_challenge(answer, challenge),
            OpenQuestion::Static(password) => {
                Next::Answer(self.credentials(password, Some(answer)))
            }
            OpenQuestion::Challenge => Next::Answer(AuthAnswer::Challenge(answer)),
        })
    }

    /// Sends the token, once; without one an empty password, which asks the server for a sign-in by
    /// web. A server that wants a code with the password offers no web sign-in: the user is asked.
    fn known_password(&mut self, challenge: Option<StaticChallenge>) -> Next {
        if self.token.is_none() && challenge.is_some() {
            self.open = Some(OpenQuestion::Password(challenge));
            return Next::AskUser(wire::TunnelQuestion::Password {
                username: self.username.clone(),
                why: None,
            });
        }
        let password = self.token.take().unwrap_or_else(|| {
            self.tried_web = true;
            Secret::new("")
        });
        self.with_challenge(password, challenge)
    }

    fn with_challenge(&mut self, password: Secret, challenge: Option<StaticChallenge>) -> Next {
        match challenge {
            None => Next::Answer(self.credentials(password, None)),
            Some(StaticChallenge { text, echo, .. }) => {
                self.open = Some(OpenQuestion::Static(password));
                Next::AskUser(wire::TunnelQuestion::Challenge { text, echo })
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

    fn asked(auth: &mut Auth, why: CredentialReason) -> String {
        match auth.asked(AuthPrompt::Credentials {
            reason: why,
            challenge: None,
        }) {
            Next::Answer(AuthAnswer::Credentials(given)) => {
                format!("sent {:?}", given.password.expose())
            }
            Next::Renew => "renew".to_owned(),
            Next::AskUser(wire::TunnelQuestion::Password { .. }) => "user".to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn token_is_sent_once_then_web_then_the_user_is_asked() {
        let mut auth = Auth::new("alice@acme.com".into(), Some(Secret::new("t")), true);
        assert_eq!(asked(&mut auth, CredentialReason::First), "sent \"t\"");
        assert_eq!(
            asked(&mut auth, CredentialReason::Refused(None)),
            "sent \"\""
        );
        assert_eq!(asked(&mut auth, CredentialReason::Refused(None)), "user");
        let given = auth.answered(Some(Secret::new("pw")));
        assert!(matches!(
            given,
            Some(Next::Answer(AuthAnswer::Credentials(_)))
        ));
        assert!(
            auth.answered(Some(Secret::new("pw"))).is_none(),
            "an answer is used once"
        );
    }

    #[test]
    fn expired_token_is_renewed_by_the_agent() {
        let mut auth = Auth::new("alice@acme.com".into(), None, true);
        auth.connected();
        assert_eq!(asked(&mut auth, CredentialReason::SessionExpired), "renew");
        let next = auth.renewed(Some(("alice".into(), Secret::new("new"))));
        let Some(Next::Answer(AuthAnswer::Credentials(given))) = next else {
            panic!("{next:?}");
        };
        assert_eq!(
            (given.username.as_str(), given.password.expose()),
            ("alice", "new")
        );
        let mut without_agent = Auth::new("alice@acme.com".into(), None, false);
        assert_eq!(
            asked(&mut without_agent, CredentialReason::SessionExpired),
            "sent \"\""
        );
    }

    #[test]
    fn static_challenge_is_asked_with_the_password() {
        let mut auth = Auth::new("a".into(), Some(Secret::new("t")), false);
        let challenge = Some(StaticChallenge {
            text: "Code".into(),
            echo: true,
            concatenate: false,
        });
        let next = auth.asked(AuthPrompt::Credentials {
            reason: CredentialReason::First,
            challenge,
        });
        assert!(matches!(
            next,
            Next::AskUser(wire::TunnelQuestion::Challenge { .. })
        ));
        let Some(Next::Answer(AuthAnswer::Credentials(given))) =
            auth.answered(Some(Secret::new("42")))
        else {
            panic!("no credentials");
        };
        assert_eq!(given.challenge.unwrap().expose(), "42");
        assert!(matches!(
            auth.asked(AuthPrompt::Challenge {
                text: String::new(),
                echo: false
            }),
            Next::AskUser(_)
        ));
        assert!(matches!(
            auth.answered(None),
            Some(Next::Answer(AuthAnswer::Declined))
        ));
    }
}
