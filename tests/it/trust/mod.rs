//! What `ob` trusts: the user's own settings and environment; no current directory, and no other
//! user's files.

mod console_page;
mod directory;
mod writers;

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::thread;

use nix::unistd::geteuid;
use ob_sandbox::Server;

use crate::support::{Finished, Pty, TestEnv, run};

/// A name, what is done to the file, and the error's name if it is refused.
type FileCase = (&'static str, fn(&TestEnv, &Path), Option<&'static str>);
/// A name, the text before the usual settings, and the error's name if they are refused.
type TextCase = (&'static str, fn() -> Vec<u8>, Option<&'static str>);

/// Settings files that are refused or accepted.
const FILES: [FileCase; 8] = [
    (
        "group may write",
        |_, path| mode(path, 0o620),
        Some("config.writable"),
    ),
    (
        "everybody may write",
        |_, path| mode(path, 0o602),
        Some("config.writable"),
    ),
    (
        "another user's",
        |_, path| give(path, STRANGER),
        Some("config.foreign"),
    ),
    (
        "root's own",
        |_, path| {
            give(path, 0);
            mode(path, 0o644);
        },
        None,
    ),
    (
        "a link to another user's",
        |env, path| link(env, path, STRANGER),
        Some("config.foreign"),
    ),
    (
        "a link to one's own",
        |env, path| link(env, path, NOBODY),
        None,
    ),
    (
        "a directory",
        |_, path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
        Some("config.not-a-file"),
    ),
    (
        "a link to nowhere",
        |_, path| {
            fs::remove_file(path).unwrap();
            symlink("/dev/null/x", path).unwrap();
        },
        Some("config."),
    ),
];

/// Settings texts that are refused or accepted.
const TEXTS: [TextCase; 9] = [
    (
        "an unknown key",
        || b"endpoint_url = \"https://evil.example\"\n".to_vec(),
        Some("config.invalid"),
    ),
    (
        "a secret",
        || b"password = \"canary\"\n".to_vec(),
        Some("config.invalid"),
    ),
    (
        "a key twice",
        || b"default_profile = \"a\"\ndefault_profile = \"b\"\n".to_vec(),
        Some("config.invalid"),
    ),
    (
        "an include",
        || b"include = \"/tmp/x.toml\"\n".to_vec(),
        Some("config.invalid"),
    ),
    ("a byte order mark", || "\u{feff}".into(), None),
    (
        "a megabyte",
        || [b"#".repeat(1 << 20), b"\n".to_vec()].concat(),
        Some("config.too-large"),
    ),
    (
        "a bomb",
        || [b"a = ".to_vec(), b"[".repeat(200_000), b"\n".to_vec()].concat(),
        Some("config.invalid"),
    ),
    ("a NUL", || b"# \0\n".to_vec(), Some("config.invalid")),
    (
        "Latin-1",
        || b"# Zo\xeb\n".to_vec(),
        Some("config.not-utf8"),
    ),
];

/// Variables that other programs follow; `{other}` is a host that must receive no secret, `{file}`
/// a file that must not be created or run.
const VARIABLES: [(&str, &str); 14] = [
    ("AWS_ENDPOINT_URL", "{other}"),
    ("AWS_ENDPOINT_URL_STS", "{other}"),
    ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{other}/credentials"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "{file}"),
    ("AWS_CA_BUNDLE", "{file}"),
    ("AWS_CONFIG_FILE", "{file}"),
    ("AWS_PROFILE", "stranger"),
    ("BROWSER", "sh -c 'echo %s > {file}'"),
    ("SSLKEYLOGFILE", "{file}"),
    ("SSL_CERT_FILE", "{file}"),
    ("SSL_CERT_DIR", "{file}"),
    ("NETRC", "{file}"),
    ("OB_STS_ENDPOINT", "{other}"),
];

/// Number of cases of this module: the tables, and tests without a table.
pub(crate) const CASES: usize =
    directory::BAITS.len() + FILES.len() + TEXTS.len() + VARIABLES.len() + OTHERS;

/// Number of cases of the other files, and tests without a table.
const OTHERS: usize =
    writers::PLACES.len() + 2 * writers::AS_ROOT.len() + console_page::PLACES.len() + 16;

const NOBODY: u32 = 65_534;
const STRANGER: u32 = 12_345;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, uid: u32) {
    chown(path, Some(uid), Some(uid)).unwrap();
    mode(path, 0o644);
}

/// Moves the settings to a file of `uid` and links to it.
fn link(env: &TestEnv, path: &Path, uid: u32) {
    let real = env.path("tmp/real.toml");
    fs::rename(path, &real).unwrap();
    give(&real, uid);
    symlink(&real, path).unwrap();
}

fn exec(env: &TestEnv, change: impl FnOnce(&mut Command)) -> Finished {
    env.sandbox.forget_used_codes();
    let mut command = env.ob(["--no-agent", "--json", "exec"]);
    command.args(env.answer_flags()).args(["--", "echo", "ran"]);
    change(&mut command);
    run(&mut command, env.answers())
}

fn error(ended: &Finished) -> String {
    let report: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap_or_default();
    report["error"].as_str().unwrap_or_default().to_owned()
}

fn ran(ended: &Finished) -> bool {
    ended.status.success() && ended.stdout == "ran\n"
}

#[test]
fn settings_that_others_could_have_written_are_refused() {
    for (name, change, expected) in FILES {
        let env = TestEnv::unprivileged("bob");
        change(&env, &env.path("config/ob/config.toml"));
        let ended = exec(&env, |_| {});
        match expected {
            None => assert!(ran(&ended), "{name}: {}", &ended.stderr),
            Some(expected) => {
                assert!(
                    error(&ended).starts_with(expected),
                    "{name}: {}",
                    &ended.stderr
                );
                assert_eq!(ended.status.code(), Some(2), "{name}");
                assert!(ended.stdout.is_empty(), "{name}");
                assert_eq!(env.sandbox.connections(Server::Org), 0, "{name}");
            }
        }
    }
}

#[test]
fn a_bundle_that_others_could_have_written_is_refused() {
    for (bits, uid) in [(0o666, NOBODY), (0o620, NOBODY), (0o600, STRANGER)] {
        let env = TestEnv::unprivileged("bob");
        let bundle = env.path("ca.pem");
        chown(&bundle, Some(uid), Some(NOBODY)).unwrap();
        mode(&bundle, bits | 0o044);
        let ended = exec(&env, |_| {});
        assert!(
            ["config.writable", "config.foreign"].contains(&&*error(&ended)),
            "{bits:o}"
        );
        assert_eq!(env.sandbox.connections(Server::Org), 0);
    }
}

#[test]
fn settings_that_are_not_ours_to_guess_are_refused() {
    let env = TestEnv::new();
    for (name, start, expected) in TEXTS {
        let usual = env.minimal_settings();
        env.write(
            "config/ob/config.toml",
            [&start()[..], usual.as_bytes()].concat(),
        );
        let ended = exec(&env, |_| {});
        match expected {
            None => assert!(ran(&ended), "{name}: {}", &ended.stderr),
            Some(expected) => {
                assert_eq!(error(&ended), expected, "{name}: {}", &ended.stderr);
                assert_eq!(ended.status.code(), Some(2), "{name}");
                assert!(!ended.stderr.contains("canary"), "{name}");
            }
        }
    }
    assert!(geteuid().is_root() || !env.path("tmp/x.toml").exists());
}

#[test]
fn foreign_variables_are_not_followed() {
    for (name, value) in VARIABLES {
        let env = TestEnv::new();
        let file = env.path("tmp/planted");
        let value = value
            .replace("{other}", &env.sandbox.other_url())
            .replace("{file}", file.to_str().unwrap());
        let ended = exec(&env, |command| {
            command.env(name, &value);
        });
        assert!(ran(&ended), "{name}: {}", &ended.stderr);
        assert_eq!(env.sandbox.connections(Server::Other), 0, "{name}");
        assert!(!file.exists(), "{name} made a file");
    }
}

/// Foreign authorities do not make a foreign server trusted.
#[test]
fn certificates_of_the_environment_are_not_trusted() {
    let env = TestEnv::new();
    let settings = env.minimal_settings();
    let without: Vec<&str> = settings
        .lines()
        .filter(|line| !line.starts_with("ca_bundle"))
        .collect();
    env.write_settings(&without.join("\n"));
    let ended = exec(&env, |command| {
        for name in [
            "SSL_CERT_FILE",
            "AWS_CA_BUNDLE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
        ] {
            command.env(name, env.path("ca.pem"));
        }
    });
    assert_eq!(ended.status.code(), Some(5), "{}", &ended.stderr);
    assert!(env.sandbox.log().is_empty(), "something was sent");
}

/// A foreign proxy learns the host's name only.
#[test]
fn foreign_proxy_sees_no_secret() {
    let env = TestEnv::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let received = thread::spawn(move || {
        let mut received = Vec::new();
        let (mut client, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut client, b"HTTP/1.1 502 no\r\n\r\n").unwrap();
        client.read_to_end(&mut received).map(|_| received)
    });
    let ended = exec(&env, |command| {
        command.env("HTTPS_PROXY", &proxy);
    });
    let received =
        String::from_utf8_lossy(&received.join().unwrap().unwrap_or_default()).into_owned();
    assert!(received.starts_with("CONNECT 127.0.0.1:"), "{received}");
    assert!(!ended.status.success() && ended.stdout.is_empty());
    for (kind, canary) in env.sandbox.canaries() {
        assert!(!received.contains(&canary), "it received the {kind}");
    }
}

/// The environment is the user's and may name another org; the password prompt names it too.
#[test]
fn an_org_of_the_environment_is_named_in_the_question() {
    let env = TestEnv::new();
    let mut command = env.ob(["login"]);
    command.env("OB_ORG_URL", env.sandbox.other_url());
    command.env("OB_ORG_SIGN_IN", "terminal");
    let mut pty = Pty::spawn(&command);
    let url = env.sandbox.other_url();
    let asked = pty.until(url.trim_start_matches("https://"));
    assert!(asked.contains("Password for bob@acme.com ("), "{asked}");
    pty.send("\u{4}");
    assert!(!pty.wait().0.success());

    for (url, exit) in [
        ("http://evil.example", 2),
        ("https://a:b@acme.okta.com", 2),
        ("javascript:x", 2),
    ] {
        let ended = exec(&env, |command| {
            command.env("OB_ORG_URL", url);
        });
        assert_eq!(ended.status.code(), Some(exit), "{url}: {}", &ended.stderr);
        assert!(ended.stdout.is_empty(), "{url}");
    }
}

#[test]
fn variables_that_are_no_settings_change_nothing_and_are_named() {
    let env = TestEnv::new();
    let strange = [
        ("OB_ORG_ULR", "https://evil.example"),
        ("OB_ROLE", "arn:aws:iam::123456789012:role/Evil"),
        ("OB_PROFILE", "evil"),
    ];
    let ended = exec(&env, |command| {
        command.envs(strange);
    });
    assert!(ran(&ended), "{}", &ended.stderr);
    let check = run(env.ob(["config", "check"]).envs(strange), "");
    assert!(
        &check
            .stderr
            .contains("OB_ORG_ULR is set and is no setting; did you mean OB_ORG_URL?"),
        "{}",
        &check.stderr
    );
}
