//! Duration of a tunnel's start and end beside openvpn alone, in one interleaved run. Printed, not
//! asserted: `cargo build --release`, then `OB_FIGURES=target/release/ob cargo test --test it
//! vpn::timing -- --nocapture`. Without that, it is a short run of the debug program.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use ob::link;
use ob::openvpn::argv::{Launch, Privilege, argv};
use ob::openvpn::policy::Policy;
use ob::wire::{
    Account, FromAgent, IssuedProfile, Reply, Request, SignInWay, VpnPolicy, VpnProfileRequest,
    VpnTarget,
};

use ob_sandbox::{Options, VpnOptions};

use super::network::{Vpn, entered};
use crate::support::run;

/// Names the program to measure.
const PROGRAM: &str = "OB_FIGURES";

/// Returns a profile as the verb gets it.
fn profile(vpn: &Vpn) -> IssuedProfile {
    let host = vpn.env.sandbox.vpn_url();
    let request = VpnProfileRequest {
        target: VpnTarget {
            account: Account {
                org: vpn.env.sandbox.org_url(),
                username: Some(vpn.env.user().login.clone()),
                way: SignInWay::Auto,
                factor: None,
                security_keys: false,
                client_id: None,
                machine: None,
                vpn: false,
                idle: Duration::from_secs(3600),
                max: Duration::from_secs(3600),
            },
            host: host.trim_start_matches("https://").to_owned(),
            saml_host: None,
            ca_bundle: None,
            app: Some(vpn.env.sandbox.vpn_app_url()),
        },
        policy: VpnPolicy {
            routes: None,
            dns: true,
        },
        explain: false,
        may_sign_in: false,
    };
    let mut agent = link::connect(&vpn.env.path("run/ob")).unwrap().unwrap();
    agent.request(Request::VpnProfile(request)).unwrap();
    loop {
        match agent.recv().unwrap() {
            FromAgent::Reply(Reply::VpnProfile(profile)) => return *profile,
            FromAgent::Reply(other) => panic!("{other:?}"),
            _ => {}
        }
    }
}

/// Measures openvpn with a minimal supervisor: spawn to connected, SIGTERM to gone.
fn alone(vpn: &Vpn) -> (Duration, Duration) {
    let profile = profile(vpn);
    let (config, socket) = (vpn.env.path("tmp/p"), vpn.env.path("tmp/m"));
    fs::write(&config, profile.text.unwrap().0.expose()).unwrap();
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let policy = Policy::default();
    let words = argv(
        &Launch {
            openvpn: Path::new("/usr/sbin/openvpn"),
            version: (2, 6),
            config: &config,
            management: &socket,
            user: None,
            device: "tun-ob0",
            asks_user_password: true,
            policy: &policy,
        },
        &Privilege::Root {
            setpriv: "/usr/bin/setpriv".into(),
        },
    );
    let began = Instant::now();
    let mut openvpn = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    let mut writer = stream.try_clone().unwrap();
    let username = profile.username.unwrap();
    let token = profile.token.unwrap();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let answer = if line.starts_with(">HOLD") {
            "version 5\nstate on\nlog on all\nbytecount 30\nhold release\n".to_owned()
        } else if line.starts_with(">PASSWORD:Need") {
            format!(
                "username \"Auth\" \"{username}\"\npassword \"Auth\" \"{}\"\n",
                token.0.expose()
            )
        } else if line.contains(",CONNECTED,") {
            break;
        } else {
            continue;
        };
        writer.write_all(answer.as_bytes()).unwrap();
    }
    let connected = began.elapsed();
    let ending = Instant::now();
    writer.write_all(b"signal SIGTERM\n").unwrap();
    openvpn.wait().unwrap();
    (connected, ending.elapsed())
}

/// How the tunnel is ended.
#[derive(Clone, Copy)]
enum Ending {
    /// `ob vpn down`, from its start to its return.
    Verb,
    /// SIGTERM to the supervisor, until it and openvpn are gone.
    Signal,
}

/// Measures the same with `ob`.
fn by_ob(vpn: &Vpn, ending: Ending) -> (Duration, Duration) {
    let up = run(
        &mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns", "--json"]),
        "",
    );
    let events = up.stdout.lines();
    let connected = events
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find(|event| event["phase"] == "connected")
        .and_then(|event| event["after_ms"].as_u64())
        .unwrap();
    let processes = [vpn.supervisor(), vpn.openvpn()];
    let began = Instant::now();
    match ending {
        Ending::Verb => assert!(vpn.vpn(&["down"]).status.success()),
        Ending::Signal => {
            vpn.signal(processes[0], Signal::SIGTERM);
            while processes.iter().any(|process| is_there(*process)) {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }
    let gone = began.elapsed();
    vpn.is_gone();
    (Duration::from_millis(connected), gone)
}

/// A process that has ended and is not reaped yet counts as gone.
fn is_there(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.starts_with('Z'));
    state == Some(false)
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let show = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    let (least, median) = (show(times[0]), show(times[times.len() / 2]));
    format!(
        "min {least} median {median} max {} ms",
        show(times[times.len() - 1])
    )
}

#[test]
fn figures_of_a_tunnel_beside_openvpn_alone() {
    if !entered(
        "vpn::timing::figures_of_a_tunnel_beside_openvpn_alone",
        false,
    ) {
        return;
    }
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            admits_all_clients: true,
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    let mut times = 3;
    if let Some(program) = std::env::var_os(PROGRAM) {
        let program = fs::canonicalize(program).unwrap();
        fs::remove_file(vpn.env.path("bin/ob")).unwrap();
        symlink(&program, vpn.env.path("bin/ob")).unwrap();
        assert!(run(&mut vpn.env.ob(["agent", "stop"]), "").status.success());
        vpn.env.sign_in();
        times = 40;
        println!("{}", program.display());
    }
    let (mut verb, mut signal, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..times {
        theirs.push(alone(&vpn));
        verb.push(by_ob(&vpn, Ending::Verb));
        signal.push(by_ob(&vpn, Ending::Signal));
    }
    println!("FIGURES ({times} each, interleaved)");
    for (who, times) in [
        ("openvpn alone", &theirs),
        ("ob vpn, ended by SIGTERM", &signal),
        ("ob vpn, ended by `ob vpn down`", &verb),
    ] {
        let up = times.iter().map(|time| time.0).collect();
        let down = times.iter().map(|time| time.1).collect();
        println!(
            "{who}: spawn to connected {}; signalled to gone {}",
            spread(up),
            spread(down)
        );
    }
    println!("FIGURES");
    vpn.is_gone();
}
