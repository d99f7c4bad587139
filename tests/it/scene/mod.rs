//! A sandbox, a throw-away home that points `ob` at it, and the program itself: what the tests of a
//! program under attack and under load have in common. Nothing of the machine's own user is used, and the
//! agent is gone with the value.

mod run;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ob_sandbox::{AwsApp, Options, Sandbox};
use serde_json::Value;

pub(crate) use run::{Ended, finish, patiently, run};

/// Somebody who is neither root nor anybody.
pub(crate) const NOBODY: u32 = 65534;

/// `ob` as it was built.
pub(crate) const OB: &str = env!("CARGO_BIN_EXE_ob");

pub(crate) struct Scene {
    pub(crate) sandbox: Sandbox,
    pub(crate) root: tempfile::TempDir,
    pub(crate) user: String,
    unprivileged: bool,
}

impl Scene {
    /// A scene for one of the sandbox's people.
    pub(crate) fn of(user: &str) -> Self {
        Self::with(user, Options::default())
    }

    pub(crate) fn with(user: &str, options: Options) -> Self {
        let root = tempfile::Builder::new()
            .prefix("ob-it-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        for name in ["home", "home/.config", "home/.config/ob", "run", "tmp"] {
            fs::create_dir(root.path().join(name)).unwrap();
            fs::set_permissions(root.path().join(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let scene = Self {
            sandbox: Sandbox::with(options),
            root,
            user: user.to_owned(),
            unprivileged: false,
        };
        fs::write(scene.path("ca.pem"), scene.sandbox.ca_pem()).unwrap();
        scene.write_settings(&scene.settings());
        scene
    }

    /// The same, with `ob` run by somebody to whom permissions mean something: root passes them all.
    pub(crate) fn unprivileged(user: &str) -> Self {
        let mut scene = Self::of(user);
        fs::copy(OB, scene.path("ob")).unwrap();
        if nix::unistd::geteuid().is_root() {
            scene.unprivileged = true;
            scene.give_away(scene.root.path());
        }
        scene
    }

    /// Gives a tree to the one who runs `ob`.
    pub(crate) fn give_away(&self, path: &Path) {
        if !self.unprivileged {
            return;
        }
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).unwrap() {
                self.give_away(&entry.unwrap().path());
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Where the agent's socket lies.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.path("run/ob")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime().join("agent.sock")
    }

    /// Everything named, so that a sign-in asks for nothing but the secrets.
    pub(crate) fn settings(&self) -> String {
        let sandbox = &self.sandbox;
        let role = sandbox.roles(&self.user, AwsApp::Production)[0].clone();
        format!(
            "default_profile = 'dev'\n\n[org]\nurl = '{}'\nusername = '{}'\nsign_in = 'terminal'\nca_bundle = '{}'\n\n\
             [aws]\napp = '{}'\nregion = 'eu-west-1'\nsts_endpoint = '{}'\n\n[profiles.dev]\nrole = '{role}'\n",
            sandbox.org_url(),
            sandbox.user(&self.user).login,
            self.path("ca.pem").display(),
            sandbox.app_url(AwsApp::Production),
            sandbox.sts_url(),
        )
    }

    pub(crate) fn write_settings(&self, text: &str) {
        let path = self.path("home/.config/ob/config.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self.give_away(&path);
    }

    /// A program in this home, without a terminal, its standard streams closed off.
    pub(crate) fn program(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("setsid");
        if self.unprivileged {
            command.args([
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
            ]);
        }
        command.arg(program);
        self.furnish(&mut command);
        command
    }

    /// Makes a command live here.
    pub(crate) fn furnish(&self, command: &mut Command) {
        command
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("TMPDIR", self.path("tmp"))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// `ob`, with nobody to answer it.
    pub(crate) fn ob(&self, arguments: &[&str]) -> Command {
        let mut command = if self.unprivileged {
            self.program(self.path("ob"))
        } else {
            self.program(OB)
        };
        command.args(arguments);
        command
    }

    /// What the user types when they sign in: a line each.
    pub(crate) fn answers(&self) -> String {
        let user = self.sandbox.user(&self.user);
        self.sandbox.forget_used_codes();
        if user.has_totp() {
            format!("{}\n{}\n", user.password, user.totp_now())
        } else {
            format!("{}\n", user.password)
        }
    }

    /// Runs `ob VERB …` with the answers on standard input; `arguments` begins with the verb.
    pub(crate) fn answered(&self, arguments: &[&str]) -> Ended {
        let mut all = vec![arguments[0], "--password-stdin"];
        if self.sandbox.user(&self.user).has_totp() {
            all.extend(["--passcode-stdin", "--factor", "totp"]);
        }
        all.extend(&arguments[1..]);
        run(self.ob(&all), &self.answers())
    }

    pub(crate) fn sign_in(&self) {
        let ended = self.answered(&["login"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// `ob status --json`.
    pub(crate) fn status(&self) -> Value {
        let ended = run(self.ob(&["status", "--json"]), "");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// The agent's process, if one runs.
    pub(crate) fn agent(&self) -> Option<Pid> {
        let pid = self.status()["agent"]["pid"].as_i64()?;
        Some(Pid::from_raw(i32::try_from(pid).unwrap()))
    }

    /// Every process of this scene that is an agent, whether it can be reached or not.
    pub(crate) fn agents(&self) -> Vec<Pid> {
        let place = self.root.path().to_string_lossy().into_owned();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
                continue;
            };
            let words = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            if words.starts_with("ob agent run") && words.contains(&place) {
                found.push(Pid::from_raw(pid));
            }
        }
        found
    }

    /// Waits until no agent of this scene is left; says whether that came to pass.
    pub(crate) fn agents_gone_within(&self, time: Duration) -> bool {
        patiently(time, || self.agents().is_empty())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for pid in self.agents() {
            // Gone meanwhile: just as well.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}
