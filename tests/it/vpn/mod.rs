//! `ob vpn` against the sandbox's Access Server and a real openvpn, each test in a network of its own.

mod command;
mod figures;
mod kills;
mod name_servers;
mod network;
mod profile;
mod questions;
mod secrets;
mod sudo;
mod tunnel;
mod web_auth;
