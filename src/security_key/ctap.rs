//! The process that talks to keys over USB by the crate `ctap-hid-fido2` (Client to Authenticator
//! Protocol 2.1).
//!
//! The key and the credential are found before the user has to act: a key without the credential
//! refuses an assertion without user presence (6.2, `up` false), which needs no touch. The PIN is
//! checked before the touch, each time it is typed. The crate hashes what it calls the challenge;
//! here that is the client data.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use ctap_hid_fido2::fidokey::GetAssertionArgsBuilder;
use ctap_hid_fido2::fidokey::get_assertion::get_assertion_params::{Assertion, GetAssertionArgs};
use ctap_hid_fido2::{Cfg, FidoKeyHid, FidoKeyHidFactory, get_fidokey_devices};

use super::{MAX_FRAME_BYTES, frame};
use crate::okta::webauthn::{decode_base64url, encode_base64url};
use crate::secret::Secret;
use crate::wire::{self, FromKey, KeyChallenge, KeyFault, KeySigned, PinUse, SecretText, ToKey};

/// Statuses of CTAP 2.1, section 8.2.
const INVALID_COMMAND: u8 = 0x01;
const INVALID_CREDENTIAL: u8 = 0x22;
const OPERATION_DENIED: u8 = 0x27;
const KEEPALIVE_CANCEL: u8 = 0x2d;
const NO_CREDENTIALS: u8 = 0x2e;
const USER_ACTION_TIMEOUT: u8 = 0x2f;
const PIN_INVALID: u8 = 0x31;
const PIN_BLOCKED: u8 = 0x32;
const PIN_AUTH_BLOCKED: u8 = 0x34;
const PIN_NOT_SET: u8 = 0x35;
const ACTION_TIMEOUT: u8 = 0x3a;
const UV_BLOCKED: u8 = 0x3c;
const UV_INVALID: u8 = 0x3f;

/// Answers the request of the parent process.
///
/// # Errors
/// When the other end of standard input is closed.
#[expect(
    clippy::disallowed_methods,
    reason = "only its descriptor is taken, never its buffer"
)]
pub fn serve() -> io::Result<()> {
    let mut client = Client(io::stdin().as_fd().try_clone_to_owned()?.into());
    let ToKey::Sign(challenge) = client.recv()? else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let outcome = match sign(&challenge, &mut client) {
        Ok(signed) => FromKey::Signed(signed),
        Err(fault) => FromKey::Failed(fault),
    };
    client.send(&outcome)
}

struct Client(UnixStream);

impl Client {
    fn recv(&mut self) -> io::Result<ToKey> {
        wire::decode(&frame(&mut self.0)?).map_err(io::Error::other)
    }

    fn send(&mut self, message: &FromKey) -> io::Result<()> {
        let frame = wire::encode(message, MAX_FRAME_BYTES).map_err(io::Error::other)?;
        self.0.write_all(&frame)
    }

    fn pin(&mut self, left: Option<u32>) -> Result<Secret, KeyFault> {
        let asked = self.send(&FromKey::Pin { left }).and_then(|()| self.recv());
        match asked {
            Ok(ToKey::Pin(pin)) => Ok(pin.0),
            _ => Err(KeyFault::Gone),
        }
    }
}

/// A key and the request for it.
struct MatchedKey {
    device: FidoKeyHid,
    options: Vec<(String, bool)>,
    /// The relying party or the app id.
    rp_id: String,
    /// The credentials that the key may have; only one if the key identified it.
    ids: Vec<Vec<u8>>,
    /// The app id to try next, if the key does not answer without a touch.
    app_id: Option<String>,
}

fn sign(challenge: &KeyChallenge, client: &mut Client) -> Result<KeySigned, KeyFault> {
    let found = find(challenge)?;
    let has = |name: &str| {
        found
            .options
            .iter()
            .any(|(option, on)| option == name && *on)
    };
    let wanted = challenge.pin != PinUse::Discouraged || has("alwaysUv");
    let mut by_finger = wanted && has("uv");
    if wanted && !by_finger && !has("clientPin") && challenge.pin == PinUse::Required {
        return Err(KeyFault::NoPin);
    }
    loop {
        let pin = match wanted && !by_finger && has("clientPin") {
            true => Some(checked_pin(&found.device, client)?),
            false => None,
        };
        client.send(&FromKey::Touch).map_err(|_| KeyFault::Gone)?;
        match touch(&found, challenge, pin.as_ref(), by_finger) {
            Err(KeyFault::NotRecognised) if by_finger && has("clientPin") => by_finger = false,
            outcome => return outcome,
        }
    }
}

/// Finds the key that has one of the credentials, or one that does not tell.
fn find(challenge: &KeyChallenge) -> Result<MatchedKey, KeyFault> {
    let ids: Vec<Vec<u8>> = challenge
        .credential_ids
        .iter()
        .filter_map(|id| decode_base64url(id))
        .collect();
    let mut silent = None;
    let mut why = KeyFault::NoKey;
    let quiet = Cfg {
        enable_keep_alive_msg: false,
        ..Cfg::init()
    };
    for plugged in get_fidokey_devices() {
        let Ok(device) = FidoKeyHidFactory::create_by_params(&[plugged.param], &quiet) else {
            why = KeyFault::NoAccess;
            continue;
        };
        let info = match device.get_info() {
            Ok(info) => info,
            Err(error) if status(&error) == Some(INVALID_COMMAND) => {
                why = KeyFault::OnlyU2f;
                continue;
            }
            Err(error) => {
                why = fault(&error);
                continue;
            }
        };
        let protocols = &info.pin_uv_auth_protocols;
        let device = match protocols.contains(&2) && !protocols.contains(&1) {
            true => device.with_pin_protocol_version(2),
            false => device,
        };
        why = KeyFault::NotEnrolled;
        let sites = [Some(&challenge.rp_id), challenge.app_id.as_ref()];
        let mut tells = true;
        for site in sites.into_iter().flatten() {
            for id in &ids {
                match has_credential(&device, site, id, challenge) {
                    Some(true) => {
                        return Ok(MatchedKey {
                            device,
                            options: info.options,
                            rp_id: site.clone(),
                            ids: vec![id.clone()],
                            app_id: None,
                        });
                    }
                    Some(false) => {}
                    None => tells = false,
                }
            }
        }
        if !tells && silent.is_none() {
            silent = Some(MatchedKey {
                device,
                options: info.options,
                rp_id: challenge.rp_id.clone(),
                ids: ids.clone(),
                app_id: challenge.app_id.clone(),
            });
        }
    }
    silent.ok_or(why)
}

/// Whether the key has this credential; `None` if it does not tell without a touch.
fn has_credential(
    device: &FidoKeyHid,
    site: &str,
    id: &[u8],
    challenge: &KeyChallenge,
) -> Option<bool> {
    let args = GetAssertionArgsBuilder::new(site, challenge.client_data.as_bytes())
        .credential_id(id)
        .without_up()
        .without_pin_and_uv()
        .build();
    match device.get_assertion_with_args(&args) {
        Ok(_) => Some(true),
        Err(error) => match status(&error) {
            Some(NO_CREDENTIALS | INVALID_CREDENTIAL) => Some(false),
            _ => None,
        },
    }
}

/// Asks for the PIN and has the key check it.
fn checked_pin(device: &FidoKeyHid, client: &mut Client) -> Result<Secret, KeyFault> {
    let left = || {
        let left = device.get_pin_retries().ok();
        left.and_then(|left| u32::try_from(left).ok())
    };
    let tries = left();
    if tries == Some(0) {
        return Err(KeyFault::PinBlocked);
    }
    let pin = client.pin(tries)?;
    match device.get_pin_token(pin.expose()) {
        Ok(_) => Ok(pin),
        Err(error) if status(&error) == Some(PIN_INVALID) => {
            Err(KeyFault::WrongPin { left: left() })
        }
        Err(error) => Err(fault(&error)),
    }
}

fn touch(
    found: &MatchedKey,
    challenge: &KeyChallenge,
    pin: Option<&Secret>,
    by_finger: bool,
) -> Result<KeySigned, KeyFault> {
    let ask = |site: &str| {
        let mut args = GetAssertionArgsBuilder::new(site, challenge.client_data.as_bytes());
        for id in &found.ids {
            args = args.add_credential_id(id);
        }
        let args: GetAssertionArgs<'_> = match pin {
            Some(pin) => args.pin(pin.expose()).build(),
            None if by_finger => args.build(),
            None => args.without_pin_and_uv().build(),
        };
        found.device.get_assertion_with_args(&args)
    };
    let mut answer = ask(&found.rp_id);
    if let (Err(error), Some(app_id)) = (&answer, &found.app_id)
        && matches!(status(error), Some(NO_CREDENTIALS | INVALID_CREDENTIAL))
    {
        answer = ask(app_id);
    }
    let answers = answer.map_err(|error| fault(&error))?;
    let answer = answers.into_iter().next().ok_or(KeyFault::Gone)?;
    Ok(signed(answer, &found.ids))
}

/// A key that was asked about one credential need not name it (6.2.3).
fn signed(mut answer: Assertion, asked: &[Vec<u8>]) -> KeySigned {
    if let ([only], true) = (asked, answer.credential_id.is_empty()) {
        answer.credential_id.clone_from(only);
    }
    KeySigned {
        credential_id: encode_base64url(&answer.credential_id),
        authenticator_data: encode_base64url(&answer.auth_data),
        signature: SecretText(Secret::new(encode_base64url(&answer.signature))),
    }
}

/// Returns the key's status from the crate's error text: `response_status err = 0x31
/// CTAP2_ERR_PIN_INVALID …`.
fn status(error: &impl Display) -> Option<u8> {
    let text = error.to_string();
    let (_, rest) = text.split_once("response_status err = 0x")?;
    let digits = rest
        .split(|letter: char| !letter.is_ascii_hexdigit())
        .next()?;
    u8::from_str_radix(digits, 16).ok()
}

fn fault(error: &impl Display) -> KeyFault {
    match status(error) {
        Some(NO_CREDENTIALS | INVALID_CREDENTIAL) => KeyFault::NotEnrolled,
        Some(USER_ACTION_TIMEOUT | ACTION_TIMEOUT | KEEPALIVE_CANCEL) => KeyFault::TimedOut,
        Some(PIN_INVALID) => KeyFault::WrongPin { left: None },
        Some(PIN_BLOCKED) => KeyFault::PinBlocked,
        Some(PIN_AUTH_BLOCKED) => KeyFault::PinPaused,
        Some(PIN_NOT_SET) => KeyFault::NoPin,
        Some(UV_INVALID | UV_BLOCKED) => KeyFault::NotRecognised,
        Some(OPERATION_DENIED) => {
            KeyFault::Refused("the operation was denied on the key".to_owned())
        }
        _ => {
            let text = error.to_string();
            let said = text.trim_start_matches("response_status err = ");
            KeyFault::Refused(said.chars().take(200).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_status_is_found_in_what_the_crate_says() {
        for (text, expected) in [
            (
                "0x2E CTAP2_ERR_NO_CREDENTIALS    No valid credentials provided.",
                KeyFault::NotEnrolled,
            ),
            (
                "0x2F CTAP2_ERR_USER_ACTION_TIMEOUT   Timeout waiting",
                KeyFault::TimedOut,
            ),
            (
                "0x31 CTAP2_ERR_PIN_INVALID   PIN Invalid.",
                KeyFault::WrongPin { left: None },
            ),
            (
                "0x32 CTAP2_ERR_PIN_BLOCKED PIN Blocked.",
                KeyFault::PinBlocked,
            ),
            ("0x34 CTAP2_ERR_PIN_AUTH_BLOCKED", KeyFault::PinPaused),
            ("0x3F CTAP2_ERR_UV_INVALID", KeyFault::NotRecognised),
            (
                "0x7F CTAP1_ERR_OTHER",
                KeyFault::Refused("0x7F CTAP1_ERR_OTHER".into()),
            ),
            ("0x", KeyFault::Refused("0x".into())),
        ] {
            let text = format!("response_status err = {text}");
            assert_eq!(fault(&text), expected);
        }
        let other = KeyFault::Refused("read err".into());
        assert_eq!(fault(&"read err"), other);
        assert_eq!(
            status(&"response_status err = 0x01 CTAP1"),
            Some(INVALID_COMMAND)
        );
    }

    /// Runs without a key, as in CI.
    #[test]
    fn without_a_key_there_is_none_and_nothing_is_printed() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let challenge = KeyChallenge {
            rp_id: "acme.okta.com".into(),
            app_id: None,
            client_data: "{}".into(),
            credential_ids: vec!["a2V5".into()],
            pin: PinUse::Preferred,
            seconds: 1,
        };
        let outcome = sign(&challenge, &mut Client(theirs));
        drop(ours);
        if get_fidokey_devices().is_empty() {
            assert_eq!(outcome.map(|_| ()).unwrap_err(), KeyFault::NoKey);
        }
    }
}
