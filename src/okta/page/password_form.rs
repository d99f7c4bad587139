//! The form of the page that asks for the password again (`password-verification-challenge`).
//!
//! Classic's page as in the tests of a client that fills it in (gimme-aws-creds): a hidden
//! `_xsrfToken`, one password field, an action at the org. It is filled in only if it has one
//! reading: one form with one password field, sent by POST to the org.

use super::error::PageError;
use crate::model::Org;
use crate::okta::html::Tag;
use crate::okta::link::{self, ForeignHost};
use crate::okta::post::Post;
use crate::secret::Secret;

const MAX_HIDDEN_FIELDS: usize = 16;
const MAX_FIELD_BYTES: usize = 4096;

/// A form that takes the password.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordForm {
    action: String,
    /// The values that Okta has filled in, an anti-forgery token among them.
    hidden: Vec<(String, Secret)>,
    password_field: String,
}

impl PasswordForm {
    /// Builds the request with the password.
    ///
    /// # Errors
    /// [`PageError::ForeignPassword`] if the form is sent to another origin.
    pub fn fill_in(&self, org: &Org, password: &Secret) -> Result<Post, PageError> {
        let url = org
            .url()
            .join(&self.action)
            .map_err(|_| PageError::ActionInvalid)?;
        let url =
            link::check(org, url).map_err(|ForeignHost(host)| PageError::ForeignPassword(host))?;
        let hidden = self.hidden.iter();
        let mut fields: Vec<_> = hidden
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        fields.push((&self.password_field, password.expose()));
        Ok(Post::form_to(url, &fields))
    }
}

/// Finds the form while the page is read.
#[derive(Default)]
pub(super) struct PasswordReader {
    open: Option<OpenForm>,
    found: Vec<PasswordForm>,
}

#[derive(Default)]
struct OpenForm {
    action: String,
    hidden: Vec<(String, Secret)>,
    password_fields: Vec<String>,
    /// The form has another reading, or is not sent by POST.
    is_refused: bool,
}

impl PasswordReader {
    pub(super) fn start(&mut self, tag: &Tag) {
        let value = |name| tag.attribute(name).unwrap_or_default();
        match (tag.name.as_str(), &mut self.open) {
            ("form", _) => {
                self.end_form();
                let is_post = value("method").eq_ignore_ascii_case("post");
                self.open = Some(OpenForm {
                    action: value("action").to_owned(),
                    is_refused: tag.has_duplicate || !is_post,
                    ..OpenForm::default()
                });
            }
            ("input", Some(form)) => form.input(tag),
            _ => {}
        }
    }

    pub(super) fn end_form(&mut self) {
        let Some(form) = self.open.take() else {
            return;
        };
        let [field] = &form.password_fields[..] else {
            return;
        };
        if form.is_refused || form.action.is_empty() {
            return;
        }
        self.found.push(PasswordForm {
            password_field: field.clone(),
            action: form.action,
            hidden: form.hidden,
        });
        // Two are enough to refuse both.
        self.found.truncate(2);
    }

    /// Returns the form if there is exactly one.
    pub(super) fn finish(mut self) -> Option<PasswordForm> {
        match self.found.len() {
            1 => self.found.pop(),
            _ => None,
        }
    }
}

impl OpenForm {
    fn input(&mut self, tag: &Tag) {
        let value = |name| tag.attribute(name).unwrap_or_default();
        let (name, text) = (value("name"), value("value"));
        let is_redirected = ["form", "formaction"]
            .into_iter()
            .any(|name| tag.attribute(name).is_some());
        self.is_refused |= tag.has_duplicate
            || is_redirected
            || self.hidden.len() > MAX_HIDDEN_FIELDS
            || name.len() > MAX_FIELD_BYTES
            || text.len() > MAX_FIELD_BYTES;
        if name.is_empty() || self.is_refused {
            return;
        }
        match value("type").to_ascii_lowercase().as_str() {
            "password" => self.password_fields.push(name.to_owned()),
            "hidden" => self.hidden.push((name.to_owned(), Secret::new(text))),
            _ => {}
        }
    }
}
