//! The table of situations: what a server pushes, and what each resolver is commands.

use super::*;
use crate::openvpn::network::Environment;

const DEVICE: &str = "tun-ob0";

fn config(variables: &[&str], wish: Option<DnsScope>) -> DnsConfig {
    let mut environment = Environment::default();
    for (name, value) in variables.iter().filter_map(|line| line.split_once('=')) {
        environment.set(name.to_owned(), value.to_owned());
    }
    environment.set(
        "foreign_option_1".to_owned(),
        "dhcp-option DNS 10.88.0.1".to_owned(),
    );
    DnsConfig::of(&environment.network(), DEVICE.parse().unwrap(), wish)
}

fn resolvectl() -> Resolver {
    Resolver::Resolvectl("/usr/bin/resolvectl".into())
}

fn resolvconf() -> Resolver {
    Resolver::Resolvconf("/usr/sbin/resolvconf".into())
}

fn resolved_as_resolvconf() -> Resolver {
    Resolver::ResolvedAsResolvconf("/usr/sbin/resolvconf".into())
}

fn typed(resolver: &Resolver, config: &DnsConfig) -> Vec<String> {
    let steps = resolver.apply(config).unwrap();
    steps.iter().map(Step::typed).collect()
}

/// `domain` and `default-route` of resolvectl, and the search lines of resolvconf and systemd's
/// resolvconf.
fn commands(config: &DnsConfig) -> [String; 4] {
    let steps = typed(&resolvectl(), config);
    assert_eq!(steps[0], "sudo /usr/bin/resolvectl dns tun-ob0 10.88.0.1");
    let value = |step: &str, verb: &str| {
        let begins = format!("sudo /usr/bin/resolvectl {verb} tun-ob0 ");
        step.strip_prefix(&begins).unwrap().to_owned()
    };
    let search = |resolver: &Resolver| {
        let steps = resolver.apply(config).unwrap();
        assert_eq!(steps.len(), 1);
        assert!(steps[0].input.ends_with("nameserver 10.88.0.1\n"));
        let line = steps[0].input.lines().next().unwrap_or_default();
        line.strip_prefix("search ").unwrap_or_default().to_owned()
    };
    [
        value(&steps[1], "domain"),
        value(&steps[2], "default-route"),
        search(&resolvconf()),
        search(&resolved_as_resolvconf()),
    ]
}

const SPLIT: &[&str] = &["route_network_1=10.77.0.0", "route_netmask_1=255.255.255.0"];
const FULL: &[&str] = &["redirect_gateway=1"];
const TWO_HALVES: &[&str] = &[
    "route_network_1=0.0.0.0",
    "route_netmask_1=128.0.0.0",
    "route_network_2=128.0.0.0",
    "route_netmask_2=128.0.0.0",
];

#[test]
fn each_resolver_gets_its_commands() {
    let none: &[&str] = &[];
    let domain = &["foreign_option_2=dhcp-option DOMAIN corp.test"][..];
    let search = &["foreign_option_2=dhcp-option DOMAIN-SEARCH corp.test"][..];
    let root = &["foreign_option_2=dhcp-option DOMAIN-ROUTE ."][..];
    let several = &[
        "foreign_option_2=dhcp-option DOMAIN-SEARCH a.test b.test",
        "foreign_option_3=dhcp-option DOMAIN-ROUTE c.test",
    ][..];
    let zone = "~0.88.10.in-addr.arpa";
    let own = format!("corp.test {zone}");
    let all = format!("a.test b.test ~c.test {zone}");
    for (routes, pushed, expected) in [
        (SPLIT, none, ["~.", "true", "", "~."]),
        (SPLIT, domain, ["corp.test", "false", "corp.test", &own]),
        (SPLIT, search, ["corp.test", "false", "corp.test", &own]),
        (SPLIT, root, ["~.", "true", "", "~."]),
        (
            SPLIT,
            several,
            [
                "a.test b.test ~c.test",
                "false",
                "a.test b.test c.test",
                &all,
            ],
        ),
    ] {
        assert_eq!(
            commands(&config(&[routes, pushed].concat(), None)),
            expected,
            "{routes:?} {pushed:?}"
        );
    }
    for routes in [FULL, TWO_HALVES] {
        for (pushed, domains, searched) in [
            (none, "~.", ""),
            (domain, "corp.test ~.", "corp.test"),
            (search, "corp.test ~.", "corp.test"),
            (root, "~.", ""),
            (several, "a.test b.test ~c.test ~.", "a.test b.test c.test"),
        ] {
            assert_eq!(
                commands(&config(&[routes, pushed].concat(), None)),
                [domains, "true", searched, domains],
                "{routes:?} {pushed:?}"
            );
        }
    }
}

#[test]
fn chosen_scope_wins_over_what_is_pushed() {
    let domain = "foreign_option_2=dhcp-option DOMAIN corp.test";
    let all = config(&[SPLIT, &[domain]].concat(), Some(DnsScope::All));
    assert_eq!(commands(&all)[..2], ["corp.test ~.", "true"]);
    assert_eq!(resolvconf().asked(&all), DnsScope::All);
    let only = config(&[FULL, &[domain]].concat(), Some(DnsScope::Domains));
    let steps = typed(&resolvectl(), &only);
    assert!(steps[1].ends_with("tun-ob0 corp.test") && steps[2].ends_with("false"));
    assert_eq!(resolvectl().asked(&only), DnsScope::Domains);
    // An empty list is set, not shown.
    let nothing = config(SPLIT, Some(DnsScope::Domains));
    let steps = typed(&resolvectl(), &nothing);
    assert_eq!(steps[1], "sudo /usr/bin/resolvectl domain tun-ob0 ''");
    assert!(steps[2].ends_with("false"));
}

#[test]
fn resolvconf_says_that_it_cannot_ask_by_domain() {
    let domain = "foreign_option_2=dhcp-option DOMAIN corp.test";
    let pushed = config(&[SPLIT, &[domain]].concat(), None);
    assert_eq!(pushed.scope, DnsScope::Domains);
    assert_eq!(resolvconf().asked(&pushed), DnsScope::All);
    let chosen = config(&[SPLIT, &[domain]].concat(), Some(DnsScope::Domains));
    assert_eq!(resolvconf().apply(&chosen), Err(NoSplitDns));
}

#[test]
fn resolvconf_gets_one_call() {
    let pushed = [
        "foreign_option_2=dhcp-option DNS 10.88.0.2",
        "foreign_option_3=dhcp-option DOMAIN corp.test",
    ];
    assert_eq!(
        typed(&resolvconf(), &config(&pushed, None)),
        [
            "printf 'search corp.test\\nnameserver 10.88.0.1\\nnameserver 10.88.0.2\\n' \
             | sudo /usr/sbin/resolvconf -a tun-ob0 -x"
        ]
    );
    let device = DEVICE.parse().unwrap();
    assert_eq!(
        resolvconf().revert(device).typed(),
        "sudo /usr/sbin/resolvconf -d tun-ob0"
    );
    assert_eq!(
        resolvectl().revert(device).typed(),
        "sudo /usr/bin/resolvectl revert tun-ob0"
    );
}

#[test]
fn reverse_zone_is_that_of_the_network() {
    assert_eq!(
        reverse_zone("fd00:12::1".parse().unwrap()),
        "0.0.0.0.0.0.0.0.2.1.0.0.0.0.d.f.ip6.arpa"
    );
}
