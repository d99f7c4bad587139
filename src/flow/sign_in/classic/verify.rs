//! A second factor: chosen, challenged, answered, and answered again if the answer was wrong.

use super::factor::{factor_name, offered};
use super::transaction::ClassicTransaction;
use crate::flow::conversation::{Conversation, Unanswered};
use crate::flow::sign_in::dead_end::browser_only_factor;
use crate::flow::sign_in::factors::{choose, passcode_prompt};
use crate::flow::sign_in::prompts::{PasscodeInput, PasscodePrompt, ask_password};
use crate::flow::sign_in::security_key::{self, KeyOutcome, KeyRequest};
use crate::okta::Post;
use crate::okta::authn::{AuthnError, Factor, FactorInput, MfaChallenge, MfaRequired, Transaction};
use crate::report::Report;
use crate::wire::Notice;

impl<C: Conversation> ClassicTransaction<'_, C> {
    /// Selects a factor, and verifies it if no challenge is needed for that.
    pub(super) async fn select_factor(
        &mut self,
        required: MfaRequired,
    ) -> Result<Transaction, Report> {
        let factors = &required.factors;
        let retry_factor = self.retry_factor.take();
        let retry_index =
            retry_factor.and_then(|id| factors.iter().position(|factor| factor.id == id));
        let has_keys = self.preference.security_keys;
        let index = match retry_index {
            Some(index) => index,
            None => {
                let factors = factors.iter().map(|factor| offered(factor, has_keys));
                let factors: Vec<_> = factors.collect();
                choose(&factors, &self.preference, self.conversation).await?
            }
        };
        // The setting is for the first choice; a later one is the user's.
        self.preference.preferred = None;
        let has_several = factors.len() > 1;
        let resume = required.handle.resume();
        let selected = required.select(index)?;
        let factor = selected.factor.clone();
        self.factor = Some(offered(&factor, has_keys).used());
        if selected.factor.input() == FactorInput::Nothing {
            let name = factor_name(&factor);
            self.conversation
                .notify(Notice::Doing(format!("verify with {name}")));
            return self.request_code(selected.begin()?).await;
        }
        let input = selected.factor.input();
        match self.ask_input(&factor, &input, false, has_several).await? {
            PasscodeInput::Code(code) => {
                let post = selected.answer(&code)?;
                drop(code);
                self.send_answer(post, &factor, resume).await
            }
            // The transaction is still at the choice of factors.
            PasscodeInput::Resend | PasscodeInput::OtherFactor => self.send_once(resume).await,
        }
    }

    /// Verifies a factor that was challenged: waits for the phone, or asks for the code.
    pub(super) async fn verify(&mut self, challenge: MfaChallenge) -> Result<Transaction, Report> {
        self.retry_factor = None;
        let factor = challenge.factor.clone();
        let can_change = challenge.can_go_back();
        match challenge.input() {
            input
            @ (FactorInput::Passcode | FactorInput::Answer { .. } | FactorInput::Password) => {
                let can_resend = challenge.can_resend();
                let entered = self.ask_input(&factor, &input, can_resend, can_change);
                match entered.await? {
                    PasscodeInput::Code(code) => {
                        let resume = challenge.handle.resume();
                        let post = challenge.answer(&code)?;
                        drop(code);
                        self.send_answer(post, &factor, resume).await
                    }
                    PasscodeInput::Resend => {
                        self.code_delivery.wait(self.conversation).await?;
                        self.request_code(challenge.resend()?).await
                    }
                    PasscodeInput::OtherFactor => self.choose_other(challenge).await,
                }
            }
            FactorInput::Nothing => self.wait_for_push(challenge).await,
            FactorInput::WebAuthn(_) if !self.preference.security_keys => {
                Err(self.preference.security_key_not_built())
            }
            FactorInput::WebAuthn(key_challenge) => {
                let request = KeyRequest {
                    challenge: &key_challenge,
                    expires_at: challenge.handle.expires_at,
                    can_change,
                };
                match security_key::sign(request, self.client, self.conversation).await? {
                    KeyOutcome::Signed(answer) => {
                        let post = challenge.sign(&answer)?;
                        self.send_signature(post).await
                    }
                    KeyOutcome::OtherFactor => self.choose_other(challenge).await,
                }
            }
            FactorInput::External { .. } | FactorInput::Unsupported => Err(browser_only_factor(
                &factor_name(&factor),
                "choose another one with `--factor push` or `--factor totp`",
            )),
        }
    }

    /// Sends an answer once. A wrong one leads back to the same factor, for the user to give
    /// another.
    async fn send_answer(
        &mut self,
        post: Post,
        factor: &Factor,
        resume: Post,
    ) -> Result<Transaction, Report> {
        match self.post_answer(post).await? {
            Ok(transaction) => {
                self.refused = None;
                Ok(transaction)
            }
            Err(AuthnError::Refused(error)) if error.is_wrong_answer() => {
                self.conversation.notify(Notice::Message(error.message()));
                let report = Report::from(error);
                self.retry_factor = Some(factor.id.clone());
                let transaction = self.send_once(resume).await.map_err(|_| report.clone());
                self.refused = Some(report);
                transaction
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a security key's answer once. A refusal is final: the key would sign the same again.
    async fn send_signature(&self, post: Post) -> Result<Transaction, Report> {
        match self.post_answer(post).await? {
            Err(AuthnError::Refused(error)) if error.is_wrong_answer() => {
                Err(security_key::refused().cause(error))
            }
            parsed => Ok(parsed?),
        }
    }

    /// The outer error is a failure of the request or a rate limit, the inner one Okta's refusal.
    async fn post_answer(&self, post: Post) -> Result<Result<Transaction, AuthnError>, Report> {
        let response = self.post(post).await?;
        let (status, content_type) = (response.status, response.content_type());
        match status {
            429 => self.parse(&response).map(Ok),
            _ => Ok(Transaction::parse(
                self.org,
                status,
                content_type,
                &response.body,
            )),
        }
    }

    async fn ask_input(
        &mut self,
        factor: &Factor,
        input: &FactorInput,
        can_resend: bool,
        can_change: bool,
    ) -> Result<PasscodeInput, Report> {
        if *input == FactorInput::Password {
            let password = ask_password(self.org, self.username, self.conversation).await;
            return password
                .map(PasscodeInput::Code)
                .map_err(|unanswered| self.password_unanswered(unanswered, factor));
        }
        let prompt = PasscodePrompt {
            factor: match input {
                FactorInput::Answer { question } if !question.is_empty() => question.clone(),
                _ => passcode_prompt(&factor.kind, factor.label.as_deref()),
            },
            can_resend,
            can_change,
        };
        prompt.ask(&mut self.refused, self.conversation).await
    }

    /// Returns the refusal of the last password if there is one, else why there is no password.
    fn password_unanswered(&mut self, unanswered: Unanswered, factor: &Factor) -> Report {
        match (unanswered, self.refused.take()) {
            (Unanswered::Mismatched(_), _) => unanswered.into(),
            (_, Some(refused)) => refused,
            (_, None) => {
                Report::from(unanswered).cause(format!("it is for {}", factor_name(factor)))
            }
        }
    }
}
