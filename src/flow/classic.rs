//! The Classic engine: one transaction at `/api/v1/authn`, from the password to the session token.
//!
//! Links are followed, the next state is never assumed. What ends the transaction early also ends it at
//! the server, so that a phone stops asking.

use std::time::Duration;

use crate::flow::retry::{rate_limited, repeat};
use crate::flow::{Conversation, Unanswered};
use crate::http::{Browser, Exchange, Page};
use crate::model::Org;
use crate::okta::Post;
use crate::okta::authn::{
    self, AuthnError, Factor, FactorKind, FactorResult, MfaChallenge, MfaRequired, Need, Selected,
    Success, Transaction,
};
use crate::report::{Exit, Report};
use crate::secret::Secret;
use crate::wire::{Answer, Ask, FactorChoice, Notice};

/// Between two looks at a push; Okta's own page takes four seconds and its limits allow two.
const POLL: Duration = Duration::from_secs(2);
/// A push without an `expiresAt` is waited for this long, in seconds.
const PUSH: i64 = 300;
/// Cancelling is a courtesy; nobody waits long for it.
const GOODBYE: Duration = Duration::from_secs(3);

/// Signs in with name and password and whatever second factor Okta asks for.
///
/// # Errors
/// When Okta refuses, an answer is missing, or the state is one that needs a browser.
pub(super) async fn sign_in<C: Conversation>(
    browser: &Browser,
    username: &str,
    password: Secret,
    preferred: Option<&str>,
    conversation: &C,
) -> Result<Secret, Report> {
    let mut engine = Engine {
        browser,
        org: browser.org(),
        conversation,
        preferred,
        cancel: None,
    };
    let start = authn::start(engine.org, username, &password)?;
    drop(password);
    let outcome = engine.run(start).await;
    if outcome.is_err()
        && let Some(cancel) = engine.cancel.take()
    {
        let goodbye = Exchange::post_json(cancel.url, cancel.body).within(GOODBYE);
        let _ = browser.send(goodbye).await;
    }
    outcome
}

struct Engine<'a, C> {
    browser: &'a Browser,
    org: &'a Org,
    conversation: &'a C,
    preferred: Option<&'a str>,
    /// What would end the transaction at the server, as of its last state.
    cancel: Option<Post>,
}

impl<C: Conversation> Engine<'_, C> {
    async fn run(&mut self, start: Post) -> Result<Secret, Report> {
        let mut transaction = self.once(start).await?;
        loop {
            transaction = match transaction {
                Transaction::Success(Success::SessionToken { token, .. }) => {
                    self.cancel = None;
                    return Ok(token);
                }
                Transaction::PasswordWarn(change) => {
                    let days = change
                        .days_left
                        .map_or("soon".into(), |days| format!("in {days} days"));
                    self.conversation
                        .tell(Notice::Said(format!("your password ends {days}")));
                    self.cancel = change.cancel();
                    self.once(change.skip()?).await?
                }
                Transaction::MfaRequired(required) => {
                    self.cancel = required.cancel();
                    self.verify(required).await?
                }
                Transaction::MfaChallenge(challenge) => {
                    self.cancel = challenge.cancel();
                    self.go_on(*challenge).await?
                }
                other => {
                    self.cancel = None;
                    return Err(dead_end(&other));
                }
            };
        }
    }

    /// Sends what must not be sent twice: a password, a passcode, an order to send a code.
    async fn once(&mut self, post: Post) -> Result<Transaction, Report> {
        let page = self
            .browser
            .send(Exchange::post_json(post.url, post.body))
            .await?;
        self.read(&page)
    }

    fn read(&self, page: &Page) -> Result<Transaction, Report> {
        if page.status == 429 {
            return Err(rate_limited("sign in", page.retry_in().unwrap_or(60)));
        }
        Ok(Transaction::received(
            self.org,
            page.status,
            page.content_type(),
            &page.body,
        )?)
    }

    async fn verify(&mut self, required: MfaRequired) -> Result<Transaction, Report> {
        let index = self.choose(required.factors()).await?;
        let resume = required.resume()?;
        let selected = required.select(index)?;
        let name = name(selected.factor());
        if selected.need() == Need::Nothing {
            let is_push = selected.factor().kind == FactorKind::Push;
            self.conversation
                .tell(Notice::Doing(format!("verify with {name}")));
            let transaction = self.once(selected.begin()?).await?;
            if is_push {
                self.conversation.tell(Notice::PushSent { factor: name });
            }
            return Ok(transaction);
        }
        let answer = self.passcode(&name, &selected.need()).await?;
        let sent = self.answer(selected, &answer).await;
        drop(answer);
        self.or_again(sent, resume).await
    }

    async fn answer(
        &mut self,
        selected: Selected,
        answer: &Secret,
    ) -> Result<Transaction, Refused> {
        let post = selected
            .answer(answer)
            .map_err(|error| Refused::Final(error.into()))?;
        self.judged(post).await
    }

    async fn judged(&mut self, post: Post) -> Result<Transaction, Refused> {
        let exchange = Exchange::post_json(post.url, post.body);
        let page = self
            .browser
            .send(exchange)
            .await
            .map_err(|error| Refused::Final(error.into()))?;
        if page.status == 429 {
            return self.read(&page).map_err(Refused::Final);
        }
        match Transaction::received(self.org, page.status, page.content_type(), &page.body) {
            Ok(transaction) => Ok(transaction),
            Err(AuthnError::Refused(error)) if error.is_wrong_answer() => {
                Err(Refused::WrongAnswer(error.to_string(), error.into()))
            }
            Err(error) => Err(Refused::Final(error.into())),
        }
    }

    /// A wrong passcode may be followed by another one, if a person types it.
    async fn or_again(
        &mut self,
        sent: Result<Transaction, Refused>,
        resume: Post,
    ) -> Result<Transaction, Report> {
        match sent {
            Ok(transaction) => Ok(transaction),
            Err(Refused::Final(report)) => Err(report),
            Err(Refused::WrongAnswer(words, report)) => {
                self.conversation.tell(Notice::Said(words));
                let state = self.once(resume).await.map_err(|_| report.clone())?;
                let again = match state {
                    Transaction::MfaRequired(required) => Box::pin(self.verify(required)).await,
                    Transaction::MfaChallenge(challenge) => Box::pin(self.go_on(*challenge)).await,
                    other => return Ok(other),
                };
                // Whoever could answer once and not again should read why the first answer was refused.
                again.map_err(|error| {
                    if error.name == "sign_in.unanswered" {
                        report
                    } else {
                        error
                    }
                })
            }
        }
    }

    async fn choose(&self, factors: &[Factor]) -> Result<usize, Report> {
        let choices: Vec<FactorChoice> = factors
            .iter()
            .map(|factor| FactorChoice {
                label: name(factor),
                unusable: unusable(factor),
            })
            .collect();
        let usable = |index: &usize| choices[*index].unusable.is_none();
        let all: Vec<usize> = (0..factors.len()).filter(usable).collect();
        let listed = || choices.iter().map(describe).collect::<Vec<_>>().join(", ");
        if all.is_empty() {
            return Err(Report::new(Exit::Refused, "sign_in.no_usable_factor", "no factor can be used here")
                .cause(format!("Okta offers: {}", listed()))
                .hint("set up Okta Verify or a code generator in the browser, under Settings › Extra verification"));
        }
        if let Some(preferred) = self.preferred {
            let matching: Vec<usize> = all
                .iter()
                .copied()
                .filter(|index| is_named(&factors[*index], preferred))
                .collect();
            return matching.first().copied().ok_or_else(|| {
                Report::new(
                    Exit::Usage,
                    "sign_in.no_such_factor",
                    format!("there is no usable factor {preferred:?}"),
                )
                .cause(format!("Okta offers: {}", listed()))
                .hint("name one of these with `--factor`, or leave it out to be asked")
            });
        }
        if let [only] = all[..] {
            return Ok(only);
        }
        let ask = Ask::Factor {
            choices: choices.clone(),
        };
        let question = ask.name();
        match self.conversation.ask(ask).await {
            Ok(Answer::Factor(index)) if all.contains(&index) => Ok(index),
            Ok(_) => Err(Unanswered::Nonsense(question).into()),
            Err(unanswered) => {
                Err(Report::from(unanswered).cause(format!("Okta offers: {}", listed())))
            }
        }
    }

    async fn passcode(&self, factor: &str, need: &Need) -> Result<Secret, Report> {
        let factor = match need {
            Need::Answer { question } if !question.is_empty() => question.clone(),
            _ => factor.to_owned(),
        };
        let ask = Ask::Passcode { factor };
        let question = ask.name();
        match self.conversation.ask(ask).await? {
            Answer::Passcode(code) if !code.0.expose().trim().is_empty() => {
                Ok(Secret::new(code.0.expose().trim()))
            }
            _ => Err(Unanswered::Nonsense(question).into()),
        }
    }

    /// A factor that is under way: wait for the phone, or ask for the code that was sent.
    async fn go_on(&mut self, challenge: MfaChallenge) -> Result<Transaction, Report> {
        let factor = name(challenge.factor());
        match challenge.need() {
            Need::Passcode | Need::Answer { .. } | Need::Password => {
                let resume = challenge.resume()?;
                let answer = self.passcode(&factor, &challenge.need()).await?;
                let sent = match challenge.answer(&answer) {
                    Ok(post) => self.judged(post).await,
                    Err(error) => Err(Refused::Final(error.into())),
                };
                drop(answer);
                self.or_again(sent, resume).await
            }
            Need::Nothing => self.push(factor, challenge).await,
            Need::WebAuthn(_) | Need::External { .. } | Need::Unsupported => Err(Report::new(
                Exit::Refused,
                "sign_in.factor_needs_browser",
                format!("cannot verify with {factor}"),
            )
            .cause("Okta finishes this factor in a browser")
            .hint("choose another one with `--factor push` or `--factor totp`")),
        }
    }

    async fn push(
        &mut self,
        factor: String,
        mut challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let mut shown = None;
        let started = self.browser.server_time();
        let good_for = match (challenge.expires_at(), started) {
            (Some(end), Some(now)) => end.seconds_since(now).clamp(0, PUSH),
            _ => PUSH,
        };
        let mut waited = Duration::ZERO;
        loop {
            if let Some(number) = challenge
                .number()
                .filter(|number| shown.as_deref() != Some(*number))
            {
                self.conversation.tell(Notice::NumberChallenge {
                    number: number.to_owned(),
                });
                shown = Some(number.to_owned());
            }
            let stopped = match challenge.factor_result() {
                Some(FactorResult::Rejected) => Some("it was rejected on the phone"),
                Some(FactorResult::Timeout | FactorResult::TimeWindowExceeded) => {
                    Some("nobody answered it in time")
                }
                Some(FactorResult::Cancelled) => Some("it was cancelled"),
                Some(FactorResult::Error | FactorResult::Failed) => {
                    Some("Okta could not deliver it")
                }
                _ if !challenge.is_polling() => Some("Okta no longer waits for it"),
                _ if waited.as_secs() >= good_for.unsigned_abs() => {
                    Some("nobody answered it in time")
                }
                _ => None,
            };
            if let Some(why) = stopped {
                return self.push_again(factor, why, challenge).await;
            }
            self.conversation.pause(POLL).await?;
            waited += POLL;
            let poll = challenge.poll()?;
            let page = repeat(
                "ask whether the push was answered",
                self.conversation,
                || {
                    self.browser
                        .send(Exchange::post_json(poll.url.clone(), poll.body.duplicate()))
                },
            )
            .await?;
            challenge = match self.read(&page)? {
                Transaction::MfaChallenge(challenge) => *challenge,
                other => return Ok(other),
            };
            self.cancel = challenge.cancel();
        }
    }

    async fn push_again(
        &mut self,
        factor: String,
        why: &str,
        challenge: MfaChallenge,
    ) -> Result<Transaction, Report> {
        let ask = Ask::PushAgain {
            factor: factor.clone(),
            why: why.to_owned(),
        };
        if let Ok(Answer::PushAgain(true)) = self.conversation.ask(ask).await {
            let transaction = self.once(challenge.restart()?).await?;
            self.conversation.tell(Notice::PushSent { factor });
            return Ok(transaction);
        }
        Err(Report::new(
            Exit::Refused,
            "sign_in.push_refused",
            format!("the push to {factor} was not approved"),
        )
        .cause(why)
        .hint("`ob login` sends another one; `--factor totp` takes a code instead"))
    }
}

enum Refused {
    /// In Okta's words, and as it is reported if nobody tries again.
    WrongAnswer(String, Report),
    Final(Report),
}

/// A state in which a terminal cannot help, and who can.
fn dead_end(state: &Transaction) -> Report {
    let report = |exit, name, cause: &str, hint: &str| {
        Report::new(exit, name, "Okta does not let this sign-in go on")
            .cause(cause)
            .hint(hint)
    };
    match state {
        Transaction::LockedOut => report(
            Exit::Refused,
            "okta.locked_out",
            "the account is locked (LOCKED_OUT)",
            "unlock it on the org's sign-in page, under \"Need help signing in?\", or ask your administrator",
        ),
        Transaction::PasswordExpired(change) => {
            let place = change
                .elsewhere
                .as_deref()
                .unwrap_or("the org's sign-in page");
            report(
                Exit::Refused,
                "okta.password_expired",
                "the password has expired and must be changed first",
                &format!("change it at {place}, then `ob login`"),
            )
        }
        Transaction::MfaEnroll(_) => report(
            Exit::Refused,
            "okta.mfa_enroll",
            "a second factor must be set up first (MFA_ENROLL)",
            "sign in once in the browser and set one up, then `ob login`",
        ),
        Transaction::Recovery => report(
            Exit::Refused,
            "okta.recovery",
            "the account is being recovered",
            "finish that in the browser, then `ob login`",
        ),
        Transaction::Other(status) => report(
            Exit::Refused,
            "okta.unknown_status",
            &format!("it answered with the status {status}, which ob does not know"),
            "sign in once in the browser: Okta may want something there",
        ),
        _ => report(
            Exit::Refused,
            "okta.unexpected_status",
            "it answered with a state that does not belong here",
            "`ob login` starts again",
        ),
    }
}

fn name(factor: &Factor) -> String {
    match &factor.label {
        Some(label) => format!("{} ({label})", factor.kind),
        None => factor.kind.to_string(),
    }
}

fn describe(choice: &FactorChoice) -> String {
    match &choice.unusable {
        Some(why) => format!("{} [{why}]", choice.label),
        None => choice.label.clone(),
    }
}

/// Why a factor is listed and cannot be taken.
fn unusable(factor: &Factor) -> Option<String> {
    match factor.kind {
        FactorKind::WebAuthn | FactorKind::U2f => {
            Some("a security key, not yet usable in ob".into())
        }
        FactorKind::Duo | FactorKind::ClaimsProvider | FactorKind::Assertion => {
            Some("needs a browser".into())
        }
        FactorKind::Unknown(_) => Some("unknown to ob".into()),
        _ => None,
    }
}

/// Whether the user means this factor: by ob's word for its kind, by Okta's, or by provider.
fn is_named(factor: &Factor, wanted: &str) -> bool {
    let wanted = wanted.to_ascii_lowercase();
    wanted == factor.kind.name()
        || wanted == factor.provider.to_ascii_lowercase()
        || wanted == factor.id
        || wanted == format!("{}.{}", factor.provider, factor.kind.name()).to_ascii_lowercase()
}
