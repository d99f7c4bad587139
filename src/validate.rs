//! Checks of a request. The client makes some of them early. The agent makes all of them, because
//! it does not trust the client.

use std::time::Duration;

use url::Url;

use crate::model::{Org, RoleArn, is_loopback};
use crate::openvpn::access_server::VpnHosts;
use crate::openvpn::policy::{Policy, Routes};
use crate::report::{ErrorCode, Report};
use crate::wire::{Account, SignInWay, Target, VpnPolicy, VpnTarget};

/// Upper bound of a session's lifetime; no setting exceeds it.
const MAX_SESSION: Duration = Duration::from_secs(12 * 3600);
/// Bounds of what STS grants, in seconds.
const DURATION: std::ops::RangeInclusive<u32> = 900..=43_200;

/// Checks an account before a request uses it.
///
/// # Errors
/// If the org is no https origin (or loopback), or the lifetimes are out of bounds.
pub fn check_account(account: &Account) -> Result<(), Report> {
    let org = Org::parse(&account.org)?;
    if org.origin() != account.org {
        return Err(refused("the org is not written as an origin"));
    }
    if account.max > MAX_SESSION || account.idle.is_zero() || account.max.is_zero() {
        return Err(refused(
            "a session lives at least a second and at most 12 hours",
        ));
    }
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    match account.way {
        SignInWay::Browser | SignInWay::Machine if account.client_id.is_none() => {
            Err(refused("this way to sign in needs a client id"))
        }
        SignInWay::Machine
            if account.machine.as_ref().is_none_or(|machine| {
                !plain(&machine.authorization_server) || machine.key_id.is_empty()
            }) =>
        {
            Err(refused(
                "a machine sign-in needs a key id and a server's name",
            ))
        }
        _ => Ok(()),
    }
}

/// Checks a target before a request uses it.
///
/// # Errors
/// If an address is neither https nor loopback, or a duration or an ARN is invalid.
pub fn check_target(target: &Target) -> Result<(), Report> {
    check_account(&target.account)?;
    if !DURATION.contains(&target.duration) {
        return Err(refused(
            "the duration is not between 15 minutes and 12 hours",
        ));
    }
    if let Some(endpoint) = &target.sts_endpoint {
        check_endpoint("STS endpoint", endpoint)?;
    }
    target.policy.check()?;
    for role in &target.chain {
        RoleArn::parse(role).map_err(|error| refused(&format!("{role}: {error}")))?;
    }
    Ok(())
}

/// Checks the address of an endpoint that the settings name.
///
/// # Errors
/// If `endpoint` is neither https nor loopback. `what` names it in the report.
pub fn check_endpoint(what: &str, endpoint: &str) -> Result<(), Report> {
    let url = Url::parse(endpoint).map_err(|_| refused(&format!("the {what} is no address")))?;
    if url.scheme() == "https" || is_loopback(&url) {
        Ok(())
    } else {
        Err(refused(&format!("the {what} is not https")))
    }
}

/// Checks the VPN target and returns its hosts. Both have the port of `host`.
///
/// # Errors
/// If the account cannot be used, a host is invalid, or `saml_host` has another port.
pub fn check_vpn(target: &VpnTarget) -> Result<VpnHosts, Report> {
    check_account(&target.account)?;
    if target.account.way == SignInWay::Machine {
        return Err(Report::new(
            ErrorCode::SignInVpn,
            "a machine's sign-in does not open the VPN",
        )
        .cause("the VPN's app takes a person's session, and a machine has a token for AWS alone")
        .hint(
            "set `sign_in = \"terminal\"` or \"browser\" for this org, \
             or name another one of [orgs] with `--org`",
        ));
    }
    let whole = |host: &str| {
        Url::parse(&format!("https://{host}/"))
            .ok()
            .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| refused("the VPN's host is not a host"))
    };
    let url = whole(&target.host)?;
    let mut hosts = VpnHosts::new(url.host_str().unwrap_or_default());
    hosts.port = url.port_or_known_default().unwrap_or(443);
    if let Some(host) = &target.saml_host {
        let url = whole(host)?;
        if url.port().is_some_and(|port| port != hosts.port) {
            return Err(refused("`vpn.saml_host` has another port than `vpn.host`"));
        }
        hosts.saml_host = url.host_str().map(str::to_owned);
    }
    Ok(hosts)
}

/// Converts the policy from the wire.
///
/// # Errors
/// If a network is invalid.
pub fn vpn_policy(policy: &VpnPolicy) -> Result<Policy, Report> {
    let routes = match &policy.routes {
        None => Routes::AsOffered,
        Some(networks) => {
            let networks = networks.iter().map(|network| network.parse());
            Routes::Only(networks.collect::<Result<_, _>>()?)
        }
    };
    Ok(Policy {
        routes,
        dns: policy.dns,
        ..Policy::default()
    })
}

/// Returns the report of a request that needs a session, where there is none.
pub fn not_signed_in(account: &Account) -> Report {
    Report::new(ErrorCode::SignInNeeded, "nobody is signed in")
        .cause(format!("there is no session at {}", account.org))
        .hint("`ob login` signs you in")
}

fn refused(why: &str) -> Report {
    Report::new(ErrorCode::AgentTarget, "the agent rejects these settings")
        .cause(why)
        .hint("`ob config check` shows what the settings say")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(host: &str, saml_host: &str) -> VpnTarget {
        VpnTarget {
            account: Account {
                org: "https://acme.okta.com".into(),
                username: None,
                way: SignInWay::Auto,
                factor: None,
                security_keys: false,
                client_id: None,
                machine: None,
                vpn: true,
                idle: Duration::from_secs(60),
                max: Duration::from_secs(60),
            },
            host: host.into(),
            saml_host: Some(saml_host.into()),
            ca_bundle: None,
            app: None,
        }
    }

    #[test]
    fn both_hosts_of_a_vpn_have_one_port() {
        for (host, saml_host) in [
            ("vpn.acme.com", "sso.acme.com"),
            ("vpn.acme.com:8443", "sso.acme.com"),
            ("vpn.acme.com:8443", "sso.acme.com:8443"),
            ("vpn.acme.com", "sso.acme.com:443"),
        ] {
            let hosts = check_vpn(&target(host, saml_host)).unwrap();
            assert_eq!(hosts.saml_host.as_deref(), Some("sso.acme.com"));
        }
        for (host, saml_host) in [
            ("vpn.acme.com", "sso.acme.com:8443"),
            ("vpn.acme.com:8443", "sso.acme.com:9443"),
        ] {
            let refused = check_vpn(&target(host, saml_host)).unwrap_err();
            assert!(refused.causes[0].contains("port"), "{refused:?}");
        }
    }
}
