//! Finds the owner of a tunnel's device: the user whose openvpn has it open, by `iff:` in `fdinfo`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::caller::Caller;
use super::refusal::Refusal;
use crate::model::TunDevice;

const TUN: &str = "/dev/net/tun";

/// Refuses a device that no process of the caller has open.
pub(super) fn check_is_of(device: TunDevice, caller: &Caller) -> Result<(), Refusal> {
    if holders(device).any(|uid| uid == caller.uid.as_raw()) {
        return Ok(());
    }
    let why = format!("{device} is not a tunnel of {}", caller.name);
    Err(Refusal::new("device.owner", why))
}

/// Refuses a device that another user's process has open. A device that no process has open is
/// accepted: it is gone or about to go, and its name servers must still be reverted.
pub(super) fn check_is_not_of_another_user(
    device: TunDevice,
    caller: &Caller,
) -> Result<(), Refusal> {
    if holders(device).any(|uid| uid != caller.uid.as_raw()) {
        let why = format!("{device} is another user's tunnel");
        return Err(Refusal::new("device.owner", why));
    }
    Ok(())
}

/// Returns the users whose processes have the device open. Only processes with `CAP_NET_ADMIN` over
/// this machine count, as openvpn has. Another process may hold a device of the same name from a
/// network namespace of its own, even after leaving it.
fn holders(device: TunDevice) -> impl Iterator<Item = u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| is_tunnel_process(process))
        .filter(move |process| has_open(process, device))
        .filter_map(|process| fs::metadata(process).ok().map(|found| found.uid()))
}

fn is_tunnel_process(process: &Path) -> bool {
    let is_ours = |namespace: &str| {
        let of = |process: &Path| fs::read_link(process.join("ns").join(namespace)).ok();
        of(process).is_some_and(|theirs| Some(theirs) == of(Path::new("/proc/self")))
    };
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    let has_net_admin = set.is_some_and(|set| set & (1 << 12) != 0);
    has_net_admin && is_ours("user") && is_ours("net")
}

fn has_open(process: &Path, device: TunDevice) -> bool {
    let line = format!("iff:\t{device}");
    let open = fs::read_dir(process.join("fd")).into_iter().flatten();
    open.flatten().any(|entry| {
        let is_tun = fs::read_link(entry.path()).is_ok_and(|target| target == Path::new(TUN));
        let info = process.join("fdinfo").join(entry.file_name());
        is_tun && fs::read_to_string(info).is_ok_and(|info| info.lines().any(|one| one == line))
    })
}
