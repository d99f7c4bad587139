//! Prompts of a VPN server besides the sign-in, through a real openvpn.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use ob::link::SupervisorConnection;
use ob::secret::Secret;
use ob::wire::{FromTunnel, SecretText, ToTunnel, TunnelAnswer, TunnelPhase, TunnelQuestion};
use ob_sandbox::{OpenVpn, Options, VpnOptions, VpnQuestion};

use super::network::{Vpn, entered, leads_through, through};
use crate::support::{DEADLINE, Pty, eventually, run};

fn vpn(asks: VpnQuestion) -> Vpn {
    vpn_with(VpnOptions {
        asks: Some(asks),
        ..VpnOptions::default()
    })
}

fn vpn_with(vpn: VpnOptions) -> Vpn {
    Vpn::with(Options {
        vpn,
        ..Options::default()
    })
}

fn up(vpn: &Vpn, words: &[&str]) -> Pty {
    Pty::spawn(vpn.env.ob(["vpn", "up", "--no-dns"]).args(words))
}

const ASKED: &str = "The VPN server asks: Enter your code: ";

/// Returns each kind of prompt with that text.
fn kinds(text: &str) -> [VpnQuestion; 3] {
    [
        VpnQuestion::Static(text.to_owned()),
        VpnQuestion::Dynamic(text.to_owned()),
        VpnQuestion::Text(text.to_owned()),
    ]
}

#[test]
fn every_kind_is_answered_at_the_terminal() {
    if !entered(
        "vpn::questions::every_kind_is_answered_at_the_terminal",
        false,
    ) {
        return;
    }
    for kind in kinds("Enter your code") {
        let vpn = vpn(kind);
        let mut terminal = up(&vpn, &[]);
        terminal.until(ASKED);
        assert!(!through());
        terminal.send(&format!("{}\r", OpenVpn::CODE));
        terminal.until("ob: connected");
        leads_through();
        // A prompt does not change how the tunnel ends.
        terminal.send("\x03");
        let (status, said) = terminal.wait();
        assert!(
            status.success() && said.contains("the VPN is down"),
            "{said}"
        );
        vpn.is_gone();
    }
}

#[test]
fn it_is_asked_before_the_tunnel_goes_into_the_background() {
    let name = "vpn::questions::it_is_asked_before_the_tunnel_goes_into_the_background";
    if !entered(name, false) {
        return;
    }
    for kind in kinds("Enter your code") {
        let vpn = vpn(kind);
        let mut terminal = up(&vpn, &["--detach"]);
        terminal.until(ASKED);
        terminal.send(&format!("{}\r", OpenVpn::CODE));
        let (status, said) = terminal.wait();
        assert!(status.success(), "{said}");
        leads_through();
        let logs = vpn.vpn(&["logs"]);
        assert!(!logs.stdout.contains(OpenVpn::CODE));
        assert!(vpn.vpn(&["down"]).status.success());
        vpn.is_gone();
    }
}

#[test]
fn without_a_terminal_it_ends_at_once_and_says_what_was_asked() {
    let name = "vpn::questions::without_a_terminal_it_ends_at_once_and_says_what_was_asked";
    if !entered(name, false) {
        return;
    }
    for kind in kinds("Enter your code") {
        for words in [&["vpn", "up"][..], &["vpn", "up", "--detach"]] {
            let vpn = vpn(kind.clone());
            let ended = run(&mut vpn.env.ob(words), "");
            let said = &ended.stderr;
            assert_eq!(ended.status.code(), Some(3), "{kind:?}: {said}");
            for part in [
                "nobody answered the VPN's question",
                "there is no terminal to ask on: The VPN server asks: Enter your code",
            ] {
                assert!(said.contains(part), "{kind:?}: {said}");
            }
            vpn.is_gone();
        }
    }
}

#[test]
fn a_server_without_tokens_gets_password_and_code_in_one() {
    let name = "vpn::questions::a_server_without_tokens_gets_password_and_code_in_one";
    if !entered(name, false) {
        return;
    }
    let vpn = vpn_with(VpnOptions {
        session_headers: false,
        asks: Some(VpnQuestion::Static("Enter your code".to_owned())),
        ..VpnOptions::default()
    });
    let mut terminal = up(&vpn, &[]);
    terminal.until("VPN password for bob@acme.com: ");
    let password = &vpn.env.user().password;
    terminal.send(&format!("{password}\r"));
    let seen = terminal.until(ASKED);
    assert!(!seen.contains(password.as_str()), "{seen}");
    terminal.send(&format!("{}\r", OpenVpn::CODE));
    terminal.until("ob: connected");
    terminal.send("\x03");
    terminal.wait();
    vpn.is_gone();
}

#[test]
fn wrong_answer_shows_the_servers_text_and_asks_again() {
    let name = "vpn::questions::wrong_answer_shows_the_servers_text_and_asks_again";
    if !entered(name, false) {
        return;
    }
    let vpn = vpn(VpnQuestion::Dynamic("Enter your code".to_owned()));
    let mut terminal = up(&vpn, &[]);
    terminal.until(ASKED);
    terminal.send("0000000000\r");
    terminal.until("ob: the VPN server says: that was not the");
    terminal.until("VPN password for bob@acme.com: ");
    terminal.send(&format!("{}\r", vpn.env.user().password));
    terminal.until(ASKED);
    terminal.send(&format!("{}\r", OpenVpn::CODE));
    terminal.until("ob: connected");
    leads_through();
    terminal.send("\x03");
    terminal.wait();
    vpn.is_gone();
}

#[test]
fn typing_between_prompts_is_neither_shown_nor_read() {
    let name = "vpn::questions::typing_between_prompts_is_neither_shown_nor_read";
    if !entered(name, false) {
        return;
    }
    let vpn = vpn(VpnQuestion::Dynamic("Enter your code".to_owned()));
    let script =
        "ob vpn up --no-dns --detach; echo \"over=$?\"; read -r line; echo \"left=[$line]\"";
    let mut terminal = Pty::spawn(vpn.env.command("sh").args(["-c", script]));
    let mut screen = String::new();
    let password = &vpn.env.user().password;
    for (question, answer) in [
        (ASKED, "0000000000"),
        ("VPN password for bob@acme.com: ", password),
        (ASKED, OpenVpn::CODE),
    ] {
        screen += &terminal.until(question);
        // While the supervisor does not see the answer, nothing else is asked.
        vpn.signal(vpn.supervisor(), Signal::SIGSTOP);
        terminal.send(&format!("{answer}\r"));
        eventually("nothing is shown", || !terminal.echoes());
        terminal.send("canary\rcanary");
        // The terminal does not report when it has taken the input.
        thread::sleep(Duration::from_millis(100));
        vpn.signal(vpn.supervisor(), Signal::SIGCONT);
    }
    screen += &terminal.until("over=0");
    terminal.send("mine\r");
    screen += &terminal.until("left=[mine]");
    assert!(!screen.contains("canary"), "{screen}");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn its_text_is_inert_on_the_terminal() {
    if !entered("vpn::questions::its_text_is_inert_on_the_terminal", false) {
        return;
    }
    // A window title, a colour, a line end, and text that runs backwards.
    let hostile = "Enter\u{1b}]0;gone\u{7} \u{1b}[31myour\r \u{202e}edoc\u{2066}";
    for kind in kinds(hostile).into_iter().skip(1) {
        let vpn = vpn(kind);
        let mut terminal = up(&vpn, &[]);
        let seen = terminal.until("edoc") + &terminal.until(": ");
        let acts =
            |c: char| (c.is_control() && c != '\n') || ('\u{2028}'..='\u{206f}').contains(&c);
        // The line that is updated has a sequence of its own.
        let seen = seen.replace("\r\u{1b}[K", "");
        assert!(!seen.contains(acts), "{seen:?}");
        terminal.send(&format!("{}\r", OpenVpn::CODE));
        terminal.until("ob: connected");
        terminal.send("\x03");
        terminal.wait();
        vpn.is_gone();
    }
    // A profile cannot contain it.
    let vpn = vpn(VpnQuestion::Static(hostile.replace('\r', "")));
    let refused = run(&mut vpn.env.ob(["vpn", "up", "--no-dns"]), "");
    assert_eq!(refused.status.code(), Some(4), "{}", &refused.stderr);
    assert!(!refused.stderr.contains('\u{1b}'));
    vpn.is_gone();
}

#[test]
fn ctrl_c_at_the_question_takes_everything_back() {
    let name = "vpn::questions::ctrl_c_at_the_question_takes_everything_back";
    if !entered(name, false) {
        return;
    }
    let vpn = vpn(VpnQuestion::Text("Enter your code".to_owned()));
    let mut terminal = up(&vpn, &[]);
    terminal.until(ASKED);
    terminal.send("867\x03");
    let (status, said) = terminal.wait();
    assert!(!status.success(), "{said}");
    vpn.is_gone();
}

#[test]
fn a_question_that_nobody_waits_for_any_more_is_taken_back() {
    let name = "vpn::questions::a_question_that_nobody_waits_for_any_more_is_taken_back";
    if !entered(name, false) {
        return;
    }
    let vpn = vpn(VpnQuestion::Text("Enter your code".to_owned()));
    let mut terminal = up(&vpn, &[]);
    terminal.until(ASKED);
    terminal.send("867");
    assert!(vpn.vpn(&["down"]).status.success());
    // Without another key.
    let (status, said) = terminal.wait();
    assert!(
        status.success() && said.contains("the VPN is down"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn background_tunnel_shows_its_prompt_and_any_up_answers() {
    let name = "vpn::questions::background_tunnel_shows_its_prompt_and_any_up_answers";
    if !entered(name, false) {
        return;
    }
    let mut vpn = vpn(VpnQuestion::Dynamic("Enter your code".to_owned()));
    let mut terminal = up(&vpn, &["--detach"]);
    terminal.until(ASKED);
    terminal.send(&format!("{}\r", OpenVpn::CODE));
    assert!(terminal.wait().0.success());
    let twice = vpn.vpn(&["up"]);
    assert!(twice.stderr.contains("a tunnel is up or being set up"));
    // A new connection gets a new prompt.
    vpn.server.restart().unwrap();
    eventually("the question is open", || {
        vpn.status()["asks"] == "The VPN server asks: Enter your code"
    });
    let status = vpn.vpn(&["status"]);
    let said = &status.stdout;
    for part in ["The VPN server asks: Enter your code", "run `ob vpn up`;"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(
        vpn.vpn(&["logs"])
            .stdout
            .contains("no client is attached to answer")
    );
    // Without a terminal there is no prompt, and the question stays open.
    let mut terminal = up(&vpn, &["--detach"]);
    terminal.until(ASKED);
    terminal.send(&format!("{}\r", OpenVpn::CODE));
    let (status, said) = terminal.wait();
    assert!(status.success(), "{said}");
    assert_eq!(vpn.status()["phase"], "connected");
    assert_eq!(vpn.status()["asks"], serde_json::Value::Null);
    leads_through();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

/// Returns the next question of a tunnel.
fn asked(link: &mut SupervisorConnection) -> (u64, TunnelQuestion) {
    loop {
        match link.recv(Some(DEADLINE)).unwrap() {
            FromTunnel::Ask { number, question } => return (number, question),
            FromTunnel::Ended(why) => panic!("it ended: {why:?}"),
            _ => {}
        }
    }
}

fn answer(link: &mut SupervisorConnection, number: u64, text: &str) {
    let answer = TunnelAnswer::Given(SecretText(Secret::new(text)));
    link.send(&ToTunnel::Answer { number, answer }).unwrap();
}

#[test]
fn an_answer_to_an_earlier_question_is_given_to_no_other() {
    let name = "vpn::questions::an_answer_to_an_earlier_question_is_given_to_no_other";
    if !entered(name, false) {
        return;
    }
    let mut vpn = vpn(VpnQuestion::Dynamic("Enter your code".to_owned()));
    let mut terminal = up(&vpn, &["--detach"]);
    terminal.until(ASKED);
    terminal.send(&format!("{}\r", OpenVpn::CODE));
    assert!(terminal.wait().0.success());
    vpn.server.restart().unwrap();
    eventually("the question is open", || {
        vpn.status()["asks"] == "The VPN server asks: Enter your code"
    });
    let mut link = SupervisorConnection::connect(&vpn.env.path("run/ob/vpn.sock"))
        .unwrap()
        .unwrap();
    link.send(&ToTunnel::Attach).unwrap();
    let (code, _) = asked(&mut link);
    // A number that is not asked yet is rejected like an old one.
    answer(&mut link, code + 1, "not the code");
    answer(&mut link, code, "0000000000");
    let (password, question) = asked(&mut link);
    assert!(
        matches!(question, TunnelQuestion::Password { .. }),
        "{question:?}"
    );
    // The right code, typed late: it is not used as a password.
    answer(&mut link, code, OpenVpn::CODE);
    let answer_of_nobody = ToTunnel::Answer {
        number: code,
        answer: TunnelAnswer::Unavailable,
    };
    link.send(&answer_of_nobody).unwrap();
    answer(&mut link, password, &vpn.env.user().password);
    let (again, question) = asked(&mut link);
    assert!(
        matches!(question, TunnelQuestion::Challenge { .. }),
        "{question:?}"
    );
    answer(&mut link, password, &vpn.env.user().password);
    answer(&mut link, again, OpenVpn::CODE);
    // If a late answer were used, it would be refused, and another question would follow.
    loop {
        match link.recv(Some(DEADLINE)).unwrap() {
            FromTunnel::Phase(phase) if phase.phase == TunnelPhase::Connected => break,
            FromTunnel::Ask { question, .. } => panic!("{question:?}"),
            _ => {}
        }
    }
    assert!((code, password) < (password, again));
    leads_through();
    link.send(&ToTunnel::Detach).unwrap();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
