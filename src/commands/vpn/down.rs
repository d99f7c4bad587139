//! `ob vpn down`: take the tunnel down and wait until it is gone.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::running;
use crate::client::Context;
use crate::paths;
use crate::report::{ErrorCode, Report};
use crate::tunnel;
use crate::wire::{FromTunnel, ToTunnel};

/// openvpn tells the server that it goes; longer than this it does not take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Take the VPN down
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {}

/// # Errors
/// When it does not go down.
pub(super) fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(mut link) = running(context)? else {
        for directory in paths::existing_runtime_dirs(&context.environment) {
            tunnel::clean_up(directory.path());
        }
        return said(context, false);
    };
    link.send(&ToTunnel::Down)?;
    loop {
        match link.recv(Some(PATIENCE)) {
            Ok(FromTunnel::Ended(_)) => return said(context, true),
            Ok(_) => {}
            Err(error) if error.is_gone() => return said(context, true),
            Err(error) => {
                return Err(Report::new(ErrorCode::VpnDown, "the VPN does not go down")
                    .cause(error)
                    .hint("`ob vpn logs` shows what openvpn says"));
            }
        }
    }
}

fn said(context: &Context, was_up: bool) -> Result<ExitCode, Report> {
    if context.globals.json {
        context.voice.data_json(json!({ "was_up": was_up }))?;
    } else {
        let text = if was_up {
            "the VPN is down"
        } else {
            "the VPN was not up"
        };
        context.voice.say(&format!("ob: {text}\n"));
    }
    Ok(ExitCode::SUCCESS)
}
