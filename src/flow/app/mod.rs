//! The user's apps in Okta: finding them, opening their pages, reading their assertions.

pub(super) mod aws_app;
mod oauth_page;
mod open;
pub(super) mod saml_form;
pub(super) mod sign_on_url;
mod step_up;
pub(super) mod vpn_app;
