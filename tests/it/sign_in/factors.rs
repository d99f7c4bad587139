//! The factors of the sandbox user judy, who has one of each kind, and the answers they accept.

use ob_sandbox::Sandbox;

use super::Reply::{self, Code, Sent};

/// Factors whose answer is typed.
pub(super) const TYPED: [&str; 8] = [
    "totp", "hotp", "token", "yubikey", "sms", "call", "email", "question",
];

/// Returns the replies that satisfy a factor; a push needs none.
pub(super) fn right_answer(sandbox: &Sandbox, factor: &str) -> Vec<Reply> {
    let judy = sandbox.user("judy");
    match factor {
        "push" => vec![],
        "totp" => vec![Code(judy.totp_now())],
        "hotp" => vec![Code(judy.hotp_at(1))],
        "token" => vec![Code(judy.rsa_passcode.clone())],
        "yubikey" => vec![Code(judy.yubikey_otp.clone())],
        "sms" => vec![Sent("sms")],
        "call" => vec![Sent("call")],
        "email" => vec![Sent("email")],
        "question" => vec![Code(judy.security_answer.clone())],
        other => panic!("{other}"),
    }
}
