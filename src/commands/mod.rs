//! The verbs: one file each, its arguments beside what it does.
//!
//! A verb reads what was typed and the settings, does one thing through the rooms below, and answers with an
//! exit code or a [`Report`]. It neither prints past [`crate::terminal`] nor ends the process.

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
pub mod login;
pub mod logout;
pub mod man;
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
