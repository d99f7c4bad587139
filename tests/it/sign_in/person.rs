//! A user whose answers to a sign-in come from a script.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use ob::flow::{Conversation, Unanswered};
use ob::okta::webauthn::{decode_base64url, encode_base64url};
use ob::secret::Secret;
use ob::wire::{Answer, Ask, KeyChallenge, KeySigned, Notice, PinUse, SecretText};
use ob_sandbox::{PRESENT, Sandbox, SecurityKey, Signed, VERIFIED};

/// The scripted user's reply to the next question.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Code(String),
    /// Types the code that the sandbox last delivered: `sms`, `call`, `email`.
    Sent(&'static str),
    /// Picks the factor whose label starts with this text.
    Pick(&'static str),
    Resend,
    Other,
    Again(bool),
    NewPassword(&'static str),
    Password(String),
    /// Touches the security key with this index.
    Touch(usize),
    Forge(Forgery),
    /// Moves the clock by so many seconds, then gives the next reply.
    After(i64),
    /// Stops waiting for the sign-in.
    Leave,
}

/// Wrong answers of a security key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Forgery {
    /// Signed by another key under this key's credential id.
    WrongSignature,
    /// The right key's answer with a signature counter that is too low.
    Copy,
    /// An answer of a credential that was not requested.
    Stranger,
    /// The right key's answer for another RP ID.
    OtherSite,
    Untouched,
    Unverified,
    Garbage,
    /// Right, but after the transaction has expired.
    TooLate,
    /// Right, but after the transaction was ended at the server.
    Cancelled,
}

/// A user whose answers come from a script.
pub(crate) struct Person<'s> {
    sandbox: &'s Sandbox,
    user: String,
    password: RefCell<Option<String>>,
    key: RefCell<Option<String>>,
    has_browser: bool,
    script: RefCell<VecDeque<Reply>>,
    pub(crate) asked: RefCell<Vec<Ask>>,
    pub(crate) notices: RefCell<Vec<Notice>>,
    pub(crate) waited: Cell<Duration>,
}

impl<'s> Person<'s> {
    pub(crate) fn new(sandbox: &'s Sandbox, user: &str, script: &[Reply]) -> Self {
        Self {
            sandbox,
            user: user.to_owned(),
            password: RefCell::new(Some(sandbox.user(user).password.clone())),
            key: RefCell::default(),
            has_browser: true,
            script: RefCell::new(script.iter().cloned().collect()),
            asked: RefCell::default(),
            notices: RefCell::default(),
            waited: Cell::default(),
        }
    }

    pub(crate) fn with_password(self, password: &str) -> Self {
        self.password.replace(Some(password.to_owned()));
        self
    }

    pub(crate) fn with_key(self, key: &str) -> Self {
        self.key.replace(Some(key.to_owned()));
        self
    }

    pub(crate) fn without_browser(self) -> Self {
        Self {
            has_browser: false,
            ..self
        }
    }

    /// Builds the answer of a security key and its client.
    fn key(&self, asked: &KeyChallenge, reply: &Reply) -> Option<Answer> {
        let keys = self.sandbox.user(&self.user).keys();
        let text = asked.client_data.as_bytes();
        let mut flags = match asked.pin {
            PinUse::Discouraged => PRESENT,
            PinUse::Preferred | PinUse::Required => PRESENT | VERIFIED,
        };
        let right = |key: &SecurityKey, flags| {
            let ids = asked.credential_ids.iter();
            let ids: Vec<_> = ids.map(|id| decode_base64url(id).unwrap()).collect();
            let sites = [Some(&asked.rp_id), asked.app_id.as_ref()];
            let mut sites = sites.into_iter().flatten();
            sites
                .find_map(|site| key.sign(site, &ids, text, flags))
                .unwrap()
        };
        let forgery = match reply {
            Reply::Touch(place) => return Some(wire_answer(&right(&keys[*place], flags))),
            Reply::Forge(forgery) => forgery,
            _ => return None,
        };
        let key = &keys[0];
        let signed = match forgery {
            Forgery::WrongSignature | Forgery::Stranger => {
                let stranger = self.sandbox.user("judy").keys().remove(0);
                let mut signed = stranger.sign_anything(&asked.rp_id, text, flags).unwrap();
                if matches!(forgery, Forgery::WrongSignature) {
                    signed.credential_id = key.credential_id().to_vec();
                }
                signed
            }
            Forgery::OtherSite => key.sign_anything("evil.example", text, flags).unwrap(),
            Forgery::Garbage => Signed {
                authenticator_data: vec![7; 20],
                ..right(key, flags)
            },
            Forgery::Untouched | Forgery::Unverified => {
                flags = match forgery {
                    Forgery::Untouched => VERIFIED,
                    _ => PRESENT,
                };
                right(key, flags)
            }
            Forgery::Copy => {
                key.set_count(0);
                right(key, flags)
            }
            Forgery::TooLate => {
                self.sandbox.advance_clock(400);
                right(key, flags)
            }
            Forgery::Cancelled => {
                self.sandbox.end_sessions();
                right(key, flags)
            }
        };
        Some(wire_answer(&signed))
    }

    pub(crate) fn was_notified(&self, words: &str) -> bool {
        let notices = self.notices.borrow();
        notices
            .iter()
            .any(|notice| format!("{notice:?}").contains(words))
    }

    pub(crate) fn times_asked(&self, name: &str) -> usize {
        let asked = self.asked.borrow();
        asked
            .iter()
            .filter(|ask| ask.kind().to_string() == name)
            .count()
    }
}

impl Conversation for Person<'_> {
    async fn ask(&self, ask: Ask) -> Result<Answer, Unanswered> {
        let kind = ask.kind();
        self.asked.borrow_mut().push(ask.clone());
        if ask == Ask::CaCertificates {
            return Ok(Answer::CaCertificates(self.sandbox.ca_pem().to_owned()));
        }
        if let Ask::PrivateKey = ask {
            let key = self.key.borrow().clone();
            let key = key.ok_or(Unanswered::Unattended(kind))?;
            return Ok(Answer::PrivateKey(SecretText(Secret::new(key))));
        }
        if let Ask::OpenPage { page, .. } = &ask {
            return match self.has_browser {
                true => {
                    assert!(page.starts_with(&self.sandbox.org_url()));
                    Ok(Answer::PageShown)
                }
                false => Err(Unanswered::Unattended(kind)),
            };
        }
        if let Ask::Password { .. } = ask
            && let Some(password) = self.password.borrow_mut().take()
        {
            return Ok(Answer::Password(SecretText(Secret::new(password))));
        }
        let mut reply = self.script.borrow_mut().pop_front();
        if let Some(Reply::After(seconds)) = reply {
            self.sandbox.advance_clock(seconds);
            reply = self.script.borrow_mut().pop_front();
        }
        if let (Some(reply), Ask::SecurityKey { challenge, .. }) = (&reply, &ask)
            && let Some(answer) = self.key(challenge, reply)
        {
            return Ok(answer);
        }
        let sealed = |text: String| SecretText(Secret::new(text));
        Ok(match (reply, &ask) {
            (None, _) => return Err(Unanswered::Unattended(kind)),
            (Some(Reply::Leave), _) => return Err(Unanswered::Abandoned),
            (Some(Reply::Code(code)), Ask::Passcode { .. }) => Answer::Passcode(sealed(code)),
            (Some(Reply::Sent(by)), Ask::Passcode { .. }) => {
                let code = self.sandbox.delivered(&self.user, by).unwrap();
                Answer::Passcode(sealed(code))
            }
            (Some(Reply::Password(password)), Ask::Password { .. }) => {
                Answer::Password(sealed(password))
            }
            (Some(Reply::NewPassword(password)), Ask::NewPassword { .. }) => {
                Answer::NewPassword(sealed(password.to_owned()))
            }
            (Some(Reply::Pick(label)), Ask::Factor { choices }) => {
                let title = title_of(label);
                let place = choices.iter().position(|c| c.label.starts_with(title));
                Answer::Factor(place.unwrap())
            }
            (Some(Reply::Resend), _) => Answer::Resend,
            (Some(Reply::Other), _) => Answer::OtherFactor,
            (Some(Reply::Again(again)), Ask::PushAgain { .. }) => Answer::PushAgain(again),
            (Some(reply), ask) => panic!("{ask:?} came where the script has {reply:?}"),
        })
    }

    fn notify(&self, notice: Notice) {
        self.notices.borrow_mut().push(notice);
    }

    async fn pause(&self, duration: Duration) -> Result<(), Unanswered> {
        if matches!(self.script.borrow().front(), Some(Reply::Leave)) {
            return Err(Unanswered::Abandoned);
        }
        self.waited.set(self.waited.get() + duration);
        self.sandbox
            .advance_clock(duration.as_secs().try_into().unwrap());
        Ok(())
    }
}

fn wire_answer(signed: &Signed) -> Answer {
    Answer::SecurityKey(KeySigned {
        credential_id: encode_base64url(&signed.credential_id),
        authenticator_data: encode_base64url(&signed.authenticator_data),
        signature: SecretText(Secret::new(encode_base64url(&signed.signature))),
    })
}

/// Returns what menus call a kind of factor; any other text is returned as it is.
pub(super) fn title_of(kind: &str) -> &str {
    match kind {
        "push" => "push notification",
        "totp" => "authenticator app code",
        "hotp" => "one-time code",
        "token" => "token code",
        "yubikey" => "YubiKey code",
        "sms" => "text message",
        "call" => "phone call",
        "question" => "security question",
        "webauthn" => "security key",
        "claims_provider" => "another identity provider",
        other => other,
    }
}
