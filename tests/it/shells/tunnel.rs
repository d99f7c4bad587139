//! The tunnel in the prompt: a mark in the runtime directory, which the shells test for.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::segment::{SHELLS, in_dev, shell};
use super::{Kind, type_line};
use crate::support::{Pty, TestEnv};

/// Creates the mark that the supervisor keeps while a tunnel is up.
pub(super) fn mark(directory: &Path, target: &str) {
    std::fs::create_dir_all(directory).unwrap();
    symlink(target, directory.join("vpn.up")).unwrap();
}

fn unmark(directory: &Path) {
    std::fs::remove_file(directory.join("vpn.up")).unwrap();
}

#[test]
fn the_mark_comes_and_goes_with_the_tunnel() {
    for kind in SHELLS {
        let env = TestEnv::new();
        let place = env.path("run/ob");
        let mut bare = shell(&env, kind, "", "");
        let mut pty = Pty::spawn(in_dev(&mut bare).env("OB_EXPIRES", "9999999999"));
        let enter = |pty: &mut Pty, expected: &str| {
            type_line(kind, pty, "echo so-\"\"far");
            pty.until("so-far");
            let seen = pty.until("READY> ");
            assert!(seen.contains(expected), "{kind:?}: {seen:?}");
            assert_eq!(seen.contains("vpn"), expected.contains("vpn"), "{seen:?}");
        };
        pty.until("READY> ");
        enter(&mut pty, "labs/Admin ");
        mark(&place, ".");
        enter(&mut pty, "labs/Admin vpn ");
        unmark(&place);
        enter(&mut pty, "labs/Admin ");
        // The device is gone, and no process removed the mark.
        mark(&place, "/sys/class/net/none-such");
        enter(&mut pty, "labs/Admin ");
    }
}

#[test]
fn a_shell_without_a_role_shows_the_tunnel_alone() {
    for kind in SHELLS {
        let env = TestEnv::new();
        mark(&env.path("run/ob"), ".");
        let mut bare = shell(&env, kind, "", "");
        let mut pty = Pty::spawn(&bare);
        pty.until("vpn READY");
        unmark(&env.path("run/ob"));
        type_line(kind, &mut pty, "echo so-\"\"far");
        pty.until("so-far");
        assert!(!pty.until("READY> ").contains("vpn"), "{kind:?}");
        mark(&env.path("run/ob"), ".");
        for format in ["none", "{profile} {left}"] {
            let mut pty = Pty::spawn(bare.env("OB_SHELL_FORMAT", format));
            let seen = pty.until("READY> ");
            assert!(!seen.contains("vpn"), "{kind:?}: {seen:?}");
        }
    }
}

#[test]
fn the_format_places_the_mark_and_leaves_no_gap_without_it() {
    for kind in SHELLS {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, "", "");
        in_dev(&mut bare).env("OB_SHELL_FORMAT", "{vpn} <{profile} {vpn}>");
        let mut pty = Pty::spawn(&bare);
        let seen = pty.until("<dev> READY");
        assert!(!seen.contains(" <dev>"), "{kind:?}: {seen:?}");
        mark(&env.path("run/ob"), ".");
        Pty::spawn(&bare).until("vpn <dev vpn> READY");
        // A name that looks like a part of the format is shown as it is.
        let mut pty = Pty::spawn(bare.env("OB_PROFILE", "{vpn}"));
        pty.until("vpn <{vpn} vpn> READY");
    }
}

#[test]
fn without_a_runtime_directory_the_mark_is_in_the_home() {
    let host = nix::unistd::gethostname().unwrap();
    let host = host.to_str().unwrap().replace('.', "_");
    for kind in SHELLS {
        let env = TestEnv::new();
        let place = format!("home/.local/state/ob/run/{host}");
        mark(&env.path(&place), ".");
        let mut bare = shell(&env, kind, "", "");
        in_dev(&mut bare).env_remove("XDG_RUNTIME_DIR");
        Pty::spawn(&bare).until("labs/Admin vpn READY");
    }
}

#[test]
fn nushell_shows_the_tunnel_too() {
    let env = TestEnv::new();
    let ours = format!("{}/shell/ob.nu", env!("CARGO_MANIFEST_DIR"));
    Kind::Nu.furnish(&env, &format!("source {ours}"));
    mark(&env.path("run/ob"), ".");
    let mut bare = env.command(Kind::Nu.program());
    let mut pty = Pty::spawn(&bare);
    pty.until("vpn READY");
    let mut pty = Pty::spawn(in_dev(&mut bare));
    pty.until("labs/Admin vpn READY");
}
