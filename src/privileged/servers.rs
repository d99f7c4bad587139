//! The administrator's list of VPN servers: where it exists, no tunnel leads anywhere else.

use std::io::ErrorKind;
use std::path::Path;

use super::Refusal;
use crate::openvpn::profile::Profile;
use crate::process::is_roots_alone;

/// One host name or address a line; `#` begins a comment.
const FILE: &str = "/etc/ob/vpn-servers";

/// Refuses a profile that names a server which is not in the list. Without the file every server may be used.
pub(super) fn check(profile: &Profile) -> Result<(), Refusal> {
    let text = match std::fs::read_to_string(FILE) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Refusal::new("servers.file", format!("{FILE}: {error}"))),
        Ok(text) => text,
    };
    if !is_roots_alone(Path::new(FILE)) {
        let why = format!("{FILE} must belong to root and be writable by no other");
        return Err(Refusal::new("servers.file", why));
    }
    match profile
        .remotes()
        .find(|remote| !is_listed(&text, &remote.host))
    {
        None => Ok(()),
        Some(remote) => Err(Refusal::new(
            "servers.other",
            format!("{} is not in {FILE}", remote.host),
        )),
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
