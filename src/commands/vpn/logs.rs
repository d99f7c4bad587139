//! `ob vpn logs`: prints openvpn's log, without what opens a session.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::find::find_supervisor;
use super::status::not_up;
use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{FromTunnel, ToTunnel};

const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// Show what openvpn said; it is kept in memory, and gone with the tunnel
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Go on showing what it says
    #[arg(short, long)]
    pub follow: bool,
}

/// Runs `ob vpn logs`.
///
/// # Errors
/// When the tunnel's supervisor cannot be asked.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(mut link) = find_supervisor(context)? else {
        return not_up(context);
    };
    let follow = args.follow;
    link.send(&ToTunnel::Logs { follow })?;
    // Without `--follow` the supervisor closes the connection after the last line.
    let timeout = (!follow).then_some(REPLY_TIMEOUT);
    loop {
        match link.recv(timeout) {
            Ok(FromTunnel::Log(line)) if context.globals.json => {
                context.output.data_json(json!({ "line": line }))?;
            }
            Ok(FromTunnel::Log(line)) => context.output.list(format!("{}\n", escape(&line)))?,
            Ok(_) => {}
            Err(error) if error.is_gone() => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(error.into()),
        }
    }
}
