//! `ob vpn` against the sandbox's Access Server and a real openvpn, each test in a network of its own.

mod bench;
mod command;
mod hostile;
mod kills;
mod name_servers;
mod network;
mod profile;
mod sudo;
mod tunnel;
mod web_auth;
