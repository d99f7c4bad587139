//! Settings files: accepted, or refused with a line and a hint; accepted addresses are https.

use std::cell::OnceCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use ob::config::{Files, Flags, load};
use ob::model::Environment;
use ob::report::Exit;
use tempfile::TempDir;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "settings",
    dictionary: &[
        "default_profile = \"dev\"\n",
        "[org]\n",
        "[orgs.acme]\n",
        "url = \"https://acme.okta.com\"\n",
        "url = \"http://127.0.0.1:8080\"\n",
        "url = \"http://acme.okta.com\"\n",
        "url = \"https://alice:canary@acme.okta.com\"\n",
        "username = \"alice@acme.com\"\n",
        "password = \"canary\"\n",
        "[aws]\n",
        "region = \"eu-west-1\"\n",
        "duration = \"1h\"\n",
        "duration = 99999999999999999999\n",
        "sts_endpoint = \"http://evil.example\"\n",
        "app = \"https://evil.example/home/amazon_aws/0oa1/272\"\n",
        "[profiles.dev]\n",
        "[profiles.\"\\u001b[31m\"]\n",
        "role = \"dev/*\"\n",
        "chain = [\"arn:aws:iam::210987654321:role/Admin\"]\n",
        "[accounts]\n",
        "\"123456789012\" = \"prod\"\n",
        "[agent]\n",
        "idle = \"1h\"\n",
        "[[profiles]]\n",
        "a.b.c.d = 1\n",
        "\u{feff}",
        "[[[[[[[[",
        "{{{{",
        "'''",
        "\"\"\"",
        "#",
        "=",
        "\"",
        "\n",
        "\0",
        " ",
    ],
    templates: &[
        ("[org]\nurl = \"https://acme.okta.com\"\n", ""),
        ("[org]\nurl = \"", "\"\n"),
    ],
    target,
};

thread_local! {
    static DIRECTORY: OnceCell<TempDir> = const { OnceCell::new() };
}

fn target(bytes: &[u8]) {
    DIRECTORY.with(|directory| {
        let directory = directory.get_or_init(directory_in_memory);
        let path = directory.path().join("config.toml");
        let is_new = !path.exists();
        fs::write(&path, bytes).expect("written");
        if is_new {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("ours");
        }
        let files = Files {
            user: Some(path),
            named: true,
            system: None,
        };
        check(&files);
    });
}

/// Returns a directory in memory where there is one: a run writes 100,000 files.
fn directory_in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a directory")
}

fn check(files: &Files) {
    let environment = Environment::default();
    match load(files, &environment) {
        Ok(settings) => {
            let Ok(target) = settings.resolve(&Flags::default(), &environment) else {
                return;
            };
            let org = target.org.org.url();
            let loopback = matches!(org.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            assert!(org.scheme() == "https" || loopback, "{org}");
            assert!(org.username().is_empty() && org.password().is_none());
        }
        Err(report) => {
            assert_eq!(report.exit, Exit::Usage);
            assert!(!report.hints.is_empty() && !report.causes.is_empty());
            assert!(!report.render().contains("alice:canary"));
        }
    }
}
