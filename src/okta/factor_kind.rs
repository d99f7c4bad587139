//! Kinds of factors, under one name in both of Okta's engines.

use std::fmt;

/// A kind of factor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FactorKind {
    Push,
    /// A time-based code of Okta Verify or Google Authenticator.
    Totp,
    /// A code of a custom OTP token (`token:hotp`, `custom_otp`; Okta: Custom TOTP), which is
    /// time-based despite the name.
    Hotp,
    /// RSA SecurID, Symantec VIP.
    Token,
    /// The one-time password that a YubiKey types.
    YubikeyOtp,
    Sms,
    Call,
    Email,
    Question,
    /// The password as a later step (factor sequencing).
    Password,
    /// A security key. A browser's own fingerprint reader looks the same in Identity Engine.
    WebAuthn,
    U2f,
    /// Duo's frame in Classic.
    Duo,
    /// Another identity provider in Classic, Duo Universal included.
    ClaimsProvider,
    /// SAML or OIDC assertion of another provider in Classic.
    Assertion,
    /// Okta FastPass (`signed_nonce`).
    FastPass,
    /// Anything else of Identity Engine that works in a browser only.
    Browser,
    /// A kind unknown to `ob`, under Okta's name. Untrusted text.
    Unknown(String),
}

impl FactorKind {
    /// Returns the kind by Classic's `factorType` and `provider`.
    pub(super) fn from_classic(factor_type: &str, provider: &str) -> Self {
        match factor_type {
            "push" => Self::Push,
            "token:software:totp" => Self::Totp,
            "token:hotp" => Self::Hotp,
            "token" => Self::Token,
            "token:hardware" => Self::YubikeyOtp,
            "sms" => Self::Sms,
            "call" => Self::Call,
            "email" => Self::Email,
            "question" => Self::Question,
            "password" => Self::Password,
            "webauthn" => Self::WebAuthn,
            "u2f" => Self::U2f,
            "web" if provider == "DUO" => Self::Duo,
            "claims_provider" => Self::ClaimsProvider,
            "assertion:saml2" | "assertion:oidc" => Self::Assertion,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Returns the kind by Identity Engine's authenticator `key` and the method within it.
    pub(super) fn from_identity_engine(key: &str, method: Option<&str>) -> Self {
        match (key, method) {
            ("okta_password", _) => Self::Password,
            ("okta_verify", Some("push")) => Self::Push,
            ("okta_verify", Some("signed_nonce")) => Self::FastPass,
            ("okta_verify" | "google_otp", _) => Self::Totp,
            ("phone_number", Some("voice")) => Self::Call,
            ("phone_number", _) => Self::Sms,
            ("okta_email", _) => Self::Email,
            ("security_question", _) => Self::Question,
            ("rsa_token" | "onprem_mfa" | "symantec_vip" | "del_oath", _) => Self::Token,
            ("yubikey_token", _) => Self::YubikeyOtp,
            ("custom_otp", _) => Self::Hotp,
            ("webauthn", _) => Self::WebAuthn,
            ("duo" | "external_idp" | "smart_card_idp" | "custom_app", _) => Self::Browser,
            (other, _) => Self::Unknown(other.to_owned()),
        }
    }

    /// Returns the name in settings and options (`factor = "push"`).
    pub fn name(&self) -> &str {
        match self {
            Self::Push => "push",
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Token => "token",
            Self::YubikeyOtp => "yubikey",
            Self::Sms => "sms",
            Self::Call => "call",
            Self::Email => "email",
            Self::Question => "question",
            Self::Password => "password",
            Self::WebAuthn => "webauthn",
            Self::U2f => "u2f",
            Self::Duo => "duo",
            Self::ClaimsProvider => "claims_provider",
            Self::Assertion => "assertion",
            Self::FastPass | Self::Browser => "browser",
            Self::Unknown(name) => name,
        }
    }

    /// Returns the name in prompts and menus.
    pub fn title(&self) -> &str {
        match self {
            Self::Push => "push notification",
            Self::Totp => "authenticator app code",
            Self::Hotp => "one-time code",
            Self::Token => "token code",
            Self::YubikeyOtp => "YubiKey code",
            Self::Sms => "text message",
            Self::Call => "phone call",
            Self::Email => "email",
            Self::Question => "security question",
            Self::Password => "password",
            Self::WebAuthn => "security key",
            Self::U2f => "security key (U2F)",
            Self::Duo => "Duo",
            Self::ClaimsProvider | Self::Assertion => "another identity provider",
            Self::FastPass => "Okta FastPass",
            Self::Browser => "sign-in in a browser",
            Self::Unknown(name) => name,
        }
    }

    /// Returns why no terminal can verify this kind, `None` if one can.
    pub const fn unusable_reason(&self) -> Option<&'static str> {
        match self {
            Self::U2f => Some("set up as U2F: set the key up again as WebAuthn"),
            Self::FastPass => Some("Okta FastPass: needs a browser"),
            Self::Duo | Self::ClaimsProvider | Self::Assertion | Self::Browser => {
                Some("needs a browser")
            }
            Self::Unknown(_) => Some("unknown to ob"),
            _ => None,
        }
    }
}

impl fmt::Display for FactorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
