//! The one test binary over the program as it is built: a module for each verb, and the fences of the house.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests make the files, start the programs and fail where something is not so"
)]

mod config;
mod exec;
mod first_run;
mod floors;
mod lockfile;
#[cfg(test)]
mod openvpn_differential;
#[cfg(test)]
mod openvpn_session;
mod output;
mod support;
#[cfg(test)]
mod vpn;
