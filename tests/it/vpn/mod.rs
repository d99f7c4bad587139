//! `ob vpn` with the sandbox's Access Server and a real openvpn, each test in a network namespace.

pub(crate) mod authority;
mod command;
mod confined;
mod doas;
mod isolation;
mod kills;
mod messages;
mod name_servers;
pub(crate) mod network;
pub(crate) mod overlay;
pub(crate) mod privilege;
mod profile;
mod push_effects;
mod push_list;
mod pushes;
mod questions;
mod resolved;
mod root_program;
mod root_refusals;
mod runtime_directories;
mod secrets;
mod stale_cleanup;
mod sudo;
pub(crate) mod sudo_rules;
mod timing;
mod tunnel;
mod web_auth;
