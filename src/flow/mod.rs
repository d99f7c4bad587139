//! Recipes: network in, value out. Nothing here prints, keeps a secret longer than it works with it, or
//! knows who waits; questions go to a [`Conversation`].

mod account_aliases;
mod apps;
mod assume_role;
mod by_token;
mod check;
mod classic;
mod console;
mod conversation;
mod credentials;
mod device;
mod discover;
mod every_role;
mod factors;
mod failure;
mod iam;
mod idx;
mod machine;
mod network;
mod refused_page;
mod retry;
mod roles;
mod security_key;
mod session;
mod sign_in;
mod sign_on;
mod step_up;
mod sts;
mod vpn_app;
mod vpn_door;
mod vpn_profile;
mod vpn_sign_in;

pub use check::{
    check_account, check_endpoint, check_target, check_vpn, not_signed_in, vpn_policy,
};
pub use console::console_link;
pub use conversation::{Conversation, Unanswered};
pub use credentials::{FlowContext, Obtained, RoleChoices, is_withdrawn, obtain_credentials};
pub use discover::discover;
pub use every_role::{RoleObserver, assume_all_roles};
pub use factors::UsedFactor;
pub use failure::{Failure, new_session_refused};
pub use network::RoutedClient;
pub use roles::{ambiguous_role, ambiguous_role_unasked, list_roles};
pub use session::OktaSession;
pub use sign_in::{SignInOptions, sign_in};
pub use sts::expected_sts_endpoint;
pub use vpn_profile::{VpnProfile, vpn_profile};
pub use vpn_sign_in::finish_vpn_sign_in;
