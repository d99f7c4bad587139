//! The web sign-in that a server requires while the tunnel waits.

use ob_sandbox::{DeviceScript, Options, Pipeline, Server, VpnOptions};

use super::network::{Vpn, entered, through};
use crate::support::{Pty, TestEnv, qr_code_on_terminal, run};

fn vpn(options: VpnOptions) -> Vpn {
    Vpn::with(Options {
        vpn: VpnOptions {
            session_headers: false,
            ..options
        },
        ..Options::default()
    })
}

#[test]
fn the_agent_finishes_it_without_a_browser() {
    if !entered(
        "vpn::web_auth::the_agent_finishes_it_without_a_browser",
        false,
    ) {
        return;
    }
    let vpn = vpn(VpnOptions::default());
    vpn.up(&["--no-dns"]);
    assert_eq!(
        vpn.env.sandbox.requests(Server::Vpn, "/saml/start").len(),
        1
    );
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn browser_sign_in_brings_the_tunnel_up() {
    if !entered("vpn::web_auth::browser_sign_in_brings_the_tunnel_up", false) {
        return;
    }
    let env = TestEnv::with(
        "bob",
        Options {
            pipeline: Pipeline::Idx,
            interclient_trust: true,
            vpn: VpnOptions {
                session_headers: false,
                ..VpnOptions::default()
            },
            ..Options::default()
        },
    );
    env.sandbox.device(DeviceScript {
        login: env.user().login.clone(),
        waits: 0,
        ..DeviceScript::default()
    });
    let (client, _) = env.sandbox.clients();
    let way = format!("[org]\nsign_in = \"browser\"\nclient_id = \"{client}\"\n");
    env.write_settings(&format!(
        "browser_command = [\"/bin/true\"]\n{}\n[vpn]\nhost = \"{}\"\napp = \"{}\"\n",
        env.minimal_settings().replace("[org]\n", &way),
        env.sandbox.vpn_url().trim_start_matches("https://"),
        env.sandbox.vpn_sign_on_url(),
    ));
    let server = env.sandbox.openvpn().unwrap();
    let vpn = Vpn { env, server };
    vpn.up(&["--no-dns"]);
    let sandbox = &vpn.env.sandbox;
    assert_eq!(sandbox.requests(Server::Vpn, "/saml/start").len(), 1);
    let asked = sandbox.requests(Server::Org, "/oauth2/v1/device/authorize");
    assert_eq!(asked.len(), 1, "one sign-in did for both");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn an_address_too_long_for_a_notification_is_found_in_the_log() {
    if !entered(
        "vpn::web_auth::an_address_too_long_for_a_notification_is_found_in_the_log",
        false,
    ) {
        return;
    }
    let vpn = vpn(VpnOptions {
        // A notification has at most 246 bytes.
        web_auth_length: 252,
        ..VpnOptions::default()
    });
    vpn.up(&["--no-dns"]);
    let log = vpn.vpn(&["logs"]);
    assert!(!log.stdout.contains("xxxx"), "its address is not logged");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn an_address_at_another_host_is_the_persons_to_open() {
    if !entered(
        "vpn::web_auth::an_address_at_another_host_is_the_persons_to_open",
        false,
    ) {
        return;
    }
    let vpn = vpn(VpnOptions {
        web_auth_url: Some("https://evil.example".to_owned()),
        ..VpnOptions::default()
    });
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("wants you to sign in here");
    terminal.until("https://evil.example/saml/start?sid=");
    let id = terminal.until("\n").trim().to_owned();
    // The same on a phone.
    let address = format!("https://evil.example/saml/start?sid={id}");
    terminal.until(&qr_code_on_terminal(&address));
    assert!(!through());
    // The tunnel was not up yet.
    terminal.send("\x03");
    assert_eq!(terminal.wait().0.code(), Some(130));
    vpn.is_gone();
    let mut up = vpn.env.ob(["vpn", "up", "--no-dns"]);
    let mut terminal = Pty::spawn(up.env("LC_ALL", "de_DE.ISO-8859-1"));
    terminal.until("https://evil.example/saml/start?sid=");
    terminal.send("\x03");
    let (_, said) = terminal.wait();
    assert!(!said.contains('\u{2580}'), "no blocks: {said}");
    assert!(
        !said.contains("\\u{2580}") && !said.contains("????"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn without_a_session_the_person_is_asked_to_go_there() {
    if !entered(
        "vpn::web_auth::without_a_session_the_person_is_asked_to_go_there",
        false,
    ) {
        return;
    }
    let vpn = vpn(VpnOptions::default());
    vpn.env.sandbox.forget_used_codes();
    let mut terminal = Pty::spawn(&vpn.env.ob(["--no-agent", "vpn", "up", "--no-dns"]));
    let user = vpn.env.user();
    terminal.until("Password for");
    terminal.send(&format!("{}\r", user.password));
    terminal.until(": ");
    terminal.until(": ");
    terminal.send(&format!("{}\r", user.totp_now()));
    terminal.until("wants you to sign in here");
    terminal.until("/saml/start?sid=");
    terminal.send("\x03");
    terminal.wait();
    vpn.is_gone();
}

#[test]
fn refusal_in_the_background_shows_the_servers_text() {
    if !entered(
        "vpn::web_auth::refusal_in_the_background_shows_the_servers_text",
        false,
    ) {
        return;
    }
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            refuses: Some("\u{1b}[31mcome back on Monday".to_owned()),
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
    assert_eq!(up.status.code(), Some(4));
    let said = &up.stderr;
    assert!(said.contains("come back on Monday"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    vpn.is_gone();
}
