//! A session at the org, as its API tells it (`/api/v1/sessions`).
//!
//! The `id` in the answer is the value of the `sid` cookie: as much a secret as the password for as long
//! as it lasts, so it is not kept here; the cookie jar has it.

use serde_json::{Value, json};
use url::Url;

use super::authn::Post;
use super::error_code::OktaError;
use super::json::{self, JsonError, text};
use crate::model::{Org, Timestamp};
use crate::secret::Secret;

/// Who is signed in, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user's name at Okta; foreign text.
    pub login: String,
    pub expires_at: Option<Timestamp>,
    pub status: SessionStatus,
}

/// `status`: whether the session opens apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    Active,
    /// It exists, but apps that ask for a second factor will step up.
    MfaRequired,
    /// A factor has to be set up first.
    MfaEnroll,
    Unknown(String),
}

impl Session {
    /// GET tells of the session, DELETE ends it (204).
    pub const ME: &str = "/api/v1/sessions/me";

    /// Opens a session with the token of a finished sign-in. Okta ignores the token where a session
    /// cookie is sent along: the jar must be empty of one.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn open(org: &Org, session_token: &Secret) -> Result<Post, url::ParseError> {
        let url = Url::parse(&org.at("/api/v1/sessions"))?;
        let body = json!({ "sessionToken": session_token.expose() });
        Ok(Post::new(url, &body))
    }

    /// Reads the answer of opening or of asking.
    ///
    /// # Errors
    /// An [`OktaError`] (404, E0000007: there is no session), or what else it is.
    pub fn parse(
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, super::authn::AuthnError> {
        if let Some(error) = OktaError::parse(http_status, content_type, body) {
            return Err(error.into());
        }
        if http_status != 200 {
            return Err(super::authn::AuthnError::HttpStatus(http_status));
        }
        let answer: Value = json::parse(content_type, body)?;
        let status = match text(&answer, "status").ok_or(JsonError::Shape)? {
            "ACTIVE" => SessionStatus::Active,
            "MFA_REQUIRED" => SessionStatus::MfaRequired,
            "MFA_ENROLL" => SessionStatus::MfaEnroll,
            other => SessionStatus::Unknown(other.to_owned()),
        };
        Ok(Self {
            login: text(&answer, "login").unwrap_or_default().to_owned(),
            expires_at: text(&answer, "expiresAt").and_then(Timestamp::from_rfc3339),
            status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::okta::authn::AuthnError;
    use crate::report::Report;

    const BODY: &[u8] = br#"{"id":"102EXAMPLE","login":"alice@acme.com","userId":"00uEXAMPLE",
        "expiresAt":"2026-11-22T03:02:55.000Z","status":"ACTIVE","amr":["pwd","mfa"],"mfaActive":true}"#;

    #[test]
    fn a_session_is_told_without_its_id() {
        let session = Session::parse(200, "application/json", BODY).unwrap();
        assert_eq!(session.status, SessionStatus::Active);
        assert_eq!(session.login, "alice@acme.com");
        assert_eq!(
            session.expires_at,
            Timestamp::from_rfc3339("2026-11-22T03:02:55Z")
        );
        assert!(!format!("{session:?}").contains("102EXAMPLE"));
    }

    #[test]
    fn no_session_and_no_api_are_told_apart() {
        let gone = br#"{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: me (Session)"}"#;
        let error = Session::parse(404, "application/json", gone).unwrap_err();
        assert_eq!(Report::from(error).name, "okta.not_found");
        let error = Session::parse(502, "text/html", b"<html>").unwrap_err();
        assert_eq!(error, AuthnError::HttpStatus(502));
        let error = Session::parse(200, "application/json", b"{}").unwrap_err();
        assert_eq!(error, AuthnError::Json(JsonError::Shape));
    }

    #[test]
    fn the_token_travels_in_the_body() {
        let org = Org::parse("acme.okta.com").unwrap();
        let post = Session::open(&org, &Secret::new("20111EXAMPLE")).unwrap();
        assert_eq!(post.url.as_str(), "https://acme.okta.com/api/v1/sessions");
        assert_eq!(post.body.expose(), r#"{"sessionToken":"20111EXAMPLE"}"#);
    }
}
