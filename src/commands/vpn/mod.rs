//! `ob vpn`: the tunnel.

mod down;
mod exec;
mod logs;
mod netns_child;
mod preflight;
mod profile;
mod prompt_thread;
mod status;
mod supervise;
mod up;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::client::Context;
use crate::client::SignInOptions;
use crate::client::account;
use crate::config::{OrgTarget, read_vpn_ca_bundle};
use crate::flow::check_vpn;
use crate::link::{LinkError, SupervisorConnection};
use crate::paths;
use crate::report::Report;
use crate::tunnel::{self, control_socket, up_marker};
use crate::wire::{VpnPolicy, VpnTarget};

pub(in crate::commands) use exec::{TUN, tun_can_be_opened};
pub(in crate::commands) use preflight::OpenVpn;
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
    /// Keep what a tunnel changes and take it back when its supervisor is killed; the supervisor does this by itself
    #[command(hide = true)]
    Keep(supervise::KeepArgs),
    /// Wait to take the place of that process; the supervisor does this by itself
    #[command(hide = true)]
    KeepReserve(supervise::KeepArgs),
    /// Hold a tunnel and run a command inside a network of its own; `ob vpn exec` does this by itself
    #[command(hide = true)]
    Inside(netns_child::Args),
}

impl Args {
    /// Whether a child's exit code stands beside ours.
    pub fn is_beside_a_child(&self) -> bool {
        matches!(self.verb, Verb::Exec(_) | Verb::Inside(_))
    }
}

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

/// What may be changed on this machine, with every verb that brings up a tunnel.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "What the VPN may change")]
pub struct PolicyArgs {
    /// Leave this machine's name servers alone
    #[arg(long)]
    pub no_dns: bool,
    /// Route nothing through the tunnel but its own network
    #[arg(long, conflicts_with = "route")]
    pub no_routes: bool,
    /// Route this network and no other through the tunnel; repeat for more
    #[arg(long, value_name = "NETWORK")]
    pub route: Vec<String>,
}

/// The VPN and the org of the settings, as the agent is told of them.
struct Resolved {
    org: OrgTarget,
    target: VpnTarget,
    policy: VpnPolicy,
}

fn resolve(
    context: &Context,
    policy: &PolicyArgs,
    sign_in: &SignInOptions,
) -> Result<Resolved, Report> {
    let settings = context.settings()?;
    let vpn = settings.vpn(&context.environment)?;
    let org = settings.resolve_org(&context.flags(), &context.environment)?;
    let routes = if policy.no_routes {
        Some(Vec::new())
    } else if policy.route.is_empty() {
        vpn.routes
            .map(|networks| networks.iter().map(ToString::to_string).collect())
    } else {
        for network in &policy.route {
            network.parse::<crate::openvpn::policy::Network>()?;
        }
        Some(policy.route.clone())
    };
    let target = VpnTarget {
        account: account(context, &org, sign_in)?,
        host: vpn.host,
        saml_host: vpn.saml_host,
        ca_bundle: vpn
            .ca_bundle
            .map(|path| read_vpn_ca_bundle(&path, &context.environment))
            .transpose()?,
        app: vpn.app,
    };
    // The agent says the same, after sudo and a supervisor.
    check_vpn(&target)?;
    Ok(Resolved {
        target,
        policy: VpnPolicy {
            routes,
            dns: !policy.no_dns,
        },
        org,
    })
}

/// The running supervisor of `ob vpn up`, also of one that was started with another `XDG_RUNTIME_DIR`.
fn running(context: &Context) -> Result<Option<SupervisorConnection>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    if let Ok(Some(directory)) = &preferred
        && let Some(link) = SupervisorConnection::connect(&control_socket(directory.path()))?
    {
        return Ok(Some(link));
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        match SupervisorConnection::connect(&control_socket(directory.path())) {
            Ok(None) | Err(LinkError::ForeignAgent) => {}
            other => return Ok(other?),
        }
    }
    preferred.map(|_| None)
}

/// The directories in which supervisors of this user listen. More than one is a mistake.
pub(in crate::commands) fn tunnel_directories(context: &Context) -> Vec<PathBuf> {
    let directories = paths::existing_runtime_dirs(&context.environment);
    let directories = directories
        .iter()
        .map(|directory| directory.path().to_owned());
    directories
        .filter(|directory| {
            matches!(
                SupervisorConnection::connect(&control_socket(directory)),
                Ok(Some(_))
            )
        })
        .collect()
}

/// Removes what supervisors that were killed have left behind.
fn clean_up(context: &Context) {
    for directory in paths::existing_runtime_dirs(&context.environment) {
        if up_marker(directory.path()).is_symlink() {
            tunnel::clean_up(directory.path());
        }
    }
}
