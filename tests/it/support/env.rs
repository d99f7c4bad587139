//! One person's machine in a throw-away directory: home, runtime directory, settings that point at a sandbox of
//! its own, and nothing of the environment the tests run in. The agent ends with it.

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

/// Nobody, on Debian and most others.
const NOBODY: u32 = 65_534;

/// What the names of the directories begin with; our process's id follows.
const PREFIX: &str = "ob-it-";

pub(crate) struct TestEnv {
    pub(crate) sandbox: Sandbox,
    user: String,
    root: TempDir,
    uid: Option<u32>,
}

/// Descriptors that whoever runs the tests left open are not handed on: each counts towards a limit of them.
#[expect(unsafe_code, reason = "only their number is known; see SAFETY")]
fn keep_inherited() {
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let name = entry.unwrap().file_name();
        let descriptor = name.to_str().and_then(|name| name.parse().ok()).unwrap();
        if descriptor > 2 {
            // SAFETY: fcntl says so when it is not open, and a flag that Rust's own have already changes nothing.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
            let _ = fcntl(descriptor, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
        }
    }
}

/// Signals that whoever runs the tests ignores, as `nohup` and a shell's `&` do, are not ignored by what they start.
#[expect(unsafe_code, reason = "signal has no safe form; see SAFETY")]
fn heed_signals() {
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        // SAFETY: the default is no handler that could run anything.
        let _ = unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) };
    }
}

/// Takes away what tests left in `directory` whose process was killed before it could: theirs, and their agents.
fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let of = of.and_then(|rest| rest.split_once('-')?.0.parse().ok());
        if of.is_some_and(|of| kill(Pid::from_raw(of), None) == Err(Errno::ESRCH)) {
            for agent in serving(&entry.path().join("run/ob")) {
                let _ = kill(agent, Signal::SIGKILL);
            }
            // Whoever else looks at the same time may be quicker.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The agents that serve a runtime directory.
fn serving(directory: &Path) -> Vec<Pid> {
    let serves = |pid: &Pid| {
        // Empty once it has ended, though nobody may have waited for it yet.
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.next() == Some(b"ob")
            && words.any(|word| word == directory.as_os_str().as_encoded_bytes())
    };
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .filter(serves)
        .collect()
}

impl TestEnv {
    /// Bob, who has one role in one app and a code generator.
    pub(crate) fn new() -> Self {
        Self::of("bob")
    }

    /// Any other of the sandbox's people.
    pub(crate) fn of(user: &str) -> Self {
        Self::with(user, Options::default())
    }

    /// A person in a sandbox that differs.
    pub(crate) fn with(user: &str, options: Options) -> Self {
        Self::build(user, options, None)
    }

    /// Everything `ob` does here it does as uid 65534, for what depends on permissions, uid or sudo.
    ///
    /// # Panics
    /// Unless run as root: a test that could only pass must not.
    pub(crate) fn unprivileged(user: &str) -> Self {
        Self::unprivileged_with(user, Options::default())
    }

    /// The same in a sandbox that differs.
    ///
    /// # Panics
    /// Unless run as root.
    pub(crate) fn unprivileged_with(user: &str, options: Options) -> Self {
        assert!(
            geteuid().is_root(),
            "this test changes its uid with setpriv: run it as root (`sudo tests/run`)"
        );
        Self::build(user, options, Some(NOBODY))
    }

    fn build(user: &str, options: Options, uid: Option<u32>) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            keep_inherited();
            heed_signals();
            // What a test makes for somebody else is readable to them.
            umask(Mode::from_bits_truncate(0o022));
            sweep(&std::env::temp_dir());
        });
        // Short: a socket's path ends at 108 bytes.
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
            // Where it was built, another user may not reach it. A copy of our own would be open for writing in
            // whatever another test starts meanwhile, and the kernel runs no program that is.
            let copied = Command::new("cp")
                .arg(env!("CARGO_BIN_EXE_ob"))
                .arg(env.path("bin/ob"))
                .status();
            assert!(copied.unwrap().success());
            env.own(&env.path("bin/ob"), 0o755);
        } else {
            symlink(env!("CARGO_BIN_EXE_ob"), env.path("bin/ob")).unwrap();
        }
        env.write("ca.pem", env.sandbox.ca_pem());
        let settings = env.minimal_settings();
        env.write_settings(&settings);
        env
    }

    /// A file or directory of this machine; `""` is all of it.
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

    /// Who signs in.
    pub(crate) fn user(&self) -> &User {
        self.sandbox.user(&self.user)
    }

    /// The settings of a person whose org and STS are the sandbox's; tables may be added at the end.
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

    /// `ob` with these arguments.
    pub(crate) fn ob<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command(self.path("bin/ob"));
        command.args(arguments);
        command
    }

    /// Any program, found in the usual places; `ob` is among them. It has no terminal, whoever runs the
    /// tests, unless [`super::Pty`] gives it one. Its process is the one that is spawned.
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

    /// The agents that serve this machine's runtime directory. One at most is right.
    pub(crate) fn agents(&self) -> Vec<Pid> {
        serving(&self.path("run/ob"))
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
        // What is mounted there would keep all of it.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let root = format!("{}/", self.root.path().display());
        let mounted = mounts
            .split_whitespace()
            .find(|word| word.starts_with(&root));
        assert_eq!(mounted, None, "it would be left behind");
    }
}

#[test]
fn what_a_killed_test_left_is_taken_away_with_its_agent() {
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
    assert_eq!(serving(&left.join("run/ob")).len(), 1);
    sweep(&env.path("tmp"));
    assert!(!left.exists() && ours.exists());
    eventually("its agent is gone", || {
        serving(&left.join("run/ob")).is_empty()
    });
}
