//! `ob shell` in bash, zsh, fish and nushell, at a terminal.

use ob_sandbox::AwsApp;

use super::{Kind, machine, role_name, type_line};
use crate::support::{Pty, TestEnv, run};

/// Starts `ob shell`. The pty answers the terminal queries of line editors: nushell asks for the
/// cursor's position.
fn open(env: &TestEnv, kind: Kind, more: &[&str]) -> Pty {
    let program = kind.program();
    let mut command = env.ob(["shell", "--shell", program.to_str().unwrap()]);
    command.args(more);
    Pty::spawn(&command)
}

fn fresh(pty: &mut Pty, label: &str) {
    pty.until(&format!("{label} "));
    let shown = pty.until("m READY");
    assert!(shown == "59m READY" || shown == "60m READY", "{shown:?}");
}

/// Opens a shell, sees the segment, renews, crosses each threshold, expires, exits.
fn lives(kind: Kind) {
    let env = machine();
    env.sign_in();
    kind.furnish(&env, "");
    let label = format!("acme-prod/{}", role_name(&env));
    let mut pty = open(&env, kind, &["-p", "prod"]);
    fresh(&mut pty, &label);

    // The user's start files have run, and the credentials are set.
    type_line(kind, &mut pty, "mine");
    pty.until("MINE");
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWS_ACCESS_KEY_ID"));
    pty.until("<ASIA");
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWSUME_PROFILE"));
    pty.until("<prod>");
    fresh(&mut pty, &label);

    // Near the expiry it asks the agent and replaces the credentials.
    type_line(kind, &mut pty, &kind.expire_in(890));
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWS_SESSION_TOKEN"));
    pty.until("<");
    fresh(&mut pty, &label);

    // Without a terminal, only the message of each threshold is printed.
    crate::support::run(&mut env.ob(["agent", "stop"]), "");
    for (seconds, shown) in [(890, "14m!"), (290, "4m!!"), (-5, "expired")] {
        type_line(kind, &mut pty, &kind.expire_in(seconds));
        pty.until(&format!("{label} {shown} READY"));
    }
    type_line(kind, &mut pty, "exit");
    let (status, _) = pty.wait();
    assert_eq!(status.code(), Some(0), "{kind:?}");
}

#[test]
fn bash_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Bash);
}

#[test]
fn zsh_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Zsh);
}

#[test]
fn fish_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Fish);
}

#[test]
fn nushell_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Nu);
}

fn stop_agent(env: &TestEnv) {
    crate::support::run(&mut env.ob(["agent", "stop"]), "");
}

#[test]
fn new_credentials_take_the_place_of_the_old_without_a_trace() {
    for (kind, trace) in [
        (Kind::Bash, "set -x"),
        (Kind::Zsh, "set -x"),
        (Kind::Fish, "set -g fish_trace 1"),
        (Kind::Nu, "ignore"),
    ] {
        let env = machine();
        env.sign_in();
        kind.furnish(&env, "");
        let mut pty = open(&env, kind, &["-p", "prod"]);
        let label = format!("acme-prod/{}", role_name(&env));
        fresh(&mut pty, &label);
        let key = |pty: &mut Pty| {
            type_line(kind, pty, &kind.print("AWS_ACCESS_KEY_ID"));
            pty.until("<ASIA");
            pty.until(">")
        };
        let old = key(&mut pty);
        // One hour on the servers' clock; the agent learns it with its next request.
        env.sandbox.advance_clock(3500);
        let other = env.ob(["exec", "-p", "dev", "--duration", "30m", "--", "true"]);
        assert!({ other }.status().unwrap().success());
        fresh(&mut pty, &label);
        type_line(kind, &mut pty, trace);
        pty.until("m READY");
        type_line(kind, &mut pty, &kind.expire_in(100));
        let seen = pty.until("m READY");
        let new = key(&mut pty);
        assert_ne!(old, new, "{kind:?}");
        for (name, canary) in env.sandbox.canaries() {
            assert!(!seen.contains(&canary), "{kind:?} shows {name}: {seen:?}");
        }
    }
}

#[test]
fn nested_shell_is_announced_and_replaces_the_role() {
    let env = machine();
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    let mut pty = open(&env, Kind::Bash, &["-p", "prod"]);
    pty.until("m READY");
    type_line(Kind::Bash, &mut pty, "ob shell -p dev --shell bash");
    let label = format!("acme-prod/{}", role_name(&env));
    pty.until(&format!(
        "ob: a shell for dev inside the one for {label}; `exit` returns there"
    ));
    pty.until("m READY");
    type_line(Kind::Bash, &mut pty, &Kind::Bash.print("OB_PROFILE"));
    pty.until("<dev>");
    // A command's credentials are not renewed for another role.
    type_line(
        Kind::Bash,
        &mut pty,
        "ob exec -p prod -- printenv OB_TARGET AWSUME_PROFILE; echo \"[$?]\"",
    );
    let seen = pty.until("[1]");
    assert!(
        !seen.contains("\"profile\"") && !seen.contains("\ndev"),
        "{seen:?}"
    );
    type_line(Kind::Bash, &mut pty, "exit");
    type_line(Kind::Bash, &mut pty, &Kind::Bash.print("OB_PROFILE"));
    pty.until("<prod>");
}

#[test]
fn verb_without_a_role_uses_the_shells_with_its_limits() {
    let env = machine();
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    let mut pty = open(&env, Kind::Bash, &["-p", "prod", "--read-only"]);
    pty.until("m READY");
    let command_line = "ob exec -- sh -c 'echo \"<$OB_PROFILE $OB_POLICY>\"'";
    type_line(Kind::Bash, &mut pty, command_line);
    pty.until("<prod read-only>");
    let other = "ob exec -p dev -- sh -c 'echo \"<$OB_PROFILE $OB_POLICY>\"'";
    type_line(Kind::Bash, &mut pty, other);
    pty.until("<dev >");
    // The same after `ob use`, which sets its variables.
    let mut used = env.ob(["exec", "--", "printenv", "OB_PROFILE"]);
    used.env("OB_STATE", "/nowhere").env("OB_PROFILE", "prod");
    let output = crate::support::run(&mut used, "");
    assert_eq!(&output.stdout, "prod\n");
}

#[test]
fn jobs_status_and_history_survive_a_renewal() {
    for kind in [Kind::Bash, Kind::Zsh, Kind::Fish] {
        let env = machine();
        env.sign_in();
        kind.furnish(&env, "");
        let mut pty = open(&env, kind, &["-p", "prod"]);
        pty.until("m READY");
        type_line(kind, &mut pty, "sleep 600 &");
        pty.until("m READY");
        // The foreground program prints first: before, Ctrl-Z would reach the shell.
        type_line(kind, &mut pty, "sh -c 'echo wait-\"\"ing; exec cat'");
        pty.until("wait-ing");
        pty.send("\x1a");
        pty.until("m READY");
        // The next line sees the status of this one, with or without a renewal.
        type_line(
            kind,
            &mut pty,
            &format!("{}; sh -c 'exit 7'", kind.expire_in(500)),
        );
        pty.until("m READY");
        type_line(
            kind,
            &mut pty,
            if kind == Kind::Fish {
                "echo \"[$status]\""
            } else {
                "echo \"[$?]\""
            },
        );
        pty.until("[7]");
        pty.until("m READY");
        type_line(
            kind,
            &mut pty,
            "jobs; history | tail -20; echo over-\"\"now",
        );
        let seen = pty.until("over-now");
        assert!(
            seen.contains("sleep 600") && seen.contains("cat"),
            "{kind:?} {seen:?}"
        );
        assert!(
            !seen.contains("_ob") && !seen.contains("--renew"),
            "{kind:?} {seen:?}"
        );
        pty.until("m READY");
        type_line(kind, &mut pty, "kill %1; kill %2; exit");
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn zsh_finds_its_own_directory_again() {
    let env = machine();
    env.sign_in();
    std::fs::create_dir(env.path("home/z")).unwrap();
    env.write("home/.zshenv", "ZDOTDIR=$HOME/z\nFROM_ENV=yes\n");
    env.write(
        "home/z/.zshrc",
        "PROMPT='READY> '\nHISTFILE=$ZDOTDIR/history\n",
    );
    let mut pty = open(&env, Kind::Zsh, &["-p", "prod"]);
    pty.until("m READY");
    let z = env.path("home/z");
    type_line(
        Kind::Zsh,
        &mut pty,
        "print -r \"<$ZDOTDIR|$FROM_ENV|$HISTFILE|${(t)ZDOTDIR}|${OB_ZDOTDIR-}>\"",
    );
    pty.until(&format!("<{0}|yes|{0}/history|scalar|>", z.display()));
    let exported = env.path("home");
    let program = Kind::Zsh.program();
    let mut command = env.ob(["shell", "-p", "prod", "--shell", program.to_str().unwrap()]);
    std::fs::remove_file(env.path("home/.zshenv")).unwrap();
    env.write("home/.zshrc", "PROMPT='READY> '\n");
    let mut pty = Pty::spawn(command.env("ZDOTDIR", &exported));
    pty.until("m READY");
    type_line(Kind::Zsh, &mut pty, "print -r \"<$ZDOTDIR|${(t)ZDOTDIR}>\"");
    pty.until(&format!("<{}|scalar-export>", exported.display()));
}

#[test]
fn what_shells_start_with_holds_no_secret_and_no_role() {
    let env = machine();
    env.sign_in();
    for kind in [Kind::Bash, Kind::Zsh, Kind::Fish, Kind::Nu] {
        kind.furnish(&env, "");
        open(&env, kind, &["-p", "prod"]).until("m READY");
    }
    let mut open = vec![env.path("run/ob/shell")];
    let mut count = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            // If the system's zshrc completes (Ubuntu's), its cache is here as well.
            if path
                .file_name()
                .unwrap()
                .as_encoded_bytes()
                .starts_with(b".zcompdump")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("123456789012") && !text.contains("Engineer"));
            for (name, canary) in env.sandbox.canaries() {
                assert!(!text.contains(&canary), "{name} in {}", path.display());
            }
            count += 1;
        }
    }
    assert_eq!(count, 7);
    stop_agent(&env);
}

#[test]
fn a_shell_that_cannot_be_is_refused_before_anything_else() {
    let env = machine();
    for (shell, code) in [("/bin/dash", 2), ("tcsh", 2)] {
        let ended = crate::support::run(&mut env.ob(["shell", "--shell", shell]), "");
        assert_eq!(ended.status.code(), Some(code));
        let said = &ended.stderr;
        assert!(said.contains("`ob shell --shell bash`"), "{said}");
    }
    env.sign_in();
    let gone = crate::support::run(&mut env.ob(["shell", "--shell", "/no/such/zsh"]), "");
    assert_eq!(gone.status.code(), Some(127));
}

/// Two apps grant one role, each by its own provider; the shell keeps the chosen provider.
#[test]
fn chosen_provider_is_kept_for_renewals_and_inside() {
    let env = machine();
    let chosen = "arn:aws:iam::123456789012:saml-provider/okta-labs";
    env.sandbox
        .grant("bob", AwsApp::Labs, chosen, &super::role(&env));
    let by = || {
        let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
        let by = calls.iter().map(|call| call.form("PrincipalArn").unwrap());
        by.collect::<Vec<_>>()
    };
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    // The session knows both, and does not exchange them.
    let other = "arn:aws:iam::123456789012:saml-provider/okta";
    for provider in [chosen, other] {
        // With another duration, so that the shell's credentials are not cached yet.
        let words = ["exec", "-p", "prod", "--duration", "45m"];
        let ended = run(
            env.ob(words).args(["--provider", provider, "--", "true"]),
            "",
        );
        assert!(ended.status.success(), "{}", &ended.stderr);
        assert_eq!(by().last().unwrap(), provider);
    }
    let mut pty = open(&env, Kind::Bash, &["-p", "prod"]);
    let menu = pty.until("okta-labs)");
    assert!(menu.contains("(AWS production, okta)"), "{menu}");
    pty.send("okta-labs\r");
    pty.until("m READY");
    assert_eq!(by().last().unwrap(), chosen);

    // A renewal asks nothing and takes the same.
    let before = by().len();
    env.sandbox.advance_clock(3500);
    type_line(
        Kind::Bash,
        &mut pty,
        "ob exec --duration 30m -- sh -c 'echo in-side'",
    );
    pty.until("in-side");
    pty.until("m READY");
    type_line(Kind::Bash, &mut pty, &Kind::Bash.expire_in(100));
    pty.until("m READY");
    assert_eq!(by()[before..].iter().filter(|by| *by != chosen).count(), 0);
    assert!(by().len() > before + 1, "{:?}", by());

    // The same with a new agent.
    env.sandbox.advance_clock(-3500);
    crate::support::run(&mut env.ob(["agent", "stop"]), "");
    env.sign_in();
    let before = by().len();
    type_line(Kind::Bash, &mut pty, "ob exec -- sh -c 'echo any-new'");
    pty.until("any-new");
    pty.until("m READY");
    assert_eq!(by()[before..], [chosen]);

    // The provider was not named: when it is withdrawn, the other one is used.
    env.sandbox.withdraw("bob", AwsApp::Labs, chosen);
    crate::support::run(&mut env.ob(["agent", "stop"]), "");
    env.sign_in();
    let before = by().len();
    type_line(Kind::Bash, &mut pty, "ob exec -- sh -c 'echo is-other'");
    pty.until("is-other");
    pty.until("m READY");
    assert_eq!(by()[before..], [other]);
}
