//! The page of a browser sign-in: what is shown of it, what opens it, and which is never opened.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ob_sandbox::{Fault, FaultKind, Server};

use crate::support::{Pty, TestEnv, qr_code_on_terminal, run};

/// A program that writes its arguments to a file, one per line.
fn recorder(env: &TestEnv, name: &str) -> (PathBuf, PathBuf) {
    let noted = env.path(&format!("{}.noted", name.replace('/', "-")));
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\n", noted.display());
    let program = env.write(name, script);
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    (program, noted)
}

/// Settings of a browser sign-in, with this line for the opener.
fn settings(env: &TestEnv, line: &str) -> String {
    let usual = "browser_command = ['/bin/true']\n";
    env.browser_settings().replace(usual, line)
}

/// Has Okta name `page` as the page to open.
fn lead_to(env: &TestEnv, page: &str) {
    let body = serde_json::json!({
        "device_code": "d", "user_code": "BCDFGHJK", "expires_in": 600, "interval": 5,
        "verification_uri": page, "verification_uri_complete": page,
    });
    let kind = FaultKind::ReplaceBody {
        body: body.to_string().into_bytes(),
        content_type: "application/json".into(),
    };
    env.sandbox
        .fault(Fault::org("/oauth2/v1/device/authorize", kind));
}

#[test]
fn the_address_the_code_and_a_square_for_the_phone_are_shown() {
    let env = TestEnv::of("alice").configured();
    env.write_settings(&settings(&env, ""));
    let mut terminal = Pty::spawn(&env.ob(["login"]));
    terminal.until("open this page and confirm the code ");
    let code = terminal.until(" there, within 10 minutes:");
    let code = code.split(' ').next().unwrap().to_owned();
    let address = format!("{}/activate?user_code={code}", env.sandbox.org_url());
    terminal.until(&address);
    terminal.until(&qr_code_on_terminal(&address));
    let waiting = terminal.until("signed in to");
    assert!(
        waiting.contains("\rob: waiting for you to sign in in the browser, 10:00 left")
            || waiting
                .contains("\u{1b}[Kob: waiting for you to sign in in the browser, 10:00 left"),
        "{waiting:?}"
    );
    assert!(terminal.wait().0.success());
}

#[test]
fn browser_command_gets_any_address_as_one_last_argument() {
    let env = TestEnv::of("alice").configured();
    let (program, noted) = recorder(&env, "browser");
    let line = format!(
        "browser_command = ['{}', '--new window']\n",
        program.display()
    );
    env.write_settings(&settings(&env, &line));
    let org = env.sandbox.org_url();
    let hostile =
        format!("{org}/activate?user_code=A;touch pwned;$(touch pwned)`touch pwned`&b|c>d");
    lead_to(&env, &hostile);
    let ended = run(env.ob(["login"]), "");
    assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
    let noted = fs::read_to_string(noted).unwrap();
    let lines: Vec<&str> = noted.lines().collect();
    let [first, address] = lines[..] else {
        panic!("{noted}");
    };
    assert_eq!(first, "--new window");
    assert!(address.starts_with(&format!("{org}/activate?user_code=A;touch%20pwned;$(touch")));
    assert!(!env.path("home/pwned").exists());
}

#[test]
fn foreign_or_http_page_is_neither_shown_nor_opened() {
    let env = TestEnv::of("alice").configured();
    let (program, noted) = recorder(&env, "browser");
    let line = format!("browser_command = ['{}']\n", program.display());
    env.write_settings(&settings(&env, &line));
    let org = env.sandbox.org_url();
    for page in [
        env.sandbox.other_url() + "/activate",
        org.replace("https://", "http://") + "/activate",
        org.replace("https://", "https://alice@") + "/activate",
        "https://evil.example/activate".into(),
        "file:///etc/passwd".into(),
        "javascript:alert(1)".into(),
        "--version".into(),
    ] {
        lead_to(&env, &page);
        let ended = run(env.ob(["login", "--json"]), "");
        assert!(
            matches!(ended.code(), Some(1 | 4)),
            "{page}: {}",
            ended.stderr
        );
        assert!(!ended.error().is_empty(), "{page}: {}", ended.stderr);
        assert!(!ended.stderr.contains("open this page"), "{page}");
        assert!(!noted.exists(), "{page} was opened");
    }
    assert!(
        env.sandbox
            .requests(Server::Org, "/oauth2/v1/token")
            .is_empty()
    );
    assert!(env.sandbox.requests(Server::Other, "/").is_empty());
}

#[test]
fn opener_is_a_system_program_or_an_absolute_setting() {
    let env = TestEnv::of("alice").configured();
    for words in ["'firefox'", "['firefox']", "['./firefox', '-P']", "[]"] {
        env.write_settings(&settings(&env, &format!("browser_command = {words}\n")));
        let ended = run(env.ob(["login", "--json"]), "");
        assert_eq!(ended.code(), Some(2), "{words}: {}", ended.stderr);
    }
    assert!(env.sandbox.log().is_empty());

    // A program of that name in PATH is not the system's.
    let openers = ["xdg-open", "open", "wslview"];
    let recorded: Vec<PathBuf> = openers
        .iter()
        .map(|name| recorder(&env, &format!("bin/{name}")).1)
        .collect();
    env.write_settings(&settings(&env, ""));
    let mut command = env.ob(["login"]);
    let (own, chosen) = recorder(&env, "chosen");
    command
        .env("DISPLAY", ":none")
        .env("OB_BROWSER_COMMAND", &own);
    let mut terminal = Pty::spawn(&command);
    terminal.until("signed in to");
    terminal.wait();
    for recorded in recorded.iter().chain([&chosen]) {
        assert!(!recorded.exists(), "{}", recorded.display());
    }
}

/// Signs in with `$BROWSER` set to `value`, and returns the terminal's output.
fn login_with_browser(env: &TestEnv, value: &str) -> String {
    env.write_settings(&settings(env, ""));
    let mut command = env.ob(["login"]);
    command.env("BROWSER", value);
    let mut terminal = Pty::spawn(&command);
    let shown = terminal.until("signed in to");
    terminal.wait();
    shown
}

#[test]
fn browser_variable_that_is_one_program_opens_the_page() {
    for by_name in [false, true] {
        let env = TestEnv::of("alice").configured();
        let (program, recorded) = recorder(&env, "bin/my-browser");
        let path = program.display().to_string();
        login_with_browser(&env, if by_name { "my-browser" } else { &path });
        let deadline = Instant::now() + Duration::from_secs(10);
        while !recorded.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let recorded = fs::read_to_string(recorded).unwrap();
        assert!(recorded.starts_with(&env.sandbox.org_url()), "{recorded}");
    }
}

#[test]
fn browser_variable_with_arguments_is_named_and_not_run() {
    let env = TestEnv::of("alice").configured();
    let touched = env.path("touched");
    let value = format!("sh -c 'touch {} %s'", touched.display());
    let shown = login_with_browser(&env, &value);
    assert!(shown.contains("$BROWSER is not used"), "{shown}");
    assert!(!touched.exists());
}

#[test]
fn the_opener_does_not_inherit_the_browser_variable() {
    let env = TestEnv::of("alice").configured();
    let recorded = env.path("environment");
    let script = format!(
        "#!/bin/sh\nenv > {0}.new && mv {0}.new {0}\n",
        recorded.display()
    );
    let program = env.write("opener", script);
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let line = format!("browser_command = ['{}']\n", program.display());
    env.write_settings(&settings(&env, &line));
    let mut command = env.ob(["login"]);
    command.env("BROWSER", "touch %s");
    let mut terminal = Pty::spawn(&command);
    terminal.until("signed in to");
    terminal.wait();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !recorded.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let recorded = fs::read_to_string(recorded).unwrap();
    assert!(!recorded.contains("BROWSER="), "{recorded}");
}
