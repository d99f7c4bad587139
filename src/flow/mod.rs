//! The network procedures of the agent: sign in, assume a role, list roles, fetch a VPN profile.
//!
//! Each takes typed input and returns a typed value. Nothing here prints, and no secret is kept
//! longer than its use; questions go to a [`Conversation`].

mod app;
mod assume_role;
mod aws_client;
mod console;
mod context;
mod conversation;
mod discover_roles;
mod failure;
mod iam_client;
mod retry;
mod roles;
mod routed_client;
mod session;
mod sign_in;
mod vpn_profile;

pub use assume_role::all_roles::{RoleObserver, assume_all_roles};
pub use assume_role::region::expected_sts_endpoint;
pub use assume_role::select_role::RoleChoices;
pub use assume_role::{Obtained, is_withdrawn, obtain_credentials};
pub use console::console_link;
pub use context::FlowContext;
pub use conversation::{Conversation, Unanswered};
pub use discover_roles::discover;
pub use failure::{Failure, new_session_refused};
pub use roles::entries::{ambiguous_role, ambiguous_role_unasked};
pub use roles::list_roles;
pub use routed_client::RoutedClient;
pub use session::OktaSession;
pub use sign_in::factors::UsedFactor;
pub use sign_in::{SignInOptions, sign_in};
pub use vpn_profile::web_auth::finish_vpn_sign_in;
pub use vpn_profile::{VpnProfile, vpn_profile};
