//! Sign-in flows against the sandbox, in this process. A script gives the user's answers; waiting
//! moves the sandbox's clock.

mod browser;
mod classic;
pub(crate) mod factor_matrix;
mod idx;
mod interludes;
mod limits;
mod machine;
mod native_to_web;
mod renewal;
mod round_trips;
mod security_key;
mod start;
mod statuses;
mod step_up;
mod terminal;
mod unattended;

pub(crate) use self::start::start;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use ob::aws::SessionDuration;
use ob::flow::{self, Conversation, Failure, FlowContext, OktaSession, Unanswered, UsedFactor};
use ob::model::{RoleArn, Timestamp};
use ob::okta::webauthn::{decode_base64url, encode_base64url};
use ob::report::Report;
use ob::secret::Secret;
use ob::wire::{
    Account, Answer, Ask, KeyChallenge, KeySigned, Notice, PinUse, Sealed, SignInWay, Target,
};
use ob_sandbox::{PRESENT, Sandbox, SecurityKey, Server, Signed, VERIFIED};
use tokio::task::LocalSet;

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
    /// The right key's answer for another relying party.
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
            return Ok(Answer::PrivateKey(Sealed(Secret::new(key))));
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
            return Ok(Answer::Password(Sealed(Secret::new(password))));
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
        let sealed = |text: String| Sealed(Secret::new(text));
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
                let place = choices.iter().position(|c| c.label.starts_with(label));
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
        signature: Sealed(Secret::new(encode_base64url(&signed.signature))),
    })
}

pub(crate) fn account(
    sandbox: &Sandbox,
    user: &str,
    way: SignInWay,
    factor: Option<&str>,
) -> Account {
    Account {
        org: sandbox.org_url(),
        username: Some(sandbox.user(user).login.clone()),
        way,
        factor: factor.map(str::to_owned),
        security_keys: true,
        client_id: Some(sandbox.clients().0.to_owned()),
        machine: None,
        vpn: false,
        idle: Duration::from_secs(3600),
        max: Duration::from_secs(43_200),
    }
}

pub(crate) fn target(sandbox: &Sandbox, account: Account, role: Option<&str>) -> Target {
    Target {
        account,
        app: None,
        role: role.map(str::to_owned),
        provider: None,
        through: None,
        policy: ob::model::SessionPolicy::Whole,
        chain: Vec::new(),
        duration: 3600,
        region: Some("eu-west-1".into()),
        region_gives_way: false,
        sts_endpoint: Some(sandbox.sts_url()),
        names: ob::wire::DisplayNames::default(),
    }
}

/// Runs a future on the agent's kind of runtime: one thread, local tasks.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, future)
}

/// Signs in and checks the session by establishing it.
pub(crate) fn sign_in(account: &Account, person: &Person<'_>) -> Result<OktaSession, Report> {
    sign_in_after(account, None, person)
}

pub(crate) fn sign_in_after(
    account: &Account,
    last_factor: Option<&str>,
    person: &Person<'_>,
) -> Result<OktaSession, Report> {
    run(async {
        let kind = last_factor.map(str::to_owned);
        let id = String::new();
        let used = kind.map(|kind| (account.username.clone().unwrap(), UsedFactor { kind, id }));
        let start = flow::SignInOptions {
            last_factors: used.into_iter().collect(),
            ..start()
        };
        let session = flow::sign_in(account, start, person).await?;
        session
            .establish(person)
            .await
            .map_err(flow::Failure::into_report)?;
        Ok(session)
    })
}

/// Signs in and assumes a role `times` times in the same session.
pub(crate) fn credentials(
    sandbox: &Sandbox,
    target: &Target,
    person: &Person<'_>,
    times: usize,
) -> Result<(), Report> {
    run(async {
        let start = flow::SignInOptions {
            app: target.app.clone(),
            now: Some(Timestamp(sandbox.now().try_into().unwrap())),
            ..start()
        };
        let session = flow::sign_in(&target.account, start, person).await?;
        let memory = Forgetful(sandbox);
        for _ in 0..times {
            flow::obtain_credentials(&session, target, None, &memory, person)
                .await
                .map_err(Failure::into_report)?;
        }
        session.end().await
    })
}

/// Counts the requests to the org whose body contains this text.
pub(crate) fn times_sent(sandbox: &Sandbox, text: &str) -> usize {
    let log = sandbox.requests(Server::Org, "/");
    log.iter()
        .filter(|request| request.text().contains(text))
        .count()
}

/// A [`FlowContext`] with the sandbox's time that remembers nothing.
pub(crate) struct Forgetful<'a>(pub(crate) &'a Sandbox);

impl FlowContext for Forgetful<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.now().try_into().unwrap())
    }

    fn duration(&self, _: &RoleArn) -> Option<SessionDuration> {
        None
    }

    fn remember_duration(&self, _: &RoleArn, _: SessionDuration) {}
}
