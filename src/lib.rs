//! `ob` signs in to Okta once and hands out AWS credentials, console addresses and a VPN.
//!
//! The crate has layers. A module uses modules of lower layers only, and the files of a module do
//! not use each other in a circle. `tests/it/layering` reads this list and holds both rules:
//!
//! - 0 `model` `secret` `sanitize` `report` `ini`: values, and text into values
//! - 1 `ownership`: whose files and directories are; it only looks, for every module above
//! - 1 `okta` `saml` `aws` `openvpn` `web` `wire` `prompt` `importers`: pure, bytes into typed values
//! - 2 `http` `terminal` `process` `link` `config` `paths` `aws_files` `loopback` `clock` `security_key`: one effect each
//! - 3 `flow` `privileged`: recipes, network in, value out; what is done as root
//! - 4 `agent` `client` `tunnel`: what stays alive, and what stands between a verb and the agent
//! - 5 `commands`: one verb, one file
//! - 6 `cli`: what can be typed
//! - 7 `bin`: programs of a few lines

#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "tests make the files and programs that are judged"
    )
)]

pub mod agent;
pub mod aws;
pub mod aws_files;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod flow;
pub mod http;
pub mod importers;
pub mod ini;
pub mod link;
pub mod loopback;
pub mod model;
pub mod okta;
pub mod openvpn;
pub mod ownership;
pub mod paths;
pub mod privileged;
pub mod process;
pub mod prompt;
pub mod report;
pub mod saml;
pub mod sanitize;
pub mod secret;
pub mod security_key;
pub mod terminal;
pub mod tunnel;
pub mod web;
pub mod wire;

use std::process::ExitCode;

use report::{ErrorCode, Report};

/// Runs the program, from its arguments to its exit code.
///
/// The process is hardened first, before it holds any secret.
pub fn main() -> ExitCode {
    install_panic_hook();
    match process::harden().and_then(|()| reject_empty_argv()) {
        Ok(()) => cli::run(),
        Err(report) => {
            terminal::Output::default().report(&report);
            ExitCode::from(report.exit.code())
        }
    }
}

/// Prints only the panic's location: the payload may hold a secret.
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(
            || "at a place it cannot tell".into(),
            |at| format!("{}:{}", at.file(), at.line()),
        );
        let report = Report::new(ErrorCode::InternalPanic, "ob has a mistake and stops here")
            .cause(place)
            .hint("report that place with what `ob --version` prints; try the command again");
        let output = terminal::Output::default();
        if wants_json() {
            output.json_message(&report.as_json());
        } else {
            output.report(&report);
        }
    }));
}

/// Whether `--json` was typed, read from the raw arguments: a panic may happen before they are
/// parsed.
fn wants_json() -> bool {
    std::env::args_os()
        .skip(1)
        .take_while(|word| word != "--")
        .any(|word| word == "--json")
}

/// Rejects an empty argv (CVE-2021-4034). Linux 5.18 and later pass an empty first word instead.
fn reject_empty_argv() -> Result<(), Report> {
    match std::env::args_os().next() {
        Some(name) if !name.is_empty() => Ok(()),
        _ => Err(Report::new(
            ErrorCode::ProcessNoName,
            "started without the name of a program",
        )
        .cause("the list of arguments was empty or began with an empty word")
        .hint(
            "start it as `ob` from a shell; a program passes `ob` as the first argument to execve",
        )),
    }
}
