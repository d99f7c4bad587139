//! The pure parts of the VPN with a real openvpn: argument list, management lines, state.
//!
//! Needs no server and no privilege: openvpn is held, queried, answered and ended before it opens a
//! device.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ob::openvpn::argv::{Launch, Privilege, argv};
use ob::openvpn::management::Event;
use ob::openvpn::policy::{Policy, Routes};
use ob::openvpn::profile::Profile;
use ob::openvpn::state::{
    Action, AuthAnswer, AuthPrompt, EndReason, Input, Phase, TunnelState, VpnCredentials,
};
use ob::secret::Secret;

/// Returns a profile whose server does not answer, with a certificate made for this test.
fn profile(folder: &Path) -> Profile {
    let at = |name: &str| folder.join(name).display().to_string();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=x",
        ])
        .args(["-keyout", &at("key"), "-out", &at("cert")])
        .output()
        .expect("openssl is needed: `tests/run` installs it");
    assert!(made.status.success());
    let pem = std::fs::read_to_string(folder.join("cert")).unwrap();
    let text = format!(
        "client\ndev tun\nremote 127.0.0.1 9 udp\nnobind\nremote-cert-tls server\nauth-user-pass\n\
         static-challenge \"Code \\\"now\\\"\" 1\nserver-poll-timeout 2\n<ca>\n{pem}</ca>\n"
    );
    Profile::parse(text.as_bytes()).unwrap()
}

#[test]
fn openvpn_is_held_asked_answered_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let profile = profile(folder.path());
    let (config, socket) = (folder.path().join("p"), folder.path().join("m"));
    std::fs::write(&config, profile.canonical().expose()).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    let policy = Policy {
        routes: Routes::Only(vec!["10.77.0.0/16".parse().unwrap()]),
        dns: false,
        peer_info: true,
    };
    let words = argv(
        &Launch {
            openvpn: Path::new("/usr/sbin/openvpn"),
            version: (2, 6),
            config: &config,
            management: &socket,
            user: None,
            device: "tun-ob9",
            asks_user_password: profile.asks_user_password(),
            policy: &policy,
        },
        &Privilege::Held,
    );
    let mut openvpn = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openvpn is needed: `tests/run` installs it");
    listener.set_nonblocking(true).unwrap();
    let mut tries = 0;
    let stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) => {
                assert!(
                    tries < 500 && openvpn.try_wait().unwrap().is_none(),
                    "openvpn did not call: {error}"
                );
                std::thread::sleep(Duration::from_millis(10));
                tries += 1;
            }
        }
    };
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream);
    let mut state = TunnelState::default();
    let mut asked = false;
    while !matches!(state.phase(), Phase::Ended(_)) {
        let mut line = String::new();
        let mut inputs = vec![match lines.read_line(&mut line).unwrap() {
            0 => Input::Closed,
            _ => Input::Event(Event::parse(line.as_bytes())),
        }];
        if line.starts_with("ERROR") {
            panic!("{line}");
        }
        if line.starts_with(">STATE") && line.contains(",WAIT,") {
            inputs.push(Input::Stop);
        }
        while !inputs.is_empty() {
            let (next, actions) = state.step(inputs.remove(0));
            state = next;
            for action in actions {
                match action {
                    Action::Send(command) => writer
                        .write_all(command.line().unwrap().expose().as_bytes())
                        .unwrap(),
                    Action::Ask(AuthPrompt::Credentials { challenge, .. }) => {
                        assert_eq!(challenge.unwrap().text, "Code \"now\"");
                        asked = true;
                        inputs.push(Input::Answer(AuthAnswer::Credentials(VpnCredentials {
                            username: "a\"b\\c d".to_owned(),
                            password: Secret::new("p\"q\\r s"),
                            challenge: Some(Secret::new("123456")),
                        })));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert!(asked);
    assert_eq!(state.phase(), &Phase::Ended(EndReason::Stopped));
    openvpn.wait().unwrap();
}
