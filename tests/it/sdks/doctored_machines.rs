//! Machines with findings for `ob doctor`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{TestEnv, run};
use crate::vpn::overlay::mount;

type Variables = Vec<(&'static str, String)>;

/// A machine identity whose private key others may read.
pub(super) fn readable_key(env: &TestEnv) -> Variables {
    let key = env.write("key.pem", "key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let machine = format!("[org]\nprivate_key_file = '{}'\n", key.display());
    env.write_settings(&env.minimal_settings().replace("[org]\n", &machine));
    Vec::new()
}

/// Starts an agent without `XDG_RUNTIME_DIR`; returns the directory of its socket.
fn agent_in_home(env: &TestEnv) -> PathBuf {
    let mut login = env.ob(["login"]);
    let ended = run(login.env_remove("XDG_RUNTIME_DIR"), "");
    // The prompt has no answer, and the agent stays.
    assert_eq!(ended.status.code(), Some(3));
    let hosts = fs::read_dir(env.path("home/.local/state/ob/run")).unwrap();
    let hosts: Vec<_> = hosts.map(|host| host.unwrap().path()).collect();
    assert_eq!(hosts.len(), 1, "{hosts:?}");
    hosts[0].clone()
}

pub(super) fn agent_elsewhere(env: &TestEnv) -> Variables {
    agent_in_home(env);
    Vec::new()
}

pub(super) fn second_agent(env: &TestEnv) -> Variables {
    env.sign_in();
    agent_in_home(env);
    Vec::new()
}

/// Two supervisor sockets. They stay until this process ends.
pub(super) fn second_tunnel(env: &TestEnv) -> Variables {
    env.sign_in();
    for directory in [agent_in_home(env), env.path("run/ob")] {
        std::mem::forget(UnixListener::bind(directory.join("vpn.sock")).unwrap());
    }
    Vec::new()
}

/// Returns the directory of the agent's socket.
pub(super) fn directory(env: &TestEnv) -> PathBuf {
    let directory = env.path("run/ob");
    fs::create_dir_all(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
    directory
}

/// Replaces the machine's network devices: with a tunnel device, or without.
pub(super) fn devices(with_tun: bool) {
    mount(&["-t", "tmpfs", "tmpfs", "/dev/net"]);
    if with_tun {
        let words = ["-m", "666", "/dev/net/tun", "c", "10", "200"];
        let made = Command::new("mknod").args(words).status();
        assert!(made.unwrap().success());
    }
}
