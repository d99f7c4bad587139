//! What is chosen and what is typed.

use std::time::Duration;

use super::Engine;
use crate::flow::sign_in::classic::SEND_FLOOR;
use crate::flow::sign_in::factors::{Offered, UsedFactor, choose, unusable_reason};
use crate::flow::sign_in::security_key::{self, Touched};
use crate::flow::{Conversation, Unanswered};
use crate::okta::idx::{AuthenticatorOption, Challenge, IdxError, Selection};
use crate::okta::{FactorKind, Post};
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{Answer, Ask, Notice};

impl<C: Conversation> Engine<'_, C> {
    pub(super) async fn select(&mut self, select: Selection) -> Result<Post, Report> {
        let can_touch = self.taste.security_keys;
        let offered: Vec<Offered> = select
            .options
            .iter()
            .map(|choice| offered(choice, can_touch))
            .collect();
        let is_preferred = |offered: &Offered| {
            let preferred = self.taste.preferred.as_ref();
            preferred.is_some_and(|preferred| offered.names.contains(preferred))
        };
        let password = select
            .options
            .iter()
            .position(|choice| choice.kind == FactorKind::Password);
        let index = match password {
            // The password is what a sign-in begins with, unless another way was named.
            Some(index) if !self.password_given && !offered.iter().any(is_preferred) => index,
            _ => {
                let index = choose(&offered, &self.taste, self.conversation).await?;
                self.taste.preferred = None;
                index
            }
        };
        let method = &select.options[index].kind;
        self.orders = matches!(
            method,
            FactorKind::Sms | FactorKind::Call | FactorKind::Email
        );
        if *method != FactorKind::Password {
            self.factor = Some(offered[index].used());
        }
        self.conversation.notify(Notice::Doing(format!(
            "verify with {}",
            offered[index].label
        )));
        Ok(select.choose(index)?)
    }

    pub(super) async fn answer(&mut self, answering: Challenge) -> Result<Post, Report> {
        let method = answering.kind.clone();
        if method == FactorKind::Password {
            let password = self.password().await?;
            return Ok(answering.answer(&password)?);
        }
        let wanted = self.taste.preferred.as_deref();
        if wanted.is_some_and(|wanted| wanted != method.name()) && answering.can_choose_other() {
            return self.select(answering.choose_other()).await;
        }
        let named = self.taste.preferred.take().is_some();
        if method == FactorKind::WebAuthn && self.taste.security_keys {
            return self.touch(answering).await;
        }
        if method == FactorKind::WebAuthn && (named || !answering.can_choose_other()) {
            return Err(self.taste.needs_build());
        }
        if !answering.can_be_typed() {
            if answering.can_choose_other() {
                return self.select(answering.choose_other()).await;
            }
            return Err(Report::new(
                ErrorCode::SignInFactorUnusable,
                format!("cannot verify with {}", answering.label),
            )
            .cause("Okta finishes this factor in a browser")
            .hint("set `sign_in = \"browser\"` and `client_id =` in [org], then `ob login`"));
        }
        self.verifies_with(&method);
        let detail = answering.detail.as_deref();
        let label = match (&method, detail) {
            (FactorKind::Question, Some(question)) => question.to_owned(),
            (_, Some(detail)) => format!("{} ({detail})", method.name()),
            (_, None) => format!("{} ({})", method.name(), answering.label),
        };
        let (can_resend, can_change) = (answering.can_resend(), answering.can_choose_other());
        let ask = Ask::Passcode {
            factor: label.clone(),
            can_resend,
            can_change,
        };
        let question = ask.kind();
        match self.conversation.ask(ask).await {
            Ok(Answer::Passcode(code)) if !code.0.expose().trim().is_empty() => {
                let code = Secret::new(code.0.expose().trim());
                Ok(answering.answer(&code)?)
            }
            Ok(Answer::Resend) if can_resend => {
                let since = self.sent.map_or(0, |sent| sent.elapsed().as_secs());
                let rest = SEND_FLOOR.saturating_sub(Duration::from_secs(since));
                if !rest.is_zero() {
                    self.conversation.notify(Notice::Message(format!(
                        "a code was sent just now; the next one goes out in {} s",
                        rest.as_secs()
                    )));
                    self.conversation.pause(rest).await?;
                }
                self.orders = true;
                Ok(answering.resend()?)
            }
            Ok(Answer::OtherFactor) if can_change => {
                self.refused = None;
                self.select(answering.choose_other()).await
            }
            Ok(_) => Err(Unanswered::Mismatched(question).into()),
            Err(unanswered) => {
                let refused = self.refused.take();
                Err(refused.unwrap_or_else(|| {
                    Report::from(unanswered).cause(format!("it is for {label}"))
                }))
            }
        }
    }

    /// Notes the factor under way; the one that was chosen, where Okta asks for that.
    pub(super) fn verifies_with(&mut self, method: &FactorKind) {
        let kind = method.name();
        if self.factor.as_ref().is_none_or(|used| used.kind != kind) {
            self.factor = Some(UsedFactor {
                kind: kind.to_owned(),
                id: String::new(),
            });
        }
    }

    async fn touch(&mut self, answering: Challenge) -> Result<Post, Report> {
        self.verifies_with(&answering.kind);
        let challenge = answering.security_key().ok_or(IdxError::Shape)?;
        let asked = security_key::Asked {
            challenge: &challenge,
            ends: answering.expires_at(),
            can_change: answering.can_choose_other(),
        };
        match security_key::touch(asked, self.browser, self.conversation).await? {
            Touched::Signed(answer) => {
                self.final_answer = true;
                Ok(answering.sign(&answer)?)
            }
            Touched::OtherFactor => self.select(answering.choose_other()).await,
        }
    }

    pub(super) async fn password(&mut self) -> Result<Secret, Report> {
        let ask = Ask::Password {
            org: self.browser.org().origin().into(),
            username: self.username.into(),
        };
        let name = ask.kind();
        match self.conversation.ask(ask).await? {
            Answer::Password(password) if !password.0.is_empty() => {
                self.password_given = true;
                self.final_answer = true;
                Ok(password.0)
            }
            _ => Err(Unanswered::Mismatched(name).into()),
        }
    }
}

fn offered(choice: &AuthenticatorOption, can_touch: bool) -> Offered {
    let name = choice.kind.name();
    let unusable = unusable_reason(&choice.kind, can_touch).map(str::to_owned);
    let label = match (&choice.detail, &unusable) {
        (_, Some(_)) => choice.label.clone(),
        (Some(detail), None) => format!("{name} ({detail})"),
        (None, None) => format!("{name} ({})", choice.label),
    };
    Offered {
        label,
        names: vec![name.to_lowercase(), choice.label.to_lowercase()],
        id: choice.enrolment(),
        unusable,
    }
}
