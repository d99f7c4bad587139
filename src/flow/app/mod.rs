//! The user's apps in Okta: finding them, opening their pages, reading their assertions.

pub(super) mod aws_app;
pub(super) mod refusal;
pub(super) mod sign_on_url;
pub(super) mod step_up;
pub(super) mod vpn_app;
