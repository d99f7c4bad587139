//! `ob` signs in to Okta once and hands out AWS credentials, console addresses and a VPN.
//!
//! The crate has layers. A module uses modules of lower layers only, and the files of a module do
//! not use each other in a circle. `tests/it/layering` reads this list and holds both rules:
//!
//! - 0 `model` `secret` `sanitize` `report` `ini`: values that every layer uses
//! - 1 `ownership`: reads who owns a file, a directory or a connection
//! - 1 `okta` `saml` `aws` `openvpn`: bytes of servers and programs, parsed into typed values
//! - 1 `web` `wire` `prompt` `importers`: HTTP rules, the protocol, shells, other tools' settings
//! - 2 `http` `link` `loopback`: connections
//! - 2 `terminal` `process` `clock` `security_key`: the machine
//! - 2 `config` `paths` `aws_files`: files
//! - 2 `validate`: checks of requests, made by client and agent
//! - 3 `flow`: sequences of requests to Okta, AWS and Access Server
//! - 3 `privileged`: what `ob-vpn-root` does
//! - 4 `agent` `tunnel`: long-lived processes
//! - 4 `client`: between a verb and the agent
//! - 5 `commands`: one verb, one file
//! - 6 `cli`: the command line's types and the dispatch
//! - 7 `bin`: entry points
//!
//! The program `ob` uses nothing of `agent` `flow` `http` `saml`: it has no network code. The
//! program `ob-agent` uses nothing of `cli` `commands` `client` `terminal` `config` `tunnel`: it
//! has no terminal and no settings. The same test holds this.

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
pub mod validate;
pub mod web;
pub mod wire;

use std::process::ExitCode;

use report::{ErrorCode, Report};

/// Runs the program `ob`, from its arguments to its exit code.
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
            || "at an unknown place in the source".into(),
            |at| format!("{}:{}", at.file(), at.line()),
        );
        let report = Report::new(ErrorCode::InternalPanic, "ob crashed: this is a bug in ob")
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
