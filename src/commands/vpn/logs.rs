//! `ob vpn logs`: what openvpn said, without what opens a session.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::running;
use super::status::not_up;
use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{FromTunnel, ToTunnel};

/// Show what openvpn said; it is kept in memory, and gone with the tunnel
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Go on showing what it says
    #[arg(short, long)]
    pub follow: bool,
}

/// # Errors
/// When the tunnel's supervisor cannot be asked.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(mut link) = running(context)? else {
        return not_up(context);
    };
    let follow = args.follow;
    link.send(&ToTunnel::Logs { follow })?;
    // Without `--follow` the supervisor has said everything when it hangs up.
    let patience = (!follow).then_some(Duration::from_secs(5));
    loop {
        match link.recv(patience) {
            Ok(FromTunnel::Log(line)) if context.globals.json => {
                context.voice.data_json(json!({ "line": line }))?;
            }
            Ok(FromTunnel::Log(line)) => context.voice.list(format!("{}\n", escape(&line)))?,
            Ok(_) => {}
            Err(error) if error.is_gone() => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(error.into()),
        }
    }
}
