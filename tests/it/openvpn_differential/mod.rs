//! The profiles that `ob` writes, read by the real openvpn under a system call trace.
//!
//! A profile that passes the allow-list must have no effect that a minimal one does not have: it
//! starts no program, writes no file, reads no file, loads no library, listens nowhere. The trace
//! is checked first with profiles that do these things. Another test compares the directives of the
//! installed openvpn with the table.

mod effects;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use ob::openvpn::profile::{Profile, known_directives};

use self::effects::{Effects, read_trace};

const OPENVPN: &str = "/usr/sbin/openvpn";
/// Concurrent traces; each of them sleeps most of its second.
const AT_ONCE: usize = 24;

/// A directory with keys that openvpn accepts.
struct Bench {
    folder: tempfile::TempDir,
    base: String,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        run(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=vpn.acme.com",
                "-keyout",
                &at("key"),
                "-out",
                &at("cert"),
            ],
        );
        run(OPENVPN, &["--genkey", "secret", &at("static")]);
        let mut base = "client\ndev tun\nremote 127.0.0.1 9 udp\nnobind\nremote-cert-tls \
            server\nauth-user-pass\n"
            .to_owned();
        for (tag, file) in [("ca", "cert"), ("cert", "cert"), ("key", "key")] {
            let _ = write!(
                base,
                "<{tag}>\n{}</{tag}>\n",
                fs::read_to_string(at(file)).unwrap()
            );
        }
        Self { folder, base }
    }

    fn block(&self, tag: &str, file: &str) -> String {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap();
        format!("<{tag}>\n{text}</{tag}>\n")
    }

    /// Runs openvpn on `text` until it has tried its server once.
    fn observe(&self, name: &str, text: &str) -> Effects {
        let config = self.folder.path().join(format!("{name}.conf"));
        let trace = self.folder.path().join(format!("{name}.trace"));
        let login = self.folder.path().join("login");
        fs::write(&config, text).unwrap();
        fs::write(&login, "alice\npw\n").unwrap();
        let output = Command::new("strace")
            .args(["-f", "-qq", "-e"])
            .arg(
                "trace=execve,execveat,open,openat,openat2,creat,bind,listen,unlink,unlinkat,\
                 rename",
            )
            .args(["-e", "signal=none", "-o"])
            .arg(&trace)
            .args(["timeout", "20", OPENVPN, "--config"])
            .arg(&config)
            .args([
                "--dev",
                "null",
                "--script-security",
                "0",
                "--auth-user-pass",
            ])
            .arg(&login)
            .args([
                "--server-poll-timeout",
                "1",
                "--connect-retry",
                "1",
                "--connect-retry-max",
                "1",
                "--verb",
                "3",
            ])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .output()
            .expect("strace is needed: `tests/run` installs it");
        let mut effects = read_trace(&fs::read_to_string(&trace).unwrap(), &config);
        effects.output = printed(&output);
        effects
    }
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output();
    let output = output
        .unwrap_or_else(|error| panic!("{program} is needed, `tests/run` installs it: {error}"));
    assert!(output.status.success(), "{program}: {}", printed(&output));
}

fn printed(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

/// Arguments of many kinds. For each directive the first one that `ob` accepts is used.
#[rustfmt::skip] // words, a line of them at a time
const ARGUMENTS: &[&str] = &[
    "", "1", "2", "10 60", "60", "1400", "udp", "tcp", "server", "subnet", "tun", "1.2",
    "preferred", "nointeract", "infinite", "no", "vpn.acme.com name", "\"CN=vpn.acme.com\"",
    "\"Code\" 1", "10.77.0.0 255.255.0.0", "fd00::/64", "def1", "DNS 10.0.0.1",
    "ignore \"route \"", "PUSH_PEER_INFO", "\"TLS Web Server Authentication\"",
];

/// A hash of a certificate.
const HASH: &str = "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:\
                    00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f";

/// The same with its algorithm.
const AUTHORITY: &str = "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:00:01:02:03 SHA1";

/// Returns the arguments to try with one directive: some directives accept nearly any argument.
fn arguments(name: &str) -> &'static [&'static str] {
    match name {
        "remote" => &["127.0.0.1 9 udp"],
        "auth" => &["SHA256"],
        "cipher" | "data-ciphers" | "data-ciphers-fallback" | "ncp-ciphers" => &["AES-256-GCM"],
        "tls-cipher" => &["TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"],
        "tls-ciphersuites" => &["TLS_AES_256_GCM_SHA384"],
        "tls-groups" => &["secp384r1"],
        "dns" => &["server 0 address 10.0.0.1"],
        "socket-flags" => &["TCP_NODELAY"],
        "route-gateway" => &["10.0.0.1"],
        "route-ipv6-gateway" => &["fd00::1"],
        "peer-fingerprint" => &[HASH],
        "verify-hash" => &[AUTHORITY],
        _ => ARGUMENTS,
    }
}

/// Returns one canonical text for each directive that `ob` accepts in some form.
fn accepted(bench: &Bench) -> Vec<(String, String)> {
    let plain = Profile::parse(bench.base.as_bytes()).unwrap();
    let mut texts = Vec::new();
    for name in known_directives() {
        let differs = |args: &&'static str| {
            let profile =
                Profile::parse(format!("{}{name} {args}\n", bench.base).as_bytes()).ok()?;
            (profile.settings() != plain.settings())
                .then(|| profile.canonical().expose().to_owned())
        };
        if let Some(text) = arguments(name).iter().find_map(differs) {
            texts.push((format!("directive-{name}"), text));
        }
    }
    for (tag, file) in [
        ("tls-auth", "static"),
        ("tls-crypt", "static"),
        ("extra-certs", "cert"),
    ] {
        let profile =
            Profile::parse(format!("{}{}", bench.base, bench.block(tag, file)).as_bytes()).unwrap();
        texts.push((tag.to_owned(), profile.canonical().expose().to_owned()));
    }
    let connection = format!(
        "{}<connection>\nremote 127.0.0.1 9 udp\nserver-poll-timeout 1\n</connection>\n",
        bench.base
    );
    let profile = Profile::parse(connection.as_bytes()).unwrap();
    texts.push((
        "connection".to_owned(),
        profile.canonical().expose().to_owned(),
    ));
    texts
}

#[test]
fn the_observer_sees_what_a_hostile_profile_does() {
    let bench = Bench::new();
    let plain = bench.observe("plain", &bench.base);
    assert!(
        plain.output.contains("link remote: [AF_INET]127.0.0.1:9"),
        "{}",
        plain.output
    );
    assert_eq!(plain.programs, 2, "timeout and openvpn");
    let written = bench.folder.path().join("written").display().to_string();
    for (name, line) in [
        ("log", format!("log {written}")),
        ("status", format!("status {written} 1")),
        ("writepid", format!("writepid {written}")),
        (
            "plugin",
            "plugin /usr/lib/x86_64-linux-gnu/libz.so.1".to_owned(),
        ),
        ("askpass", "askpass /etc/hostname".to_owned()),
        ("crl", "crl-verify /etc/hostname".to_owned()),
        ("bind", "bind\nlport 45678".to_owned()),
    ] {
        let text = format!("{}{line}\n", bench.base.replace("nobind\n", ""));
        let effects = bench.observe(name, &text);
        assert!(
            !effects.beyond(&plain).is_empty(),
            "{name}: {}",
            effects.output
        );
        assert!(Profile::parse(text.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn written_profile_adds_no_effect_to_a_minimal_one() {
    let bench = Bench::new();
    let plain = bench.observe(
        "plain",
        Profile::parse(bench.base.as_bytes())
            .unwrap()
            .canonical()
            .expose(),
    );
    let texts = accepted(&bench);
    assert!(texts.len() > 70, "{}", texts.len());
    let (queue, found) = (Mutex::new(texts.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((name, text)) = queue.lock().unwrap().next() else {
                        break;
                    };
                    let effects = bench.observe(name, text);
                    let beyond = effects.beyond(&plain);
                    let refused = effects.output.contains("Options error");
                    if !beyond.is_empty() || refused {
                        let said = if refused { effects.output.as_str() } else { "" };
                        found
                            .lock()
                            .unwrap()
                            .push(format!("{name}: {beyond:?} {said}"));
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// openvpn compares directives with texts in its program file, so each of those texts that could be
/// a name is tried. With FORWARD_COMPATIBLE an unknown directive is a warning.
#[test]
fn table_has_every_directive_of_the_installed_openvpn() {
    let known: BTreeSet<&str> = known_directives().collect();
    let candidates: BTreeSet<String> = texts_of(&PathBuf::from(OPENVPN))
        .into_iter()
        .filter(|name| !known.contains(name.as_str()))
        .collect();
    assert!(candidates.len() > 500, "{}", candidates.len());
    let mut lines = vec!["setenv FORWARD_COMPATIBLE 1".to_owned()];
    for name in &candidates {
        for args in ["", " a", " a b", " a b c", " 1", " 1 1"] {
            lines.push(format!("{name}{args}"));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("names");
    fs::write(&config, lines.join("\n") + "\n").unwrap();
    let output = Command::new(OPENVPN)
        .arg("--config")
        .arg(&config)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = printed(&output);
    let unknown: BTreeSet<usize> = said
        .lines()
        .filter(|line| line.contains("Unrecognized option or missing or extra parameter(s)"))
        .filter_map(|line| {
            line.rsplit_once("names:")?
                .1
                .split(':')
                .next()?
                .parse()
                .ok()
        })
        .collect();
    let directives: Vec<_> = (2..=lines.len())
        .filter(|line| !unknown.contains(line))
        .map(|line| &lines[line - 1])
        .collect();
    let first = directives.iter().take(5).collect::<Vec<_>>();
    assert!(
        directives.is_empty(),
        "not known_directives: {first:?}\n{}",
        said.lines().last().unwrap_or_default()
    );
}

/// Returns every text of a program that could be a directive, suffixes included: linkers store one
/// text inside of another.
fn texts_of(program: &Path) -> BTreeSet<String> {
    let bytes = fs::read(program).expect("openvpn is needed: `tests/run` installs it");
    let mut names = BTreeSet::new();
    for text in bytes.split(|byte| *byte == 0) {
        let start = text
            .iter()
            .rposition(|byte| {
                !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
            })
            .map_or(0, |position| position + 1);
        let name = &text[start..];
        if name.len() > 40 {
            continue;
        }
        for begin in 0..name.len().saturating_sub(2) {
            if name[begin].is_ascii_lowercase() {
                names.insert(String::from_utf8_lossy(&name[begin..]).into_owned());
            }
        }
    }
    names
}
