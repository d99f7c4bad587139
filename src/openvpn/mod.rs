//! OpenVPN's formats: profiles, the management interface, Access Server's answers.
//!
//! Bytes become values, and values become lines and argument lists. Nothing is read, written,
//! timed or started here. The server is not trusted: its profile is rebuilt from an allow-list,
//! its addresses are checked against the configured host, and its texts are escaped by the code
//! that shows them.

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
