//! The form of the page on which an app asks for the password once more (`password-verification-challenge`).
//!
//! Classic's own page, as a client that fills it in has it in its tests (gimme-aws-creds): a hidden
//! `_xsrfToken`, one password field, an action on the org's host. It is filled in only if it cannot be
//! misread: one form with one password field, sent by POST to the org.

use url::Url;
use url::form_urlencoded::Serializer;

use super::PageError;
use crate::model::Org;
use crate::okta::Post;
use crate::okta::html::Tag;
use crate::secret::Secret;

/// More fields, or longer ones, than such a form has.
const MOST_FIELDS: usize = 16;
const LONGEST: usize = 4096;

/// A form that waits for the password.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordForm {
    action: String,
    /// What Okta has filled in; a token against forgery is among it.
    given: Vec<(String, Secret)>,
    field: String,
}

impl PasswordForm {
    /// The form with `password` in it, to be sent as `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// When the form leads elsewhere than to the org.
    pub fn fill_in(&self, org: &Org, password: &Secret) -> Result<Post, PageError> {
        let base = Url::parse(&org.at("/")).map_err(|_| PageError::ActionInvalid)?;
        let url = base
            .join(&self.action)
            .map_err(|_| PageError::ActionInvalid)?;
        if !org.owns(&url) || !url.username().is_empty() || url.password().is_some() {
            let host = url.host_str().unwrap_or("no address").to_owned();
            return Err(PageError::ForeignPassword(host));
        }
        let mut form = Serializer::new(String::new());
        for (name, value) in &self.given {
            form.append_pair(name, value.expose());
        }
        form.append_pair(&self.field, password.expose());
        Ok(Post {
            url,
            body: Secret::new(form.finish()),
        })
    }
}

/// Finds the form while the page is read.
#[derive(Default)]
pub(super) struct PasswordReader {
    open: Option<Reading>,
    found: Vec<PasswordForm>,
}

#[derive(Default)]
struct Reading {
    action: String,
    is_post: bool,
    given: Vec<(String, Secret)>,
    fields: Vec<String>,
    is_odd: bool,
}

impl PasswordReader {
    pub(super) fn start(&mut self, tag: &Tag) {
        let value = |name| tag.attribute(name).unwrap_or_default();
        match (tag.name.as_str(), &mut self.open) {
            ("form", _) => {
                self.end_form();
                self.open = Some(Reading {
                    action: value("action").to_owned(),
                    is_post: value("method").eq_ignore_ascii_case("post"),
                    is_odd: tag.has_duplicate,
                    ..Reading::default()
                });
            }
            ("input", Some(form)) => {
                let elsewhere = ["form", "formaction"]
                    .iter()
                    .any(|name| tag.attribute(name).is_some());
                form.is_odd |= tag.has_duplicate || elsewhere || form.given.len() > MOST_FIELDS;
                let (name, text) = (value("name"), value("value"));
                form.is_odd |= name.len() > LONGEST || text.len() > LONGEST;
                match value("type").to_ascii_lowercase().as_str() {
                    _ if name.is_empty() || form.is_odd => {}
                    "password" => form.fields.push(name.to_owned()),
                    "hidden" => form.given.push((name.to_owned(), Secret::new(text))),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    pub(super) fn end_form(&mut self) {
        let Some(mut form) = self.open.take() else {
            return;
        };
        if form.is_odd || !form.is_post || form.fields.len() != 1 || form.action.is_empty() {
            return;
        }
        self.found
            .extend(form.fields.pop().map(|field| PasswordForm {
                action: form.action,
                given: form.given,
                field,
            }));
        // The second is one too many already.
        self.found.truncate(2);
    }

    /// The form, if there is exactly one.
    pub(super) fn conclude(mut self) -> Option<PasswordForm> {
        match self.found.len() {
            1 => self.found.pop(),
            _ => None,
        }
    }
}
