//! Okta's error body (`errorCode`, `errorSummary`…) and the report for each code.
//!
//! Codes and HTTP statuses: Okta developer docs, "Okta API error codes". E0000004 covers a wrong
//! password, a policy that denies and a hidden lockout alike, so a password is never sent twice.

use std::fmt;

use serde_json::Value;

use super::hint;
use super::json::{self, elements, text};
use crate::report::{ErrorCode, Report};

/// An error response of Okta. All texts are untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OktaError {
    pub http_status: u16,
    /// `E0000004`.
    pub code: String,
    pub summary: String,
    pub causes: Vec<String>,
    /// The id that Okta's support and logs know the error by.
    pub id: Option<String>,
}

const MAX_CAUSES: usize = 3;

impl OktaError {
    /// Parses the error response of any Okta API, `None` if it is none.
    pub fn parse(http_status: u16, content_type: &str, body: &[u8]) -> Option<Self> {
        let answer = json::parse(content_type, body).ok()?;
        Self::from_value(http_status, &answer)
    }

    pub(super) fn from_value(http_status: u16, answer: &Value) -> Option<Self> {
        let causes = elements(&answer["errorCauses"]).iter();
        Some(Self {
            http_status,
            code: text(answer, "errorCode")?.to_owned(),
            summary: text(answer, "errorSummary").unwrap_or_default().to_owned(),
            causes: causes
                .filter_map(|cause| text(cause, "errorSummary"))
                .take(MAX_CAUSES)
                .map(str::to_owned)
                .collect(),
            id: text(answer, "errorId").map(str::to_owned),
        })
    }

    /// Returns the [`ErrorCode`] under which `ob` reports this error.
    pub fn report_code(&self) -> ErrorCode {
        report(&self.code, self.http_status).code
    }

    /// Whether another code may be entered in the same transaction.
    pub fn is_wrong_answer(&self) -> bool {
        matches!(
            self.report_code(),
            ErrorCode::OktaWrongAnswer
                | ErrorCode::OktaCodeUsed
                | ErrorCode::OktaCodeOutOfWindow
                | ErrorCode::OktaNewPinNeeded
        )
    }

    /// Returns summary and causes in one line.
    pub fn message(&self) -> String {
        let parts = [&self.summary].into_iter().chain(&self.causes);
        parts.map(String::as_str).collect::<Vec<_>>().join(": ")
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

/// Returns the report of an error code, without causes; of an unknown one by its HTTP status.
pub(super) fn report(code: &str, http_status: u16) -> Report {
    let (report_code, summary, hint) = match (code, http_status) {
        ("E0000119", _) => (
            ErrorCode::OktaAccountLocked,
            "your Okta account is locked",
            "unlock it in a browser (\"Need help signing in?\") or ask your Okta admin, then \
             `ob login`",
        ),
        ("E0000001" | "E0000003", _) => (
            ErrorCode::OktaBadRequest,
            "Okta does not accept the request",
            "check username and factor with `ob config check`",
        ),
        ("E0000083", _) => (
            ErrorCode::OktaCodeOutOfWindow,
            "the code is not valid now",
            "type the code that is shown now; if it stays so, the clock of the phone or token \
             is off",
        ),
        ("E0000082", _) => (
            ErrorCode::OktaCodeUsed,
            "this code was used already",
            "wait for the next code (at most 30 s), then run `ob login` again",
        ),
        ("E0000085", _) => (
            ErrorCode::OktaDeniedByPolicy,
            "the org's sign-on policy does not let you in from here",
            "try from the office network or VPN, or ask your Okta admin which rule applies",
        ),
        ("E0000180", _) => (
            ErrorCode::OktaFactorInactive,
            "this factor is not active",
            "choose another with `ob login`, or set it up in your Okta settings",
        ),
        ("E0000069", _) => (
            ErrorCode::OktaFactorLocked,
            "too many wrong answers: your Okta account is locked",
            "ask your Okta admin to unlock it, then `ob login`",
        ),
        ("E0000006", _) => (
            ErrorCode::OktaForbidden,
            "Okta does not permit this",
            "ask your Okta admin for access to it",
        ),
        ("E0000113", _) => (
            ErrorCode::OktaNewPinNeeded,
            "the token needs a new PIN",
            "set the PIN in a browser once, then `ob login`",
        ),
        ("E0000007", _) => (
            ErrorCode::OktaNotFound,
            "Okta cannot find what was requested",
            "check the address with `ob config check`",
        ),
        ("E0000064", _) => (
            ErrorCode::OktaPasswordExpired,
            "your Okta password has expired",
            "change it in a browser, then `ob login`",
        ),
        ("E0000014" | "E0000080", _) => (
            ErrorCode::OktaPasswordPolicy,
            "Okta does not accept the new password",
            "change it in a browser, where the rules are shown, then `ob login`",
        ),
        ("E0000087" | "E0000095" | "E0000097" | "E0000105" | "E0000110" | "E0000112", _) => (
            ErrorCode::OktaRecovery,
            "this account is being recovered or set up",
            "finish that in a browser, then `ob login`",
        ),
        ("E0000005", _) => (
            ErrorCode::OktaSessionOver,
            "the Okta session is over",
            "`ob login` signs in again",
        ),
        ("E0000004" | "E0000207", _) => (
            ErrorCode::OktaSignInRefused,
            "Okta did not accept the sign-in",
            "check username and password; a policy or a lockout looks the same, so sign in \
             once in a browser before you run `ob login` again",
        ),
        ("E0000138", _) => (
            ErrorCode::OktaTelephony,
            "Okta could not call or text you",
            "`ob login` and choose another factor",
        ),
        ("E0000109" | "E0000118" | "E0000133", _) => (
            ErrorCode::OktaTooSoon,
            "a code was sent less than 30 s ago",
            "wait half a minute before asking for another, or type the one you have",
        ),
        ("E0000011", _) => (
            ErrorCode::OktaTransactionOver,
            "this sign-in has expired, or the org runs Okta Identity Engine",
            "`ob login` starts anew; if it happens at once, set `sign_in = \"browser\"`",
        ),
        ("E0000015" | "E0000022", _) => (
            ErrorCode::OktaUnsupported,
            "this org does not offer that",
            "set `sign_in = \"browser\"` under `[org]`, then `ob login`",
        ),
        ("E0000070", _) => (
            ErrorCode::OktaWaiting,
            "Okta waits for a confirmation",
            "confirm on your device, then run `ob login` again",
        ),
        ("E0000068", _) => (
            ErrorCode::OktaWrongAnswer,
            "the code or answer is not right",
            "run `ob login` again and answer anew; too many wrong answers lock the account",
        ),
        ("E0000079", _) => (
            ErrorCode::OktaWrongState,
            "Okta expected another step of the sign-in",
            "`ob login` starts anew",
        ),
        ("E0000047", _) | (_, 429) => (
            ErrorCode::OktaRateLimited,
            "Okta's rate limit is reached",
            "wait a minute, then run the same command again",
        ),
        ("E0000009" | "E0000010", _) | (_, 500..) => (
            ErrorCode::OktaServerError,
            "Okta has an internal error",
            hint::SERVER_ERROR,
        ),
        _ => (
            ErrorCode::OktaOther,
            "Okta refused",
            "`ob login` tries again; the error id is what your Okta admin can look up",
        ),
    };
    Report::new(report_code, summary).hint(hint)
}

impl From<OktaError> for Report {
    fn from(error: OktaError) -> Self {
        let report = report(&error.code, error.http_status).cause(&error);
        error.causes.iter().fold(report, Self::cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Exit;

    #[test]
    fn known_codes_have_a_name_and_a_hint() {
        let codes = (0..1000).map(|number| format!("E{number:07}"));
        let known = codes.filter(|code| report(code, 403).code != ErrorCode::OktaOther);
        let known: Vec<_> = known.collect();
        assert_eq!(known.len(), 36);
        for code in known {
            let body = format!(r#"{{"errorCode":"{code}","errorSummary":"No."}}"#);
            let error = OktaError::parse(403, "application/json", body.as_bytes()).unwrap();
            let report = Report::from(error);
            assert!(report.name().starts_with("okta."), "{code}");
            assert!(!report.hints[0].is_empty());
        }
    }

    #[test]
    fn unknown_codes_are_classified_by_http_status() {
        let code = |status| {
            let body = br#"{"errorCode":"E0009999","errorSummary":"?"}"#;
            let error = OktaError::parse(status, "application/json", body);
            error.unwrap().report_code()
        };
        assert_eq!(code(429), ErrorCode::OktaRateLimited);
        assert_eq!(code(503), ErrorCode::OktaServerError);
        assert_eq!(code(400), ErrorCode::OktaOther);
    }

    #[test]
    fn summary_causes_and_id_reach_the_report() {
        let body = br#"{
            "errorCode":"E0000068","errorSummary":"Invalid Passcode/Answer","errorLink":"E0000068",
            "errorId":"oaeEXAMPLE",
            "errorCauses":[{"errorSummary":"Your passcode doesn't match our records."},{"x":1}]
        }"#;
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
    fn other_bodies_are_no_error() {
        for body in [&b"{}"[..], b"[]", b"<html>", b"", b"{\"errorCode\":7}"] {
            assert_eq!(OktaError::parse(500, "application/json", body), None);
        }
    }
}
