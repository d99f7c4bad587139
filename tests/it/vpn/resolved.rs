//! Name servers with Debian's systemd-resolved, on a bus of its own in a mount namespace of the
//! test. `tests/run` unpacks it below `target/` without installing it, because that would change
//! the machine's name servers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use ob_sandbox::{Options, VpnOptions};

use super::network::{Vpn, entered, leads_through};
use super::overlay::{add_files, hide, mount, replace_file};
use super::root_program::{RULE, install};
use super::sudo::{OPENVPN, machine_with};
use crate::support::{eventually, run};

/// A rule for the commands themselves, if resolvconf is systemd's.
const DNS: &str = "/usr/sbin/resolvconf -a tun-ob0, /usr/sbin/resolvconf -d tun-ob0";

/// The daemons of the machine.
struct Resolved(Vec<Child>);

impl Drop for Resolved {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn unpacked(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/resolved")
        .join(name);
    assert!(
        file.exists(),
        "{} is missing: `tests/run` puts it there",
        file.display()
    );
    file
}

/// A user with these rights by sudo, on a machine with systemd-resolved. `also` is another name of
/// its resolvectl.
fn with_resolved(rules: &str, also: Option<&str>) -> (Vpn, Resolved) {
    with_resolved_and(Options::default(), rules, also)
}

fn with_resolved_and(options: Options, rules: &str, also: Option<&str>) -> (Vpn, Resolved) {
    let vpn = machine_with(options, &format!("NOPASSWD: {rules}"));
    if rules == RULE {
        install(&vpn);
    }
    add_files(&vpn.env, "/usr/bin", |upper| {
        fs::copy(unpacked("usr/bin/resolvectl"), upper.join("resolvectl")).unwrap();
    });
    add_files(&vpn.env, "/usr/sbin", |upper| match also {
        Some(name) => symlink("../bin/resolvectl", upper.join(name)).unwrap(),
        None => hide(&upper.join("resolvconf")),
    });
    for (name, line) in [
        (
            "/etc/passwd",
            "systemd-resolve:x:991:991::/:/usr/sbin/nologin\n",
        ),
        ("/etc/group", "systemd-resolve:x:991:\n"),
    ] {
        replace_file(
            &vpn.env,
            name,
            &(fs::read_to_string(name).unwrap() + line),
            0o644,
        );
    }
    replace_file(
        &vpn.env,
        "/etc/resolv.conf",
        "nameserver 127.0.0.53\n",
        0o644,
    );
    mount(&["-t", "tmpfs", "tmpfs", "/run"]);
    fs::create_dir_all("/run/dbus").unwrap();
    fs::create_dir_all("/run/systemd/resolve").unwrap();
    let own = ["991:991", "/run/systemd/resolve"];
    assert!(Command::new("chown").args(own).status().unwrap().success());
    fs::write(
        "/run/bus.conf",
        "<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>\
         <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"*\"/>\
         <allow receive_type=\"*\"/></policy></busconfig>",
    )
    .unwrap();
    let mut serving = Resolved(Vec::new());
    let mut serve = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        serving.0.push(command.spawn().unwrap());
    };
    let bus = ["--config-file=/run/bus.conf", "--nofork", "--nopidfile"];
    serve(Path::new("/usr/bin/dbus-daemon"), &bus);
    eventually("there is a bus", || {
        Path::new("/run/dbus/system_bus_socket").exists()
    });
    serve(&unpacked("lib/systemd/systemd-resolved"), &[]);
    eventually("systemd-resolved answers", || {
        !resolvectl("status").is_empty()
    });
    (vpn, serving)
}

/// Returns the output of resolvectl; empty if it fails.
fn resolvectl(words: &str) -> String {
    let said = run(Command::new("resolvectl").args(words.split(' ')), "");
    said.stdout.to_owned()
}

/// A name server behind the VPN: every name is 10.77.0.1, and each query is written to a file.
const NAME_SERVER: &str = "
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('10.88.0.1', 53))
while True:
    question, client = server.recvfrom(512)
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    with open(sys.argv[1], 'a') as noted:
        noted.write('.'.join(labels) + '\\n')
    answers = question[at + 1 : at + 3] == b'\\0\\1'
    header = question[:2] + b'\\x81\\x80\\0\\1' + (b'\\0\\1' if answers else b'\\0\\0') + b'\\0\\0\\0\\0'
    answer = b'\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\x0a\\x4d\\0\\1' if answers else b''
    server.sendto(header + question[12 : at + 5] + answer, client)
";

fn check_both_ways(name: &str, rules: &str, also: Option<&str>) {
    if !entered(name, true) {
        return;
    }
    let (mut vpn, _resolved) = with_resolved(rules, also);
    vpn.up(&[]);
    assert_eq!(vpn.status()["dns"]["applied"], true, "{}", vpn.status());
    let settings = resolvectl("dns tun-ob0") + &resolvectl("domain tun-ob0");
    assert!(
        settings.contains("10.88.0.1") && settings.contains("corp.test"),
        "{settings}"
    );
    let default = resolvectl("default-route tun-ob0");
    assert!(
        default.trim_end().ends_with("no"),
        "split by default: {default}"
    );
    // Only names of the company are asked there.
    let noted = vpn.env.path("noted");
    let mut name_server = vpn.server.inside("python3");
    name_server.args(["-c", NAME_SERVER]).arg(&noted);
    let mut name_server = name_server.spawn().unwrap();
    eventually("a name behind the VPN is found", || {
        resolvectl("query db.corp.test").contains("10.77.0.1")
    });
    resolvectl("query www.example.org");
    name_server.kill().unwrap();
    name_server.wait().unwrap();
    let asked = fs::read_to_string(&noted).unwrap();
    assert!(
        asked.contains("db.corp.test") && !asked.contains("example"),
        "{asked}"
    );
    // The device is created anew.
    vpn.server.restart().unwrap();
    vpn.is_back();
    eventually("its name servers are there", || {
        resolvectl("dns tun-ob0").contains("10.88.0.1")
    });
    assert!(vpn.vpn(&["down"]).status.success());
    eventually("they are taken back", || {
        !resolvectl("dns").contains("10.88.0.1")
    });
    vpn.is_gone();
    vpn.up(&[]);
    vpn.signal(vpn.supervisor(), Signal::SIGKILL);
    vpn.is_gone();
    eventually("they are taken back", || {
        !resolvectl("dns").contains("10.88.0.1")
    });
}

#[test]
fn one_call_of_its_resolvconf_sets_them_and_takes_them_back() {
    check_both_ways(
        "vpn::resolved::one_call_of_its_resolvconf_sets_them_and_takes_them_back",
        &format!("{OPENVPN}, {DNS}"),
        Some("resolvconf"),
    );
}

#[test]
fn resolvectl_sets_them_where_it_has_no_other_name() {
    let rules: Vec<_> = ["dns", "domain", "default-route"]
        .iter()
        .map(|what| format!("/usr/bin/resolvectl {what} tun-ob0 *"))
        .collect();
    check_both_ways(
        "vpn::resolved::resolvectl_sets_them_where_it_has_no_other_name",
        &format!(
            "{OPENVPN}, {}, /usr/bin/resolvectl revert tun-ob0",
            rules.join(", ")
        ),
        None,
    );
}

#[test]
fn without_the_right_the_tunnel_stays_and_commands_are_shown() {
    let name = "vpn::resolved::without_the_right_the_tunnel_stays_and_commands_are_shown";
    if !entered(name, true) {
        return;
    }
    let (vpn, _resolved) = with_resolved(OPENVPN, Some("resolvconf"));
    vpn.up(&[]);
    leads_through();
    let status = vpn.vpn(&["status"]);
    let said = &status.stdout;
    assert!(
        said.contains("are not applied") && said.contains("| sudo /usr/sbin/resolvconf -a tun-ob0"),
        "{said}"
    );
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn installed_program_sets_and_reverts_them_by_its_one_rule() {
    check_both_ways(
        "vpn::resolved::installed_program_sets_and_reverts_them_by_its_one_rule",
        RULE,
        None,
    );
}

#[test]
fn installed_program_uses_systemds_resolvconf_where_it_is() {
    check_both_ways(
        "vpn::resolved::installed_program_uses_systemds_resolvconf_where_it_is",
        RULE,
        Some("resolvconf"),
    );
}

/// `(pushed options besides a server and a route, flags, domains in systemd's notation, default
/// route)`.
type Situation<'a> = (&'a [&'a str], bool, &'a [&'a str], &'a [&'a str], &'a str);

const SITUATIONS: [Situation<'_>; 6] = [
    (&[], true, &[], &["~."], "yes"),
    (&["dhcp-option DOMAIN-ROUTE ."], true, &[], &["~."], "yes"),
    (
        &["dhcp-option DOMAIN-SEARCH 'a.corp.test b.corp.test'"],
        true,
        &[],
        &["a.corp.test", "b.corp.test"],
        "no",
    ),
    (
        &["route 0.0.0.0 128.0.0.0", "route 128.0.0.0 128.0.0.0"],
        false,
        &["--dns-scope", "domains"],
        &["corp.test"],
        "no",
    ),
    (
        &["route 0.0.0.0 128.0.0.0", "route 128.0.0.0 128.0.0.0"],
        false,
        &[],
        &["corp.test", "~."],
        "yes",
    ),
    (
        &[],
        false,
        &["--dns-scope", "all"],
        &["corp.test", "~."],
        "yes",
    ),
];

fn check_situation(name: &str, number: usize) {
    if !entered(name, true) {
        return;
    }
    let (push, pushes_no_domain, flags, domains, default_route) = SITUATIONS[number];
    let options = Options {
        vpn: VpnOptions {
            push: push.iter().map(ToString::to_string).collect(),
            pushes_no_domain,
            ..VpnOptions::default()
        },
        ..Options::default()
    };
    let (vpn, _resolved) = with_resolved_and(options, RULE, None);
    let up = run(vpn.env.ob(["vpn", "up", "--detach"]).args(flags), "");
    assert!(up.status.success(), "{}", &up.stderr);
    let status = vpn.status();
    assert_eq!(status["dns"]["applied"], true, "{status}");
    let all = default_route == "yes";
    assert_eq!(status["dns"]["asked"], if all { "all" } else { "domains" });
    let asked = if all { "for every name" } else { "for " };
    assert!(up.stderr.contains(asked), "{}", &up.stderr);
    let settings = resolvectl("domain tun-ob0");
    let (_, settings) = settings.split_once(": ").unwrap();
    assert_eq!(settings.split_whitespace().collect::<Vec<_>>(), domains);
    let settings = resolvectl("default-route tun-ob0");
    assert!(settings.trim_end().ends_with(default_route), "{settings}");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn server_without_domain_is_asked_for_every_name() {
    check_situation(
        "vpn::resolved::server_without_domain_is_asked_for_every_name",
        0,
    );
}

#[test]
fn root_domain_has_every_name_asked() {
    check_situation("vpn::resolved::root_domain_has_every_name_asked", 1);
}

#[test]
fn several_domains_of_one_option_are_all_set() {
    check_situation(
        "vpn::resolved::several_domains_of_one_option_are_all_set",
        2,
    );
}

#[test]
fn chosen_scope_limits_a_full_tunnel_to_its_domains() {
    check_situation(
        "vpn::resolved::chosen_scope_limits_a_full_tunnel_to_its_domains",
        3,
    );
}

#[test]
fn two_routes_of_half_the_addresses_are_a_full_tunnel() {
    check_situation(
        "vpn::resolved::two_routes_of_half_the_addresses_are_a_full_tunnel",
        4,
    );
}

#[test]
fn chosen_scope_has_every_name_asked_in_a_split_tunnel() {
    check_situation(
        "vpn::resolved::chosen_scope_has_every_name_asked_in_a_split_tunnel",
        5,
    );
}
