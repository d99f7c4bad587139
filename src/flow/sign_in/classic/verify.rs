//! A second factor: chosen, begun, answered, and answered again if the answer was wrong.

use std::time::Duration;

use super::{Engine, SEND_FLOOR};
use crate::flow::sign_in::factors::{Offered, choose, unusable_reason};
use crate::flow::sign_in::security_key::{self, Touched};
use crate::flow::{Conversation, Unanswered};
use crate::http::Request;
use crate::okta::authn::{AuthnError, Factor, FactorInput, MfaChallenge, MfaRequired, Transaction};
use crate::okta::{FactorKind, Post};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{Answer, Ask, Notice};

/// What a person does when a code is asked for.
enum Typed {
    Code(Secret),
    Resend,
    OtherFactor,
}

impl<C: Conversation> Engine<'_, C> {
    pub(super) async fn verify(&mut self, required: MfaRequired) -> Result<Transaction, Report> {
        let factors = required.factors();
        let again = self.again.take();
        let again = again.and_then(|id| factors.iter().position(|factor| factor.id == id));
        let index = match again {
            Some(index) => index,
            None => {
                let can_touch = self.taste.security_keys;
                let offered: Vec<Offered> = factors
                    .iter()
                    .map(|factor| offered(factor, can_touch))
                    .collect();
                choose(&offered, &self.taste, self.conversation).await?
            }
        };
        // Named for one choice; a later one, or a change of mind, is the person's.
        self.taste.preferred = None;
        let several = factors.len() > 1;
        let resume = required.handle.resume();
        let selected = required.select(index)?;
        let factor = selected.factor().clone();
        self.factor = Some(offered(&factor, self.taste.security_keys).used());
        if selected.input() == FactorInput::Nothing {
            let name = name(&factor);
            self.conversation
                .notify(Notice::Doing(format!("verify with {name}")));
            let transaction = self.order(selected.begin()?).await?;
            if factor.kind == FactorKind::Push {
                self.conversation.notify(Notice::PushSent { factor: name });
            }
            return Ok(transaction);
        }
        match self
            .typed(&factor, &selected.input(), false, several)
            .await?
        {
            Typed::Code(answer) => {
                let post = selected.answer(&answer)?;
                drop(answer);
                self.judged(post, &factor, resume).await
            }
            // The choice of factors is where we still are.
            Typed::Resend | Typed::OtherFactor => self.once(resume).await,
        }
    }

    /// A factor that is under way: wait for the phone, or ask for the code that was sent.
    pub(super) async fn go_on(&mut self, challenge: MfaChallenge) -> Result<Transaction, Report> {
        self.again = None;
        let factor = challenge.factor().clone();
        match challenge.input() {
            need @ (FactorInput::Passcode | FactorInput::Answer { .. } | FactorInput::Password) => {
                let can_resend = challenge.can_resend();
                let can_change = challenge.can_go_back();
                match self.typed(&factor, &need, can_resend, can_change).await? {
                    Typed::Code(answer) => {
                        let resume = challenge.handle.resume();
                        let post = challenge.answer(&answer)?;
                        drop(answer);
                        self.judged(post, &factor, resume).await
                    }
                    Typed::Resend => {
                        let since = self.sent.map_or(0, |sent| sent.elapsed().as_secs());
                        let rest = SEND_FLOOR.saturating_sub(Duration::from_secs(since));
                        self.wait_to_send(rest).await?;
                        self.order(challenge.resend()?).await
                    }
                    Typed::OtherFactor => self.change(challenge).await,
                }
            }
            FactorInput::Nothing => self.push(challenge).await,
            FactorInput::WebAuthn(_) if !self.taste.security_keys => Err(self.taste.needs_build()),
            FactorInput::WebAuthn(asked) => {
                let asked = security_key::Asked {
                    challenge: &asked,
                    ends: challenge.handle.expires_at,
                    can_change: challenge.can_go_back(),
                };
                match security_key::touch(asked, self.browser, self.conversation).await? {
                    Touched::Signed(answer) => self.signed(challenge.sign(&answer)?).await,
                    Touched::OtherFactor => self.change(challenge).await,
                }
            }
            FactorInput::External { .. } | FactorInput::Unsupported => Err(Report::new(
                ErrorCode::SignInFactorUnusable,
                format!("cannot verify with {}", name(&factor)),
            )
            .cause("Okta finishes this factor in a browser")
            .hint("choose another one with `--factor push` or `--factor totp`")),
        }
    }

    /// Back to the choice of factors.
    pub(super) async fn change(&mut self, challenge: MfaChallenge) -> Result<Transaction, Report> {
        self.refused = None;
        self.once(challenge.previous()?).await
    }

    /// Sends an answer once. A wrong one leads back to the same factor, for a person to give another.
    async fn judged(
        &mut self,
        post: Post,
        factor: &Factor,
        resume: Post,
    ) -> Result<Transaction, Report> {
        let exchange = Request::post_json(post.url, post.body);
        let page = self.browser.send(exchange).await?;
        if page.status == 429 {
            return self.read(&page);
        }
        match Transaction::parse(self.org, page.status, page.content_type(), &page.body) {
            Ok(transaction) => {
                self.refused = None;
                Ok(transaction)
            }
            Err(AuthnError::Refused(error)) if error.is_wrong_answer() => {
                self.conversation.notify(Notice::Message(error.message()));
                let report = Report::from(error);
                self.again = Some(factor.id.clone());
                let state = self.once(resume).await.map_err(|_| report.clone());
                self.refused = Some(report);
                state
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a security key's answer once. One that is refused ends it: the key would say the same again.
    async fn signed(&mut self, post: Post) -> Result<Transaction, Report> {
        let page = self
            .browser
            .send(Request::post_json(post.url, post.body))
            .await?;
        if page.status == 429 {
            return self.read(&page);
        }
        match Transaction::parse(self.org, page.status, page.content_type(), &page.body) {
            Err(AuthnError::Refused(error)) if error.is_wrong_answer() => {
                Err(security_key::refused().cause(error))
            }
            read => Ok(read?),
        }
    }

    async fn typed(
        &mut self,
        factor: &Factor,
        need: &FactorInput,
        can_resend: bool,
        can_change: bool,
    ) -> Result<Typed, Report> {
        let ask = match need {
            FactorInput::Password => Ask::Password {
                org: self.org.origin().into(),
                username: self.username.into(),
            },
            FactorInput::Answer { question } if !question.is_empty() => Ask::Passcode {
                factor: question.clone(),
                can_resend,
                can_change,
            },
            _ => Ask::Passcode {
                factor: name(factor),
                can_resend,
                can_change,
            },
        };
        let question = ask.kind();
        let asked_for = match &ask {
            Ask::Passcode { factor, .. } => factor.clone(),
            _ => name(factor),
        };
        match self.conversation.ask(ask).await {
            Ok(Answer::Password(password)) if !password.0.is_empty() => Ok(Typed::Code(password.0)),
            Ok(Answer::Passcode(code)) if !code.0.expose().trim().is_empty() => {
                panic_point("flow.passcode", code.0.expose());
                Ok(Typed::Code(Secret::new(code.0.expose().trim())))
            }
            Ok(Answer::Resend) if can_resend => Ok(Typed::Resend),
            Ok(Answer::OtherFactor) if can_change => Ok(Typed::OtherFactor),
            Ok(_) => Err(Unanswered::Mismatched(question).into()),
            // Whoever could answer once and not again should read why the first answer was refused.
            Err(unanswered) => {
                let refused = self.refused.take();
                Err(refused.unwrap_or_else(|| {
                    Report::from(unanswered).cause(format!("it is for {asked_for}"))
                }))
            }
        }
    }
}

pub(super) fn name(factor: &Factor) -> String {
    match &factor.label {
        Some(label) => format!("{} ({label})", factor.kind),
        None => factor.kind.to_string(),
    }
}

/// A factor for the choice: by ob's word for its kind, by Okta's id, or by provider.
fn offered(factor: &Factor, can_touch: bool) -> Offered {
    let provider = factor.provider.to_lowercase();
    let kind = factor.kind.name();
    Offered {
        label: name(factor),
        names: vec![
            kind.to_owned(),
            factor.id.to_lowercase(),
            format!("{provider}.{kind}"),
            provider,
        ],
        id: factor.id.clone(),
        unusable: unusable_reason(&factor.kind, can_touch).map(str::to_owned),
    }
}
