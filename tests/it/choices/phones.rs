//! The choice between two phones for a push.

use ob_sandbox::Server;

use super::without_a_terminal;
use crate::support::{Pty, TestEnv, run};

/// Of two phones, the one used last gets the push. That belongs to the user, not to a terminal.
#[test]
fn of_two_phones_the_one_used_last_gets_the_push() {
    let env = TestEnv::of("peggy");
    let pushed = || {
        let log = env.sandbox.requests(Server::Org, "/api/v1/authn/factors/");
        log.last()
            .unwrap()
            .path
            .split('/')
            .nth(5)
            .unwrap()
            .to_owned()
    };
    let login = |words: &[&str], picks: Option<&str>| {
        let mut pty = Pty::spawn(env.ob(words).env("TERM", "dumb"));
        pty.until("assword");
        pty.send(&format!("{}\r", env.user().password));
        if let Some(device) = picks {
            let menu = pty.until("Verify with (1-") + &pty.until("): ");
            let found = menu.lines().find(|line| line.contains(device)).unwrap();
            let number = found.trim_start().chars().next().unwrap();
            pty.send(&format!("{number}\r"));
        }
        let (status, seen) = pty.wait();
        assert!(status.success(), "{seen}");
        assert!(!seen.contains("Verify with"), "{seen}");
        pushed()
    };
    let tablet = login(&["login"], Some("tablet"));
    assert_eq!(login(&["login", "--again"], None), tablet);
    let phone = login(&["login", "--again", "--factor", "push"], None);
    assert_eq!(phone, tablet);
    // A sign-out forgets it.
    assert!(without_a_terminal(&env, &["logout"]).status.success());
    let phone = login(&["login"], Some("phone"));
    assert_ne!(phone, tablet);
    assert_eq!(login(&["login", "--again"], None), phone);
    assert!(without_a_terminal(&env, &["logout"]).status.success());
    // Without a terminal, none is used.
    let mut unattended = env.ob(["login", "--password-stdin"]);
    let ended = run(&mut unattended, env.answers());
    assert_eq!(ended.status.code(), Some(3));
    let said = &ended.stderr;
    for expected in [
        "which factor to use",
        "Peggy's phone",
        "Peggy's tablet",
        "`ob login`",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}
