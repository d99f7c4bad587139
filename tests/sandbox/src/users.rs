//! The people of the org `acme`: who they are, what they know and carry, and how the org feels
//! about them. Passwords and TOTP secrets are new in every sandbox.

use std::sync::Arc;

use crate::canary::{self, Canaries};
use crate::security_key::SecurityKey;
use crate::{clock, totp};

/// One person.
#[derive(Debug, Clone)]
pub struct User {
    /// `alice@acme.com`
    pub login: String,
    /// Okta's id, `00u…`.
    pub id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What they type.
    pub password: String,
    /// The shared secret of their authenticator app, base32. Everyone has one; whether the org
    /// knows it is another matter.
    pub totp_secret: String,
    /// The answer to their security question.
    pub security_answer: String,
    /// What their RSA token shows.
    pub rsa_passcode: String,
    /// What their YubiKey types: 44 letters of modhex.
    pub yubikey_otp: String,
    pub(crate) standing: Standing,
    pub(crate) factors: Vec<Factor>,
    canaries: Arc<Canaries>,
}

impl User {
    /// The code their authenticator app shows now, by the machine's clock.
    pub fn totp_now(&self) -> String {
        self.totp_at(clock::unix_now())
    }

    /// The code at that many seconds since the epoch.
    pub fn totp_at(&self, epoch: u64) -> String {
        let code = totp::code(&self.totp_key(), epoch);
        self.canaries.note("passcode", &code);
        code
    }

    /// Whether the org takes a code from their authenticator app.
    pub fn has_totp(&self) -> bool {
        self.has(FactorKind::Totp)
    }

    /// Whether the org can send a push to their phone.
    pub fn has_push(&self) -> bool {
        self.has(FactorKind::Push)
    }

    /// The code their counter token shows for that press of its button.
    pub fn hotp_at(&self, counter: u64) -> String {
        let code = totp::code_of_step(&self.totp_key(), counter);
        self.canaries.note("passcode", &code);
        code
    }

    /// The security keys they carry, in the order of their factors.
    pub fn keys(&self) -> Vec<SecurityKey> {
        let factors = self.factors.iter();
        factors.filter_map(|factor| factor.key.clone()).collect()
    }

    fn has(&self, kind: FactorKind) -> bool {
        self.factors.iter().any(|factor| factor.kind == kind)
    }

    /// Decoded shared secret.
    pub(crate) fn totp_key(&self) -> Vec<u8> {
        totp::decode_secret(&self.totp_secret).unwrap_or_default()
    }

    pub(crate) fn factor(&self, id: &str) -> Option<&Factor> {
        self.factors.iter().find(|factor| factor.id == id)
    }

    /// `alice`
    pub(crate) fn name(&self) -> &str {
        self.login.split('@').next().unwrap_or_default()
    }
}

/// What becomes of a right password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    LockedOut,
    PasswordExpired,
    /// Soon to expire; said only to clients that ask to be warned.
    PasswordAging,
    MustEnroll,
    /// Asked to set a factor up, and free to skip it.
    MayEnroll,
    /// Every factor of theirs, one after another (factor sequencing).
    Sequence,
}

/// A second factor that the user enrolled.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    pub(crate) id: String,
    pub(crate) kind: FactorKind,
    /// What the device calls itself.
    pub(crate) device: String,
    pub(crate) key: Option<SecurityKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorKind {
    Push,
    Totp,
    /// A counter token.
    Hotp,
    Rsa,
    Yubikey,
    Sms,
    Call,
    Email,
    Question,
    /// The password once more, as a step of a sequence.
    Password,
    /// Duo's frame.
    Duo,
    /// Another identity provider.
    External,
    /// A security key.
    WebAuthn,
    /// A security key that was enrolled when U2F was the only way.
    WebAuthnOfU2f,
    /// The factor of those days itself.
    U2f,
    /// A type no client has heard of.
    Unheard,
}

impl FactorKind {
    /// Whether the org sends a code when the factor is begun.
    pub(crate) fn is_sent(self) -> bool {
        matches!(self, FactorKind::Sms | FactorKind::Call | FactorKind::Email)
    }
}

/// Text that tries everything a terminal might fall for: colours, a window title, a clipboard
/// write (OSC 52), a hyperlink (OSC 8), C1 control, bidirectional override, zero-width letters, a
/// carriage return, and 10 KiB of length.
pub(crate) fn hostile(what: &str) -> String {
    format!(
        "{what} \u{1b}[31mred\u{1b}[2J \u{1b}]0;title\u{7} \u{1b}]52;c;Y2FuYXJ5\u{7} \
         \u{1b}]8;;https://evil.example\u{1b}\\link \u{9b}31m \u{202e}desrever\u{202c} \
         zero\u{200b}\u{200d}\u{feff}width over\rwritten\nob: fake line {}",
        "A".repeat(10 * 1024)
    )
}

/// As [`hostile`], without what XML 1.0 cannot carry.
pub(crate) fn hostile_in_xml(what: &str) -> String {
    hostile(what)
        .chars()
        .filter(|&letter| letter >= ' ' || letter == '\r')
        .collect()
}

/// Everybody at `org_url`, with new secrets.
pub(crate) fn everybody(canaries: &Arc<Canaries>, org_url: &str) -> Vec<User> {
    use FactorKind::{
        Call, Duo, Email, External, Hotp, Password, Push, Question, Rsa, Sms, Totp, U2f, Unheard,
        WebAuthn, WebAuthnOfU2f, Yubikey,
    };
    use Standing::{
        Good, LockedOut, MayEnroll, MustEnroll, PasswordAging, PasswordExpired, Sequence,
    };
    let person = |name: &str, last_name: &str, standing, factors: &[FactorKind]| {
        let mut first_name = name.to_owned();
        first_name[..1].make_ascii_uppercase();
        let totp_secret = format!("CANARY{}", canary::random(canary::BASE32, 26));
        canaries.note("totp-secret", &totp_secret);
        User {
            login: format!("{name}@acme.com"),
            id: format!("00u1{name:0>13}0h7"),
            last_name: last_name.to_owned(),
            password: canaries.issue(&format!("password-{name}"), ""),
            totp_secret,
            security_answer: canaries.issue("answer", ""),
            rsa_passcode: canaries.digits("rsa-passcode", 14),
            yubikey_otp: canaries.modhex("yubikey-otp", 44),
            standing,
            factors: factors
                .iter()
                .enumerate()
                .map(|(place, &kind)| Factor {
                    key: key(kind, org_url, canaries),
                    ..factor(name, &first_name, kind, place)
                })
                .collect(),
            canaries: Arc::clone(canaries),
            first_name,
        }
    };
    vec![
        person("alice", "Archer", Good, &[Push, Totp]),
        person("bob", "Baker", Good, &[Totp]),
        person("carol", "Cooper", Good, &[]),
        person("dave", "Dyer", Good, &[Push]),
        person("erin", "Ewart", LockedOut, &[Totp]),
        person("frank", "Fisher", PasswordExpired, &[Totp]),
        person("grace", "Glover", MustEnroll, &[]),
        person("heidi", "Hunter", Good, &[Unheard]),
        person("ivan", "Irving", PasswordAging, &[Totp]),
        person(
            "judy",
            "Jones",
            Good,
            &[
                Push, Totp, Hotp, Rsa, Yubikey, Sms, Call, Email, Question, Duo, External, Unheard,
                WebAuthn,
            ],
        ),
        person("mallory", &hostile("Mallet"), Good, &[Totp, Push]),
        person("oscar", "Owens", MayEnroll, &[]),
        person("peggy", "Price", Good, &[Push, Push]),
        person("trent", "Turner", Sequence, &[Totp, Password]),
        person("uma", "Underwood", Good, &[WebAuthnOfU2f]),
        person("ursula", "Ulmer", Good, &[U2f, Totp]),
        person(
            "walter",
            "Wolf",
            Good,
            &[WebAuthn, WebAuthn, WebAuthnOfU2f, Push],
        ),
        person("wendy", "West", Good, &[WebAuthn, Totp]),
    ]
}

/// The key that stands behind a factor, with a PIN that can be searched for.
fn key(kind: FactorKind, org_url: &str, canaries: &Canaries) -> Option<SecurityKey> {
    let host = org_url.trim_start_matches("https://");
    let scope = match kind {
        FactorKind::WebAuthn => host.split(':').next()?,
        FactorKind::WebAuthnOfU2f => org_url,
        _ => return None,
    };
    SecurityKey::new(scope, canaries.digits("key-pin", 14))
}

fn factor(name: &str, first_name: &str, kind: FactorKind, place: usize) -> Factor {
    let prefix = match kind {
        FactorKind::Push => "opf",
        FactorKind::Totp => "ost",
        FactorKind::Hotp => "hot",
        FactorKind::Rsa => "rsa",
        FactorKind::Yubikey => "ykf",
        FactorKind::Sms => "sms",
        FactorKind::Call => "clf",
        FactorKind::Email => "emf",
        FactorKind::Question => "ufs",
        FactorKind::Password => "pwf",
        FactorKind::Duo => "dsf",
        FactorKind::External => "cpf",
        FactorKind::Unheard => "oqf",
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f => "fwf",
        FactorKind::U2f => "fuf",
    };
    let number = match kind {
        FactorKind::WebAuthn | FactorKind::WebAuthnOfU2f | FactorKind::Push => place + 1,
        _ => 1,
    };
    Factor {
        id: format!("{prefix}{number}{name:0>13}0h7"),
        kind,
        device: if name == "mallory" {
            hostile("phone")
        } else if kind == FactorKind::Push && place == 1 {
            format!("{first_name}'s tablet")
        } else {
            format!("{first_name}'s phone")
        },
        key: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognisable_and_noted() {
        let canaries = Arc::new(Canaries::default());
        let users = everybody(&canaries, "https://127.0.0.1:1");
        for user in &users {
            assert!(user.password.starts_with("canary-password-"));
            assert_eq!(user.totp_key().len(), 20);
            assert_eq!(user.totp_now().len(), 6);
        }
        let noted = canaries.all();
        assert!(noted.iter().any(|(_, value)| *value == users[0].password));
        assert!(noted.iter().any(|(kind, _)| kind == "passcode"));
    }
}
