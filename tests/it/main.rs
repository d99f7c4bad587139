//! The one test binary over the program as it is built: a module for each verb, and the rules of
//! the structure.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests make the files, start the programs and fail where something is not so"
)]

#[cfg(test)]
mod agent;
#[cfg(test)]
mod browser_session;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod choices;
mod completions;
#[cfg(test)]
mod concurrency;
mod config;
mod confirm;
#[cfg(test)]
mod device_page;
mod exec;
#[cfg(test)]
mod faults;
mod first_run;
mod first_use;
#[path = "../fuzz/harnesses/mod.rs"]
mod harnesses;
#[cfg(test)]
mod hostile;
mod import;
mod labels;
mod layering;
mod lockfile;
#[cfg(test)]
mod login;
mod messages;
mod networks;
#[cfg(test)]
mod openvpn_differential;
#[cfg(test)]
mod openvpn_session;
mod output;
mod profiles;
mod programs;
mod properties;
#[cfg(test)]
mod providers;
mod readme;
mod sdks;
#[cfg(test)]
mod secrets;
mod security_doc;
mod security_key;
mod shells;
mod sign_in;
mod support;
mod terminal;
mod times;
mod trust;
mod usage_errors;
#[cfg(test)]
mod values;
#[cfg(test)]
mod vpn;
