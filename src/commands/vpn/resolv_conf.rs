//! `/etc/resolv.conf` inside the network of one command.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::process::{self, TrustedProgram};
use crate::report::{ErrorCode, Report};
use crate::wire::DnsStatus;

/// The address at which pasta answers name queries, from the machine's own name servers. It is
/// link-local, so that no routed network has it.
pub(super) const NAME_SERVER: &str = "169.254.1.1";
const MOUNT_TIMEOUT: Duration = Duration::from_secs(10);

/// Rewrites a resolv.conf whose name servers all listen on the machine's loopback, which is out of
/// reach here, to [`NAME_SERVER`]. Returns `None` where a server can be reached as it is.
pub(super) fn through_pasta(own: &str) -> Option<String> {
    let server = |line: &str| -> Option<IpAddr> {
        let address = line.trim_start().strip_prefix("nameserver")?;
        address.split_whitespace().next()?.parse().ok()
    };
    let (servers, rest): (Vec<&str>, Vec<&str>) =
        own.lines().partition(|line| server(line).is_some());
    let mut addresses = servers.iter().filter_map(|line| server(line)).peekable();
    addresses.peek()?;
    addresses.all(|address| address.is_loopback()).then(|| {
        let rest = rest.iter().map(|line| format!("{line}\n"));
        rest.chain([format!("nameserver {NAME_SERVER}\n")])
            .collect()
    })
}

/// Mounts a file with the tunnel's name servers over `/etc/resolv.conf`.
pub(super) fn set_name_servers(status: &DnsStatus) -> Result<(), Report> {
    if status.servers.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    if !status.domains.is_empty() {
        text = format!("search {}\n", status.domains.join(" "));
    }
    for server in &status.servers {
        text += &format!("nameserver {server}\n");
    }
    replace_resolv_conf(&text)
}

/// Mounts a file over `/etc/resolv.conf`. Only this command sees it, in its mount namespace.
pub(super) fn replace_resolv_conf(text: &str) -> Result<(), Report> {
    let failed = |error: &dyn std::fmt::Display| {
        Report::new(
            ErrorCode::VpnInsideDns,
            "cannot set the name servers of the tunnel",
        )
        .cause(error)
        .hint("`--no-dns` does without them")
    };
    // On a tmpfs, so that nothing is left behind.
    let mount = TrustedProgram::find("mount")?;
    let run = |arguments: &[&str]| {
        let words: Vec<OsString> = std::iter::once(mount.path().into())
            .chain(arguments.iter().map(OsString::from))
            .collect();
        match process::run(&words, b"", MOUNT_TIMEOUT) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(&String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(failed(&error)),
        }
    };
    run(&["-t", "tmpfs", "-o", "mode=755,size=64k", "tmpfs", "/mnt"])?;
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .open("/mnt/resolv.conf")
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| failed(&error))?;
    run(&["--bind", "/mnt/resolv.conf", "/etc/resolv.conf"])?;
    let umount = TrustedProgram::find("umount")?;
    // The bind mount keeps the file.
    let words = [umount.path().into(), "-l".into(), "/mnt".into()];
    process::run(&words, b"", MOUNT_TIMEOUT)
        .map(drop)
        .map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_servers_are_asked_through_pasta() {
        for (own, expected) in [
            (
                "# stub\nnameserver 127.0.0.53\noptions edns0\nsearch acme.com\n",
                Some("# stub\noptions edns0\nsearch acme.com\nnameserver 169.254.1.1\n"),
            ),
            (
                "nameserver 127.0.0.1\nnameserver ::1\n",
                Some("nameserver 169.254.1.1\n"),
            ),
            ("nameserver 127.0.0.1\nnameserver 10.0.0.1\n", None),
            ("nameserver 192.168.1.1\n", None),
            ("search acme.com\n", None),
            ("", None),
        ] {
            assert_eq!(through_pasta(own).as_deref(), expected, "{own}");
        }
    }
}
