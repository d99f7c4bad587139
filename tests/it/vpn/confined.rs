//! What the kernel bars a tunnel's supervisor from.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use ob::process::confine_supervisor;

use super::network::{Vpn, entered};
use super::root_program::{RULE, install};
use super::sudo::machine;
use crate::support::text;

/// Holds the probe's directory, in a child process of this test binary.
const PROBE: &str = "TEST_CONFINED_SUPERVISOR";

/// Run by the next test in a process of its own, because confinement is permanent.
#[test]
fn supervisor_probe() {
    let Ok(place) = std::env::var(PROBE) else {
        return;
    };
    let place = Path::new(&place);
    let said = confine_supervisor(&place.join("own"));
    println!("said {said}");
    let print = |what: &str, is_done: bool| {
        println!("{what} {}", if is_done { "done" } else { "barred" });
    };
    for name in ["own", "other"] {
        let directory = place.join(name);
        let pipe = fs::File::options()
            .read(true)
            .write(true)
            .open(directory.join("p"));
        print(&format!("{name}-pipe"), pipe.is_ok());
        let link = std::os::unix::fs::symlink(".", directory.join("mark"));
        print(&format!("{name}-link"), link.is_ok());
        print(
            &format!("{name}-remove"),
            fs::remove_file(directory.join("old")).is_ok(),
        );
        print(
            &format!("{name}-create"),
            fs::write(directory.join("new"), "x").is_ok(),
        );
    }
    let listened = std::net::TcpListener::bind("127.0.0.1:0");
    print("listen", listened.is_ok());
    let connected = std::net::TcpStream::connect("127.0.0.1:1");
    let is_barred =
        connected.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    print("connect", !is_barred);
    let started = Command::new("/bin/true").stdin(Stdio::null()).status();
    print("run", started.is_ok());
}

#[test]
fn supervisor_writes_in_its_directory_alone_and_starts_nothing() {
    let place = tempfile::tempdir().unwrap();
    for name in ["own", "other"] {
        let directory = place.path().join(name);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("old"), "x").unwrap();
        mkfifo(&directory.join("p"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    }
    let mut probe = Command::new(std::env::current_exe().unwrap());
    probe.args(["--exact", "vpn::confined::supervisor_probe", "--nocapture"]);
    let output = probe.env(PROBE, place.path()).output().unwrap();
    let said = text(&output.stdout);
    for expected in [
        "said the kernel bars the supervisor from starting programs, from TCP, ",
        "own-pipe done",
        "own-link done",
        "own-remove done",
        "own-create barred",
        "other-pipe barred",
        "other-link barred",
        "other-remove barred",
        "other-create barred",
        "listen barred",
        "connect barred",
        "run barred",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn supervisor_gains_no_privileges_and_reaper_can_run_sudo() {
    if !entered(
        "vpn::confined::supervisor_gains_no_privileges_and_reaper_can_run_sudo",
        true,
    ) {
        return;
    }
    let vpn: Vpn = machine(&format!("NOPASSWD: {RULE}"));
    install(&vpn);
    vpn.up(&["--no-dns"]);
    let has = |process: nix::unistd::Pid, line: &str| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        status.contains(line)
    };
    assert!(has(vpn.supervisor(), "NoNewPrivs:\t1"));
    assert!(has(vpn.process("ob vpn keep --"), "NoNewPrivs:\t0"));
    assert!(has(vpn.process("ob vpn keep-reserve"), "NoNewPrivs:\t0"));
    let logs = vpn.vpn(&["logs"]);
    assert!(logs.stdout.contains("the kernel bars the supervisor"));
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
