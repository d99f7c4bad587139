//! A VPN server whose web pages have a certificate of their own authority.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use ob_sandbox::{Options, Server, VpnOptions};

use super::network::vpn_settings;
use crate::support::{TestEnv, run};

fn machine() -> TestEnv {
    let env = TestEnv::with(
        "bob",
        Options {
            vpn: VpnOptions {
                own_authority: true,
                ..VpnOptions::default()
            },
            ..Options::default()
        },
    );
    env.write("vpn.pem", env.sandbox.vpn_ca_pem());
    env
}

/// Settings whose `vpn.ca_bundle` is the file of this name.
fn settings(env: &TestEnv, bundle: &str) -> String {
    let path = env.path(bundle).display().to_string();
    env.minimal_settings() + &vpn_settings(&env.sandbox) + &format!("ca_bundle = \"{path}\"\n")
}

/// Writes settings whose `vpn.ca_bundle` is the file of this name. Returns no variables.
pub(crate) fn vpn_authority(env: &TestEnv, bundle: &str) -> Vec<(&'static str, String)> {
    env.write_settings(&settings(env, bundle));
    Vec::new()
}

#[test]
fn the_vpns_own_authority_is_trusted_for_the_vpn_alone() {
    let env = machine();
    env.write_settings(&(env.minimal_settings() + &vpn_settings(&env.sandbox)));
    env.sign_in();
    let refused = run(&mut env.ob(["vpn", "profile"]), "");
    assert_eq!(refused.status.code(), Some(5));
    insta::assert_snapshot!(&refused.stderr, @r"
    ob: cannot get a profile from 127.0.0.1
      cause: cannot get an answer
      cause: 127.0.0.1's certificate is not from an authority this machine trusts
      hint: if the VPN server has an authority of its own, as Access Server is installed, set `vpn.ca_bundle` to the file of its certificate
      hint: if it has not, the connection may be intercepted: ask the VPN's administrator
    ");
    assert!(env.sandbox.requests(Server::Vpn, "/").is_empty());
    env.write_settings(&settings(&env, "vpn.pem"));
    let shown = run(&mut env.ob(["vpn", "profile"]), "");
    assert!(shown.status.success(), "{}", &shown.stderr);
    // The org's authority does not count for the VPN.
    env.write_settings(&settings(&env, "ca.pem"));
    let refused = run(&mut env.ob(["vpn", "profile"]), "");
    assert_eq!(refused.status.code(), Some(5), "{}", &refused.stdout);
    assert!(refused.stderr.contains("`vpn.ca_bundle`"));
    // The VPN's authority does not count for the org.
    let wrong = settings(&env, "vpn.pem").replacen("ca.pem", "vpn.pem", 1);
    env.write_settings(&wrong);
    assert!(run(&mut env.ob(["logout"]), "").status.code().is_some());
    let refused = run(&mut env.ob(["vpn", "profile"]), env.answers());
    assert_eq!(refused.status.code(), Some(5), "{}", &refused.stdout);
    let said = &refused.stderr;
    assert!(said.contains("not from an authority"), "{said}");
    assert!(!said.contains("`vpn.ca_bundle`"), "{said}");
}

#[test]
fn a_vpn_authority_that_others_can_write_is_refused() {
    let env = machine();
    env.write_settings(&settings(&env, "vpn.pem"));
    fs::set_permissions(env.path("vpn.pem"), Permissions::from_mode(0o666)).unwrap();
    for verb in [
        &["vpn", "profile"][..],
        &["vpn", "up", "--detach"],
        &["config", "check"],
    ] {
        let refused = run(&mut env.ob(verb), "");
        assert_eq!(refused.status.code(), Some(2), "{verb:?}");
        let said = &refused.stderr;
        assert!(
            said.contains("vpn.ca_bundle") && said.contains("chmod go-w"),
            "{said}"
        );
    }
    let doctor = run(&mut env.ob(["doctor"]), "");
    assert!(
        doctor.stdout.contains("vpn.ca_bundle"),
        "{}",
        &doctor.stdout
    );
    assert!(env.sandbox.requests(Server::Vpn, "/").is_empty());
}
