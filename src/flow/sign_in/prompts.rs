//! The questions of a sign-in that a user types the answer to.

use crate::flow::conversation::{Conversation, Unanswered};
use crate::model::Org;
use crate::process::panic_point;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::{Answer, Ask, AskKind};

/// Asks for the username.
pub(super) async fn ask_username(
    org: &Org,
    conversation: &impl Conversation,
) -> Result<String, Unanswered> {
    let org = org.origin().into();
    match conversation.ask(Ask::Username { org }).await? {
        Answer::Username(username) if !username.trim().is_empty() => Ok(username.trim().to_owned()),
        _ => Err(Unanswered::Mismatched(AskKind::Username)),
    }
}

/// Asks for the password.
pub(in crate::flow) async fn ask_password(
    org: &Org,
    username: &str,
    conversation: &impl Conversation,
) -> Result<Secret, Unanswered> {
    let ask = Ask::Password {
        org: org.origin().into(),
        username: username.into(),
    };
    match conversation.ask(ask).await? {
        Answer::Password(password) if !password.0.is_empty() => Ok(password.0),
        _ => Err(Unanswered::Mismatched(AskKind::Password)),
    }
}

/// Asks for a password that replaces an expired one.
pub(super) async fn ask_new_password(
    org: &Org,
    username: &str,
    conversation: &impl Conversation,
) -> Result<Secret, Unanswered> {
    let ask = Ask::NewPassword {
        org: org.origin().into(),
        username: username.into(),
    };
    match conversation.ask(ask).await? {
        Answer::NewPassword(password) if !password.0.is_empty() => Ok(password.0),
        _ => Err(Unanswered::Mismatched(AskKind::NewPassword)),
    }
}

/// The question for a passcode, or for the answer to a security question.
pub(super) struct PasscodePrompt {
    /// The factor's name, or the security question.
    pub(super) factor: String,
    /// Whether the code can be sent once more.
    pub(super) can_resend: bool,
    /// Whether another factor can be chosen.
    pub(super) can_change: bool,
}

/// What a user enters when asked for a passcode.
pub(super) enum PasscodeInput {
    Code(Secret),
    Resend,
    OtherFactor,
}

impl PasscodePrompt {
    /// Asks for a passcode. `refused` is the refusal of the last one, reported if there is no
    /// answer now.
    pub(super) async fn ask(
        self,
        refused: &mut Option<Report>,
        conversation: &impl Conversation,
    ) -> Result<PasscodeInput, Report> {
        let Self {
            factor,
            can_resend,
            can_change,
        } = self;
        let ask = Ask::Passcode {
            factor: factor.clone(),
            can_resend,
            can_change,
        };
        match conversation.ask(ask).await {
            Ok(Answer::Passcode(code)) if !code.0.expose().trim().is_empty() => {
                panic_point("flow.passcode", code.0.expose());
                Ok(PasscodeInput::Code(Secret::new(code.0.expose().trim())))
            }
            Ok(Answer::Resend) if can_resend => Ok(PasscodeInput::Resend),
            Ok(Answer::OtherFactor) if can_change => Ok(PasscodeInput::OtherFactor),
            Ok(_) => Err(Unanswered::Mismatched(AskKind::Passcode).into()),
            Err(unanswered) => Err(refused
                .take()
                .unwrap_or_else(|| Report::from(unanswered).cause(format!("it is for {factor}")))),
        }
    }
}

/// What a user decides when a push was not approved.
pub(super) enum PushDecision {
    SendAgain,
    OtherFactor,
    GiveUp,
}

/// Asks whether to send a push again or to use another factor. No answer gives it up; nothing is
/// asked where neither is possible.
pub(super) async fn ask_push_again(
    factor: &str,
    why: &str,
    can_resend: bool,
    can_change: bool,
    conversation: &impl Conversation,
) -> PushDecision {
    if !can_resend && !can_change {
        return PushDecision::GiveUp;
    }
    let ask = Ask::PushAgain {
        factor: factor.to_owned(),
        why: why.to_owned(),
        can_resend,
        can_change,
    };
    match conversation.ask(ask).await {
        Ok(Answer::PushAgain(true)) if can_resend => PushDecision::SendAgain,
        Ok(Answer::OtherFactor) if can_change => PushDecision::OtherFactor,
        _ => PushDecision::GiveUp,
    }
}
