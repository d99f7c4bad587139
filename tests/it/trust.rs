//! Whom `ob` believes: the user's own settings and environment, nobody's directory and nobody else's files.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use nix::unistd::geteuid;
use ob_sandbox::Server;

use crate::support::{Pty, TestEnv, run, text};

/// What other tools read from where they are started, and what would be ours if it were anywhere else.
const BAITS: [&str; 16] = [
    ".env",
    ".envrc",
    "ob.toml",
    ".ob.toml",
    ".ob",
    "config.toml",
    "ob/config.toml",
    ".config/ob/config.toml",
    ".netrc",
    ".aws/config",
    ".aws/credentials",
    ".okta/okta.yaml",
    ".okta_aws_login_config",
    ".saml2aws",
    "ca.pem",
    "openssl.cnf",
];

/// Settings files that are not believed, or are: a name, what is done to the file, the error's name if it is refused.
const FILES: [(&str, fn(&TestEnv, &Path), Option<&str>); 8] = [
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

/// Settings texts: what stands in front of the usual ones, and whether they are still read.
const TEXTS: [(&str, fn() -> Vec<u8>, Option<&str>); 9] = [
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

/// Variables that other programs follow somewhere; `{other}` is a host that must hear nothing, `{file}` a file that
/// must not come to be or be run.
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

/// How many cases this module has: the tables, and the tests that stand for themselves.
pub(crate) const CASES: usize = BAITS.len() + FILES.len() + TEXTS.len() + VARIABLES.len() + 7;

const NOBODY: u32 = 65_534;
const STRANGER: u32 = 12_345;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn give(path: &Path, uid: u32) {
    chown(path, Some(uid), Some(uid)).unwrap();
    mode(path, 0o644);
}

/// Puts a link where the settings were, and the settings where it leads, as another's file.
fn link(env: &TestEnv, path: &Path, uid: u32) {
    let real = env.path("tmp/real.toml");
    fs::rename(path, &real).unwrap();
    give(&real, uid);
    symlink(&real, path).unwrap();
}

fn exec(env: &TestEnv, change: impl FnOnce(&mut Command)) -> Output {
    env.sandbox.forget_used_codes();
    let mut command = env.ob(["--no-agent", "--json", "exec"]);
    command.args(env.answer_flags()).args(["--", "echo", "ran"]);
    change(&mut command);
    run(&mut command, env.answers())
}

fn error(ended: &Output) -> String {
    let report: serde_json::Value = serde_json::from_slice(&ended.stderr).unwrap_or_default();
    report["error"].as_str().unwrap_or_default().to_owned()
}

fn ran(ended: &Output) -> bool {
    ended.status.success() && ended.stdout == b"ran\n"
}

fn bait(directory: &Path, content: &str) {
    for name in BAITS {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The lines of a trace that look for something below the current directory, `place`.
fn looks<'a>(trace: &'a str, place: &Path) -> Vec<&'a str> {
    let place = place.to_str().unwrap();
    trace
        .lines()
        .filter(|line| {
            let below =
                line.contains(&format!("\"{place}/")) || line.contains(&format!("\"{place}\""));
            // A path that does not begin at the root, from the current directory.
            let relative = line.split_once('"').is_some_and(|(before, path)| {
                !path.starts_with('/')
                    && (before.ends_with("AT_FDCWD, ")
                        || before.ends_with("AT_FDCWD>, ")
                        || !before.contains(", "))
            });
            below || (relative && !line.contains("+++") && !line.contains("---"))
        })
        .collect()
}

fn traced(env: &TestEnv, place: &Path, command: &[&str], input: String) -> (Output, String) {
    let out = env.path("tmp/trace");
    let mut strace = env.command("strace");
    strace
        .args(["-f", "-s", "4096", "-e", "trace=%file", "-o"])
        .arg(&out)
        .args(command);
    let ended = run(strace.current_dir(place), input);
    (ended, fs::read_to_string(out).unwrap())
}

#[test]
fn nothing_is_opened_in_the_current_directory() {
    let env = TestEnv::new();
    let top = env.path("work");
    let place = top.join("deep");
    fs::create_dir_all(&place).unwrap();
    for directory in [&top, &place, &env.path("home")] {
        bait(
            directory,
            &format!("[org]\nurl = \"{}\"\n", env.sandbox.other_url()),
        );
    }
    for way in ["an agent is started", "an agent is there", "no agent"] {
        env.sandbox.forget_used_codes();
        let mut words = vec!["ob", "exec"];
        match way {
            "an agent is there" => env.sign_in(),
            "no agent" => words.insert(1, "--no-agent"),
            _ => {}
        }
        words.extend(env.answer_flags());
        // A command that ends the agent, for whose end the trace waits.
        words.extend(["--", "ob", "agent", "stop"]);
        let (ended, trace) = traced(&env, &place, &words, env.answers());
        assert!(ended.status.success(), "{way}: {}", text(&ended.stderr));
        // The trace does see what is read.
        assert!(trace.contains("/config/ob/config.toml\""), "{way}: {trace}");
        let looked = looks(&trace, &top);
        assert!(looked.is_empty(), "{way}: {looked:#?}");
        // Nor at home, but for the settings of `ob` itself, which are elsewhere here.
        let home = env.path("home");
        let looked = looks(&trace, &home);
        assert!(looked.is_empty(), "{way}, at home: {looked:#?}");
    }
    assert_eq!(env.sandbox.connections(Server::Other), 0);
}

#[test]
fn the_trace_would_notice_a_look_around() {
    let env = TestEnv::new();
    let place = env.path("work");
    fs::create_dir(&place).unwrap();
    bait(&place, "x");
    let absolute = place.join(".env");
    for words in [
        vec!["cat", ".env"],
        vec!["cat", absolute.to_str().unwrap()],
        vec!["ls"],
    ] {
        let (_, trace) = traced(&env, &place, &words, String::new());
        assert!(
            !looks(&trace, &place).is_empty(),
            "{words:?} was not noticed"
        );
    }
}

#[test]
fn settings_that_others_could_have_written_are_refused() {
    for (name, change, expected) in FILES {
        let env = TestEnv::unprivileged("bob");
        change(&env, &env.path("config/ob/config.toml"));
        let ended = exec(&env, |_| {});
        match expected {
            None => assert!(ran(&ended), "{name}: {}", text(&ended.stderr)),
            Some(expected) => {
                assert!(
                    error(&ended).starts_with(expected),
                    "{name}: {}",
                    text(&ended.stderr)
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
        let usual = env.usual_settings();
        env.write(
            "config/ob/config.toml",
            [&start()[..], usual.as_bytes()].concat(),
        );
        let ended = exec(&env, |_| {});
        match expected {
            None => assert!(ran(&ended), "{name}: {}", text(&ended.stderr)),
            Some(expected) => {
                assert_eq!(error(&ended), expected, "{name}: {}", text(&ended.stderr));
                assert_eq!(ended.status.code(), Some(2), "{name}");
                assert!(!text(&ended.stderr).contains("canary"), "{name}");
            }
        }
    }
    assert!(geteuid().is_root() || !env.path("tmp/x.toml").exists());
}

#[test]
fn variables_of_a_stranger_lead_nowhere() {
    for (name, value) in VARIABLES {
        let env = TestEnv::new();
        let file = env.path("tmp/planted");
        let value = value
            .replace("{other}", &env.sandbox.other_url())
            .replace("{file}", file.to_str().unwrap());
        let ended = exec(&env, |command| {
            command.env(name, &value);
        });
        assert!(ran(&ended), "{name}: {}", text(&ended.stderr));
        assert_eq!(env.sandbox.connections(Server::Other), 0, "{name}");
        assert!(!file.exists(), "{name} made a file");
    }
}

/// A stranger's authorities do not make a stranger's server genuine.
#[test]
fn certificates_of_the_environment_are_not_trusted() {
    let env = TestEnv::new();
    let settings = env.usual_settings();
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
    assert_eq!(ended.status.code(), Some(5), "{}", text(&ended.stderr));
    assert!(env.sandbox.log().is_empty(), "something was sent");
}

/// Whoever sets a proxy learns the name of the host, and no more.
#[test]
fn a_proxy_of_a_stranger_hears_no_secret() {
    let env = TestEnv::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let mut heard = Vec::new();
        let (mut client, _) = listener.accept().unwrap();
        std::io::Write::write_all(&mut client, b"HTTP/1.1 502 no\r\n\r\n").unwrap();
        client.read_to_end(&mut heard).map(|_| heard)
    });
    let ended = exec(&env, |command| {
        command.env("HTTPS_PROXY", &proxy);
    });
    let heard = String::from_utf8_lossy(&heard.join().unwrap().unwrap_or_default()).into_owned();
    assert!(heard.starts_with("CONNECT 127.0.0.1:"), "{heard}");
    assert!(!ended.status.success() && ended.stdout.is_empty());
    for (kind, canary) in env.sandbox.canaries() {
        assert!(!heard.contains(&canary), "it heard the {kind}");
    }
}

/// The environment is the user's: it may name another org, and the question for the password names it too.
#[test]
fn an_org_of_the_environment_is_named_in_the_question() {
    let env = TestEnv::new();
    let mut command = env.ob(["login"]);
    command.env("OB_ORG_URL", env.sandbox.other_url());
    command.env("OB_ORG_SIGN_IN", "terminal");
    let mut pty = Pty::spawn(&command);
    let asked = pty.until(&env.sandbox.other_url());
    assert!(asked.contains("Password of bob@acme.com at "), "{asked}");
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
        assert_eq!(
            ended.status.code(),
            Some(exit),
            "{url}: {}",
            text(&ended.stderr)
        );
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
    assert!(ran(&ended), "{}", text(&ended.stderr));
    let check = run(env.ob(["config", "check"]).envs(strange), "");
    assert!(
        text(&check.stderr)
            .contains("OB_ORG_ULR is set and is no setting; did you mean OB_ORG_URL?"),
        "{}",
        text(&check.stderr)
    );
}
