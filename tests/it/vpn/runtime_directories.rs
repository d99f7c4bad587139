//! A tunnel whose verbs run with another `XDG_RUNTIME_DIR` than the login, or without one.

use super::network::{Vpn, entered, ip, leads_through};
use crate::support::{Finished, eventually, run};

/// Runs `ob` without the login's runtime directory.
fn without_xdg(vpn: &Vpn, words: &[&str]) -> Finished {
    run(
        vpn.env.ob(words).env_remove("XDG_RUNTIME_DIR"),
        vpn.env.answers(),
    )
}

fn ok(output: &Finished) {
    assert!(output.status.success(), "{}", &output.stderr);
}

#[test]
fn a_tunnel_is_reached_with_and_without_xdg() {
    if !entered(
        "vpn::runtime_directories::a_tunnel_is_reached_with_and_without_xdg",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    ok(&run(&mut vpn.env.ob(["agent", "stop"]), ""));
    vpn.env.sandbox.forget_used_codes();
    let flags = vpn.env.answer_flags();
    ok(&without_xdg(&vpn, &[&["login"], flags].concat()));
    for with_xdg in [true, false] {
        let up = ["vpn", "up", "--detach", "--no-dns"];
        ok(&match with_xdg {
            true => run(&mut vpn.env.ob(up), ""),
            false => without_xdg(&vpn, &up),
        });
        leads_through();
        // The tunnel's files are beside those of its agent.
        assert!(!vpn.env.path("run/ob/vpn.sock").exists());
        assert_eq!(vpn.status()["phase"], "connected");
        let status = without_xdg(&vpn, &["vpn", "status", "--json"]);
        assert!(status.stdout.contains("connected"), "{}", &status.stderr);
        // There is one tunnel for every way to ask.
        for second in [run(&mut vpn.env.ob(up), ""), without_xdg(&vpn, &up)] {
            assert!(second.stderr.contains("a tunnel is up"), "{second:?}");
        }
        ok(&match with_xdg {
            true => without_xdg(&vpn, &["vpn", "down"]),
            false => vpn.vpn(&["down"]),
        });
        eventually("the tunnel is gone", || !ip("addr").contains("tun-ob0"));
        assert_eq!(vpn.vpn(&["status"]).status.code(), Some(1));
    }
    ok(&run(&mut vpn.env.ob(["agent", "stop"]), ""));
    let status = without_xdg(&vpn, &["status"]);
    assert!(
        status.stdout.contains("no agent is running"),
        "{}",
        &status.stdout
    );
}
