//! The public description of an org (`/.well-known/okta-organization`).

use serde_json::Value;

use super::json::{self, JsonError, text};

/// An org's id and its pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// `00o…`
    pub id: String,
    pub pipeline: Pipeline,
}

/// The pipeline (`pipeline`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// `v1`: the authentication API.
    Classic,
    /// `idx`: Okta Identity Engine.
    IdentityEngine,
    Unknown(String),
}

impl Organization {
    /// The path. It requires no sign-in.
    pub const PATH: &str = "/.well-known/okta-organization";

    /// Parses the description.
    ///
    /// # Errors
    /// [`JsonError`]: the address is not an Okta org's.
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Self, JsonError> {
        let document: Value = json::parse(content_type, body)?;
        let id = text(&document, "id").ok_or(JsonError::Shape)?;
        let pipeline = match text(&document, "pipeline").ok_or(JsonError::Shape)? {
            "v1" => Pipeline::Classic,
            "idx" => Pipeline::IdentityEngine,
            other => Pipeline::Unknown(other.to_owned()),
        };
        Ok(Self {
            id: id.to_owned(),
            pipeline,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_and_unknown_ones_are_distinguished() {
        for (name, expected) in [
            ("v1", Pipeline::Classic),
            ("idx", Pipeline::IdentityEngine),
            ("v9", Pipeline::Unknown("v9".to_owned())),
        ] {
            let body = format!(r#"{{"id":"00oEXAMPLE","pipeline":"{name}","settings":{{}}}}"#);
            let organization = Organization::parse("application/json", body.as_bytes()).unwrap();
            assert_eq!(organization.pipeline, expected);
        }
    }

    #[test]
    fn other_responses_are_refused() {
        let read = |kind, body: &str| Organization::parse(kind, body.as_bytes()).unwrap_err();
        assert_eq!(read("text/html", "<html></html>"), JsonError::IsHtml);
        assert_eq!(read("application/json", "  <html>"), JsonError::IsHtml);
        assert_eq!(read("application/json", "nope"), JsonError::NotJson);
        assert_eq!(read("application/json", "\u{feff}{}"), JsonError::NotJson);
        assert_eq!(
            read("application/json", "{\"id\": NaN}"),
            JsonError::NotJson
        );
        assert_eq!(read("application/json", "{}"), JsonError::Shape);
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert_eq!(read("application/json", &deep), JsonError::NotJson);
        let large = " ".repeat(json::MAX_BODY_BYTES + 1);
        assert_eq!(read("application/json", &large), JsonError::TooLarge);
    }
}
