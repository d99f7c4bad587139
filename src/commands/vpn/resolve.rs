//! The VPN and the org that a command is about, and the profile that is issued for them.

use crate::client::{Context, SignInOptions, account, ask_agent, unexpected_reply};
use crate::config::{OrgTarget, read_vpn_ca_bundle};
use crate::report::Report;
use crate::validate::check_vpn;
use crate::wire::{IssuedProfile, Reply, Request, VpnPolicy, VpnProfileRequest, VpnTarget};

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

pub(super) struct Resolved {
    pub(super) org: OrgTarget,
    pub(super) target: VpnTarget,
    pub(super) policy: VpnPolicy,
}

pub(super) fn resolve(
    context: &Context,
    policy: &PolicyArgs,
    sign_in: &SignInOptions,
) -> Result<Resolved, Report> {
    let settings = context.settings()?;
    let typed = [
        ("--no-routes", "vpn.routes", policy.no_routes),
        ("--route", "vpn.routes", !policy.route.is_empty()),
        ("--no-dns", "vpn.dns_scope", policy.no_dns),
    ];
    for (flag, path, _) in typed.into_iter().filter(|(.., is_typed)| *is_typed) {
        settings.check_flag(flag, path)?;
    }
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
    // The agent checks the same, but only after sudo and the start of a supervisor.
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

/// Asks the agent for a profile; with `explain` for the verdict on each directive instead of its
/// text.
pub(super) fn fetch_profile(
    context: &Context,
    resolved: &Resolved,
    sign_in: &SignInOptions,
    explain: bool,
) -> Result<IssuedProfile, Report> {
    let request = || {
        Request::VpnProfile(VpnProfileRequest {
            target: resolved.target.clone(),
            policy: resolved.policy.clone(),
            explain,
            may_sign_in: true,
        })
    };
    match ask_agent(context, request, &resolved.org, sign_in)? {
        Reply::VpnProfile(profile) => Ok(*profile),
        _ => Err(unexpected_reply()),
    }
}
