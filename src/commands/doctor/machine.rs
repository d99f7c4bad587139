//! Checks the settings, the agent, the network and the machine.

use std::path::Path;

use super::finding::Finding;
use crate::client::Context;
use crate::client::find_all_agents;
use crate::client::{changed_network, check_network, foreign_ca_variables};
use crate::clock::span;
use crate::commands::vpn::tunnel_directories;
use crate::config::check_private_key;
use crate::model::Confinement;
use crate::paths;
use crate::process;
use crate::sanitize::shell_word;
use crate::security_key;
use crate::wire::{Reply, Request, StatusReply};

/// Seconds by which the clock may be off without a note. Beyond [`SKEW_WRONG`] it breaks programs.
const SKEW_NOTE: i64 = 30;
const SKEW_WRONG: i64 = 120;

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let mut found = settings(context);
    found.push(agent_program());
    found.extend(agent(context));
    found.extend(second_tunnel(context));
    found.extend(swap());
    found
}

fn settings(context: &Context) -> Vec<Finding> {
    let mut found = Vec::new();
    let orgs = context
        .settings()
        .and_then(|settings| settings.orgs(&context.environment));
    match orgs {
        Err(report) => found.push(Finding::of("settings", &report)),
        Ok(orgs) => {
            let names: Vec<&str> = orgs.iter().map(|org| org.org.origin()).collect();
            found.push(Finding::good(
                "settings",
                format!("the settings are good for {}", names.join(", ")),
            ));
            for org in &orgs {
                if let Some(path) = &org.ca_bundle {
                    found.push(match check_network(org, &context.environment) {
                        Ok(()) => {
                            Finding::good("ca_bundle", format!("{} can be read", path.display()))
                        }
                        Err(report) => Finding::of("ca_bundle", &report),
                    });
                }
                if let Err(report) = check_private_key(&org.machine, &context.environment) {
                    found.push(Finding::of("private_key_file", &report));
                }
                if org.factor.as_deref() == Some("webauthn") && !security_key::is_supported() {
                    found.push(Finding::wrong(
                        "security_key",
                        "the settings want a security key, and this build has no support for one",
                        "`cargo install --path . --features fido2`, or another `factor =` in [org]",
                    ));
                }
                if let Some(proxy) = &org.proxy {
                    let host = org.org.host();
                    let what = match proxy.is_used_for(org.org.url()) {
                        true => format!("{host} is reached through {}", proxy.address()),
                        false => format!(
                            "{host} is reached directly: NO_PROXY excepts it from {}",
                            proxy.address()
                        ),
                    };
                    found.push(Finding::good("proxy", what));
                    for entry in proxy.unreadable_exceptions() {
                        found.push(Finding::note(
                            "no_proxy",
                            format!("NO_PROXY has {entry}, which means nothing"),
                            "write hosts, `.acme.com`, `*.acme.com` or networks as `10.0.0.0/8`, \
                             with commas between",
                        ));
                    }
                }
                if org.ca_bundle.is_none() {
                    found.extend(foreign_ca_variables(context).map(|(name, path)| {
                        Finding::note(
                            "ca_variables",
                            format!("{name} is set to {path}, and ob does not follow it"),
                            "where your company inspects TLS, name its certificates in `ca_bundle \
                             =` of [org]",
                        )
                    }));
                }
            }
        }
    }
    for (name, near) in context.unknown_variables() {
        let hint = near.map_or_else(
            || format!("`unset {}`", shell_word(&name)),
            |near| format!("did you mean `{near}`?"),
        );
        found.push(Finding::wrong(
            "variables",
            format!("{name} is set and is no setting"),
            hint,
        ));
    }
    found
}

fn agent_program() -> Finding {
    match process::agent_program() {
        Ok(path) => Finding::good(
            "agent.program",
            format!("agents are started from {}", path.display()),
        ),
        Err(error) => Finding::of("agent.program", &error.into()),
    }
}

fn agent(context: &Context) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Err(report) = paths::existing_runtime_dir(&context.environment) {
        found.push(Finding::of("agent.directory", &report));
    }
    let mut agents = match find_all_agents(context) {
        Err(_) if !found.is_empty() => return found,
        Err(report) => return vec![Finding::of("agent", &report)],
        Ok(agents) => agents.into_iter(),
    };
    let Some(first) = agents.next() else {
        found.push(Finding::note(
            "agent",
            "no agent is running: nobody is signed in",
            "`ob login` signs you in",
        ));
        return found;
    };
    let directory = first.directory.clone();
    match first.ask(Request::Status) {
        Err(report) => found.push(Finding::of("agent", &report)),
        Ok(Some(Reply::Status(status))) => {
            found.extend(running(&status, &directory));
            found.extend(networks(context, &status));
        }
        Ok(_) => {}
    }
    found.extend(elsewhere(context, &directory));
    found.extend(agents.map(|other| {
        Finding::wrong(
            "agent.second",
            format!(
                "a second agent runs in {}; the one in {} is used here",
                other.directory.display(),
                directory.display()
            ),
            "`ob agent stop` ends both; the next command starts one",
        )
    }));
    found
}

fn second_tunnel(context: &Context) -> Option<Finding> {
    let directories = tunnel_directories(context);
    let places: Vec<String> = directories
        .iter()
        .map(|directory| directory.display().to_string())
        .collect();
    (places.len() > 1).then(|| {
        Finding::wrong(
            "vpn.second",
            format!("more than one VPN is up: {}", places.join(", ")),
            "`ob vpn down` takes one down; run it until none is up",
        )
    })
}

/// Whether the agent in use was started with another `XDG_RUNTIME_DIR` than this one.
fn elsewhere(context: &Context, used: &Path) -> Option<Finding> {
    let usual = paths::default_runtime_dir(&context.environment)?;
    (usual != used).then(|| {
        Finding::note(
            "agent.elsewhere",
            format!(
                "the agent in {} is used; with the variables set here a new one would be in {}",
                used.display(),
                usual.display()
            ),
            "set XDG_RUNTIME_DIR here as it is set at login, so that both are the same",
        )
    })
}

/// Returns sessions that were last used with other network settings.
fn networks(context: &Context, status: &StatusReply) -> Vec<Finding> {
    let changed = status.sessions.iter().filter_map(|session| {
        let (then, now) = changed_network(context, session)?;
        Some(Finding::note(
            "network",
            format!(
                "{} at {}: last used with other network settings: {then}; the next command uses \
                 {now}",
                session.username, session.org
            ),
            "that is right in another network; in the same one set HTTPS_PROXY, `proxy =` or \
             `ca_bundle =` as before",
        ))
    });
    changed.collect()
}

fn running(status: &StatusReply, directory: &Path) -> Vec<Finding> {
    let mut found = vec![Finding::good(
        "agent",
        format!(
            "the agent runs ob {} in {}, which only you can enter",
            status.build,
            directory.display()
        ),
    )];
    if status.build != env!("CARGO_PKG_VERSION") {
        found.push(Finding::note(
            "agent.version",
            format!(
                "the agent runs ob {}, this is {}",
                status.build,
                env!("CARGO_PKG_VERSION")
            ),
            "`ob agent stop` ends it; the next command starts the new one",
        ));
    }
    found.push(confinement(status.confinement));
    if status.sessions.is_empty() {
        found.push(Finding::note(
            "session",
            "nobody is signed in",
            "`ob login` signs you in",
        ));
    }
    for session in &status.sessions {
        found.push(Finding::good(
            "session",
            format!("{} is signed in at {}", session.username, session.org),
        ));
    }
    if let Some(skew) = status.clock_skew {
        let direction = if skew > 0 { "ahead of" } else { "behind" };
        let what = format!(
            "this machine's clock is {} {direction} the servers'",
            span(skew.abs())
        );
        let hint = "set it: `sudo timedatectl set-ntp true`; on WSL `sudo hwclock -s`";
        found.push(match skew.abs() {
            0..=SKEW_NOTE => Finding::good("clock", "this machine's clock is right"),
            off if off <= SKEW_WRONG => Finding::note("clock", what, hint),
            _ => Finding::wrong("clock", what, hint),
        });
    }
    found
}

fn confinement(of: Confinement) -> Finding {
    let what = format!("the agent is {}", of.summary());
    if of.is_complete() {
        return Finding::good("agent.confinement", what);
    }
    let hint = match (of.landlock, of.seccomp) {
        (0, true) => {
            "a kernel of 5.13 or later with Landlock bars the rest; `ob status -v` lists what is \
             not barred"
        }
        _ => {
            "a container or sandbox around `ob` refuses seccomp, or the kernel lacks it; `ob \
             status -v` lists what is not barred"
        }
    };
    Finding::note("agent.confinement", what, hint)
}

/// Swapped-out memory may be on an unencrypted disk, which cannot be told here. Compressed memory
/// (zram) is not on a disk.
fn swap() -> Option<Finding> {
    let table = std::fs::read_to_string("/proc/swaps").ok()?;
    let disks: Vec<&str> = swap_disks(&table);
    Some(if disks.is_empty() {
        Finding::good("swap", "no memory is swapped to a disk")
    } else {
        Finding::note(
            "swap",
            format!("memory may be swapped to {}", disks.join(", ")),
            "encrypt it, or use zram: `lsblk -f` shows what it is",
        )
    })
}

fn swap_disks(table: &str) -> Vec<&str> {
    let devices = table
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next());
    devices
        .filter(|device| !device.starts_with("/dev/zram"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_memory_is_no_disk() {
        let table = "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n/swapfile \
            file 1 0 -2\n";
        assert_eq!(swap_disks(table), ["/swapfile"]);
        assert!(swap_disks("Filename\n").is_empty());
    }

    #[test]
    fn hint_names_what_the_confinement_lacks() {
        let hint = |landlock, seccomp| confinement(Confinement { landlock, seccomp }).hint;
        assert_eq!(hint(1, true), None);
        assert!(hint(0, true).unwrap().contains("kernel of 5.13"));
        assert!(hint(7, false).unwrap().contains("refuses seccomp"));
    }

    #[test]
    fn a_clock_is_right_off_or_wrong() {
        let of = |skew| {
            let status = StatusReply {
                tunnel_ended: None,
                pid: 1,
                build: env!("CARGO_PKG_VERSION").into(),
                started: crate::model::Timestamp(0),
                confinement: Confinement::NONE,
                clock_skew: Some(skew),
                sessions: Vec::new(),
                roles: Vec::new(),
                used: Vec::new(),
            };
            let found = running(&status, Path::new("/run"));
            found
                .into_iter()
                .find(|finding| finding.name == "clock")
                .unwrap()
                .state
        };
        use super::super::finding::State;
        assert_eq!(
            [of(-30), of(31), of(-121)],
            [State::Good, State::Note, State::Wrong]
        );
    }
}
