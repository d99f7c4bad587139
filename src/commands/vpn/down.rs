//! `ob vpn down`: takes the tunnel down and waits until it is gone.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::find::{clean_up, find_supervisor};
use crate::client::Context;
use crate::report::{ErrorCode, Report};
use crate::wire::{FromTunnel, ToTunnel};

/// openvpn takes its leave of the server in this time.
const DOWN_TIMEOUT: Duration = Duration::from_secs(15);

/// Take the VPN down
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {}

/// Runs `ob vpn down`.
///
/// # Errors
/// When the tunnel does not go down.
pub(super) fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(mut link) = find_supervisor(context)? else {
        clean_up(context);
        return print_result(context, false);
    };
    link.send(&ToTunnel::Down)?;
    loop {
        match link.recv(Some(DOWN_TIMEOUT)) {
            Ok(FromTunnel::Ended(_)) => return print_result(context, true),
            Ok(_) => {}
            Err(error) if error.is_gone() => return print_result(context, true),
            Err(error) => {
                return Err(Report::new(ErrorCode::VpnDown, "the VPN does not go down")
                    .cause(error)
                    .hint("`ob vpn logs` shows what openvpn says"));
            }
        }
    }
}

fn print_result(context: &Context, was_up: bool) -> Result<ExitCode, Report> {
    if context.globals.json {
        context.output.data_json(json!({ "was_up": was_up }))?;
    } else {
        let text = if was_up {
            "the VPN is down"
        } else {
            "the VPN was not up"
        };
        context.output.message(&format!("ob: {text}\n"));
    }
    Ok(ExitCode::SUCCESS)
}
