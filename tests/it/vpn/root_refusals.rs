//! What `ob-vpn-root` refuses, each by its name, without any effect.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::json;

use super::network::{Vpn, entered};
use super::overlay::add_files;
use super::root_program::{PROGRAM, RULE, ask, assert_refused, installed, request};
use crate::support::{eventually, run};

const NOBODY: u32 = 65_534;

fn start_in(directory: &Path) -> String {
    request(json!({ "Start": {
        "directory": directory, "device": "tun-ob0", "routes": null, "dns": true,
    }}))
}

/// Creates a directory as a supervisor does, owned by this user.
fn directory(vpn: &Vpn, name: &str, uid: u32) -> PathBuf {
    let path = vpn.env.path("run").join(name);
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    let owner_only = Mode::S_IRUSR | Mode::S_IWUSR;
    mkfifo(&path.join("p"), owner_only).unwrap();
    drop(UnixListener::bind(path.join("m")).unwrap());
    fs::set_permissions(path.join("m"), Permissions::from_mode(0o600)).unwrap();
    for file in [&path, &path.join("p"), &path.join("m")] {
        chown(file, Some(uid), Some(uid)).unwrap();
    }
    path
}

#[test]
fn arguments_environment_and_callers_are_refused_by_name() {
    if !entered(
        "vpn::root_refusals::arguments_environment_and_callers_are_refused_by_name",
        true,
    ) {
        return;
    }
    let vpn = installed();
    let probe = request(json!("Probe"));
    let allowed = ask(&vpn, &probe);
    assert_eq!(
        (allowed.stdout.as_str(), allowed.status.code()),
        ("1\n", Some(0))
    );
    // sudo's rule has no arguments, and the program takes none.
    let mut sudo = vpn.env.command("/usr/bin/sudo");
    let refused = run(sudo.args(["-n", "--", PROGRAM, "--up", "/tmp/x"]), &probe);
    assert!(!refused.status.success() && !refused.stderr.contains("ob-vpn-root:"));
    let direct = |words: &[&str], uid: Option<&str>| {
        let mut program = Command::new(PROGRAM);
        program.args(words).env_clear();
        program.envs(uid.map(|uid| ("SUDO_UID", uid)));
        run(&mut program, &probe)
    };
    assert_refused(&direct(&["--up"], Some("65534")), "arguments");
    assert_refused(&direct(&[], None), "caller.missing");
    assert_refused(&direct(&[], Some("0")), "caller.root");
    assert_refused(
        &run(&mut vpn.env.command(PROGRAM), &probe),
        "caller.not_root",
    );
    // sudo sets SUDO_UID itself.
    let mut other = vpn.env.command("env");
    other.args([
        "SUDO_UID=1",
        "DOAS_USER=daemon",
        "LD_PRELOAD=/nonexistent/evil.so",
    ]);
    other.args(["/usr/bin/sudo", "-n", "--", PROGRAM]);
    let as_nobody = run(&mut other, &probe);
    assert_eq!(&as_nobody.stderr, "");
    assert!(as_nobody.status.success());
    // Limits and streams of the caller do not affect root.
    for circumstance in ["ulimit -Sf 0; ulimit -St 5", "exec >&- 2>&-", "umask 0"] {
        let script = format!("{circumstance}; exec /usr/bin/sudo -n -- {PROGRAM}");
        let output = run(vpn.env.command("bash").args(["-c", &script]), &probe);
        assert!(
            output.status.success(),
            "{circumstance}: {}",
            &output.stderr
        );
    }
    let closed = format!("exec /usr/bin/sudo -n -- {PROGRAM} <&-");
    let output = run(vpn.env.command("bash").args(["-c", &closed]), "");
    assert!(!output.status.success());
    assert_refused(&ask(&vpn, vec![b' '; 1024 * 1024]), "request.read");
    assert_refused(&ask(&vpn, "\0\0\0"), "request.malformed");
    assert_refused(
        &ask(&vpn, json!({ "protocol": 2 }).to_string()),
        "request.protocol",
    );
    vpn.is_gone();
}

/// Profiles that openvpn would obey as root, or with more than a profile may hold.
const HOSTILE_PROFILES: [&str; 7] = [
    "script-security 2\nup /tmp/evil\n",
    "client\nplugin /tmp/evil.so\n",
    "client\nremote vpn.test\nsetenv opt up /tmp/evil\n",
    "client\nremote vpn.test\nlog /etc/cron.d/evil\n",
    "client\nremote vpn.test\nconfig /tmp/evil\n",
    "client\nremote vpn.test\nmanagement 0.0.0.0 7000\n",
    "",
];

#[test]
fn hostile_profiles_and_files_are_refused_by_name() {
    if !entered(
        "vpn::root_refusals::hostile_profiles_and_files_are_refused_by_name",
        true,
    ) {
        return;
    }
    let vpn = installed();
    let own = directory(&vpn, "own", NOBODY);
    for profile in HOSTILE_PROFILES {
        let pipe = own.join("p");
        let writer = std::thread::spawn(move || fs::write(pipe, profile));
        assert_refused(&ask(&vpn, start_in(&own)), "profile.refused");
        writer.join().unwrap().unwrap();
    }
    let pipe = own.join("p");
    let writer = std::thread::spawn(move || fs::write(pipe, vec![b'#'; 2 * 1024 * 1024]));
    assert_refused(&ask(&vpn, start_in(&own)), "profile.read");
    assert!(writer.join().unwrap().is_err());
    // No process writes to the pipe, so the deadline ends it.
    assert_refused(&ask(&vpn, start_in(&own)), "profile.read");
    // Files of root or another user are not even opened.
    assert_refused(
        &ask(&vpn, start_in(&directory(&vpn, "root", 0))),
        "directory.open",
    );
    assert_refused(
        &ask(&vpn, start_in(&directory(&vpn, "daemon", 1))),
        "directory.open",
    );
    assert_refused(&ask(&vpn, start_in(Path::new("/root"))), "directory.open");
    assert_refused(&ask(&vpn, start_in(Path::new("/etc"))), "directory.owner");
    symlink(&own, vpn.env.path("run/link")).unwrap();
    assert_refused(
        &ask(&vpn, start_in(&vpn.env.path("run/link"))),
        "directory.open",
    );
    fs::remove_file(own.join("p")).unwrap();
    symlink("/etc/shadow", own.join("p")).unwrap();
    assert_refused(&ask(&vpn, start_in(&own)), "profile.open");
    fs::rename(own.join("m"), own.join("n")).unwrap();
    symlink("/run/dbus/system_bus_socket", own.join("m")).unwrap();
    assert_refused(&ask(&vpn, start_in(&own)), "socket.owner");
    assert!(vpn.processes("/usr/sbin/openvpn").is_empty());
    for name in ["own", "root", "daemon"] {
        fs::remove_dir_all(vpn.env.path("run").join(name)).unwrap();
    }
    vpn.is_gone();
}

#[test]
fn administrators_list_of_servers_is_kept() {
    if !entered(
        "vpn::root_refusals::administrators_list_of_servers_is_kept",
        true,
    ) {
        return;
    }
    let vpn = installed();
    let list = |text: &str, mode: u32| {
        add_files(&vpn.env, "/etc", |upper| {
            let directory = upper.join("ob");
            fs::create_dir(&directory).unwrap();
            fs::write(directory.join("vpn-servers"), text).unwrap();
            fs::set_permissions(directory.join("vpn-servers"), Permissions::from_mode(mode))
                .unwrap();
            fs::write(
                upper.join("sudoers"),
                format!("nobody ALL=(root) NOPASSWD: {RULE}\n"),
            )
            .unwrap();
            fs::set_permissions(upper.join("sudoers"), Permissions::from_mode(0o440)).unwrap();
        });
    };
    for (text, mode, refused) in [
        (
            "vpn.acme.com\n",
            0o644,
            "servers.other: 10.99.0.1 is not in",
        ),
        ("10.99.0.1\n", 0o664, "servers.file"),
    ] {
        list(text, mode);
        let up = run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
        let said = &up.stderr;
        assert!(!up.status.success() && said.contains(refused), "{said}");
        vpn.is_gone();
        assert!(
            Command::new("umount")
                .args(["-l", "/etc"])
                .status()
                .unwrap()
                .success()
        );
    }
    list("10.99.0.1 # the test's\n", 0o644);
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn files_swapped_meanwhile_gain_nothing() {
    if !entered(
        "vpn::root_refusals::files_swapped_meanwhile_gain_nothing",
        true,
    ) {
        return;
    }
    let vpn = installed();
    let own = directory(&vpn, "own", NOBODY);
    // Swaps the pipe for a link to a file of root's and back, as fast as possible.
    let swap = "import os, sys\n\
        os.chdir(sys.argv[1]); os.rename('p', 'q'); os.symlink('/etc/shadow', 's')\n\
        while True:\n    \
            os.link('q', 't'); os.rename('t', 'p')\n    \
            os.symlink('/etc/shadow', 't'); os.rename('t', 'p')\n";
    let mut swapping = vpn.env.command("/usr/bin/python3");
    let mut swapping = swapping.args(["-c", swap]).arg(&own).spawn().unwrap();
    let pipe = own.join("q");
    eventually("the files are swapped", || pipe.exists());
    let done = AtomicBool::new(false);
    let secret = fs::read_to_string("/etc/shadow").unwrap();
    let secret = secret.lines().next().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                // Waits for a reader.
                let _ = fs::write(&pipe, "up /tmp/evil\n");
            }
        });
        for _ in 0..30 {
            let answer = ask(&vpn, start_in(&own));
            let said = &answer.stderr;
            assert!(!answer.status.success());
            assert!(said.contains("ob-vpn-root: profile."), "{said}");
            assert!(!said.contains(secret), "{said}");
        }
        done.store(true, Ordering::SeqCst);
        let _reader = fs::File::options().read(true).write(true).open(&pipe);
    });
    swapping.kill().unwrap();
    swapping.wait().unwrap();
    fs::remove_dir_all(&own).unwrap();
    vpn.is_gone();
}

#[test]
fn name_servers_of_a_device_that_is_not_the_callers_are_refused() {
    let name = "vpn::root_refusals::name_servers_of_a_device_that_is_not_the_callers_are_refused";
    if !entered(name, true) {
        return;
    }
    let vpn = installed();
    let set = |device: &str| {
        request(json!({ "SetDns": {
            "device": device, "servers": ["10.88.0.1"], "search": [], "route_domains": [],
            "scope": "all", "is_scope_chosen": false,
        }}))
    };
    assert_refused(&ask(&vpn, set("tun-ob0")), "device.owner");
    assert_refused(&ask(&vpn, set("lo")), "request.malformed");
    // Another user's tunnel: a device, and a process that has it open.
    let made = Command::new("ip")
        .args(["tuntap", "add", "tun-ob1", "mode", "tun"])
        .status();
    assert!(made.unwrap().success());
    assert_refused(&ask(&vpn, set("tun-ob1")), "device.owner");
    let make = "import fcntl, os, struct, time\n\
        tun = os.open('/dev/net/tun', os.O_RDWR)\n\
        fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'tun-ob1', 0x1001))\n\
        open('made', 'w').close()\ntime.sleep(600)\n";
    let mut others = Command::new("/usr/bin/python3");
    others.args(["-c", make]).current_dir(vpn.env.path("tmp"));
    let mut others = others.spawn().unwrap();
    eventually("it is open", || vpn.env.path("tmp/made").exists());
    assert_refused(&ask(&vpn, set("tun-ob1")), "device.owner");
    // The same name in a network namespace of the caller.
    let mut own = vpn.env.command("/usr/bin/unshare");
    own.args(["-Urn", "/usr/bin/python3", "-c", make]);
    let mut own = own.current_dir(vpn.env.path("run")).spawn().unwrap();
    eventually("there is a device of that name", || {
        vpn.env.path("run/made").exists()
    });
    assert_refused(&ask(&vpn, set("tun-ob1")), "device.owner");
    own.kill().unwrap();
    own.wait().unwrap();
    let revert = request(json!({ "RevertDns": "tun-ob1" }));
    assert_refused(&ask(&vpn, revert), "device.owner");
    others.kill().unwrap();
    others.wait().unwrap();
    let resolv_conf = fs::read_to_string("/etc/resolv.conf").unwrap();
    assert!(!resolv_conf.contains("10.88.0.1"), "{resolv_conf}");
    vpn.is_gone();
}
