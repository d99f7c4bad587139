//! Everything `ob` does, watched by everybody.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ob_sandbox::{Fault, FaultKind, PushOutcome, PushScript};

use super::needles::Needles;
use super::observers::{self, Sightings, Watcher};
use super::{TYPED, a_push_is_out, trace};
use crate::scene::{Ended, SOON, Scene, counted, finish, patiently, run, start};
use crate::support::{Pty, TestEnv};

/// All secrets of the sandbox, and the one that was typed in vain.
fn all(scene: &TestEnv) -> Needles {
    let mut secrets = scene.sandbox.canaries();
    secrets.push(("typed".to_owned(), TYPED.to_owned()));
    Needles::new(secrets)
}

/// Runs a scenario under every observer that needs no trace.
fn watched(case: &str, user: &str, scenario: impl Fn(&Scene) -> Vec<Ended>) {
    let scene = Scene::of(user);
    let watcher = Watcher::new();
    let ended = scenario(&scene);
    let needles = all(&scene);
    let mut seen: Sightings = watcher.end(&needles);
    for one in &ended {
        seen.extend(observers::outputs(one, &needles));
    }
    seen.extend(observers::machine(&scene, &needles));
    assert_eq!(seen, Sightings::new(), "{case}");
    assert!(!ended.is_empty(), "{case}");
}

fn loud(scene: &Scene, arguments: &[&str]) -> Ended {
    let mut words = arguments.to_vec();
    words.insert(1, "-vvv");
    let ended = scene.answered(&words);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

#[test]
fn signing_in_leaks_nothing_however_it_ends() {
    watched("password", "carol", |scene| {
        vec![
            loud(scene, &["login"]),
            loud(scene, &["login", "--again"]),
            loud(scene, &["login", "--json"]),
        ]
    });
    watched("code", "bob", |scene| vec![loud(scene, &["login"])]);
    watched("push", "dave", |scene| vec![loud(scene, &["login"])]);
    watched("number", "dave", |scene| {
        scene.sandbox.push(PushScript::number(47));
        let ended = loud(scene, &["login"]);
        assert!(ended.stderr.contains("47"), "{}", ended.stderr);
        vec![ended]
    });
    watched("rejected", "dave", |scene| {
        scene.sandbox.reject_push();
        vec![loud(scene, &["login"])]
    });
    watched("wrong password", "carol", |scene| {
        vec![run(
            scene.ob(["login", "-vvv", "--password-stdin"]),
            &format!("{TYPED}\n"),
        )]
    });
    watched("wrong code", "bob", |scene| {
        let password = scene.user().password.clone();
        let ended = run(
            scene.ob(["login", "-vvv", "--password-stdin", "--passcode-stdin"]),
            &format!("{password}\n000000\n"),
        );
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        vec![ended]
    });
}

#[test]
fn accounts_that_cannot_sign_in_leak_nothing() {
    for user in counted::<4, _>(["erin", "frank", "grace", "heidi"]) {
        let env = TestEnv::of(user);
        env.write_settings(
            &env.usual_settings()
                .replace("factor = \"totp\"\n", "")
                .replace("factor = \"push\"\n", ""),
        );
        let watcher = Watcher::new();
        let password = format!("{}\n", env.user().password);
        let ended = run(env.ob(["login", "-vvv", "--password-stdin"]), &password);
        // An expired password can be changed, by somebody who is here.
        let expected = if user == "frank" { 3 } else { 4 };
        assert_eq!(ended.code, Some(expected), "{user}: {}", ended.stderr);
        let needles = all(&env);
        let mut seen = watcher.end(&needles);
        seen.extend(observers::outputs(&ended, &needles));
        seen.extend(observers::files(&env.path(""), &needles));
        assert_eq!(seen, Sightings::new(), "{user}");
    }
}

#[test]
fn running_commands_leaks_nothing_but_to_the_command() {
    watched("command", "carol", |scene| {
        vec![
            loud(scene, &["exec", "--", "true"]),
            run(scene.ob(["exec", "--", "sleep", "0.1"]), ""),
        ]
    });
    watched("no such command", "carol", |scene| {
        let ended = loud(scene, &["exec", "--", "no-such-command"]);
        assert_eq!(ended.code, Some(127));
        vec![ended]
    });
    watched("crash", "carol", |scene| {
        vec![loud(
            scene,
            &["exec", "--", "sh", "-c", "cd $HOME; kill -SEGV $$"],
        )]
    });
    watched("without an agent", "carol", |scene| {
        vec![loud(scene, &["exec", "--no-agent", "--", "true"])]
    });
    watched("other verbs", "carol", |scene| {
        scene.sign_in();
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
        verbs.iter().map(|verb| run(scene.ob(*verb), "")).collect()
    });
    watched("refused by STS", "carol", |scene| {
        let kind = FaultKind::Status { code: 403, headers: vec![("Content-Type".into(), "text/xml".into())], body: b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>".to_vec() };
        scene
            .sandbox
            .fault(Fault::sts("AssumeRoleWithSAML", kind).always());
        vec![
            loud(scene, &["exec", "--", "true"]),
            run(scene.ob(["exec", "--json", "--", "true"]), ""),
        ]
    });
    watched("an answer cut short", "carol", |scene| {
        scene
            .sandbox
            .fault(Fault::sts("AssumeRoleWithSAML", FaultKind::CutAfter(300)).always());
        vec![loud(scene, &["exec", "--", "true"])]
    });
    watched("a page that is none", "carol", |scene| {
        scene
            .sandbox
            .fault(Fault::org("/home/", FaultKind::CutAfter(900)).always());
        vec![loud(scene, &["exec", "--", "true"])]
    });
    watched("sent elsewhere", "carol", |scene| {
        let elsewhere = scene.sandbox.other_url();
        scene
            .sandbox
            .fault(Fault::org("/home/", FaultKind::RedirectTo(elsewhere)).always());
        vec![loud(scene, &["exec", "--", "true"])]
    });
}

#[test]
fn a_signal_at_any_moment_leaks_nothing() {
    for signal in counted::<5, _>([
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGABRT,
    ]) {
        watched(signal.as_str(), "dave", |scene| {
            scene.sandbox.push(PushScript {
                outcome: PushOutcome::Never,
                ..PushScript::approve()
            });
            let client = start(
                scene.ob(["login", "-vvv", "--password-stdin"]),
                &scene.answers(),
            );
            assert!(patiently(SOON, || a_push_is_out(scene)));
            let agent = scene.agents()[0];
            kill(Pid::from_raw(i32::try_from(client.id()).unwrap()), signal).unwrap();
            let ended = finish(client);
            assert_ne!(ended.code, Some(0));
            kill(agent, signal).unwrap();
            assert!(scene.agents_gone_within(SOON), "{signal}");
            vec![ended]
        });
    }
}

#[test]
fn what_is_typed_at_a_terminal_is_not_seen_there() {
    let scene = Scene::of("bob");
    let watcher = Watcher::new();
    let mut terminal = Pty::spawn(&scene.ob(["login", "-vvv"]));
    terminal.until("assword");
    terminal.send(&format!("{}\n", scene.user().password));
    terminal.until("totp");
    let code = scene.user().totp_now();
    terminal.send(&format!("{code}\n"));
    let (status, text) = terminal.wait();
    assert!(status.success(), "{text}");
    let needles = all(&scene);
    let mut seen = observers::screen(&text, &needles);
    seen.extend(watcher.end(&needles));
    seen.extend(observers::machine(&scene, &needles));
    assert_eq!(seen, Sightings::new());
    assert!(!text.contains(&code), "{text}");
}

/// Runs `script` under a trace that must show no secret, and answers with what was opened for writing beside the
/// agent's lock and the devices.
fn written_by(scene: &Scene, script: &str) -> Vec<String> {
    let trace = trace::traced(scene, script, &scene.answers());
    assert_eq!(trace.ended.code, Some(0), "{}", trace.ended.stderr);
    assert!(trace.len() > 50, "{}: {}", trace.len(), trace.ended.stderr);
    let needles = all(scene);
    let mut seen = trace.executed(&needles);
    seen.extend(trace.written(&needles));
    seen.extend(observers::outputs(&trace.ended, &needles));
    seen.extend(observers::machine(scene, &needles));
    assert_eq!(seen, Sightings::new());
    let mut opened = trace.opened_for_writing();
    let lock = scene.runtime().join("lock").display().to_string();
    assert!(opened.contains(&lock), "the trace sees what is opened");
    opened.retain(|path| *path != lock && path != "/dev/null" && path != "/dev/tty");
    opened.into_iter().collect()
}

const SIGN_IN: &str = "ob exec -vvv --password-stdin --passcode-stdin --factor totp -- true; ";

#[test]
fn client_and_agent_open_nothing_for_writing_and_write_no_secret_anywhere() {
    let scene = Scene::of("bob");
    let script = SIGN_IN.to_owned()
        + "ob status >/dev/null; ob exec -- true; ob exec -- /nonexistent; \
           ob logout; ob agent stop";
    assert_eq!(written_by(&scene, &script), Vec::<String>::new());
}

/// The one file that is written unasked: names of roles, for whoever looks at roles.
#[test]
fn a_list_of_roles_leaves_their_names_in_one_file_and_a_command_adds_nothing_to_it() {
    let scene = Scene::of("bob");
    let script = SIGN_IN.to_owned() + "ob roles >/dev/null; ob agent stop";
    let opened = written_by(&scene, &script);
    let one = opened.len() == 1 && opened[0].starts_with(".roles-");
    assert!(one, "{opened:?}");
    let kept = scene.path("home/.cache/ob");
    let files: Vec<_> = std::fs::read_dir(&kept).unwrap().collect();
    assert_eq!(files.len(), 1);
    let before = std::fs::metadata(files[0].as_ref().unwrap().path()).unwrap();
    scene.sandbox.forget_used_codes();
    let after = SIGN_IN.to_owned() + "ob exec -- true; ob agent stop";
    assert_eq!(written_by(&scene, &after), Vec::<String>::new());
    let now = std::fs::metadata(files[0].as_ref().unwrap().path()).unwrap();
    assert_eq!(before.modified().unwrap(), now.modified().unwrap());
}

#[test]
fn nothing_is_opened_in_the_current_directory() {
    let scene = Scene::of("carol");
    let here = scene.path("home/project");
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
    let trace = trace::traced(&scene, script, &scene.answers());
    assert_eq!(trace.ended.code, Some(0), "{}", trace.ended.stderr);
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

/// An answer that is asked to hold secrets: what else the command says is not.
fn but_its_answer(scene: &Scene, arguments: &[&str]) -> Ended {
    let ended = run(scene.ob(arguments), "");
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
    let needles = all(scene);
    assert!(
        !needles.in_bytes(ended.stdout.as_bytes()).is_empty(),
        "{arguments:?}"
    );
    Ended {
        stdout: String::new(),
        ..ended
    }
}

#[test]
fn verbs_that_hand_out_credentials_do_so_through_one_door() {
    watched("on standard output", "carol", |scene| {
        scene.sign_in();
        let verbs: [&[&str]; 5] = [
            &["env", "-vvv", "--shell", "bash"],
            &["env", "--shell", "fish"],
            &["env", "--shell", "nu"],
            &["env", "--format", "json"],
            &["credential", "-vvv"],
        ];
        verbs
            .iter()
            .map(|verb| but_its_answer(scene, verb))
            .collect()
    });
    watched("in the one file", "carol", |scene| {
        scene.sign_in();
        let ended = run(scene.ob(["write", "-vvv", "-p", "dev"]), "");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let file = scene.path("home/.aws/credentials");
        let written = std::fs::read(&file).unwrap();
        assert!(!all(scene).in_bytes(&written).is_empty());
        // What else is left of it is searched by those who watch.
        std::fs::remove_file(file).unwrap();
        vec![ended]
    });
}

#[test]
fn a_terminal_is_not_shown_what_is_meant_for_a_shell() {
    let scene = Scene::of("carol");
    scene.sign_in();
    let mut terminal = Pty::spawn(&scene.ob(["env", "--shell", "bash"]));
    let (status, text) = terminal.wait();
    assert!(!status.success(), "{text}");
    assert_eq!(observers::screen(&text, &all(&scene)), Sightings::new());
}
