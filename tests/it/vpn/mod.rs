//! `ob vpn` against the sandbox's Access Server and a real openvpn, each test in a network of its own.

pub(crate) mod authority;
mod cleaners;
mod command;
mod confined;
mod doas;
mod elsewhere;
mod figures;
mod isolation;
mod kills;
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
mod secrets;
mod sudo;
pub(crate) mod sudo_rules;
mod told;
mod tunnel;
mod web_auth;
