//! The first ten minutes of a user at a terminal: settings, a first profile, a command, a shell,
//! the console; and the menus that lead to profiles.

use std::fs;
use std::process::Command;

use ob_sandbox::AwsApp;

use crate::shells::{Kind, type_line};
use crate::support::{Pty, TestEnv, run};

/// What every machine of the company has in /etc/ob/config.toml: the endpoints of the sandbox and
/// its certificates.
fn company_settings(env: &TestEnv) -> String {
    format!(
        "[org]\nca_bundle = '{}'\n\n[aws]\nsts_endpoint = '{}'\n\
         signin_endpoint = '{}/federation'\n",
        env.path("ca.pem").display(),
        env.sandbox.sts_url(),
        env.sandbox.sts_url(),
    )
}

/// Returns `command` in a mount namespace with the company's settings in /etc/ob.
fn on_company_machine(env: &TestEnv, command: &[&str]) -> Command {
    env.write("system.toml", company_settings(env));
    let script = "mkdir -p $TMPDIR/etc && mount -t tmpfs none $TMPDIR/etc \
        && chmod 755 $TMPDIR/etc && cp -a /etc/. $TMPDIR/etc/ && mkdir -p $TMPDIR/etc/ob \
        && cp \"$1\" $TMPDIR/etc/ob/config.toml && chown 0:0 $TMPDIR/etc/ob/config.toml \
        && mount --bind $TMPDIR/etc /etc && shift && exec \"$@\"";
    let mut wrapped = env.command("unshare");
    wrapped.args([
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        "sh",
    ]);
    wrapped.arg(env.path("system.toml")).args(command);
    wrapped.env("TERM", "dumb");
    wrapped
}

fn settings(env: &TestEnv) -> String {
    fs::read_to_string(env.path("config/ob/config.toml")).unwrap()
}

#[test]
fn ten_minutes_lead_from_nothing_to_the_console_in_each_shell() {
    for kind in [Kind::Bash, Kind::Zsh, Kind::Fish] {
        let env = TestEnv::of("carol");
        fs::remove_file(env.path("config/ob/config.toml")).unwrap();
        kind.furnish(&env, "");
        let shell = kind.program();
        let mut pty = Pty::spawn(&on_company_machine(&env, &[shell.to_str().unwrap(), "-i"]));
        let (org, login) = (env.sandbox.org_url(), env.user().login.clone());
        let app = env.sandbox.app_url(AwsApp::Production);
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob");
        pty.until("next: `ob config init` asks for your org and writes the settings");
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob config init");
        for (question, answer) in [
            (
                "Okta org, as your browser shows it (acme.okta.com): ",
                org.as_str(),
            ),
            ("User name (Enter to be asked each time): ", &login),
            ("AWS region (Enter for none): ", "eu-west-1"),
            ("Link of the AWS app (Enter to have it found): ", &app),
            (
                "Sign in now and choose a role for your first profile? [Y/n] ",
                "",
            ),
            ("Password for ", env.sandbox.user("carol").password.as_str()),
        ] {
            pty.until(question);
            if question.starts_with("Password") {
                pty.until(": ");
            }
            pty.send(&format!("{answer}\r"));
        }
        let menu = pty.until(", Enter for 1): ");
        assert!(menu.contains("role/Engineer"), "{menu}");
        pty.send("Engineer\r");
        pty.until("Name of the profile (Enter for engineer): ");
        pty.send("dev\r");
        pty.until("added the profile dev, the default one, to ");
        pty.until("next: `ob exec dev -- CMD`");
        pty.until("READY> ");
        type_line(
            kind,
            &mut pty,
            "ob exec dev -- sh -c 'echo \"in $AWS_ACCOUNT_ID.\"'",
        );
        pty.until("in 123456789012.");
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob");
        pty.until(&format!("{login} at "));
        pty.until("123456789012/Engineer, until ");
        pty.until("next: `ob exec dev -- CMD` runs a command");
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob list");
        pty.until("* dev");
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob console dev --print");
        pty.until("https://");
        pty.until("whoever opens this address is signed in as ");
        pty.until("READY> ");
        type_line(
            kind,
            &mut pty,
            &format!("ob shell dev --shell {}", kind.name()),
        );
        pty.until("Engineer");
        pty.until("READY> ");
        type_line(kind, &mut pty, "exit");
        pty.until("READY> ");
        type_line(kind, &mut pty, "ob logout");
        pty.until("ob: signed out");
        pty.until("READY> ");
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn config_init_takes_over_the_settings_of_other_tools() {
    let env = TestEnv::of("carol");
    fs::remove_file(env.path("config/ob/config.toml")).unwrap();
    let saml2aws = format!(
        "[default]\nurl = {}\nusername = {}\nprovider = Okta\nrole_arn = \
         arn:aws:iam::123456789012:role/Engineer\n",
        env.sandbox.app_url(AwsApp::Production),
        env.user().login,
    );
    env.write("home/.saml2aws", saml2aws);
    let mut pty = Pty::spawn(&on_company_machine(&env, &["ob", "config", "init"]));
    let question = pty.until(" Take over these settings? [Y/n] ");
    assert!(
        question.contains("Found ") && question.contains(".saml2aws"),
        "{question}"
    );
    pty.send("\r");
    let (status, seen) = pty.wait();
    assert!(status.success(), "{seen}");
    assert!(
        seen.contains("next: `ob login`, then `ob exec default -- CMD`"),
        "{seen}"
    );
    assert!(settings(&env).contains("[profiles.default]"));

    // Refused, the questions follow; without a terminal, none is asked.
    fs::remove_file(env.path("config/ob/config.toml")).unwrap();
    let mut pty = Pty::spawn(&on_company_machine(&env, &["ob", "config", "init"]));
    pty.until("[Y/n] ");
    pty.send("n\r");
    pty.until("Okta org");
    pty.send("\x04");
    assert_eq!(pty.wait().0.code(), Some(3));
    let plain = run(env.ob(["config", "init"]).env("TERM", "dumb"), "");
    assert_eq!(plain.code(), Some(3), "{}", plain.stderr);
}

#[test]
fn after_a_menu_the_command_that_saves_the_role_is_named() {
    let env = TestEnv::of("alice").configured();
    env.write_settings_without_profiles();
    env.sign_in();
    let exec = |words: &[&str], choice: &str| {
        let mut command = env.ob([&["exec"], words, &["--", "echo", "ran"]].concat());
        command.env("TERM", "dumb");
        let mut pty = Pty::spawn(&command);
        pty.until("Role (1-3, Enter for 1): ");
        pty.send(choice);
        pty.wait().1
    };
    let seen = exec(&[], "2\r");
    assert!(
        seen.contains("` saves this role as a profile\nran\n"),
        "{seen}"
    );
    let (_, command) = seen.split_once("`ob config add NAME -r ").unwrap();
    let role = command.split('`').next().unwrap();
    let added = run(env.ob(["config", "add", "mine", "-r", role]), "");
    assert_eq!(added.code(), Some(0), "{}", added.stderr);
    assert!(!added.stderr.contains("match"), "{}", added.stderr);
    for (name, role, said) in [
        ("gone", "Gone", "none of your roles matches Gone"),
        ("many", "*", "3 of your roles match *"),
    ] {
        let added = run(env.ob(["config", "add", name, "-r", role]), "");
        assert!(added.stderr.contains(said), "{}", added.stderr);
    }
    let seen = exec(&["--choose"], &format!("{role}\r"));
    assert!(
        seen.contains("ran") && !seen.contains("config add"),
        "{seen}"
    );
}

#[test]
fn a_menu_of_profiles_opens_where_none_is_named() {
    let env = TestEnv::of("alice").configured();
    env.write_settings_without_profiles();
    env.sign_in();
    let add = |name: &str, role: &str| {
        let role = &env.sandbox.roles("alice", AwsApp::Production)[role.parse::<usize>().unwrap()];
        let added = run(env.ob(["config", "add", name, "-r", role]), "");
        assert_eq!(added.code(), Some(0), "{}", added.stderr);
    };
    add("one", "0");
    add("two", "1");
    // The first profile became the default one, which is then used without a menu.
    env.write_settings(&settings(&env).replace("default_profile = \"one\"\n", ""));
    let held = run(env.ob(["exec", "two", "--", "true"]), "");
    assert_eq!(held.code(), Some(0), "{}", held.stderr);

    let mut shell = env.ob(["shell", "--shell", "bash"]);
    shell.env("TERM", "dumb");
    let mut pty = Pty::spawn(&shell);
    let menu = pty.until("Profile (1-3, Enter for 1): ");
    let lines: Vec<&str> = menu.lines().collect();
    // What has credentials comes first.
    assert!(
        lines[0].contains(" two ") && lines[0].contains("until "),
        "{menu}"
    );
    assert!(
        lines[1].contains(" one ") && lines[1].contains("none yet"),
        "{menu}"
    );
    assert!(lines[2].ends_with("another role"), "{menu}");
    pty.send("1\r");
    pty.send("echo \"<$OB_PROFILE>\"; exit\r");
    pty.until("<two>");
    pty.wait();

    let mut console = env.ob(["console", "--print"]);
    console.env("TERM", "dumb");
    let mut pty = Pty::spawn(&console);
    pty.until("Profile (1-3, Enter for 1): ");
    pty.send("3\r");
    pty.until("Role (1-3, Enter for 1): ");
    pty.send("\x03");
    pty.wait();

    run(env.ob(["config", "aws"]), "");
    Kind::Bash.furnish(&env, "eval \"$(ob init bash)\"");
    let mut bash = env.command("bash");
    bash.arg("-i").env("TERM", "dumb");
    let mut pty = Pty::spawn(&bash);
    pty.until("READY> ");
    type_line(Kind::Bash, &mut pty, "ob use");
    pty.until("Profile (1-2, Enter for 1): ");
    pty.send("one\r");
    pty.until("READY> ");
    type_line(Kind::Bash, &mut pty, "echo \"<$AWS_PROFILE>\"");
    pty.until("<ob/one>");
    type_line(Kind::Bash, &mut pty, "exit");
    pty.wait();
    let plain = run(env.ob(["use", "--shell", "bash"]), "");
    assert_eq!(plain.code(), Some(2), "{}", plain.stderr);
    assert!(plain.stderr.contains("needs the name of a profile"));
}

#[test]
fn keys_that_the_administrator_locks_stay() {
    let env = TestEnv::of("carol");
    let own = env.full_settings().replace("'eu-west-1'", "'us-east-1'");
    env.write_settings(&own);
    let machine = |words: &[&str]| {
        let mut command = on_company_machine(&env, &[&["ob"], words].concat());
        let locked = "locked = ['aws.region', 'org.factor', 'browser_command']\n";
        let system = company_settings(&env).replace("[aws]\n", "[aws]\nregion = 'eu-west-1'\n");
        env.write("system.toml", format!("{locked}{system}"));
        run(&mut command, "")
    };
    let refused = machine(&["config", "check"]);
    assert_eq!(refused.code(), Some(2), "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("`aws.region` cannot be changed: it is locked by /etc/ob/config.toml:1"),
        "{}",
        refused.stderr
    );
    env.write_settings(&own.replace("region = 'us-east-1'\n", ""));
    let shown = machine(&["config", "explain"]);
    assert!(
        shown
            .stdout
            .contains("(/etc/ob/config.toml:6, locked by /etc/ob/config.toml:1)"),
        "{}",
        shown.stdout
    );
    for (words, flag) in [
        (
            &["exec", "--region", "us-east-1", "--", "true"][..],
            "--region",
        ),
        (&["login", "--factor", "push"], "--factor"),
        (
            &["console", "--browser-command", "true"],
            "--browser-command",
        ),
    ] {
        let refused = machine(words);
        assert!(
            refused
                .stderr
                .starts_with(&format!("ob: `{flag}` cannot be used here\n")),
            "{words:?}: {}{}",
            refused.stdout,
            refused.stderr
        );
    }
    let before = settings(&env);
    let added = machine(&[
        "config",
        "add",
        "x",
        "-r",
        "Engineer",
        "--region",
        "us-east-1",
    ]);
    assert!(added.stderr.contains("locked by"), "{}", added.stderr);
    assert_eq!(settings(&env), before);
    let allowed = machine(&["config", "add", "x", "-r", "Engineer"]);
    assert_eq!(allowed.code(), Some(0), "{}", allowed.stderr);
}
