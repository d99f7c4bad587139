//! Page faults, relocations and system calls of the client.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use ob_sandbox::{AwsApp, Sandbox};

use crate::program;

/// A page may be in memory by chance, so each count is the smallest of several runs.
const RUNS: usize = 20;

/// A home with a session and the credentials of a role.
struct Home {
    directory: tempfile::TempDir,
    _sandbox: Sandbox,
}

impl Home {
    fn new() -> Self {
        let sandbox = Sandbox::start();
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut private = fs::DirBuilder::new();
        private.mode(0o700).create(path("run")).unwrap();
        fs::create_dir_all(path("config/ob")).unwrap();
        fs::write(path("ca.pem"), sandbox.ca_pem()).unwrap();
        let user = sandbox.user("carol");
        let settings = format!(
            "default_profile = 'dev'\n[org]\nurl = '{}'\nusername = '{}'\nsign_in = 'terminal'\n\
             ca_bundle = '{}'\n[aws]\napp = '{}'\nregion = 'eu-west-1'\nsts_endpoint = '{}'\n\
             [profiles.dev]\nrole = 'arn:aws:iam::123456789012:role/Engineer'\n",
            sandbox.org_url(),
            user.login,
            path("ca.pem").display(),
            sandbox.app_url(AwsApp::Production),
            sandbox.sts_url(),
        );
        fs::write(path("config/ob/config.toml"), settings).unwrap();
        let password = user.password.clone();
        let home = Self {
            directory,
            _sandbox: sandbox,
        };
        let mut first = home.ob(&["exec", "--password-stdin", "--", "true"]);
        let mut child = first.stdin(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        assert!(child.wait().unwrap().success());
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_CONFIG_HOME", self.path("config"));
        command
    }

    fn ob(&self, words: &[&str]) -> Command {
        let mut command = self.command(program("ob"));
        command.args(words);
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.ob(&["agent", "stop"]).stderr(Stdio::null()).status();
    }
}

/// Returns the page faults of a command, with those of starting any process.
fn faults(command: impl Fn() -> Command) -> i64 {
    let counts = (0..RUNS).map(|_| {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let before = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        assert!(command.status().unwrap().success());
        let after = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        after.minor_page_faults() - before.minor_page_faults()
    });
    counts.min().unwrap()
}

/// Returns how many addresses the loader writes when the program starts.
fn relocations(program: &Path) -> usize {
    let listed = Command::new("readelf").arg("-rW").arg(program).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    let is_one = |line: &&str| line.contains(" R_X86_64_") || line.contains(" R_AARCH64_");
    text.lines().filter(is_one).count()
}

fn shared_libraries(program: &Path) -> Vec<String> {
    let listed = Command::new("readelf").arg("-dW").arg(program).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    let needed = text.lines().filter(|line| line.contains("(NEEDED)"));
    let name = |line: &str| line.split(['[', ']']).nth(1).unwrap().to_owned();
    needed.map(name).collect()
}

/// One test, because the page faults of all children of this process are counted.
#[test]
fn starting_the_client_stays_within_its_budget() {
    let home = Home::new();
    let of_true = faults(|| Command::new("/bin/true"));
    let of_exec = faults(|| home.ob(&["exec", "--", "/bin/true"]));
    let counts = [
        (
            "relocations",
            i64::try_from(relocations(&program("ob"))).unwrap(),
            4800,
        ),
        ("page faults before execve", of_exec - of_true, 140),
        (
            "page faults of --version",
            faults(|| home.ob(&["--version"])),
            115,
        ),
        (
            "page faults of status",
            faults(|| home.ob(&["status"])),
            150,
        ),
        (
            "page faults of credential",
            faults(|| home.ob(&["credential", "-p", "dev"])),
            145,
        ),
        (
            "page faults of complete",
            faults(|| home.ob(&["complete", "profiles"])),
            140,
        ),
    ];
    println!("page faults of true: {of_true}");
    for (name, count, limit) in counts {
        println!("{name}: {count} (limit {limit})");
    }
    for (name, count, limit) in counts {
        assert!(count <= limit, "{name}: {count}, more than {limit}");
    }
    let calls = calls_before_exec(&home);
    let opens = calls.iter().filter(|call| call.starts_with("open")).count();
    println!(
        "{} system calls, {opens} opened files before execve",
        calls.len()
    );
    assert!(calls.len() <= 90, "{}", calls.join("\n"));
    assert!(opens <= 7, "{}", calls.join("\n"));
    println!("shared libraries: {:?}", shared_libraries(&program("ob")));
    assert!(
        !shared_libraries(&program("ob"))
            .iter()
            .any(|name| name.starts_with("libm."))
    );
}

fn calls_before_exec(home: &Home) -> Vec<String> {
    let trace = home.path("trace");
    let mut strace = home.command("strace");
    strace
        .arg("-o")
        .arg(&trace)
        .arg(program("ob"))
        .args(["exec", "--", "/bin/true"]);
    assert!(strace.status().unwrap().success());
    let text = fs::read_to_string(Path::new(&trace)).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let end = lines
        .iter()
        .position(|line| line.contains("execve(\"/bin/true\""));
    // The first line is the exec of ob itself.
    lines[1..end.unwrap()].to_vec()
}
