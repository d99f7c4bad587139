//! OpenVPN's own words: profiles, the management interface, Access Server's answers.
//!
//! Bytes become values here and values become lines and argument lists; nothing is read, written, timed
//! or started. The server is not trusted in any of it: its profile is rebuilt from an allow-list, its
//! addresses are checked against the configured host, its texts stay foreign until somebody shows them.

pub mod access_server;
pub mod argv;
pub mod challenge;
pub mod command;
mod device_network;
pub mod management;
pub mod network;
pub mod policy;
pub mod profile;
pub mod redaction;
pub mod state;
