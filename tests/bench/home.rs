//! A home for each measurement.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use ob_sandbox::Sandbox;

pub(crate) struct Home {
    directory: tempfile::TempDir,
    user: &'static str,
}

impl Home {
    pub(crate) fn new(sandbox: &Sandbox, user: &'static str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Self { directory, user };
        fs::DirBuilder::new()
            .mode(0o700)
            .create(home.path("run"))
            .unwrap();
        fs::create_dir_all(home.path("config/ob")).unwrap();
        fs::write(home.path("ca.pem"), sandbox.ca_pem()).unwrap();
        let settings = format!(
            "default_profile = \"dev\"\n[org]\nurl = \"{}\"\nusername = \"{}\"\nsign_in = \
             \"terminal\"\nfactor = \"totp\"\nca_bundle = \"{}\"\n\
             [aws]\napp = \"{}\"\nregion = \"eu-west-1\"\nsts_endpoint = \
             \"{}\"\n[profiles.dev]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\n",
            sandbox.org_url(),
            sandbox.user(user).login,
            home.path("ca.pem").display(),
            sandbox.app_url(ob_sandbox::AwsApp::Production),
            sandbox.sts_url(),
        );
        let file = home.path("config/ob/config.toml");
        fs::write(&file, settings).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        home
    }

    /// As above, for a user with roles in several apps.
    pub(crate) fn of_every_app(sandbox: &Sandbox, user: &'static str) -> Self {
        let home = Self::new(sandbox, user);
        let file = home.path("config/ob/config.toml");
        let settings = fs::read_to_string(&file).unwrap();
        let without: Vec<&str> = settings
            .lines()
            .filter(|line| !line.starts_with("app ="))
            .collect();
        fs::write(&file, without.join("\n")).unwrap();
        home
    }

    /// Signs in without fetching credentials.
    pub(crate) fn log_in(&self, sandbox: &Sandbox) {
        let user = sandbox.user(self.user);
        let mut login = self.ob(&["login", "--password-stdin", "--passcode-stdin"]);
        let mut child = login
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = format!("{}\n{}\n", user.password, user.totp_now());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(lines.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn runtime(&self) -> PathBuf {
        self.path("run/ob")
    }

    pub(crate) fn ob(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program());
        command.args(arguments);
        command
    }

    /// Returns a command with the home's environment. Without it, cargo's `LD_LIBRARY_PATH` would
    /// slow down the loader of each program.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.directory.path())
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("XDG_CONFIG_HOME", self.path("config"));
        command
    }

    pub(crate) fn stop_agent(&self) {
        let _ = self.ob(&["agent", "stop"]).stderr(Stdio::null()).status();
    }

    pub(crate) fn spawn_exec_with_password(&self, sandbox: &Sandbox) -> Child {
        let arguments = ["exec", "--password-stdin", "--passcode-stdin", "--", "true"];
        let mut command = self.ob(&arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let user = sandbox.user(self.user);
        let lines = format!("{}\n{}\n", user.password, user.totp_now());
        child
            .stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        child
    }

    pub(crate) fn exec_with_password(&self, sandbox: &Sandbox) {
        assert!(
            self.spawn_exec_with_password(sandbox)
                .wait()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn sign_in(&self, sandbox: &Sandbox) {
        self.exec_with_password(sandbox);
    }

    pub(crate) fn agent_pid(&self) -> u32 {
        let output = self.ob(&["status", "--json"]).output().unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        u32::try_from(status["agent"]["pid"].as_u64().unwrap()).unwrap()
    }
}

/// Returns the measured `ob`: a build of its own, because a build for benchmarks has more features
/// of the libraries.
pub(crate) fn program() -> PathBuf {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        if let Some(named) = std::env::var_os("OB_BENCH_PROGRAM") {
            return named.into();
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = root.join("target/programs");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--bins", "--target-dir"]);
        let status = cargo.arg(&target).current_dir(root).status();
        assert!(status.unwrap().success());
        target.join("release/ob")
    });
    PROGRAM.clone()
}

impl Drop for Home {
    fn drop(&mut self) {
        self.stop_agent();
    }
}
