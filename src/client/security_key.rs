//! A security key beside the person: what it needs is asked at the terminal, how it fails is said by name. And
//! `ob security-key`, the process that this very program starts to talk to it.

use std::time::{Duration, Instant};

use crate::client::prompts::PromptError;
use crate::model::Org;
use crate::okta::webauthn::{checked_rp_id, is_app_id_of, is_client_data_for};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::security_key::{KEY_RESPONSE_TIMEOUT, KeyProcess};
use crate::terminal::{Question, Questions, TerminalError};
use crate::wire::{Answer, FromKey, KeyChallenge, KeyFault, KeySigned, Sealed, ToKey, tries_left};

/// Between two looks whether anybody still wants what a key signs.
const BREATH: Duration = Duration::from_millis(500);

/// Has a key sign, with as many tries as the person wants.
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
        let fault = match signed(challenge, questions) {
            Ok(signed) => return Ok(Answer::SecurityKey(signed)),
            Err(Tried::Fault(fault)) => Some(fault),
            // Asked once more, and nothing else: whoever types a PIN again must not type it into a list.
            Err(Tried::WrongPin(left)) => {
                let wrong = KeyFault::WrongPin { left };
                questions.show(HOW, &format!("ob: {wrong}\n"))?;
                continue;
            }
            Err(Tried::NoPin) => None,
            Err(Tried::Terminal(error)) => return Err(error.into()),
        };
        if let Some(fault) = &fault {
            questions.show(HOW, &format!("ob: {}\n", escape(&fault.to_string())))?;
        }
        let mut ways = match fault {
            None => vec![("type the PIN", Way::Again)],
            Some(KeyFault::PinBlocked | KeyFault::Gone) => Vec::new(),
            Some(_) => vec![("ask the key again", Way::Again)],
        };
        if can_change {
            ways.push(("use another factor", Way::Other));
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
        ways.push(("give up", Way::GiveUp));
        let items: Vec<String> = ways.iter().map(|(label, _)| (*label).to_owned()).collect();
        match ways.get(questions.pick(HOW, &items)?) {
            Some((_, Way::Again)) => {}
            Some((_, Way::Other)) => return Ok(Answer::OtherFactor),
            _ => return Err(given_up()),
        }
    }
}

const PIN: &str = "PIN of the security key";
const HOW: Question<'static> = Question {
    text: "Security key",
    instead: "take another factor with `--factor`",
};

enum Way {
    Again,
    Other,
    GiveUp,
}

enum Tried {
    Fault(KeyFault),
    /// The one that was typed.
    WrongPin(Option<u32>),
    /// Enter alone was the answer.
    NoPin,
    Terminal(TerminalError),
}

impl From<KeyFault> for Tried {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<TerminalError> for Tried {
    fn from(error: TerminalError) -> Self {
        Self::Terminal(error)
    }
}

/// One try.
fn signed(challenge: &KeyChallenge, questions: &mut Questions) -> Result<KeySigned, Tried> {
    let start = |socket| process::spawn_own(["security-key".into()], socket, []);
    // Nothing is begun where nobody could be told to touch it.
    questions.show(HOW, "")?;
    let mut link = KeyProcess::open(start)?;
    link.send(&ToKey::Sign(challenge.clone()))?;
    let mut patience = KEY_RESPONSE_TIMEOUT;
    let mut typed = false;
    loop {
        match heard(&mut link, patience, questions)? {
            FromKey::Pin { left } => {
                let text = format!("{PIN}{} (Enter alone for other ways)", tries_left(left));
                let pin = questions.ask_secret(Question { text: &text, ..HOW })?;
                if pin.is_empty() {
                    return Err(Tried::NoPin);
                }
                typed = true;
                link.send(&ToKey::Pin(Sealed(pin)))?;
            }
            FromKey::Touch => {
                patience = Duration::from_secs(challenge.seconds);
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
                return Err(Tried::WrongPin(left));
            }
            FromKey::Failed(fault) => return Err(fault.into()),
        }
    }
}

/// What the key says next. One that goes on blinking when nobody wants its answer any more would be touched for
/// nothing, or for something else.
fn heard(
    link: &mut KeyProcess,
    patience: Duration,
    questions: &mut Questions,
) -> Result<FromKey, Tried> {
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if link.wait_readable(left.min(BREATH))? || left.is_zero() {
            return Ok(link.recv(left.max(BREATH))?);
        }
        if !questions.are_wanted() {
            let question = HOW.text.to_owned();
            return Err(TerminalError::TakenBack { question }.into());
        }
    }
}
