//! The answer to a challenge: a password, a code, or a security key's signature.

use super::transaction::IdxTransaction;
use crate::flow::conversation::Conversation;
use crate::flow::sign_in::dead_end::browser_only_factor;
use crate::flow::sign_in::factors::passcode_prompt;
use crate::flow::sign_in::prompts::{PasscodeInput, PasscodePrompt};
use crate::flow::sign_in::security_key::{self, KeyOutcome, KeyRequest};
use crate::okta::idx::{Challenge, IdxError};
use crate::okta::{FactorKind, Post};
use crate::report::Report;

impl<C: Conversation> IdxTransaction<'_, C> {
    pub(super) async fn answer_challenge(&mut self, challenge: Challenge) -> Result<Post, Report> {
        let kind = challenge.kind.clone();
        let can_change = challenge.can_choose_other();
        if kind == FactorKind::Password {
            return Ok(challenge.answer(&self.ask_password().await?)?);
        }
        let preferred = self.preference.preferred.take();
        if can_change
            && preferred
                .as_ref()
                .is_some_and(|name| name.as_str() != kind.name())
        {
            self.preference.preferred = preferred;
            return self.select_factor(challenge.choose_other()).await;
        }
        if kind == FactorKind::WebAuthn && self.preference.security_keys {
            return self.sign_with_key(challenge).await;
        }
        if kind == FactorKind::WebAuthn && (preferred.is_some() || !can_change) {
            return Err(self.preference.security_key_not_built());
        }
        if !challenge.can_be_typed() {
            if can_change {
                return self.select_factor(challenge.choose_other()).await;
            }
            return Err(browser_only_factor(
                &challenge.label,
                "set `sign_in = \"browser\"` and `client_id =` in [org], then `ob login`",
            ));
        }
        self.note_factor(&kind);
        let prompt = PasscodePrompt {
            factor: match (&kind, &challenge.detail) {
                (FactorKind::Question, Some(question)) => question.clone(),
                (_, Some(detail)) => passcode_prompt(&kind, Some(detail)),
                (_, None) => passcode_prompt(&kind, Some(&challenge.label)),
            },
            can_resend: challenge.can_resend(),
            can_change,
        };
        match prompt.ask(&mut self.refused, self.conversation).await? {
            PasscodeInput::Code(code) => Ok(challenge.answer(&code)?),
            PasscodeInput::Resend => {
                self.code_delivery.wait(self.conversation).await?;
                self.requests_code = true;
                Ok(challenge.resend()?)
            }
            PasscodeInput::OtherFactor => {
                self.refused = None;
                self.select_factor(challenge.choose_other()).await
            }
        }
    }

    async fn sign_with_key(&mut self, challenge: Challenge) -> Result<Post, Report> {
        self.note_factor(&challenge.kind);
        let request = KeyRequest {
            challenge: &challenge.security_key().ok_or(IdxError::Shape)?,
            expires_at: challenge.expires_at(),
            can_change: challenge.can_choose_other(),
        };
        match security_key::sign(request, self.client, self.conversation).await? {
            KeyOutcome::Signed(answer) => {
                self.is_final_answer = true;
                Ok(challenge.sign(&answer)?)
            }
            KeyOutcome::OtherFactor => self.select_factor(challenge.choose_other()).await,
        }
    }
}
