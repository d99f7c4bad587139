//! `ob vpn`: the verbs of the VPN tunnel.

mod down;
mod event_text;
mod exec;
mod find;
mod logs;
mod netns_child;
mod preflight;
mod profile;
mod prompt_thread;
mod resolv_conf;
mod resolve;
mod status;
mod supervise;
mod supervisor;
mod up;
mod watch;

use std::process::ExitCode;

use crate::client::Context;
use crate::report::Report;

pub(in crate::commands) use exec::{TUN, tun_can_be_opened};
pub(in crate::commands) use find::tunnel_directories;
pub use resolve::PolicyArgs;
pub use status::tunnel_in_short;

/// Bring up the VPN, look at it, take it down
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Clone, Debug)]
enum Verb {
    Up(up::Args),
    Down(down::Args),
    Status(status::Args),
    Logs(logs::Args),
    Profile(profile::Args),
    Exec(exec::Args),
    /// Be the supervisor of a tunnel; `ob vpn up` does this by itself
    #[command(hide = true)]
    Supervise(supervise::Args),
    /// Keep what a tunnel changes and take it back when its supervisor is killed; the supervisor
    /// does this by itself
    #[command(hide = true)]
    Keep(supervise::KeepArgs),
    /// Wait to take the place of that process; the supervisor does this by itself
    #[command(hide = true)]
    KeepReserve(supervise::KeepArgs),
    /// Hold a tunnel and run a command inside a network of its own; `ob vpn exec` does this by
    /// itself
    #[command(hide = true)]
    Inside(netns_child::Args),
}

impl Args {
    /// Whether a child's exit code stands beside ours.
    pub fn is_beside_a_child(&self) -> bool {
        matches!(self.verb, Verb::Exec(_) | Verb::Inside(_))
    }
}

/// Runs `ob vpn`.
///
/// # Errors
/// As the verb.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    match &args.verb {
        Verb::Up(args) => up::run(args, context),
        Verb::Down(args) => down::run(args, context),
        Verb::Status(args) => status::run(args, context),
        Verb::Logs(args) => logs::run(args, context),
        Verb::Profile(args) => profile::run(args, context),
        Verb::Exec(args) => exec::run(args, context),
        Verb::Supervise(args) => supervise::run(args),
        Verb::Keep(args) => supervise::keep(args),
        Verb::KeepReserve(args) => supervise::run_reserve(args),
        Verb::Inside(args) => netns_child::run(args, context),
    }
}
