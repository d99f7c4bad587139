//! A throw-away home: settings that point `ob` at the sandbox, a runtime directory for its socket,
//! a `code` command, and the environment that makes a process use them instead of the user's own.
//! Everything is gone with the value, `ob`'s agent included.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ob_sandbox::{AwsApp, Sandbox, User};
use tempfile::TempDir;

/// Where the runtime directory is, below the throw-away directory. Short: a socket's path ends at
/// 108 bytes.
const RUNTIME: &str = "run";

#[derive(Debug)]
pub(super) struct Home {
    directory: TempDir,
    ob: PathBuf,
    sts_url: String,
}

impl Home {
    /// Makes a home for one person. `factor` is their choice of second factor, if it is to be
    /// settled beforehand.
    pub(super) fn new(
        sandbox: &Sandbox,
        user: &User,
        factor: Option<&str>,
        ob: PathBuf,
    ) -> io::Result<Home> {
        let private = Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new()
            .prefix("ob-sandbox-")
            .permissions(private.clone())
            .tempdir()?;
        let home = Home {
            directory,
            ob,
            sts_url: sandbox.sts_url(),
        };
        for name in [RUNTIME, "bin", "home", "home/.config", "home/.config/ob"] {
            fs::create_dir(home.path(name))?;
            fs::set_permissions(home.path(name), private.clone())?;
        }
        // Where this is missing, fish reads every manual page in the background.
        fs::create_dir_all(home.path("home/.local/share/fish/generated_completions"))?;
        fs::write(home.path("ca.pem"), sandbox.ca_pem())?;
        home.write_private(
            "home/.config/ob/config.toml",
            &settings(sandbox, user, factor, &home.path("ca.pem")),
            0o600,
        )?;
        home.write_private("home/.bashrc", "PS1='(ob sandbox) \\w \\$ '\n", 0o600)?;
        home.write_private("home/.zshrc", "PROMPT='(ob sandbox) %~ %# '\n", 0o600)?;
        home.write_private("bin/code", &code_script(user)?, 0o700)?;
        symlink(&home.ob, home.path("bin/ob"))?;
        Ok(home)
    }

    /// The `ob` of this home.
    pub(super) fn ob(&self) -> Command {
        let mut command = Command::new(&self.ob);
        self.furnish(&mut command);
        command
    }

    /// Makes a command live here.
    pub(super) fn furnish(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("OB_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/.config"))
            .env("XDG_RUNTIME_DIR", self.path(RUNTIME))
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("ZDOTDIR")
            .env("PATH", self.search_path())
            // For the AWS tools that the child may be.
            .env("AWS_ENDPOINT_URL_STS", &self.sts_url)
            .env("AWS_CA_BUNDLE", self.path("ca.pem"));
        for name in ["NO_PROXY", "no_proxy"] {
            let known = std::env::var(name).unwrap_or_default();
            command.env(name, format!("127.0.0.1,localhost,{known}"));
        }
    }

    /// Makes a person's shell live here, with their keys plugged in.
    pub(super) fn furnish_for_a_person(&self, command: &mut Command) {
        self.furnish(command);
        // Where a debug build of `ob` finds keys in the place of USB.
        command.env("OB_SECURITY_KEY", self.keys());
    }

    /// The socket of the keys that are plugged in.
    pub(super) fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write_private(&self, name: &str, text: &str, mode: u32) -> io::Result<()> {
        fs::write(self.path(name), text)?;
        fs::set_permissions(self.path(name), Permissions::from_mode(mode))
    }

    fn search_path(&self) -> OsString {
        let known = std::env::var_os("PATH").unwrap_or_default();
        let directories = [self.path("bin")];
        let directories = directories.into_iter().chain(std::env::split_paths(&known));
        std::env::join_paths(directories).unwrap_or(known)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // No agent, or no such verb: nothing to stop.
        let _ = self
            .ob()
            .args(["agent", "stop"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        // A shell's background work may still be writing here.
        for _ in 0..20 {
            if fs::remove_dir_all(self.directory.path()).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn settings(sandbox: &Sandbox, user: &User, factor: Option<&str>, ca: &Path) -> String {
    let (org, sts) = (sandbox.org_url(), sandbox.sts_url());
    let (login, ca) = (&user.login, ca.display());
    let factor = factor.map_or_else(String::new, |name| format!("factor = \"{name}\"\n"));
    let mut settings = format!(
        "default_profile = \"dev\"\n\n\
         [org]\nurl = \"{org}\"\nusername = \"{login}\"\nsign_in = \"auto\"\n{factor}\
         ca_bundle = \"{ca}\"\n\n\
         [aws]\nregion = \"eu-west-1\"\nsts_endpoint = \"{sts}\"\n\
         iam_endpoint = \"{sts}\"\nsignin_endpoint = \"{sts}/federation\"\n\n\
         [accounts]\n123456789012 = \"acme\"\n210987654321 = \"audit\"\n345678901234 = \"labs\"\n"
    );
    let vpn = sandbox.vpn_url();
    settings += &format!(
        "\n[vpn]\nhost = \"{}\"\napp = \"{}\"\n",
        vpn.trim_start_matches("https://"),
        sandbox.vpn_app_url()
    );
    let roles = sandbox.roles(login, AwsApp::Production);
    for (profile, role) in ["dev", "prod"].iter().zip(&roles) {
        settings += &format!("\n[profiles.{profile}]\nrole = \"{role}\"\n");
    }
    settings
}

/// A command that prints the current code of the person's authenticator app.
fn code_script(user: &User) -> io::Result<String> {
    let program = std::env::current_exe()?;
    let program = program.display().to_string().replace('\'', "'\\''");
    let secret = &user.totp_secret;
    Ok(format!("#!/bin/sh\nexec '{program}' code {secret}\n"))
}
