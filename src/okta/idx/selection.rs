//! The selection of an authenticator.

use serde_json::{Value, json};

use super::authenticator_option::{AuthenticatorOption, parse_options};
use super::error::IdxError;
use super::response::Response;
use crate::okta::json::{elements, text};
use crate::okta::post::Post;

/// The remediation that offers all authenticators.
pub(super) const SELECT: &str = "select-authenticator-authenticate";
/// The remediation that offers the methods of one authenticator, a phone for example.
pub(super) const SELECT_METHOD: &str = "authenticator-verification-data";

/// An authenticator must be selected.
#[derive(Debug)]
pub struct Selection {
    response: Response,
    remediation: &'static str,
    pub options: Vec<AuthenticatorOption>,
}

impl Selection {
    pub(super) fn new(response: Response, remediation: &'static str) -> Self {
        let form = response.remediation(remediation);
        let field = form.and_then(|form| form.field("authenticator"));
        let field = field.unwrap_or(&Value::Null);
        let options = match &field["options"] {
            options @ Value::Array(_) => parse_options(&response.raw, elements(options)),
            _ => {
                let option = json!({
                    "label": text(field, "label").unwrap_or_default(),
                    "form": field["form"],
                    "relatesTo": { "value": response.current() },
                });
                parse_options(&response.raw, &[option])
            }
        };
        Self {
            remediation,
            options,
            response,
        }
    }

    /// Builds the request that selects the option at `index`.
    ///
    /// # Errors
    /// [`IdxError::NoSuchChoice`], [`IdxError::ForeignLink`].
    pub fn choose(self, index: usize) -> Result<Post, IdxError> {
        let option = self.options.get(index);
        let option = option.ok_or(IdxError::NoSuchChoice(index))?;
        let members = json!({ "authenticator": option.body });
        self.response.follow(self.remediation, members)
    }
}
