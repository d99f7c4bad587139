//! Whose a tunnel's device is: a process of that user has it open, as the kernel shows in `fdinfo` (`iff:`).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Refusal;
use super::caller::Caller;
use crate::model::TunDevice;

const TUN: &str = "/dev/net/tun";

/// Refuses a device that no process of the caller has open.
pub(super) fn check_is_of(device: TunDevice, caller: &Caller) -> Result<(), Refusal> {
    if is_held_by(device, caller) {
        return Ok(());
    }
    let why = format!("{device} is not a tunnel of {}", caller.name);
    Err(Refusal::new("device.owner", why))
}

/// Refuses a device that is there and is not the caller's. One that is gone left its name servers behind.
pub(super) fn check_is_of_nobody_else(device: TunDevice, caller: &Caller) -> Result<(), Refusal> {
    if exists(device) {
        check_is_of(device, caller)
    } else {
        Ok(())
    }
}

/// `/sys/class/net` may show another network namespace; this is always our own.
fn exists(device: TunDevice) -> bool {
    let table = fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
    let name = device.to_string();
    table
        .lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(first, _)| first.trim() == name)
}

fn is_held_by(device: TunDevice, caller: &Caller) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .map(|process| process.path())
        .filter(|process| {
            fs::metadata(process).is_ok_and(|found| found.uid() == caller.uid.as_raw())
        })
        .any(|process| has_open(&process, device))
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
