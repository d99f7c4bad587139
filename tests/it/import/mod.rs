//! `ob config import`: the settings made of other tools' files, and what is never taken or shown.
//! The expected output stands beside each file in `tests/fixtures/import`; `OB_BLESS=1` writes it.

mod checked;
mod documented;
mod mapped;
mod refused;
mod reported;
mod spellings;
mod written;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Finished, run};

/// Each tool's name, and the path of its file below the home directory.
const TOOLS: [(&str, &str); 8] = [
    ("okta-aws-cli", ".okta/okta.yaml"),
    ("gimme-aws-creds", ".okta_aws_login_config"),
    ("saml2aws", ".saml2aws"),
    ("tokendito", ".config/tokendito/tokendito.ini"),
    ("oktaws", ".oktaws/acme.toml"),
    ("aws-okta", ".aws/config"),
    ("okta-java", ".okta/config.properties"),
    ("aws-okta-processor", ".awsoktaprocessor"),
];

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(tool: &str) -> Self {
        let home = Self::new();
        let place = TOOLS.iter().find(|(name, _)| *name == tool).unwrap().1;
        home.write(place, &input(tool));
        home
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command
            .arg("--wait")
            .arg(env!("CARGO_BIN_EXE_ob"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path());
        command
    }

    fn ob(&self, arguments: &[&str]) -> Finished {
        run(&mut self.command(arguments), "")
    }

    fn import(&self, arguments: &[&str]) -> Finished {
        self.ob(&[&["config", "import"], arguments].concat())
    }

    /// Runs an import, which must succeed.
    fn imported(&self, arguments: &[&str]) -> Finished {
        self.good(self.import(arguments))
    }

    /// Checks the written settings by `ob config check`.
    fn is_good(&self) {
        self.good(self.ob(&["config", "check"]));
    }

    fn good(&self, output: Finished) -> Finished {
        assert_eq!(output.status.code(), Some(0), "{}", self.said(&output));
        output
    }

    fn settings(&self) -> PathBuf {
        self.0.path().join(".config/ob/config.toml")
    }

    /// Returns both outputs, with `~` for the home directory.
    fn said(&self, output: &Finished) -> String {
        let said = format!("{}---\n{}", &output.stdout, &output.stderr);
        said.replace(self.0.path().to_str().unwrap(), "~")
    }
}

fn fixture(tool: &str, kind: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import");
    PathBuf::from(format!("{root}/{tool}.{kind}"))
}

/// Returns the tool's file.
fn input(tool: &str) -> String {
    fs::read_to_string(fixture(tool, "input")).unwrap()
}

fn hold(tool: &str, said: &str) {
    assert!(!said.contains("canary"), "{said}");
    let path = fixture(tool, "printed");
    if std::env::var_os("OB_BLESS").is_some() {
        fs::write(path, said).unwrap();
    } else {
        assert_eq!(said, fs::read_to_string(path).unwrap(), "{tool}");
    }
}
