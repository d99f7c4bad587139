//! Telling this machine of the tunnel's name servers, and taking it back whatever happens.
//!
//! The keeper (`keeper.rs`) does it, which outlives the supervisor. systemd-resolved forgets a device's servers with
//! the device; resolvconf would keep them for ever. Split DNS is the rule: only a tunnel that takes all traffic gets
//! all questions.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::openvpn::network::TunnelNetwork;
use crate::process::{self, Program};
use crate::wire::DnsStatus;

/// The service behind a step may have to be started for it.
const LONGEST_STEP: Duration = Duration::from_secs(20);

/// The name servers of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) device: String,
    pub(super) servers: Vec<String>,
    pub(super) search: Vec<String>,
    pub(super) route_domains: Vec<String>,
    /// Whether every question goes to them.
    pub(super) all: bool,
}

impl Wanted {
    pub(super) fn of(network: &TunnelNetwork) -> Self {
        Self {
            device: network.device.clone(),
            servers: network
                .name_servers
                .iter()
                .map(ToString::to_string)
                .collect(),
            search: network.search.clone(),
            route_domains: network.route_domains.clone(),
            all: network.redirect_gateway,
        }
    }

    /// The domains whose questions go to these servers and to no others. A device without any gets all questions, so
    /// that there is always one: the addresses about the servers themselves.
    fn routed(&self) -> impl Iterator<Item = String> {
        let mut domains = self.route_domains.clone();
        if self.all {
            domains.push(".".to_owned());
        } else {
            let servers = self.servers.iter();
            domains.extend(servers.filter_map(|server| server.parse().ok().map(reverse_zone)));
        }
        domains.dedup();
        domains.into_iter()
    }

    /// resolvconf's own way.
    fn in_one_call(&self, path: &Path, domains: &[String]) -> Vec<Step> {
        let mut text = String::new();
        if !domains.is_empty() {
            text = format!("search {}\n", domains.join(" "));
        }
        for server in &self.servers {
            text += &format!("nameserver {server}\n");
        }
        vec![Step::new(
            &[&path.to_string_lossy(), "-a", &self.device],
            text,
        )]
    }

    /// These servers, not applied.
    pub(super) fn status(&self) -> DnsStatus {
        let domains = self.search.iter().chain(&self.route_domains).cloned();
        DnsStatus {
            applied: false,
            servers: self.servers.clone(),
            domains: domains.collect(),
            why: None,
            commands: Vec::new(),
        }
    }
}

/// Who keeps this machine's name servers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Resolver {
    Resolvectl(PathBuf),
    Resolvconf(PathBuf),
    /// resolvectl under resolvconf's name, which tells systemd-resolved everything in one call.
    ResolvedAsResolvconf(PathBuf),
}

/// One command and what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
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

    /// As a person would type it.
    fn typed(&self) -> String {
        let words: Vec<_> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let command = format!("sudo {}", words.join(" "));
        if self.input.is_empty() {
            command
        } else {
            format!("printf '{}' | {command}", self.input.replace('\n', "\\n"))
        }
    }
}

impl Resolver {
    fn find() -> Option<Self> {
        let resolvconf = Program::find("resolvconf")
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
            if let Ok(program) = Program::find("resolvectl") {
                return Some(Self::Resolvectl(program.path().to_owned()));
            }
        }
        resolvconf.map(Self::Resolvconf)
    }

    fn apply(&self, wanted: &Wanted) -> Vec<Step> {
        match self {
            Self::Resolvectl(path) => {
                let path = path.to_string_lossy();
                let device = wanted.device.as_str();
                let mut servers = vec![&*path, "dns", device];
                servers.extend(wanted.servers.iter().map(String::as_str));
                let mut domains: Vec<String> = wanted.search.clone();
                domains.extend(
                    wanted
                        .route_domains
                        .iter()
                        .map(|domain| format!("~{domain}")),
                );
                if wanted.all {
                    domains.push("~.".to_owned());
                }
                let mut words = vec![&*path, "domain", device];
                words.extend(domains.iter().map(String::as_str));
                let default = if wanted.all { "true" } else { "false" };
                vec![
                    Step::new(&servers, String::new()),
                    Step::new(&words, String::new()),
                    Step::new(&[&*path, "default-route", device, default], String::new()),
                ]
            }
            Self::Resolvconf(path) => {
                let domains = wanted.search.iter().chain(&wanted.route_domains);
                wanted.in_one_call(path, &domains.cloned().collect::<Vec<_>>())
            }
            Self::ResolvedAsResolvconf(path) => {
                let mut domains = wanted.search.clone();
                domains.extend(wanted.routed().map(|domain| format!("~{domain}")));
                wanted.in_one_call(path, &domains)
            }
        }
    }

    fn revert(&self, device: &str) -> Step {
        match self {
            Self::Resolvectl(path) => {
                Step::new(&[&path.to_string_lossy(), "revert", device], String::new())
            }
            Self::Resolvconf(path) | Self::ResolvedAsResolvconf(path) => {
                Step::new(&[&path.to_string_lossy(), "-d", device], String::new())
            }
        }
    }
}

/// Where the names of the addresses beside `server` are asked: of its /24, or its /64.
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

/// The name servers that are set, and by whom.
pub(super) struct NameServers {
    resolver: Option<Resolver>,
    /// The device whose servers are set.
    applied: Option<String>,
}

impl NameServers {
    pub(super) fn find() -> Self {
        Self {
            resolver: Resolver::find(),
            applied: None,
        }
    }

    pub(super) fn apply(&mut self, wanted: &Wanted) -> DnsStatus {
        let mut status = wanted.status();
        let Some(resolver) = &self.resolver else {
            status.why = Some("there is neither systemd-resolved nor resolvconf".to_owned());
            return status;
        };
        let steps = resolver.apply(wanted);
        self.applied = Some(wanted.device.clone());
        match steps.iter().try_for_each(as_root) {
            Ok(()) => status.applied = true,
            Err(why) => {
                status.why = Some(why);
                status.commands = steps.iter().map(Step::typed).collect();
            }
        }
        status
    }

    pub(super) fn revert(&mut self) {
        if let (Some(resolver), Some(device)) = (&self.resolver, self.applied.take()) {
            // A device that is gone has taken its servers along, or never had any.
            let _ = as_root(&resolver.revert(&device));
        }
    }
}

/// Runs a step as root: as we are, or by a sudo or doas that does not ask.
fn as_root(step: &Step) -> Result<(), String> {
    let mut words = step.words.clone();
    if !nix::unistd::geteuid().is_root() {
        let elevator = Program::find("sudo").or_else(|error| {
            // The one that is missing is named.
            Program::find("doas").map_err(|_| error)
        });
        let elevator = elevator.map_err(|error| error.to_string())?;
        // Fail rather than ask: nobody looks.
        words.splice(0..0, [elevator.path().into(), "-n".into()]);
    }
    let output = process::run(&words, step.input.as_bytes(), LONGEST_STEP)
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it said nothing").to_owned();
    let program = step.words.first().map(|word| word.to_string_lossy());
    Err(format!("{}: {said}", program.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(all: bool) -> Wanted {
        Wanted {
            device: "tun-ob0".into(),
            servers: vec!["10.88.0.1".into(), "10.88.0.2".into()],
            search: vec!["corp.test".into()],
            route_domains: vec!["svc.corp.test".into()],
            all,
        }
    }

    fn typed(steps: &[Step]) -> Vec<String> {
        steps.iter().map(Step::typed).collect()
    }

    #[test]
    fn resolved_is_told_what_to_ask_whom() {
        let resolver = Resolver::Resolvectl("/usr/bin/resolvectl".into());
        assert_eq!(
            typed(&resolver.apply(&wanted(false))),
            [
                "sudo /usr/bin/resolvectl dns tun-ob0 10.88.0.1 10.88.0.2",
                "sudo /usr/bin/resolvectl domain tun-ob0 corp.test ~svc.corp.test",
                "sudo /usr/bin/resolvectl default-route tun-ob0 false",
            ]
        );
        let all = typed(&resolver.apply(&wanted(true)));
        assert!(all[1].ends_with("~svc.corp.test ~.") && all[2].ends_with("true"));
        assert_eq!(
            resolver.revert("tun-ob0").typed(),
            "sudo /usr/bin/resolvectl revert tun-ob0"
        );
    }

    #[test]
    fn resolved_is_told_in_one_call_where_it_answers_to_resolvconf() {
        let resolver = Resolver::ResolvedAsResolvconf("/usr/sbin/resolvconf".into());
        let told = |all| {
            let steps = resolver.apply(&wanted(all));
            assert_eq!(steps.len(), 1);
            steps[0].input.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(
            told(false),
            "search corp.test ~svc.corp.test ~0.88.10.in-addr.arpa"
        );
        assert_eq!(told(true), "search corp.test ~svc.corp.test ~.");
        assert_eq!(
            reverse_zone("fd00:12::1".parse().unwrap()),
            "0.0.0.0.0.0.0.0.2.1.0.0.0.0.d.f.ip6.arpa"
        );
    }

    #[test]
    fn resolvconf_is_told_in_one_call() {
        let resolver = Resolver::Resolvconf("/usr/sbin/resolvconf".into());
        assert_eq!(
            typed(&resolver.apply(&wanted(false))),
            [
                "printf 'search corp.test svc.corp.test\\nnameserver 10.88.0.1\\nnameserver 10.88.0.2\\n' \
                 | sudo /usr/sbin/resolvconf -a tun-ob0"
            ]
        );
    }
}
