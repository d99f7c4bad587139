//! Telling this machine of the tunnel's name servers, and taking it back whatever happens.
//!
//! The keeper (`keeper.rs`) does it, which outlives the supervisor. systemd-resolved forgets a device's servers with
//! the device; resolvconf would keep them for ever. Split DNS is the rule: only a tunnel that takes all traffic gets
//! all questions.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::openvpn::network::TunnelNetwork;
use crate::process::{self, Program};
use crate::wire::DnsStatus;

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
        if Path::new("/run/systemd/resolve").is_dir()
            && let Ok(program) = Program::find("resolvectl")
        {
            return Some(Self::Resolvectl(program.path().to_owned()));
        }
        let program = Program::find("resolvconf").ok()?;
        Some(Self::Resolvconf(program.path().to_owned()))
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
                let mut text = String::new();
                let domains: Vec<&str> = wanted
                    .search
                    .iter()
                    .chain(&wanted.route_domains)
                    .map(String::as_str)
                    .collect();
                if !domains.is_empty() {
                    text = format!("search {}\n", domains.join(" "));
                }
                for server in &wanted.servers {
                    text += &format!("nameserver {server}\n");
                }
                vec![Step::new(
                    &[&path.to_string_lossy(), "-a", &wanted.device],
                    text,
                )]
            }
        }
    }

    fn revert(&self, device: &str) -> Step {
        match self {
            Self::Resolvectl(path) => {
                Step::new(&[&path.to_string_lossy(), "revert", device], String::new())
            }
            Self::Resolvconf(path) => {
                Step::new(&[&path.to_string_lossy(), "-d", device], String::new())
            }
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

/// Runs a step as root: as we are, or by a sudo that does not ask.
fn as_root(step: &Step) -> Result<(), String> {
    let mut words = step.words.clone();
    if !nix::unistd::geteuid().is_root() {
        let sudo = Program::find("sudo").map_err(|error| error.to_string())?;
        let quiet = [sudo.path().into(), "-n".into(), "--".into()];
        words.splice(0..0, quiet);
    }
    let output = process::run(&words, step.input.as_bytes()).map_err(|error| error.to_string())?;
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
