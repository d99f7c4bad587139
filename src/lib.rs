//! One Okta login, handed to whatever needs it.
//!
//! The house has floors. A room may use any room on a lower floor, none on its own or above; files
//! inside a room may use each other. `tests/it/floors.rs` reads this list and fails on an arrow that
//! climbs:
//!
//! - 0 `model` `secret` `shown` `report`: values
//! - 1 `okta` `saml` `aws` `openvpn` `wire` `prompt`: pure, bytes into typed values
//! - 2 `http` `terminal` `process` `link` `config` `paths` `clock`: one effect each
//! - 3 `flow`: recipes, network in, value out
//! - 4 `agent` `tunnel`: what stays alive
//! - 5 `commands`: one verb, one file
//! - 6 `cli`: what can be typed

pub mod model;
pub mod openvpn;
pub mod report;
pub mod secret;
pub mod shown;
