//! A user's machine in a temporary directory: home, runtime directory, and settings that point at a
//! sandbox of its own. It inherits nothing from the environment of the tests. Its agent ends with
//! it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SigHandler, Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, geteuid};
use ob_sandbox::{Options, Sandbox, User};
use tempfile::TempDir;

use super::run::{eventually, run};

/// The uid of `nobody` on Debian and most other systems.
const NOBODY_UID: u32 = 65_534;

/// Prefix of the directories' names; the id of the test process follows.
const PREFIX: &str = "ob-it-";

pub(crate) struct TestEnv {
    pub(crate) sandbox: Sandbox,
    user: String,
    root: TempDir,
    uid: Option<u32>,
}

/// Marks inherited descriptors close-on-exec: in a child each would count towards its limit.
#[expect(unsafe_code, reason = "only their number is known; see SAFETY")]
fn close_inherited_on_exec() {
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let name = entry.unwrap().file_name();
        let descriptor = name.to_str().and_then(|name| name.parse().ok()).unwrap();
        if descriptor > 2 {
            // SAFETY: fcntl fails on a closed descriptor, and Rust's own descriptors have this flag
            // already.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
            let _ = fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
        }
    }
}

/// Restores signals that this process inherited as ignored, as from `nohup` or a shell's `&`.
#[expect(unsafe_code, reason = "signal has no safe form; see SAFETY")]
fn restore_signals() {
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        // SAFETY: the default disposition runs no handler.
        let _ = unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) };
    }
}

/// Removes the directories and agents of test processes that were killed before they could.
fn remove_leftovers(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let of = of.and_then(|rest| rest.split_once('-')?.0.parse().ok());
        if of.is_some_and(|of| kill(Pid::from_raw(of), None) == Err(Errno::ESRCH)) {
            for agent in agents_serving(&entry.path().join("run/ob")) {
                let _ = kill(agent, Signal::SIGKILL);
            }
            // A concurrent removal can be faster.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Returns the agents that serve a runtime directory.
fn agents_serving(directory: &Path) -> Vec<Pid> {
    let serves = |pid: &Pid| {
        // Empty once the process has ended, even before it is reaped.
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.next() == Some(b"ob-agent")
            && words.any(|word| word == directory.as_os_str().as_encoded_bytes())
    };
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .filter(serves)
        .collect()
}

/// Returns a program to test: `OB_TEST_PROGRAMS` names the directory of another build.
fn program(name: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_BIN_EXE_ob")).parent().unwrap();
    let named = std::env::var_os("OB_TEST_PROGRAMS").map(PathBuf::from);
    named.unwrap_or_else(|| own.to_owned()).join(name)
}

impl TestEnv {
    /// An environment for bob, who has one role in one app and a code generator.
    pub(crate) fn new() -> Self {
        Self::of("bob")
    }

    /// An environment for another user of the sandbox.
    pub(crate) fn of(user: &str) -> Self {
        Self::with(user, Options::default())
    }

    /// An environment in a sandbox with these options.
    pub(crate) fn with(user: &str, options: Options) -> Self {
        Self::build(user, options, None)
    }

    /// An environment in which `ob` runs as uid 65534, for what depends on permissions, uid or
    /// sudo.
    ///
    /// # Panics
    /// Unless run as root: without it the test would prove nothing.
    pub(crate) fn unprivileged(user: &str) -> Self {
        Self::unprivileged_with(user, Options::default())
    }

    /// Like [`Self::unprivileged`], in a sandbox with these options.
    ///
    /// # Panics
    /// Unless run as root.
    pub(crate) fn unprivileged_with(user: &str, options: Options) -> Self {
        assert!(
            geteuid().is_root(),
            "this test changes its uid with setpriv: run it as root (`sudo tests/run`)"
        );
        Self::build(user, options, Some(NOBODY_UID))
    }

    fn build(user: &str, options: Options, uid: Option<u32>) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            close_inherited_on_exec();
            restore_signals();
            // Files that a test creates for another user are readable to it.
            umask(Mode::from_bits_truncate(0o022));
            remove_leftovers(&std::env::temp_dir());
        });
        // Short: the path of a socket is limited to 108 bytes.
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let root = tempfile::Builder::new().prefix(&prefix).tempdir().unwrap();
        let env = Self {
            sandbox: Sandbox::with(options),
            user: user.to_owned(),
            root,
            uid,
        };
        for name in ["", "bin", "home", "config", "config/ob", "run", "tmp"] {
            let path = env.path(name);
            fs::create_dir_all(&path).unwrap();
            env.own(&path, 0o700);
        }
        if uid.is_some() {
            // Another user may not reach the build directory. `cp` makes the copy because a
            // descriptor of this process, open for writing and inherited by another test's child,
            // would make exec fail.
            for name in ["ob", "ob-agent"] {
                let copy = env.path("bin").join(name);
                let copied = Command::new("cp").arg(program(name)).arg(&copy).status();
                assert!(copied.unwrap().success());
                env.own(&copy, 0o755);
            }
        } else {
            symlink(program("ob"), env.path("bin/ob")).unwrap();
        }
        env.write("ca.pem", env.sandbox.ca_pem());
        let settings = env.minimal_settings();
        env.write_settings(&settings);
        env
    }

    /// Returns a path in this environment; `""` is its root.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        self.own(&path, 0o600);
        path
    }

    fn own(&self, path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        if let Some(uid) = self.uid {
            chown(path, Some(uid), Some(uid)).unwrap();
        }
    }

    /// The user who signs in.
    pub(crate) fn user(&self) -> &User {
        self.sandbox.user(&self.user)
    }

    /// Settings whose org and STS are the sandbox's; tables may be appended.
    pub(crate) fn minimal_settings(&self) -> String {
        let user = self.user();
        let factor = if user.has_totp() { "totp" } else { "push" };
        format!(
            "[org]\nurl = \"{}\"\nusername = \"{}\"\nfactor = \"{factor}\"\nca_bundle = \"{}\"\n\n\
             [aws]\nregion = \"eu-west-1\"\nsts_endpoint = \"{}\"\n",
            self.sandbox.org_url(),
            user.login,
            self.path("ca.pem").display(),
            self.sandbox.sts_url(),
        )
    }

    /// Replaces the settings file.
    pub(crate) fn write_settings(&self, text: &str) {
        self.write("config/ob/config.toml", text);
    }

    /// A command that runs `ob` with these arguments.
    pub(crate) fn ob<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(self.path("bin/ob"));
        command.args(arguments);
        command
    }

    /// A command that runs a program found in PATH, where `ob` comes first. It has no terminal
    /// unless [`super::Pty`] gives it one. The spawned process is the program itself.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setsid");
        if let Some(uid) = self.uid {
            command.args([
                "setpriv".into(),
                format!("--reuid={uid}"),
                format!("--regid={uid}"),
                "--clear-groups".into(),
            ]);
        }
        let places = std::env::var("PATH").unwrap_or_default();
        command
            .arg(program)
            .env_clear()
            .env("PATH", format!("{}:{places}", self.path("bin").display()))
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("TMPDIR", self.path("tmp"))
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .current_dir(self.path("home"));
        command
    }

    /// The lines that `--password-stdin` and `--passcode-stdin` read.
    pub(crate) fn answers(&self) -> String {
        let user = self.user();
        let code = user.has_totp().then(|| user.totp_now() + "\n");
        format!("{}\n{}", user.password, code.unwrap_or_default())
    }

    /// The flags for [`TestEnv::answers`].
    pub(crate) fn answer_flags(&self) -> &'static [&'static str] {
        match self.user().has_totp() {
            true => &["--password-stdin", "--passcode-stdin"],
            false => &["--password-stdin"],
        }
    }

    /// Returns the agents that serve this environment's runtime directory; there should be one at
    /// most.
    pub(crate) fn agents(&self) -> Vec<Pid> {
        agents_serving(&self.path("run/ob"))
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for agent in self.agents() {
                let _ = kill(agent, Signal::SIGKILL);
            }
            return;
        }
        if !self.agents().is_empty() {
            run(&mut self.ob(["agent", "stop"]), "");
            eventually("the agent is gone after `ob agent stop`", || {
                self.agents().is_empty()
            });
        }
        // A mount would prevent the removal of the directory.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let root = format!("{}/", self.root.path().display());
        let mounted = mounts
            .split_whitespace()
            .find(|word| word.starts_with(&root));
        assert_eq!(mounted, None, "it would be left behind");
    }
}

#[test]
fn leftovers_of_a_killed_test_are_removed() {
    let env = TestEnv::of("carol");
    let mut killed = Command::new("true").spawn().unwrap();
    killed.wait().unwrap();
    let [left, ours] = [killed.id(), std::process::id()].map(|of| {
        let directory = env.path("tmp").join(format!("{PREFIX}{of}-abcdef"));
        fs::create_dir_all(directory.join("run")).unwrap();
        env.own(&directory.join("run"), 0o700);
        directory
    });
    let mut login = env.ob(["login", "--password-stdin"]);
    login.env("XDG_RUNTIME_DIR", left.join("run"));
    assert!(run(&mut login, env.answers()).status.success());
    assert_eq!(agents_serving(&left.join("run/ob")).len(), 1);
    remove_leftovers(&env.path("tmp"));
    assert!(!left.exists() && ours.exists());
    eventually("its agent is gone", || {
        agents_serving(&left.join("run/ob")).is_empty()
    });
}
