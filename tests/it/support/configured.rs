//! Complete settings, and queries of a running agent.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::Pid;
use ob_sandbox::{AwsApp, DeviceScript, Logged, Server};
use serde_json::Value;

use super::TestEnv;
use super::run::{Finished, holds_within, run};

impl TestEnv {
    /// Writes complete settings: a sign-in asks only for secrets.
    pub(crate) fn configured(self) -> Self {
        self.write_settings(&self.full_settings());
        self
    }

    /// The agent's runtime directory, in which its socket is.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.path("run/ob")
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime().join("agent.sock")
    }

    /// Complete settings: a sign-in asks only for secrets.
    pub(crate) fn full_settings(&self) -> String {
        let login = &self.user().login;
        let role = &self.sandbox.roles(login, AwsApp::Production)[0];
        format!(
            "default_profile = 'dev'\n\n[org]\nurl = '{}'\nusername = '{login}'\n\
             sign_in = 'terminal'\nca_bundle = '{}'\n\n\
             [aws]\napp = '{}'\nregion = 'eu-west-1'\nsts_endpoint = '{}'\n\n\
             [profiles.dev]\nrole = '{role}'\n",
            self.sandbox.org_url(),
            self.path("ca.pem").display(),
            self.sandbox.app_url(AwsApp::Production),
            self.sandbox.sts_url(),
        )
    }

    /// Writes complete settings without profiles.
    pub(crate) fn write_settings_without_profiles(&self) {
        let settings = self.full_settings();
        let settings = settings.split("[profiles").next().unwrap();
        let lines = settings
            .lines()
            .filter(|line| !line.starts_with("default_profile"));
        self.write_settings(&lines.map(|line| format!("{line}\n")).collect::<String>());
    }

    /// Complete settings with a browser sign-in. The browser command does nothing, and the user has
    /// signed in by the first poll.
    pub(crate) fn browser_settings(&self) -> String {
        self.sandbox.device(DeviceScript {
            login: self.user().login.clone(),
            waits: 0,
            ..DeviceScript::default()
        });
        let (client, _) = self.sandbox.clients();
        let way = format!("'browser'\nclient_id = '{client}'");
        format!(
            "browser_command = ['/bin/true']\n{}",
            self.full_settings().replace("'terminal'", &way)
        )
    }

    /// Complete settings for a machine, and its key, which goes into the variable `CI_KEY`.
    pub(crate) fn machine_settings(&self) -> (String, &'static str) {
        let (key_id, pem) = self.sandbox.machine_keys()[0];
        let (_, client) = self.sandbox.clients();
        let way = format!(
            "'machine'\nclient_id = '{client}'\nkey_id = '{key_id}'\nprivate_key_env = 'CI_KEY'"
        );
        (self.full_settings().replace("'terminal'", &way), pem)
    }

    /// The settings' table for the VPN, with the app's sign-on address.
    pub(crate) fn vpn_table(&self) -> String {
        format!(
            "\n[vpn]\nhost = '{}'\napp = '{}'\n",
            self.sandbox.vpn_url().trim_start_matches("https://"),
            self.sandbox.vpn_sign_on_url()
        )
    }

    /// Runs `ob VERB …` with the answers on standard input; `arguments` begins with the verb.
    pub(crate) fn answered(&self, arguments: &[&str]) -> Finished {
        self.sandbox.forget_used_codes();
        let mut all = vec![arguments[0]];
        all.extend(self.answer_flags());
        if self.user().has_totp() {
            all.extend(["--factor", "totp"]);
        }
        all.extend(&arguments[1..]);
        run(self.ob(&all), self.answers())
    }

    /// Signs in; where there is a choice of factor, with the code.
    pub(crate) fn sign_in(&self) {
        let ended = self.answered(&["login"]);
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    }

    /// Returns the output of `ob status --json`.
    pub(crate) fn status(&self) -> Value {
        let ended = run(self.ob(["status", "--json"]), "");
        let status: Value = serde_json::from_str(&ended.stdout).unwrap();
        let is_signed_in = status["sessions"] != serde_json::json!([]);
        assert_eq!(
            ended.code(),
            Some(i32::from(!is_signed_in)),
            "{}",
            ended.stderr
        );
        status
    }

    /// Returns the agent's process, if one answers.
    pub(crate) fn agent(&self) -> Option<Pid> {
        let pid = self.status()["agent"]["pid"].as_i64()?;
        Some(Pid::from_raw(i32::try_from(pid).unwrap()))
    }

    /// Waits until no agent of this environment is left, and returns whether none is.
    pub(crate) fn agents_gone_within(&self, time: Duration) -> bool {
        holds_within(time, || self.agents().is_empty())
    }

    /// Creates the private runtime directory that the agent would create.
    pub(crate) fn create_runtime(&self) {
        fs::create_dir(self.runtime()).unwrap();
        fs::set_permissions(self.runtime(), Permissions::from_mode(0o700)).unwrap();
    }

    /// Counts the passwords that Classic was sent as a first factor.
    pub(crate) fn passwords_sent(&self) -> usize {
        let requests = self.sandbox.requests(Server::Org, "/api/v1/authn");
        let has_password = |request: &&Logged| {
            request.path == "/api/v1/authn" && request.json()["password"].is_string()
        };
        requests.iter().filter(has_password).count()
    }
}
