//! Everything `ob` does, under every observer.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ob_sandbox::{Fault, FaultKind, PushOutcome, PushScript};

use super::needles::Needles;
use super::observers::{self, Sightings, Watcher};
use super::{TYPED, push_is_sent, trace};
use crate::support::{Finished, Pty, SOON, TestEnv, counted, finish, holds_within, run, start};

/// Returns all secrets of the sandbox and the invalid one that was typed.
fn all(env: &TestEnv) -> Needles {
    let mut secrets = env.sandbox.canaries();
    secrets.push(("typed".to_owned(), TYPED.to_owned()));
    Needles::new(secrets)
}

/// Runs a scenario under every observer that needs no trace.
fn watched(case: &str, user: &str, scenario: impl Fn(&TestEnv) -> Vec<Finished>) {
    let env = TestEnv::of(user).configured();
    let watcher = Watcher::new();
    let ended = scenario(&env);
    let needles = all(&env);
    let mut seen: Sightings = watcher.end(&needles);
    for one in &ended {
        seen.extend(observers::outputs(one, &needles));
    }
    seen.extend(observers::machine(&env, &needles));
    assert_eq!(seen, Sightings::new(), "{case}");
    assert!(!ended.is_empty(), "{case}");
}

fn verbose(env: &TestEnv, arguments: &[&str]) -> Finished {
    let mut words = arguments.to_vec();
    words.insert(1, "-vvv");
    let ended = env.answered(&words);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn sign_in_leaks_nothing_however_it_ends() {
    watched("password", "carol", |env| {
        vec![
            verbose(env, &["login"]),
            verbose(env, &["login", "--again"]),
            verbose(env, &["login", "--json"]),
        ]
    });
    watched("code", "bob", |env| vec![verbose(env, &["login"])]);
    watched("push", "dave", |env| vec![verbose(env, &["login"])]);
    watched("number", "dave", |env| {
        env.sandbox.push(PushScript::number(47));
        let ended = verbose(env, &["login"]);
        assert!(ended.stderr.contains("47"), "{}", ended.stderr);
        vec![ended]
    });
    watched("rejected", "dave", |env| {
        env.sandbox.reject_push();
        vec![verbose(env, &["login"])]
    });
    watched("wrong password", "carol", |env| {
        vec![run(
            env.ob(["login", "-vvv", "--password-stdin"]),
            format!("{TYPED}\n"),
        )]
    });
    watched("wrong code", "bob", |env| {
        let password = env.user().password.clone();
        let ended = run(
            env.ob(["login", "-vvv", "--password-stdin", "--passcode-stdin"]),
            format!("{password}\n000000\n"),
        );
        assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
        vec![ended]
    });
}

#[test]
fn accounts_that_cannot_sign_in_leak_nothing() {
    for user in counted::<4, _>(["erin", "frank", "grace", "heidi"]) {
        let env = TestEnv::of(user);
        env.write_settings(
            &env.minimal_settings()
                .replace("factor = \"totp\"\n", "")
                .replace("factor = \"push\"\n", ""),
        );
        let watcher = Watcher::new();
        let password = format!("{}\n", env.user().password);
        let ended = run(env.ob(["login", "-vvv", "--password-stdin"]), &password);
        // An expired password can be changed by a user at a terminal.
        let expected = if user == "frank" { 3 } else { 4 };
        assert_eq!(ended.code(), Some(expected), "{user}: {}", ended.stderr);
        let needles = all(&env);
        let mut seen = watcher.end(&needles);
        seen.extend(observers::outputs(&ended, &needles));
        seen.extend(observers::files(&env.path(""), &needles));
        assert_eq!(seen, Sightings::new(), "{user}");
    }
}

#[test]
fn exec_leaks_nothing_but_to_its_command() {
    watched("command", "carol", |env| {
        vec![
            verbose(env, &["exec", "--", "true"]),
            run(env.ob(["exec", "--", "sleep", "0.1"]), ""),
        ]
    });
    watched("no such command", "carol", |env| {
        let ended = verbose(env, &["exec", "--", "no-such-command"]);
        assert_eq!(ended.code(), Some(127));
        vec![ended]
    });
    watched("crash", "carol", |env| {
        vec![verbose(
            env,
            &["exec", "--", "sh", "-c", "cd $HOME; kill -SEGV $$"],
        )]
    });
    watched("without an agent", "carol", |env| {
        vec![verbose(env, &["exec", "--no-agent", "--", "true"])]
    });
    watched("other verbs", "carol", |env| {
        env.sign_in();
        let verbs: [&[&str]; 8] = [
            &["roles", "-vvv"],
            &["roles", "--json"],
            &["status", "-vvv"],
            &["status", "--json"],
            &["config", "list"],
            &["agent", "status"],
            &["logout", "-vvv"],
            &["agent", "stop"],
        ];
        verbs.iter().map(|verb| run(env.ob(*verb), "")).collect()
    });
    watched("refused by STS", "carol", |env| {
        let body = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>\
                    </Error></ErrorResponse>";
        let kind = FaultKind::Status {
            code: 403,
            headers: vec![("Content-Type".into(), "text/xml".into())],
            body: body.to_vec(),
        };
        env.sandbox
            .fault(Fault::sts("AssumeRoleWithSAML", kind).always());
        vec![
            verbose(env, &["exec", "--", "true"]),
            run(env.ob(["exec", "--json", "--", "true"]), ""),
        ]
    });
    watched("an answer cut short", "carol", |env| {
        env.sandbox
            .fault(Fault::sts("AssumeRoleWithSAML", FaultKind::CutAfter(300)).always());
        vec![verbose(env, &["exec", "--", "true"])]
    });
    watched("a page that is none", "carol", |env| {
        env.sandbox
            .fault(Fault::org("/home/", FaultKind::CutAfter(900)).always());
        vec![verbose(env, &["exec", "--", "true"])]
    });
    watched("sent elsewhere", "carol", |env| {
        let elsewhere = env.sandbox.other_url();
        env.sandbox
            .fault(Fault::org("/home/", FaultKind::RedirectTo(elsewhere)).always());
        vec![verbose(env, &["exec", "--", "true"])]
    });
}

#[test]
fn signal_during_a_sign_in_leaks_nothing() {
    for signal in counted::<5, _>([
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGABRT,
    ]) {
        watched(signal.as_str(), "dave", |env| {
            env.sandbox.push(PushScript {
                outcome: PushOutcome::Never,
                ..PushScript::approve()
            });
            let client = start(env.ob(["login", "-vvv", "--password-stdin"]), env.answers());
            assert!(holds_within(SOON, || push_is_sent(env)));
            let agent = env.agents()[0];
            kill(Pid::from_raw(i32::try_from(client.id()).unwrap()), signal).unwrap();
            let ended = finish(client);
            assert_ne!(ended.code(), Some(0));
            kill(agent, signal).unwrap();
            assert!(env.agents_gone_within(SOON), "{signal}");
            vec![ended]
        });
    }
}

#[test]
fn typed_secrets_are_not_shown_on_the_terminal() {
    let env = TestEnv::of("bob").configured();
    let watcher = Watcher::new();
    let mut terminal = Pty::spawn(&env.ob(["login", "-vvv"]));
    terminal.until("assword");
    terminal.send(&format!("{}\n", env.user().password));
    terminal.until("Authenticator app code");
    let code = env.user().totp_now();
    terminal.send(&format!("{code}\n"));
    let (status, text) = terminal.wait();
    assert!(status.success(), "{text}");
    let needles = all(&env);
    let mut seen = observers::screen(&text, &needles);
    seen.extend(watcher.end(&needles));
    seen.extend(observers::machine(&env, &needles));
    assert_eq!(seen, Sightings::new());
    assert!(!text.contains(&code), "{text}");
}

/// Runs `script` under a trace that must show no secret, and returns the files opened for writing,
/// except the agent's lock and devices.
fn written_by(env: &TestEnv, script: &str) -> Vec<String> {
    let trace = trace::traced(env, script, &env.answers());
    assert_eq!(trace.ended.code(), Some(0), "{}", trace.ended.stderr);
    assert!(trace.len() > 50, "{}: {}", trace.len(), trace.ended.stderr);
    let needles = all(env);
    let mut seen = trace.executed(&needles);
    seen.extend(trace.written(&needles));
    seen.extend(observers::outputs(&trace.ended, &needles));
    seen.extend(observers::machine(env, &needles));
    assert_eq!(seen, Sightings::new());
    let mut opened = trace.opened_for_writing();
    let lock = env.runtime().join("lock").display().to_string();
    assert!(opened.contains(&lock), "the trace sees what is opened");
    opened.retain(|path| *path != lock && path != "/dev/null" && path != "/dev/tty");
    opened.into_iter().collect()
}

const SIGN_IN: &str = "ob exec -vvv --password-stdin --passcode-stdin --factor totp -- true; ";

#[test]
fn client_and_agent_write_no_file_and_no_secret() {
    let env = TestEnv::of("bob").configured();
    let script = SIGN_IN.to_owned()
        + "ob status >/dev/null; ob exec -- true; ob exec -- /nonexistent; \
           ob logout; ob agent stop";
    assert_eq!(written_by(&env, &script), Vec::<String>::new());
}

/// The only file that is written without a request: the role names, after roles were listed.
#[test]
fn roles_leaves_one_file_of_names_and_exec_adds_nothing() {
    let env = TestEnv::of("bob").configured();
    let script = SIGN_IN.to_owned() + "ob roles >/dev/null; ob agent stop";
    let opened = written_by(&env, &script);
    let one = opened.len() == 1 && opened[0].starts_with(".roles-");
    assert!(one, "{opened:?}");
    let kept = env.path("home/.cache/ob");
    let files: Vec<_> = std::fs::read_dir(&kept).unwrap().collect();
    assert_eq!(files.len(), 1);
    let before = std::fs::metadata(files[0].as_ref().unwrap().path()).unwrap();
    env.sandbox.forget_used_codes();
    let after = SIGN_IN.to_owned() + "ob exec -- true; ob agent stop";
    assert_eq!(written_by(&env, &after), Vec::<String>::new());
    let now = std::fs::metadata(files[0].as_ref().unwrap().path()).unwrap();
    assert_eq!(before.modified().unwrap(), now.modified().unwrap());
}

#[test]
fn nothing_is_opened_in_the_current_directory() {
    let env = TestEnv::of("carol").configured();
    let here = env.path("home/project");
    std::fs::create_dir(&here).unwrap();
    for name in counted::<6, _>([
        ".env",
        "ob.toml",
        ".ob.toml",
        "config.toml",
        ".netrc",
        "openssl.cnf",
    ]) {
        std::fs::write(here.join(name), "[org]\nurl = 'https://evil.example'\n").unwrap();
    }
    let script =
        "cd $HOME/project && ob exec --password-stdin -- true; ob roles >/dev/null; ob agent stop";
    let trace = trace::traced(&env, script, &env.answers());
    assert_eq!(trace.ended.code(), Some(0), "{}", trace.ended.stderr);
    let opened = trace.opened();
    assert!(
        opened
            .iter()
            .any(|path| path.ends_with("config/ob/config.toml")),
        "{opened:?}"
    );
    let strange: Vec<_> = opened
        .iter()
        .filter(|path| path.contains("project"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

/// Runs a verb whose standard output holds secrets by design, and returns its other output.
fn without_its_stdout(env: &TestEnv, arguments: &[&str]) -> Finished {
    let ended = run(env.ob(arguments), "");
    assert_eq!(ended.code(), Some(0), "{arguments:?}: {}", ended.stderr);
    let needles = all(env);
    assert!(
        !needles.in_bytes(ended.stdout.as_bytes()).is_empty(),
        "{arguments:?}"
    );
    Finished {
        stdout: String::new(),
        ..ended
    }
}

#[test]
fn verbs_that_print_credentials_use_one_output() {
    watched("on standard output", "carol", |env| {
        env.sign_in();
        let verbs: [&[&str]; 5] = [
            &["env", "-vvv", "--shell", "bash"],
            &["env", "--shell", "fish"],
            &["env", "--shell", "nu"],
            &["env", "--format", "json"],
            &["credential", "-vvv"],
        ];
        verbs
            .iter()
            .map(|verb| without_its_stdout(env, verb))
            .collect()
    });
    watched("in the one file", "carol", |env| {
        env.sign_in();
        let ended = run(env.ob(["write", "-vvv", "-p", "dev"]), "");
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        let file = env.path("home/.aws/credentials");
        let written = std::fs::read(&file).unwrap();
        assert!(!all(env).in_bytes(&written).is_empty());
        // The rest of what the verb wrote is searched by the observers.
        std::fs::remove_file(file).unwrap();
        vec![ended]
    });
}

#[test]
fn credentials_for_a_shell_are_not_shown_on_a_terminal() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let mut terminal = Pty::spawn(&env.ob(["env", "--shell", "bash"]));
    let (status, text) = terminal.wait();
    assert!(!status.success(), "{text}");
    assert_eq!(observers::screen(&text, &all(&env)), Sightings::new());
}
