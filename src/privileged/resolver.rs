//! The machine's resolver: the commands that set and revert a tunnel's name servers.
//!
//! The semantics are those of openvpn3-linux and update-systemd-resolved. With [`DnsScope::All`]
//! the device gets the route-only domain `~.` and the default route for names; with
//! [`DnsScope::Domains`] it gets the pushed domains and no default route. systemd-resolved removes
//! a device's servers with the device; resolvconf keeps them.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::refusal::Refusal;
use crate::model::{DnsScope, Domain, TunDevice};
use crate::openvpn::network::TunnelNetwork;
use crate::process::{self, TrustedProgram};

/// The service behind a step may have to start first.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// As in [`TunnelNetwork`].
const MAX_SERVERS: usize = 16;
const MAX_DOMAINS: usize = 256;
/// Has openresolv list only this device's servers. glibc asks the first of several, and openresolv
/// puts those of `eth0` before those of `tun-ob0`. Debian's resolvconf recognises a tunnel, and
/// ignores the option.
const EXCLUSIVE: &[&str] = &["-x"];
pub(super) const NO_RESOLVER: &str = "there is neither systemd-resolved nor resolvconf";

/// The name servers of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsConfig {
    pub device: TunDevice,
    pub servers: Vec<IpAddr>,
    /// Domains that are searched and resolved there.
    pub search: Vec<Domain>,
    /// Domains that are resolved there and not searched.
    pub route_domains: Vec<Domain>,
    pub scope: DnsScope,
    /// Whether the user chose the scope; otherwise it follows from the server's options.
    pub is_scope_chosen: bool,
}

impl DnsConfig {
    /// Returns the settings for a tunnel's network. All names are resolved there in a full tunnel,
    /// if the server pushes no domain, and if it pushes the root domain. `wish` overrides that.
    pub fn of(network: &TunnelNetwork, device: TunDevice, wish: Option<DnsScope>) -> Self {
        let has_domain = !network.search.is_empty() || !network.route_domains.is_empty();
        let pushed = if network.is_full_tunnel() || network.resolves_all || !has_domain {
            DnsScope::All
        } else {
            DnsScope::Domains
        };
        Self {
            device,
            servers: network.name_servers.clone(),
            search: network.search.clone(),
            route_domains: network.route_domains.clone(),
            scope: wish.unwrap_or(pushed),
            is_scope_chosen: wish.is_some(),
        }
    }

    /// Checks the number of servers and domains.
    ///
    /// # Errors
    /// When there are more servers or domains than a tunnel needs.
    pub(super) fn check_limits(&self) -> Result<(), Refusal> {
        let domains = self.search.len().max(self.route_domains.len());
        if self.servers.is_empty() || self.servers.len() > MAX_SERVERS || domains > MAX_DOMAINS {
            return Err(Refusal::new(
                "dns.limits",
                "no or too many servers or domains",
            ));
        }
        Ok(())
    }

    /// Returns the domains in systemd's notation, with `~` before those that are not searched.
    fn marked_domains(&self) -> impl Iterator<Item = String> {
        let searched = self.search.iter().map(ToString::to_string);
        let routed = self.route_domains.iter().map(|domain| format!("~{domain}"));
        let all = (self.scope == DnsScope::All).then(|| "~.".to_owned());
        searched.chain(routed).chain(all)
    }

    /// Returns resolvconf's one call, with additional options.
    fn in_one_call(&self, path: &Path, domains: &[String], options: &[&str]) -> Vec<Step> {
        let mut text = String::new();
        if !domains.is_empty() {
            text = format!("search {}\n", domains.join(" "));
        }
        for server in &self.servers {
            text += &format!("nameserver {server}\n");
        }
        let device = self.device.to_string();
        let path = path.to_string_lossy();
        let words = [&[&*path, "-a", &device], options].concat();
        vec![Step::new(&words, text)]
    }
}

/// This resolver has one list of servers for all names, but the user asked for some names
/// elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "this machine's resolvconf asks the tunnel's name servers for every name; systemd-resolved \
     can ask by domain"
)]
pub struct NoSplitDns;

/// The program that manages this machine's name servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolver {
    Resolvectl(PathBuf),
    Resolvconf(PathBuf),
    /// resolvectl under resolvconf's name, which passes all settings to systemd-resolved in one
    /// call.
    ResolvedAsResolvconf(PathBuf),
}

impl Resolver {
    pub fn find() -> Option<Self> {
        let resolvconf = TrustedProgram::find("resolvconf")
            .ok()
            .map(|program| program.path().to_owned());
        if Path::new("/run/systemd/resolve").is_dir() {
            let is_resolvectl = |path: &PathBuf| {
                let target = path.canonicalize().unwrap_or_default();
                target.file_name() == Some("resolvectl".as_ref())
            };
            if let Some(path) = resolvconf.clone().filter(is_resolvectl) {
                return Some(Self::ResolvedAsResolvconf(path));
            }
            if let Ok(program) = TrustedProgram::find("resolvectl") {
                return Some(Self::Resolvectl(program.path().to_owned()));
            }
        }
        resolvconf.map(Self::Resolvconf)
    }

    /// Returns the names that are resolved by the servers of `config`, once it is applied.
    pub fn asked(&self, config: &DnsConfig) -> DnsScope {
        match self {
            Self::Resolvconf(_) => DnsScope::All,
            Self::Resolvectl(_) | Self::ResolvedAsResolvconf(_) => config.scope,
        }
    }

    /// Returns the commands that set the name servers of `config`.
    ///
    /// # Errors
    /// When the user chose a scope that this resolver does not support.
    pub fn apply(&self, config: &DnsConfig) -> Result<Vec<Step>, NoSplitDns> {
        Ok(match self {
            Self::Resolvectl(path) => {
                let path = path.to_string_lossy();
                let device = config.device.to_string();
                let step = |verb, values: Vec<String>| {
                    let mut words = vec![&*path, verb, &device];
                    words.extend(values.iter().map(String::as_str));
                    // Without a value, resolvectl would print the list.
                    if values.is_empty() {
                        words.push("");
                    }
                    Step::new(&words, String::new())
                };
                let is_default = (config.scope == DnsScope::All).to_string();
                vec![
                    step(
                        "dns",
                        config.servers.iter().map(ToString::to_string).collect(),
                    ),
                    step("domain", config.marked_domains().collect()),
                    step("default-route", vec![is_default]),
                ]
            }
            Self::Resolvconf(_) if config.is_scope_chosen && config.scope == DnsScope::Domains => {
                return Err(NoSplitDns);
            }
            Self::Resolvconf(path) => {
                let domains = config.search.iter().chain(&config.route_domains);
                let domains: Vec<_> = domains.map(ToString::to_string).collect();
                config.in_one_call(path, &domains, EXCLUSIVE)
            }
            Self::ResolvedAsResolvconf(path) => {
                let mut domains: Vec<String> = config.marked_domains().collect();
                if config.scope == DnsScope::Domains {
                    // A device without a route-only domain is asked for all names. The zone of the
                    // servers' own addresses has no other effect.
                    let zones = config.servers.iter().map(|server| reverse_zone(*server));
                    domains.extend(zones.map(|zone| format!("~{zone}")));
                    domains.dedup();
                }
                config.in_one_call(path, &domains, &[])
            }
        })
    }

    pub fn revert(&self, device: TunDevice) -> Step {
        let device = device.to_string();
        match self {
            Self::Resolvectl(path) => {
                Step::new(&[&path.to_string_lossy(), "revert", &device], String::new())
            }
            Self::Resolvconf(path) | Self::ResolvedAsResolvconf(path) => {
                Step::new(&[&path.to_string_lossy(), "-d", &device], String::new())
            }
        }
    }
}

/// A command and its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    words: Vec<OsString>,
    input: String,
}

impl Step {
    fn new(words: &[&str], input: String) -> Self {
        Self {
            words: words.iter().map(OsString::from).collect(),
            input,
        }
    }

    /// Returns the command as a user types it.
    pub fn typed(&self) -> String {
        let words: Vec<_> = self
            .words
            .iter()
            .map(|word| match word.to_string_lossy() {
                word if word.is_empty() => "''".into(),
                word => word,
            })
            .collect();
        let command = format!("sudo {}", words.join(" "));
        if self.input.is_empty() {
            command
        } else {
            format!("printf '{}' | {command}", self.input.replace('\n', "\\n"))
        }
    }

    /// Runs the command with the rights of this process.
    ///
    /// # Errors
    /// With the first line of its error output.
    pub fn run(&self) -> Result<(), String> {
        self.run_after(&[])
    }

    /// Runs the command as arguments of another one, such as sudo.
    ///
    /// # Errors
    /// With the first line of its error output.
    pub fn run_after(&self, before: &[OsString]) -> Result<(), String> {
        let words = [before, &self.words].concat();
        let output = process::run(&words, self.input.as_bytes(), STEP_TIMEOUT)
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("it said nothing").to_owned();
        let program = self.words.first().map(|word| word.to_string_lossy());
        Err(format!("{}: {said}", program.unwrap_or_default()))
    }
}

/// Returns the reverse zone around `server`: that of its /24, or its /64.
fn reverse_zone(server: IpAddr) -> String {
    match server {
        IpAddr::V4(server) => {
            let [a, b, c, _] = server.octets();
            format!("{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(server) => {
            let octets = server.octets();
            let network = octets.iter().take(8).rev();
            let nibbles = network.flat_map(|byte| [byte & 0xf, byte >> 4]);
            nibbles
                .map(|nibble| format!("{nibble:x}."))
                .collect::<String>()
                + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests;
