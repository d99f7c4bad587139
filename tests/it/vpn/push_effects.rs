//! The effects of `ob vpn up` with a server that pushes more than the policy allows.

use std::fs;

use ob_sandbox::{Options, VpnOptions};

use super::isolation::greedy_pushes;
use super::network::{Vpn, entered, vpn_settings};
use super::pushes::routes;

#[test]
fn the_machine_gets_the_routes_and_name_servers_of_its_flags() {
    if !entered(
        "vpn::push_effects::the_machine_gets_the_routes_and_name_servers_of_its_flags",
        false,
    ) {
        return;
    }
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            push: greedy_pushes(),
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    let offered = &["10.65.0.0/16", "10.77.0.0/24", "10.88.0.0/24"][..];
    let (none, one) = (&["10.88.0.0/24"][..], &["10.77.0.0/24", "10.88.0.0/24"][..]);
    let up = |flags: &[&str], expected: &[&str], dns: &[&str]| {
        let up = vpn.vpn(&[&["up", "--detach"], flags].concat());
        assert!(up.status.success(), "{flags:?}: {}", vpn.server.log());
        assert!(routes().iter().eq(expected), "{flags:?}: {:?}", routes());
        let status = vpn.status();
        let servers = status["dns"]["servers"].as_array().unwrap();
        assert!(servers.iter().eq(dns), "{flags:?}: {status}");
        assert!(vpn.vpn(&["down"]).status.success());
        vpn.is_gone();
    };
    up(&["--no-dns"], offered, &[]);
    up(&["--no-routes"], none, &["10.88.0.1"]);
    up(&["--no-routes", "--no-dns"], none, &[]);
    up(&["--route", "10.77.0.0/24"], one, &["10.88.0.1"]);
    up(&["--route", "10.77.0.0/24", "--no-dns"], one, &[]);
    let settings = vpn.env.minimal_settings() + &vpn_settings(&vpn.env.sandbox);
    vpn.env
        .write_settings(&(settings + "routes = [\"10.77.0.0/24\"]\n"));
    up(&["--no-dns"], one, &[]);
}

/// A machine whose server pushes this option in addition.
fn pushed(option: &str) -> Vpn {
    Vpn::with(Options {
        vpn: VpnOptions {
            push: vec![option.to_owned()],
            ..VpnOptions::default()
        },
        ..Options::default()
    })
}

#[test]
fn a_tunnels_own_network_as_wide_as_the_internet_is_refused() {
    if !entered(
        "vpn::push_effects::a_tunnels_own_network_as_wide_as_the_internet_is_refused",
        false,
    ) {
        return;
    }
    let own = tempfile::tempdir().unwrap();
    fs::write(
        own.path().join("DEFAULT"),
        "ifconfig-push 192.0.2.2 128.0.0.0\n",
    )
    .unwrap();
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            server_lines: vec![format!("client-config-dir {}", own.path().display())],
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    let up = vpn.vpn(&["up", "--detach", "--no-routes", "--no-dns"]);
    assert_eq!(up.status.code(), Some(4));
    let said = &up.stderr;
    assert!(
        said.contains("a network of its own as wide as 128.0.0.0/1"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn a_server_that_compresses_is_refused_by_name() {
    if !entered(
        "vpn::push_effects::a_server_that_compresses_is_refused_by_name",
        false,
    ) {
        return;
    }
    for option in ["comp-lzo yes", "compress lz4-v2"] {
        let vpn = pushed(option);
        let up = vpn.vpn(&["up", "--detach", "--no-dns"]);
        assert_eq!(up.status.code(), Some(4), "{option}: {}", &up.stderr);
        let said = &up.stderr;
        assert!(said.contains("requires compression"), "{said}");
        vpn.is_gone();
    }
}

#[test]
fn the_framing_of_compression_works_where_both_ends_have_it() {
    if !entered(
        "vpn::push_effects::the_framing_of_compression_works_where_both_ends_have_it",
        false,
    ) {
        return;
    }
    // The server frames packets as its settings say, and the profile's line would compress.
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            profile_lines: vec!["comp-lzo".to_owned()],
            server_lines: vec!["comp-lzo no".to_owned()],
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn a_profile_with_an_apps_lines_brings_up_a_tunnel() {
    if !entered(
        "vpn::push_effects::a_profile_with_an_apps_lines_brings_up_a_tunnel",
        false,
    ) {
        return;
    }
    let lines = [
        "setenv USERNAME bob",
        "setenv opt FRIENDLY_NAME VPN",
        "socket-flags TCP_NODELAY",
        "dhcp-option DOMAIN a.example.com; b.example.com;",
        "dhcp-option DOMAIN-ROUTE .",
        "dns server 0 address 10.88.0.1",
        "mssfix 1400 mtu",
        "max-packet-size 1400",
        "mtu-disc no",
        "tun-mtu 1400 1500",
        "ca [inline]",
        "user nobody",
        "group nogroup",
        "route-gateway 10.88.0.1",
        "allow-compression yes",
        "pull-filter accept 'route 10.77.'",
        "pull-filter ignore 'route '",
    ];
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            profile_lines: lines.map(str::to_owned).to_vec(),
            push: vec!["route 10.66.0.0 255.255.0.0".to_owned()],
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    vpn.up(&["--no-dns"]);
    // The profile's own filters narrow what the server may push.
    assert!(routes().contains("10.77.0.0/24"), "{:?}", routes());
    assert!(!routes().contains("10.66.0.0/16"), "{:?}", routes());
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
