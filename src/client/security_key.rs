//! Signing a challenge with a security key: the prompts for the PIN and the touch, and what can be
//! done when it fails.

use std::time::{Duration, Instant};

use crate::client::prompts::PromptError;
use crate::model::Org;
use crate::okta::webauthn::{checked_rp_id, is_app_id_of, is_client_data_for};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::security_key::{KEY_RESPONSE_TIMEOUT, KeyProcess};
use crate::terminal::{Question, Questions, TerminalError};
use crate::wire::{
    Answer, FromKey, KeyChallenge, KeyFault, KeySigned, SecretText, ToKey, tries_left,
};

/// How often the agent is asked whether it still wants the signature.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Has a key sign the challenge. The user decides whether it is tried again.
///
/// # Errors
/// When no key has signed, the challenge is not the org's, or there is no terminal.
pub(super) fn touch(
    challenge: &KeyChallenge,
    can_change: bool,
    org: &Org,
    questions: &mut Questions,
) -> Result<Answer, PromptError> {
    let is_for_org = is_client_data_for(org, &challenge.client_data)
        && checked_rp_id(org, Some(&challenge.rp_id)).is_ok()
        && challenge
            .app_id
            .as_ref()
            .is_none_or(|id| is_app_id_of(org, id));
    if !is_for_org {
        return Err(PromptError::Report(
            Report::new(
                ErrorCode::WebauthnRelyingParty,
                "cannot verify with the security key",
            )
            .cause("the challenge is not for this org")
            .hint("client and agent may differ: `ob agent stop`, then run the same command again"),
        ));
    }
    loop {
        let fault = match sign(challenge, questions) {
            Ok(signed) => return Ok(Answer::SecurityKey(signed)),
            Err(Failure::Fault(fault)) => Some(fault),
            // No menu: a PIN that is typed again must not be typed into one.
            Err(Failure::WrongPin(left)) => {
                let wrong = KeyFault::WrongPin { left };
                questions.show(HOW, &format!("ob: {wrong}\n"))?;
                continue;
            }
            Err(Failure::NoPin) => None,
            Err(Failure::Terminal(error)) => return Err(error.into()),
        };
        if let Some(fault) = &fault {
            questions.show(HOW, &format!("ob: {}\n", escape(&fault.to_string())))?;
        }
        let mut ways = match fault {
            None => vec![("type the PIN", Alternative::Again)],
            Some(KeyFault::PinBlocked | KeyFault::Gone) => Vec::new(),
            Some(_) => vec![("ask the key again", Alternative::Again)],
        };
        if can_change {
            ways.push(("use another factor", Alternative::Other));
        }
        let given_up = || match fault.clone() {
            Some(fault) => PromptError::Report(fault.into()),
            None => PromptError::Terminal(TerminalError::NoAnswer {
                question: PIN.to_owned(),
                instead: HOW.instead.to_owned(),
            }),
        };
        if ways.is_empty() {
            return Err(given_up());
        }
        ways.push(("give up", Alternative::GiveUp));
        let items: Vec<String> = ways.iter().map(|(label, _)| (*label).to_owned()).collect();
        match ways.get(questions.pick(HOW, &items, 0)?) {
            Some((_, Alternative::Again)) => {}
            Some((_, Alternative::Other)) => return Ok(Answer::OtherFactor),
            _ => return Err(given_up()),
        }
    }
}

const PIN: &str = "PIN of the security key";
const HOW: Question<'static> = Question {
    text: "Security key",
    instead: "take another factor with `--factor`",
};

enum Alternative {
    Again,
    Other,
    GiveUp,
}

enum Failure {
    Fault(KeyFault),
    /// The PIN that was typed is wrong; the tries that are left.
    WrongPin(Option<u32>),
    /// An empty line was typed.
    NoPin,
    Terminal(TerminalError),
}

impl From<KeyFault> for Failure {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        Self::Terminal(error)
    }
}

/// Tries once.
fn sign(challenge: &KeyChallenge, questions: &mut Questions) -> Result<KeySigned, Failure> {
    let start = |socket| process::spawn_self(["security-key".into()], socket, []);
    // First, because without a terminal the user cannot be told to touch the key.
    questions.show(HOW, "")?;
    let mut link = KeyProcess::open(start)?;
    link.send(&ToKey::Sign(challenge.clone()))?;
    let mut timeout = KEY_RESPONSE_TIMEOUT;
    let mut typed = false;
    loop {
        match recv(&mut link, timeout, questions)? {
            FromKey::Pin { left } => {
                let text = format!("{PIN}{} (Enter for other ways)", tries_left(left));
                let pin = questions.ask_secret(Question { text: &text, ..HOW })?;
                if pin.is_empty() {
                    return Err(Failure::NoPin);
                }
                typed = true;
                link.send(&ToKey::Pin(SecretText(pin)))?;
            }
            FromKey::Touch => {
                timeout = Duration::from_secs(challenge.seconds);
                questions.show(
                    HOW,
                    &format!(
                        "ob: touch the security key, within {} seconds\n",
                        challenge.seconds
                    ),
                )?;
            }
            FromKey::Signed(signed) => return Ok(signed),
            FromKey::Failed(KeyFault::WrongPin { left }) if typed => {
                return Err(Failure::WrongPin(left));
            }
            FromKey::Failed(fault) => return Err(fault.into()),
        }
    }
}

/// Returns the key's next message. Ends when the agent no longer wants the signature: a key that
/// went on blinking would be touched for nothing, or for another request.
fn recv(
    link: &mut KeyProcess,
    timeout: Duration,
    questions: &mut Questions,
) -> Result<FromKey, Failure> {
    let until = Instant::now() + timeout;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if link.wait_readable(left.min(POLL_INTERVAL))? || left.is_zero() {
            return Ok(link.recv(left.max(POLL_INTERVAL))?);
        }
        if !questions.are_wanted() {
            let question = HOW.text.to_owned();
            return Err(TerminalError::Withdrawn { question }.into());
        }
    }
}
