//! The verbs, one file each: the arguments, one call to [`crate::client`], the output.
//!
//! A verb returns an exit code or a [`crate::report::Report`]. It prints through
//! [`crate::terminal`] and does not end the process.

pub mod agent;
pub mod args;
pub mod complete;
pub mod completions;
pub mod config;
pub mod console;
pub mod credential;
pub mod doctor;
pub mod env;
pub mod examples;
pub mod exec;
pub mod help;
pub mod init;
pub mod list;
pub mod login;
pub mod logout;
pub mod man;
pub mod overview;
mod renewing_env;
mod role_table;
pub mod roles;
pub mod security_key;
pub mod shell;
pub mod status;
pub mod usage_errors;
pub mod use_profile;
pub mod vpn;
pub mod write;
