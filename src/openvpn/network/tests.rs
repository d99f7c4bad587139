use super::*;

fn environment(text: &str) -> TunnelNetwork {
    let mut environment = Environment::default();
    for (name, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        environment.set(name.to_owned(), value.to_owned());
    }
    environment.network()
}

#[test]
fn variables_of_openvpn_2_6_are_read() {
    let network = environment(
        "dev=tun-ob0\nifconfig_local=10.88.0.2\nroute_vpn_gateway=10.88.0.1\n\
         foreign_option_10=dhcp-option DOMAIN-ROUTE internal.test\n\
         foreign_option_1=dhcp-option DNS 10.88.0.1\nforeign_option_2=dhcp-option DNS 10.88.0.2\n\
         foreign_option_3=dhcp-option DOMAIN corp.test\n\
         foreign_option_4=dhcp-option DOMAIN-SEARCH svc.corp.test\n\
         route_network_1=10.77.0.0\nroute_netmask_1=255.255.255.0\nroute_gateway_1=10.88.0.1",
    );
    assert_eq!(network.device, "tun-ob0");
    assert_eq!(
        network.name_servers,
        [
            "10.88.0.1".parse::<IpAddr>().unwrap(),
            "10.88.0.2".parse().unwrap()
        ]
    );
    assert_eq!(network.search, ["corp.test", "svc.corp.test"]);
    assert_eq!(network.route_domains, ["internal.test"]);
    assert_eq!(network.routes, ["10.77.0.0/24".parse().unwrap()]);
    assert!(!network.redirect_gateway);
}

#[test]
fn variables_of_openvpn_2_7_are_read() {
    let network = environment(
        "dev=tun0\ndns_search_domain_1=corp.test\ndns_server_1_address_1=10.88.0.1\n\
         dns_server_1_resolve_domain_1=svc.test\nredirect_gateway=1\n\
         route_ipv6_network_1=fd00::/64",
    );
    assert_eq!(
        network.name_servers,
        ["10.88.0.1".parse::<IpAddr>().unwrap()]
    );
    assert_eq!(
        (
            network.search.len(),
            network.route_domains.len(),
            network.routes.len()
        ),
        (1, 1, 1)
    );
    assert!(network.redirect_gateway);
}

#[test]
fn hostile_values_are_left_out() {
    let network = environment(
        "dev=-x\nforeign_option_1=dhcp-option DNS --help\n\
         foreign_option_2=dhcp-option DOMAIN -x.test\n\
         foreign_option_3=dhcp-option DOMAIN a&b\nforeign_option_4=dhcp-option DNS 0.0.0.0\n\
         foreign_option_5=dhcp-option DOMAIN x$(id)\nroute_network_1=x",
    );
    let unused = vec![
        "dhcp-option DNS --help".to_owned(),
        "dhcp-option DOMAIN -x.test".to_owned(),
        "dhcp-option DOMAIN a&b".to_owned(),
        "dhcp-option DNS 0.0.0.0".to_owned(),
        "dhcp-option DOMAIN x$(id)".to_owned(),
    ];
    let nothing = TunnelNetwork {
        unused,
        ..TunnelNetwork::default()
    };
    assert_eq!(network, nothing);
}

#[test]
fn every_name_in_an_option_is_kept() {
    let network = environment(
        "foreign_option_1=dhcp-option DNS 10.88.0.1 10.88.0.2\n\
         foreign_option_2=dhcp-option DOMAIN-SEARCH a.corp.test b.corp.test\n\
         foreign_option_3=dhcp-option DOMAIN c.corp.test, d.corp.test.\n\
         foreign_option_4=dhcp-option DOMAIN-ROUTE e.test f.test\n\
         foreign_option_5=dhcp-option DOMAIN-SEARCH ~g.test\n\
         foreign_option_6=dhcp-option ADAPTER_DOMAIN_SUFFIX .h.test; i.test;\n\
         foreign_option_7=dhcp-option DNS6 [fd00::1]",
    );
    assert_eq!(network.name_servers.len(), 3);
    assert_eq!(
        network.search,
        [
            "a.corp.test",
            "b.corp.test",
            "c.corp.test",
            "d.corp.test",
            "h.test",
            "i.test"
        ]
    );
    assert_eq!(network.route_domains, ["e.test", "f.test", "g.test"]);
    assert!(!network.resolves_all && network.unused.is_empty());
}

#[test]
fn root_domain_resolves_every_name() {
    for option in [
        "foreign_option_1=dhcp-option DOMAIN-ROUTE .",
        "foreign_option_1=dhcp-option DOMAIN-ROUTE corp.test .",
        "foreign_option_1=dhcp-option DOMAIN ~.",
        "dns_server_1_resolve_domain_1=.",
    ] {
        let network = environment(option);
        assert!(network.resolves_all, "{option}");
        assert!(network.unused.is_empty(), "{option}");
    }
}

#[test]
fn unused_options_are_collected() {
    let network = environment(
        "foreign_option_1=dhcp-option NTP 10.0.0.1\n\
         foreign_option_2=dhcp-option DOMAIN a.test x$y\n\
         foreign_option_3=dhcp-option DOMAIN-SEARCH\ndns_server_1_address_1=10.88.0.1\n\
         dns_server_1_port_1=5353\ndns_server_1_transport=DoT\n\
         dns_server_1_exclude_domain_1=home.test\ndns_server_1_dnssec=no\ndns_server_1_sni=x.test",
    );
    assert_eq!(
        network.unused,
        [
            "dhcp-option NTP 10.0.0.1",
            "dhcp-option DOMAIN a.test x$y",
            "dhcp-option DOMAIN-SEARCH",
            "dns server 1 exclude_domain_1 home.test",
            "dns server 1 port 5353",
            "dns server 1 transport DoT",
        ]
    );
    assert_eq!(network.search, ["a.test"]);
    let many = (1..100).map(|n| format!("foreign_option_{n}=dhcp-option WINS {n}\n"));
    assert_eq!(
        environment(&many.collect::<String>()).unused.len(),
        MAX_UNUSED
    );
}

#[test]
fn routes_to_every_address_make_a_full_tunnel() {
    let routed = |networks: &[&str]| TunnelNetwork {
        routes: networks.iter().map(|text| text.parse().unwrap()).collect(),
        ..TunnelNetwork::default()
    };
    for full in [
        &["0.0.0.0/0"][..],
        &["0.0.0.0/1", "128.0.0.0/1"],
        &["128.0.0.0/1", "10.0.0.0/8", "0.0.0.0/1"],
        &["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"],
        &["::/0"],
        &["::/1", "8000::/1"],
        &["2000::/3"],
        &["::/3", "2000::/4", "3000::/4", "fc00::/7"],
    ] {
        assert!(routed(full).is_full_tunnel(), "{full:?}");
    }
    for split in [
        &[][..],
        &["0.0.0.0/1"],
        &["128.0.0.0/1"],
        &["0.0.0.0/1", "128.0.0.0/2"],
        &["0.0.0.0/1", "192.0.0.0/2"],
        &["10.0.0.0/8", "fd00::/8"],
        &["2000::/4"],
    ] {
        assert!(!routed(split).is_full_tunnel(), "{split:?}");
    }
    let by_mask = environment(
        "route_network_1=0.0.0.0\nroute_netmask_1=128.0.0.0\n\
         route_network_2=128.0.0.0\nroute_netmask_2=128.0.0.0",
    );
    assert!(by_mask.is_full_tunnel());
}
