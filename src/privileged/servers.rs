//! The administrator's list of VPN servers. If it exists, tunnels to other servers are refused.

use std::fmt;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

use super::refusal::Refusal;
use crate::openvpn::profile::Profile;
use crate::process::is_writable_by_root_only;

/// One host name or address per line; `#` begins a comment.
const FILE: &str = "/etc/ob/vpn-servers";

/// Refuses a profile with a server that is not in the list. Without the file, all servers are
/// allowed.
pub(super) fn check(profile: &Profile) -> Result<(), Refusal> {
    match list(Path::new(FILE))? {
        Some(text) => check_against(&text, profile),
        None => Ok(()),
    }
}

/// Returns the text of the list; `None` without a file. A dangling link is an unreadable list.
fn list(file: &Path) -> Result<Option<String>, Refusal> {
    let unreadable = |why: &dyn fmt::Display| {
        let why = format!("{}: {why}", file.display());
        Err(Refusal::new("servers.file", why))
    };
    let leads_nowhere = |part: &Path| part.is_symlink() && !part.exists();
    match std::fs::read_to_string(file) {
        Err(error)
            if error.kind() == ErrorKind::NotFound && !file.ancestors().any(leads_nowhere) =>
        {
            Ok(None)
        }
        Err(error) => unreadable(&error),
        Ok(_) if !is_writable_by_root_only(file) => {
            unreadable(&"it must belong to root and be writable by no other")
        }
        Ok(text) => Ok(Some(text)),
    }
}

fn check_against(list: &str, profile: &Profile) -> Result<(), Refusal> {
    let refused = |host: &str| {
        let why = format!("{host} is not in {FILE}");
        Err(Refusal::new("servers.other", why))
    };
    if let Some(remote) = profile
        .remotes()
        .find(|remote| !is_listed(list, &remote.host))
    {
        return refused(&remote.host);
    }
    // openvpn would put a label of its own before each host name.
    let is_name = |host: &str| host.parse::<IpAddr>().is_err();
    let is_prefixed = profile.settings().find("remote-random-hostname").is_some();
    match profile.remotes().find(|remote| is_name(&remote.host)) {
        Some(remote) if is_prefixed => refused(&format!("a random name below {}", remote.host)),
        _ => Ok(()),
    }
}

fn is_listed(text: &str, host: &str) -> bool {
    let plain = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .any(|name| !name.is_empty() && plain(name) == plain(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = include_str!("../../tests/fixtures/openvpn/userlocked-2024.ovpn");

    #[test]
    fn list_that_cannot_be_read_is_not_a_missing_one() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("vpn-servers");
        assert_eq!(list(&file), Ok(None));
        let refused = || list(&file).map_err(|why| why.name);
        std::os::unix::fs::symlink("missing", &file).unwrap();
        assert_eq!(refused(), Err("servers.file"));
        assert_eq!(
            list(&file.join("vpn-servers")).map_err(|why| why.name),
            Err("servers.file")
        );
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert_eq!(refused(), Err("servers.file"));
        // Inside of a directory that every user can write.
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, "vpn.acme.com\n").unwrap();
        assert_eq!(refused(), Err("servers.file"));
    }

    #[test]
    fn random_name_below_a_listed_server_is_refused() {
        let profile = |text: &str| Profile::parse(text.as_bytes()).unwrap();
        let hosts: Vec<_> = profile(PROFILE).remotes().map(|r| r.host.clone()).collect();
        let list = hosts.join("\n");
        let check = |text: &str| check_against(&list, &profile(text)).map_err(|why| why.name);
        assert_eq!(check(PROFILE), Ok(()));
        let other = format!("{PROFILE}remote other.test 1194 udp\n");
        assert_eq!(check(&other), Err("servers.other"));
        let random = format!("{PROFILE}remote-random-hostname\n");
        assert_eq!(check(&random), Err("servers.other"));
    }

    #[test]
    fn server_is_listed_by_its_whole_name() {
        let text = "# the company's\nvpn.acme.com   # Berlin\n\n192.0.2.1\n";
        for host in ["vpn.acme.com", "VPN.acme.com", "vpn.acme.com.", "192.0.2.1"] {
            assert!(is_listed(text, host), "{host}");
        }
        for host in [
            "",
            "acme.com",
            "vpn.acme.com.evil.test",
            "xvpn.acme.com",
            "Berlin",
            "#",
        ] {
            assert!(!is_listed(text, host), "{host}");
        }
    }
}
