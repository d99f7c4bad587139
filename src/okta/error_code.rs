//! Okta's error body (`errorCode`, `errorSummary`…) and what its codes mean for a person.
//!
//! Codes and HTTP statuses: Okta developer docs, "Okta API error codes". What a code says is the
//! organisation's doing as often as the user's: E0000004 covers a wrong password, a policy that denies
//! and a hidden lockout alike, which is why a password is never sent twice.

use std::fmt;

use serde_json::Value;

use super::json::text;
use crate::report::{Exit, Report};

/// A refusal in Okta's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OktaError {
    pub http_status: u16,
    /// `E0000004`; foreign text, as is everything below.
    pub code: String,
    pub summary: String,
    pub causes: Vec<String>,
    /// What Okta's support asks for.
    pub id: Option<String>,
}

/// No error lists more; the rest would only scroll.
const MOST_CAUSES: usize = 3;

impl OktaError {
    /// An error body, if `answer` is one.
    pub(crate) fn from_value(http_status: u16, answer: &Value) -> Option<Self> {
        let code = text(answer, "errorCode")?;
        let causes = answer["errorCauses"].as_array().into_iter().flatten();
        Some(Self {
            http_status,
            code: code.to_owned(),
            summary: text(answer, "errorSummary").unwrap_or_default().to_owned(),
            causes: causes
                .filter_map(|cause| text(cause, "errorSummary"))
                .take(MOST_CAUSES)
                .map(str::to_owned)
                .collect(),
            id: text(answer, "errorId").map(str::to_owned),
        })
    }

    /// Reads an error body of any Okta API.
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Option<Self> {
        let answer = super::json::parse(content_type, body).ok()?;
        Self::from_value(http_status, &answer)
    }

    pub fn kind(&self) -> ErrorKind {
        let known = MEANINGS.iter().find(|(code, _)| *code == self.code);
        match known {
            Some((_, meaning)) => *meaning,
            None if self.http_status == 429 => ErrorKind::RateLimited,
            None if self.http_status >= 500 => ErrorKind::ServerError,
            None => ErrorKind::Other,
        }
    }

    /// Whether another code may be typed in the same transaction.
    pub fn is_wrong_answer(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::WrongAnswer
                | ErrorKind::CodeUsed
                | ErrorKind::CodeOutOfWindow
                | ErrorKind::NewPinNeeded
        )
    }

    /// Summary and causes in one line, for a person who may answer again.
    pub fn message(&self) -> String {
        let mut said = self.summary.clone();
        for cause in &self.causes {
            said = format!("{said}: {cause}");
        }
        said
    }
}

impl fmt::Display for OktaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.summary, self.code)?;
        match &self.id {
            Some(id) => write!(f, ", error id {id})"),
            None => f.write_str(")"),
        }
    }
}

impl std::error::Error for OktaError {}

/// What an error code means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    AccountLocked,
    BadRequest,
    CodeOutOfWindow,
    CodeUsed,
    DeniedByPolicy,
    FactorInactive,
    FactorLocked,
    Forbidden,
    NewPinNeeded,
    NotFound,
    Other,
    PasswordExpired,
    PasswordPolicy,
    RateLimited,
    Recovery,
    ServerError,
    SessionOver,
    SignInRefused,
    Telephony,
    TooSoon,
    TransactionOver,
    Unsupported,
    Waiting,
    WrongAnswer,
    WrongState,
}

const MEANINGS: [(&str, ErrorKind); 36] = [
    ("E0000001", ErrorKind::BadRequest),
    ("E0000003", ErrorKind::BadRequest),
    ("E0000004", ErrorKind::SignInRefused),
    ("E0000005", ErrorKind::SessionOver),
    ("E0000006", ErrorKind::Forbidden),
    ("E0000007", ErrorKind::NotFound),
    ("E0000009", ErrorKind::ServerError),
    ("E0000010", ErrorKind::ServerError),
    ("E0000011", ErrorKind::TransactionOver),
    ("E0000014", ErrorKind::PasswordPolicy),
    ("E0000015", ErrorKind::Unsupported),
    ("E0000022", ErrorKind::Unsupported),
    ("E0000047", ErrorKind::RateLimited),
    ("E0000064", ErrorKind::PasswordExpired),
    ("E0000068", ErrorKind::WrongAnswer),
    ("E0000069", ErrorKind::FactorLocked),
    ("E0000070", ErrorKind::Waiting),
    ("E0000079", ErrorKind::WrongState),
    ("E0000080", ErrorKind::PasswordPolicy),
    ("E0000082", ErrorKind::CodeUsed),
    ("E0000083", ErrorKind::CodeOutOfWindow),
    ("E0000085", ErrorKind::DeniedByPolicy),
    ("E0000087", ErrorKind::Recovery),
    ("E0000095", ErrorKind::Recovery),
    ("E0000097", ErrorKind::Recovery),
    ("E0000105", ErrorKind::Recovery),
    ("E0000109", ErrorKind::TooSoon),
    ("E0000110", ErrorKind::Recovery),
    ("E0000112", ErrorKind::Recovery),
    ("E0000113", ErrorKind::NewPinNeeded),
    ("E0000118", ErrorKind::TooSoon),
    ("E0000119", ErrorKind::AccountLocked),
    ("E0000133", ErrorKind::TooSoon),
    ("E0000138", ErrorKind::Telephony),
    ("E0000180", ErrorKind::FactorInactive),
    ("E0000207", ErrorKind::SignInRefused),
];

impl ErrorKind {
    /// The report's stable name, exit class, summary and hint.
    const fn told(self) -> (&'static str, Exit, &'static str, &'static str) {
        match self {
            Self::AccountLocked => (
                "okta.account_locked",
                Exit::Refused,
                "your Okta account is locked",
                "unlock it in a browser (\"Need help signing in?\") or ask your Okta admin, then `ob login`",
            ),
            Self::BadRequest => (
                "okta.bad_request",
                Exit::Failed,
                "Okta does not accept the request",
                "check username and factor with `ob config check`",
            ),
            Self::CodeOutOfWindow => (
                "okta.code_out_of_window",
                Exit::Refused,
                "the code is not of this moment",
                "type the code that is shown now; if it stays so, the clock of the phone or token is off",
            ),
            Self::CodeUsed => (
                "okta.code_used",
                Exit::Refused,
                "this code was used already",
                "wait for the next code (at most 30 s), then run `ob login` again",
            ),
            Self::DeniedByPolicy => (
                "okta.denied_by_policy",
                Exit::Refused,
                "the org's sign-on policy does not let you in from here",
                "try from the office network or VPN, or ask your Okta admin which rule applies",
            ),
            Self::FactorInactive => (
                "okta.factor_inactive",
                Exit::Refused,
                "this factor is not active",
                "choose another with `ob login`, or set it up in your Okta settings",
            ),
            Self::FactorLocked => (
                "okta.factor_locked",
                Exit::Refused,
                "too many wrong answers: your Okta account is locked",
                "ask your Okta admin to unlock it, then `ob login`",
            ),
            Self::Forbidden => (
                "okta.forbidden",
                Exit::Refused,
                "Okta does not permit this",
                "ask your Okta admin for access to it",
            ),
            Self::NewPinNeeded => (
                "okta.new_pin_needed",
                Exit::SignIn,
                "the token wants a new PIN",
                "set the PIN in a browser once, then `ob login`",
            ),
            Self::NotFound => (
                "okta.not_found",
                Exit::Failed,
                "Okta does not know this",
                "check the address with `ob config check`",
            ),
            Self::PasswordExpired => (
                "okta.password_expired",
                Exit::Refused,
                "your Okta password has expired",
                "change it in a browser, then `ob login`",
            ),
            Self::PasswordPolicy => (
                "okta.password_policy",
                Exit::Refused,
                "Okta does not accept the new password",
                "change it in a browser, where the rules are shown, then `ob login`",
            ),
            Self::RateLimited => (
                "okta.rate_limited",
                Exit::Unreachable,
                "Okta asks for a pause",
                "wait a minute, then run the same command again",
            ),
            Self::Recovery => (
                "okta.recovery",
                Exit::SignIn,
                "this account is being recovered or set up",
                "finish that in a browser, then `ob login`",
            ),
            Self::ServerError => (
                "okta.server_error",
                Exit::Unreachable,
                "Okta has a fault of its own",
                "run the same command again in a minute; https://status.okta.com tells whether Okta is down",
            ),
            Self::SessionOver => (
                "okta.session_over",
                Exit::SignIn,
                "the Okta session is over",
                "`ob login` signs in again",
            ),
            Self::SignInRefused => (
                "okta.sign_in_refused",
                Exit::Refused,
                "Okta did not accept the sign-in",
                "check username and password; a policy or a lockout looks the same, so sign in once in a browser before you run `ob login` again",
            ),
            Self::Telephony => (
                "okta.telephony",
                Exit::Unreachable,
                "Okta could not call or text you",
                "`ob login` and choose another factor",
            ),
            Self::TooSoon => (
                "okta.too_soon",
                Exit::Refused,
                "a code was sent less than 30 s ago",
                "wait half a minute before asking for another, or type the one you have",
            ),
            Self::TransactionOver => (
                "okta.transaction_over",
                Exit::SignIn,
                "this sign-in ran out, or belongs to Okta Identity Engine",
                "`ob login` starts anew; if it happens at once, set `sign_in = \"browser\"`",
            ),
            Self::Unsupported => (
                "okta.unsupported",
                Exit::Failed,
                "this org does not offer that",
                "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
            ),
            Self::Waiting => (
                "okta.waiting",
                Exit::SignIn,
                "Okta waits for a confirmation",
                "confirm on your device, then run `ob login` again",
            ),
            Self::WrongAnswer => (
                "okta.wrong_answer",
                Exit::Refused,
                "the code or answer is not right",
                "run `ob login` again and answer anew; too many wrong answers lock the account",
            ),
            Self::WrongState => (
                "okta.wrong_state",
                Exit::Failed,
                "the sign-in is not at that point",
                "`ob login` starts anew",
            ),
            Self::Other => (
                "okta.other",
                Exit::Refused,
                "Okta refused",
                "`ob login` tries again; the error id is what your Okta admin can look up",
            ),
        }
    }
}

impl From<OktaError> for Report {
    fn from(error: OktaError) -> Self {
        let (name, exit, summary, hint) = error.kind().told();
        let causes = error.causes.clone();
        let report = Self::new(exit, name, summary).cause(&error).hint(hint);
        causes.into_iter().fold(report, Self::cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table_has_a_name_of_its_meaning_and_a_hint() {
        for (code, meaning) in MEANINGS {
            let body = format!(r#"{{"errorCode":"{code}","errorSummary":"No."}}"#);
            let error = OktaError::parse(403, "application/json", body.as_bytes()).unwrap();
            assert_eq!(error.kind(), meaning);
            let report = Report::from(error);
            assert!(report.name.starts_with("okta."), "{code}");
            assert!(!report.hints[0].is_empty());
        }
    }

    #[test]
    fn an_unknown_code_is_judged_by_its_http_status() {
        let read = |status| {
            let body = br#"{"errorCode":"E0009999","errorSummary":"?"}"#;
            OktaError::parse(status, "application/json", body).unwrap()
        };
        assert_eq!(read(429).kind(), ErrorKind::RateLimited);
        assert_eq!(read(503).kind(), ErrorKind::ServerError);
        assert_eq!(read(400).kind(), ErrorKind::Other);
    }

    #[test]
    fn summary_causes_and_id_reach_the_report() {
        let body = br#"{"errorCode":"E0000068","errorSummary":"Invalid Passcode/Answer","errorLink":"E0000068",
            "errorId":"oaeEXAMPLE","errorCauses":[{"errorSummary":"Your passcode doesn't match our records."},{"x":1}]}"#;
        let error = OktaError::parse(403, "application/json;charset=UTF-8", body).unwrap();
        assert!(error.is_wrong_answer());
        let report = Report::from(error);
        assert_eq!(report.exit, Exit::Refused);
        assert_eq!(
            report.causes,
            [
                "Invalid Passcode/Answer (E0000068, error id oaeEXAMPLE)",
                "Your passcode doesn't match our records."
            ]
        );
    }

    #[test]
    fn what_is_no_error_body_is_none() {
        for body in [&b"{}"[..], b"[]", b"<html>", b"", b"{\"errorCode\":7}"] {
            assert_eq!(OktaError::parse(500, "application/json", body), None);
        }
    }
}
