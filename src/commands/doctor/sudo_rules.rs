//! Checks rules of sudo and doas for those that give away more than a tunnel: rules that older
//! manuals of `ob` recommended, and similar ones. Rules that ask for a password or allow everything
//! are not reported.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::finding::Finding;
use crate::privileged::{self, Resolver};
use crate::process::{self, TrustedProgram};

/// sudo may have to fetch its rules from an LDAP server.
const RULES_TIMEOUT: Duration = Duration::from_secs(30);
const HINT: &str = "docs/vpn-sudo.md has a rule that allows less: `ob-vpn-root`";

/// A command that sudo or doas lets the user run as root without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    command: String,
    /// Whether the user may set variables for it (`SETENV`), such as `LD_PRELOAD`.
    sets_environment: bool,
}

pub(super) fn look() -> Vec<Finding> {
    let mut found = Vec::new();
    let resolver = Resolver::find();
    let is_resolved = !matches!(resolver, Some(Resolver::Resolvconf(_)));
    if nix::unistd::geteuid().is_root() {
        return found;
    }
    if let Some(Resolver::Resolvconf(path)) = &resolver
        && privileged::find().is_none()
    {
        found.push(Finding::note(
            "resolvconf",
            format!(
                "{} is not systemd-resolved's: it evaluates parts of its input in a shell, so a \
                 rule that lets you \
                 run it without a password gives root access",
                path.display()
            ),
            "`ob-vpn-root` checks what it is given: docs/vpn-sudo.md",
        ));
    }
    if let Some(error) = privileged::PLACES.iter().find_map(|place| {
        let judged = TrustedProgram::at(Path::new(place)).err();
        judged.filter(|_| Path::new(place).exists())
    }) {
        found.push(Finding::wrong(
            "sudo.installation",
            format!("`ob-vpn-root` is not used: {error}"),
            "install it anew, as root's: docs/admin.md, section 9, has the command",
        ));
    }
    let rules = rules();
    found.extend(rules.iter().filter_map(|rule| judge(rule, is_resolved)));
    found
}

/// Returns the commands that sudo or doas allows without a password, as far as they list them.
fn rules() -> Vec<Rule> {
    if let Ok(sudo) = TrustedProgram::find("sudo") {
        let words: [OsString; 3] = [sudo.path().into(), "-n".into(), "-l".into()];
        let said = process::run(&words, b"", RULES_TIMEOUT);
        return said.map_or_else(
            |_| Vec::new(),
            |said| parse(&String::from_utf8_lossy(&said.stdout)),
        );
    }
    // doas has no list, so it is asked about the command of the old rule.
    let (Ok(doas), Ok(setsid)) = (TrustedProgram::find("doas"), TrustedProgram::find("setsid"))
    else {
        return Vec::new();
    };
    let words: [OsString; 4] = [
        doas.path().into(),
        "-C".into(),
        "/etc/doas.conf".into(),
        setsid.path().into(),
    ];
    match process::run(&words, b"", RULES_TIMEOUT) {
        Ok(said) if said.stdout.trim_ascii() == b"permit nopass" => vec![Rule {
            command: setsid.path().display().to_string(),
            sets_environment: false,
        }],
        _ => Vec::new(),
    }
}

/// Parses the list of `sudo -l`: lines like `(root) NOPASSWD: /bin/a x\,y, SETENV: /bin/b`. A tag
/// applies to the rest of its line.
fn parse(text: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for line in text.lines().map(str::trim) {
        let Some((_, commands)) = line.strip_prefix('(').and_then(|line| line.split_once(')'))
        else {
            continue;
        };
        let (mut has_no_password, mut sets_environment) = (false, false);
        for command in commands.replace("\\,", "\0").split(',') {
            let mut command = command.trim();
            while let Some((tag, rest)) = command.split_once(' ')
                && let Some(tag) = tag.strip_suffix(':')
            {
                match tag {
                    "NOPASSWD" => has_no_password = true,
                    "PASSWD" => has_no_password = false,
                    "SETENV" => sets_environment = true,
                    "NOSETENV" => sets_environment = false,
                    _ => {}
                }
                command = rest.trim();
            }
            if has_no_password {
                rules.push(Rule {
                    command: command.replace('\0', ","),
                    sets_environment,
                });
            }
        }
    }
    rules
}

/// Returns what a rule without a password gives away, if that is more than it seems.
fn judge(rule: &Rule, is_resolved: bool) -> Option<Finding> {
    let command = rule.command.as_str();
    let mut words = command.split_whitespace();
    let first = words.next().unwrap_or_default();
    let arguments: Vec<&str> = words.collect();
    let runs = |name: &str| {
        let is_it = |word: &&str| Path::new(word).file_name() == Some(name.as_ref());
        std::iter::once(first)
            .chain(arguments.iter().copied())
            .find(is_it)
    };
    let is_open = arguments.is_empty() || arguments.iter().any(|word| word.contains('*'));
    if command == "ALL" || command.starts_with('!') {
        return None;
    }
    if privileged::PLACES.contains(&first) {
        return Some(if rule.sets_environment {
            sets_environment(command)
        } else {
            Finding::good(
                "sudo.program",
                format!(
                    "{first} may be run without a password: any program of yours can start a tunnel"
                ),
            )
        });
    }
    let programs = ["openvpn", "setsid", "setpriv", "resolvconf", "resolvectl"];
    if rule.sets_environment && programs.iter().any(|name| runs(name).is_some()) {
        return Some(sets_environment(command));
    }
    if runs("openvpn").is_some() && is_open {
        let gives = if runs("setpriv").is_some() {
            "lets every program of yours run code with CAP_NET_ADMIN over the whole machine"
        } else {
            "gives root access: openvpn runs programs that its arguments name"
        };
        return Some(Finding::wrong(
            "sudo.openvpn",
            format!("the rule `{command}` without a password {gives}"),
            HINT,
        ));
    }
    if (runs("setsid").is_some() || runs("setpriv").is_some()) && is_open {
        return Some(Finding::wrong(
            "sudo.any_program",
            format!(
                "the rule `{command}` without a password gives root access: it runs any program"
            ),
            HINT,
        ));
    }
    let adds = |word: &&str| word.starts_with('-') && word.contains('a');
    let reads_input = is_open || arguments.iter().any(adds);
    if Path::new(first).file_name() == Some("resolvconf".as_ref()) && reads_input {
        return (!is_resolved).then(|| {
            Finding::wrong(
                "sudo.resolvconf",
                format!(
                    "the rule `{command}` without a password gives root access: this resolvconf \
                     evaluates parts of \
                     its input in a shell"
                ),
                HINT,
            )
        });
    }
    if Path::new(first).file_name() == Some("resolvectl".as_ref()) && is_open {
        return Some(Finding::note(
            "sudo.resolvectl",
            format!(
                "the rule `{command}` without a password lets every program of yours choose this \
                 machine's name servers"
            ),
            HINT,
        ));
    }
    None
}

fn sets_environment(command: &str) -> Finding {
    Finding::wrong(
        "sudo.environment",
        format!(
            "the rule `SETENV: {command}` without a password gives root access: LD_PRELOAD loads \
             any code into it"
        ),
        "take `SETENV` off the rule: `sudo visudo`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "Matching Defaults entries for alice on host:\n    use_pty, \
        secure_path=/usr/bin\n\n\
         User alice may run the following commands on host:\n    (ALL : ALL) ALL\n    \
         (root) NOPASSWD: /usr/bin/setsid --fork /usr/bin/setpriv --inh-caps -all\\,+net_admin \
         /usr/sbin/openvpn --config *, /usr/libexec/ob/ob-vpn-root \"\", SETENV: /usr/bin/true, \
         PASSWD: /usr/sbin/resolvconf -a tun-ob0\n    (root) NOPASSWD: ALL\n";

    #[test]
    fn tags_of_sudo_hold_for_what_follows() {
        let rules = parse(LIST);
        let commands: Vec<&str> = rules.iter().map(|rule| rule.command.as_str()).collect();
        assert_eq!(
            commands,
            [
                "/usr/bin/setsid --fork /usr/bin/setpriv --inh-caps -all,+net_admin \
                 /usr/sbin/openvpn --config *",
                "/usr/libexec/ob/ob-vpn-root \"\"",
                "/usr/bin/true",
                "ALL"
            ]
        );
        assert!(!rules[1].sets_environment && rules[2].sets_environment);
        assert!(parse("Sorry, user nobody may not run sudo on host.\n").is_empty());
    }

    #[test]
    fn rules_are_judged_by_what_they_give_away() {
        let judged = |command: &str, is_resolved| {
            let rule = Rule {
                command: command.to_owned(),
                sets_environment: false,
            };
            judge(&rule, is_resolved).map(|finding| finding.name)
        };
        for (command, name) in [
            (
                "/usr/bin/setsid --fork /usr/bin/setpriv --no-new-privs /usr/sbin/openvpn \
                 --config *",
                "sudo.openvpn",
            ),
            ("/usr/sbin/openvpn", "sudo.openvpn"),
            ("/usr/sbin/openvpn *", "sudo.openvpn"),
            ("/usr/bin/setsid", "sudo.any_program"),
            ("/usr/bin/setpriv *", "sudo.any_program"),
            ("/usr/sbin/resolvconf -a tun-ob0", "sudo.resolvconf"),
            ("/usr/sbin/resolvconf", "sudo.resolvconf"),
            ("/sbin/resolvconf *", "sudo.resolvconf"),
            ("/usr/bin/resolvectl dns tun-ob0 *", "sudo.resolvectl"),
            ("/usr/libexec/ob/ob-vpn-root \"\"", "sudo.program"),
        ] {
            assert_eq!(judged(command, false), Some(name), "{command}");
        }
        for command in [
            "ALL",
            "!/usr/sbin/openvpn",
            "/usr/bin/true",
            "/usr/sbin/resolvconf -d tun-ob0",
            "/usr/bin/resolvectl revert tun-ob0",
            "/usr/bin/apt update",
        ] {
            assert_eq!(judged(command, false), None, "{command}");
        }
        assert_eq!(judged("/usr/sbin/resolvconf -a tun-ob0", true), None);
        for command in [
            "/usr/libexec/ob/ob-vpn-root",
            "/usr/sbin/resolvconf -a tun-ob0",
            "/usr/bin/resolvectl revert tun-ob0",
            "/usr/bin/setsid --fork /usr/bin/setpriv /usr/sbin/openvpn --config /x",
        ] {
            let rule = Rule {
                command: command.to_owned(),
                sets_environment: true,
            };
            let found = judge(&rule, true).map(|finding| finding.name);
            assert_eq!(found, Some("sudo.environment"), "{command}");
        }
    }
}
