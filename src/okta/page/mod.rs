//! The page of an app's embed link: a form with a SAML response, or what is shown instead of it.
//!
//! A form is accepted only if it has one reading: exactly one form with exactly one `SAMLResponse`,
//! an explicit method and action, nothing that redirects it. Forms without a response (a search
//! box, a language menu) are ignored. Other pages are classified, since each needs another action
//! of the user. Their texts are untrusted.

mod app_page;
mod classify;
mod error;
mod explanation;
mod form_reader;
mod parse;
mod password_form;
mod saml_form;

#[cfg(test)]
mod tests;

pub use app_page::{AppPage, MAX_PAGE_BYTES};
pub use error::PageError;
pub use explanation::explanation;
pub use password_form::PasswordForm;
pub use saml_form::{Acs, SamlForm};
