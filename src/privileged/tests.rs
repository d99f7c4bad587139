//! Requests that are refused before anything is done as root, each by its name.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::{Uid, geteuid, mkfifo};

use super::caller::Caller;
use super::files::{read_bounded, read_profile};
use super::*;

fn name<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> &'static str {
    outcome.unwrap_err().name
}

#[test]
fn request_is_values_and_nothing_else() {
    let parse = |text: &str| Request::parse(text.as_bytes());
    assert!(matches!(
        parse(r#"{"protocol":1,"action":"Probe"}"#),
        Ok(Action::Probe)
    ));
    let start = |more: &str| {
        format!(
            "{{\"protocol\":1,\"action\":{{\"Start\":{{\"directory\":\"/run/x\",\
             \"device\":\"tun-ob0\",\"routes\":null,\"dns\":true{more}}}}}}}"
        )
    };
    assert!(matches!(parse(&start("")), Ok(Action::Start(_))));
    let dns = |device: &str, server: &str, domain: &str| {
        format!(
            r#"{{"protocol":1,"action":{{"SetDns":{{"device":"{device}","servers":["{server}"],
            "search":["{domain}"],"route_domains":[],"scope":"all","is_scope_chosen":false}}}}}}"#
        )
    };
    assert!(parse(&dns("tun-ob0", "10.88.0.1", "corp.test")).is_ok());
    for hostile in [
        String::new(),
        "x".to_owned(),
        "{}x".to_owned(),
        r#"{"protocol":1}"#.to_owned(),
        r#"{"protocol":1,"action":"Stop"}"#.to_owned(),
        r#"{"protocol":1,"action":"Probe","up":"/tmp/x"}"#.to_owned(),
        start(r#","script_security":2"#),
        start(r#","config":"/tmp/x""#),
        dns("eth0", "10.88.0.1", "corp.test"),
        dns("tun-ob0 --help", "10.88.0.1", "corp.test"),
        dns("tun-ob0", "10.88.0.1\\nsearch x", "corp.test"),
        dns("tun-ob0", "--help", "corp.test"),
        dns("tun-ob0", "10.88.0.1", "x$(id)"),
        dns("tun-ob0", "10.88.0.1", "x\\nnameserver 192.0.2.1"),
        dns("tun-ob0", "10.88.0.1", "-x"),
        r#"{"protocol":1,"action":{"RevertDns":"eth0"}}"#.to_owned(),
    ] {
        let refused = name(parse(&hostile));
        assert!(
            ["request.malformed", "request.protocol"].contains(&refused),
            "{hostile}: {refused}"
        );
    }
    for other in [
        r#"{"protocol":2,"action":"New"}"#,
        r#"{"protocol":"1"}"#,
        "[]",
    ] {
        assert_eq!(name(parse(other)), "request.protocol", "{other}");
    }
}

#[test]
fn limits_of_name_servers_are_kept() {
    let config = |servers: usize, domains: usize| DnsConfig {
        device: "tun-ob0".parse().unwrap(),
        servers: vec!["10.88.0.1".parse().unwrap(); servers],
        search: vec!["corp.test".parse().unwrap(); domains],
        route_domains: Vec::new(),
        scope: crate::model::DnsScope::All,
        is_scope_chosen: false,
    };
    assert!(config(16, 256).check_limits().is_ok());
    for config in [config(0, 1), config(17, 0), config(1, 257)] {
        assert_eq!(name(config.check_limits()), "dns.limits");
    }
}

#[test]
fn caller_is_who_sudo_or_doas_names() {
    if !geteuid().is_root() {
        assert_eq!(name(Caller::find(|_| None)), "caller.not_root");
        return;
    }
    let find = |variables: &[(&str, &str)]| {
        Caller::find(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted)?;
            Some(OsString::from(found.1))
        })
    };
    let nobody = find(&[("SUDO_UID", "65534")]).unwrap();
    assert_eq!((nobody.uid.as_raw(), &*nobody.name), (65_534, "nobody"));
    assert_eq!(find(&[("DOAS_USER", "nobody")]).unwrap(), nobody);
    for (variables, refused) in [
        (&[][..], "caller.missing"),
        (&[("SUDO_UID", "0")], "caller.root"),
        (&[("DOAS_USER", "root")], "caller.root"),
        (&[("SUDO_UID", "")], "caller.unknown"),
        (&[("SUDO_UID", "-1")], "caller.unknown"),
        (&[("SUDO_UID", "65534 ")], "caller.unknown"),
        (&[("SUDO_UID", "4294967295")], "caller.unknown"),
        (&[("DOAS_USER", "no-such-user")], "caller.unknown"),
        (
            &[("SUDO_UID", "65534"), ("DOAS_USER", "nobody")],
            "caller.ambiguous",
        ),
        (
            &[("SUDO_UID", "65534"), ("DOAS_USER", "")],
            "caller.ambiguous",
        ),
    ] {
        assert_eq!(name(find(variables)), refused, "{variables:?}");
    }
}

/// A supervisor's directory, with a profile in the pipe.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        let made = Self(directory);
        mkfifo(&made.file("p"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        made.listen();
        made
    }

    fn listen(&self) {
        let _listener = UnixListener::bind(self.file("m")).unwrap();
        fs::set_permissions(self.file("m"), Permissions::from_mode(0o600)).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self) -> Result<Vec<u8>, Refusal> {
        read_profile(self.0.path(), geteuid(), 1024)
    }

    fn write_profile(&self, text: &'static [u8]) -> std::thread::JoinHandle<()> {
        let pipe = self.file("p");
        std::thread::spawn(move || {
            // The reader closes the pipe when it refuses the text.
            let _ = fs::write(pipe, text);
        })
    }
}

#[test]
fn profile_comes_from_the_pipe_of_a_private_directory() {
    let directory = Directory::new();
    let writer = directory.write_profile(b"client\n");
    assert_eq!(directory.read().unwrap(), b"client\n");
    writer.join().unwrap();
    let writer = directory.write_profile(&[b'#'; 1025]);
    assert_eq!(name(directory.read()), "profile.read");
    writer.join().unwrap();
    assert_eq!(
        name(read_profile(directory.0.path(), Uid::from_raw(1), 1)),
        "directory.owner"
    );
}

#[test]
fn refusal_of_a_file_names_its_path() {
    let directory = Directory::new();
    fs::remove_file(directory.file("p")).unwrap();
    let expected = format!(
        "{}: No such file or directory",
        directory.file("p").display()
    );
    assert_eq!(directory.read().unwrap_err().text, expected);
    fs::remove_file(directory.file("m")).unwrap();
    let expected = format!(
        "{}: No such file or directory",
        directory.file("m").display()
    );
    assert_eq!(directory.read().unwrap_err().text, expected);
}

#[test]
fn what_another_could_have_put_there_is_not_read() {
    let change = |what: fn(&Directory)| {
        let directory = Directory::new();
        what(&directory);
        name(directory.read())
    };
    assert_eq!(
        change(|d| fs::set_permissions(d.0.path(), Permissions::from_mode(0o710)).unwrap()),
        "directory.owner"
    );
    assert_eq!(
        change(|d| fs::set_permissions(d.file("p"), Permissions::from_mode(0o622)).unwrap()),
        "profile.owner"
    );
    assert_eq!(
        change(|d| {
            fs::remove_file(d.file("p")).unwrap();
            fs::write(d.file("p"), "client\n").unwrap();
            fs::set_permissions(d.file("p"), Permissions::from_mode(0o600)).unwrap();
        }),
        "profile.owner",
        "a file"
    );
    assert_eq!(
        change(|d| {
            fs::remove_file(d.file("p")).unwrap();
            symlink("/etc/shadow", d.file("p")).unwrap();
        }),
        "profile.open",
        "a link"
    );
    assert_eq!(
        change(|d| fs::remove_file(d.file("p")).unwrap()),
        "profile.open"
    );
    assert_eq!(
        change(|d| fs::remove_file(d.file("m")).unwrap()),
        "socket.missing"
    );
    assert_eq!(
        change(|d| {
            fs::rename(d.file("m"), d.file("x")).unwrap();
            symlink("x", d.file("m")).unwrap();
        }),
        "socket.owner",
        "a link"
    );
    assert_eq!(
        change(|d| fs::set_permissions(d.file("m"), Permissions::from_mode(0o666)).unwrap()),
        "socket.owner"
    );
    if geteuid().is_root() {
        for (file, refused) in [("m", "socket.owner"), ("p", "profile.owner")] {
            let directory = Directory::new();
            chown(directory.file(file), Some(1), None).unwrap();
            assert_eq!(name(directory.read()), refused);
        }
    }
}

#[test]
fn path_of_the_directory_is_plain() {
    let long = format!("/{}", "x".repeat(120));
    for (path, refused) in [
        ("", "directory.path"),
        ("run/x", "directory.path"),
        ("/run/x\n--up", "directory.path"),
        (&*long, "directory.path"),
        ("/no/such/directory", "directory.open"),
        ("/etc/passwd", "directory.open"),
    ] {
        assert_eq!(
            name(read_profile(Path::new(path), geteuid(), 1024)),
            refused,
            "{path:?}"
        );
    }
    let directory = Directory::new();
    let link = tempfile::tempdir().unwrap();
    symlink(directory.0.path(), link.path().join("l")).unwrap();
    let through = read_profile(&link.path().join("l"), geteuid(), 1024);
    assert_eq!(name(through), "directory.open");
}

#[test]
fn reading_ends_at_its_deadline() {
    let (reader, writer) = std::io::pipe().unwrap();
    let begun = Instant::now();
    let error = read_bounded(&reader, 10, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(20));
    drop(writer);
    assert_eq!(
        read_bounded(&reader, 10, Duration::from_secs(9)).unwrap(),
        b""
    );
}
