//! `ob config import`: what other tools' files come to, and what of them is never taken or shown. What is printed for
//! each stands beside the file in `tests/fixtures/import`; `OB_BLESS=1` writes it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::{run, text};

/// Each tool's word, and where its file is below the home directory.
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
        home.write(place, &fs::read_to_string(fixture(tool, "input")).unwrap());
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

    fn ob(&self, arguments: &[&str]) -> Output {
        run(&mut self.command(arguments), "")
    }

    fn import(&self, arguments: &[&str]) -> Output {
        self.ob(&[&["config", "import"], arguments].concat())
    }

    fn settings(&self) -> PathBuf {
        self.0.path().join(".config/ob/config.toml")
    }

    /// Both outputs, with the home directory written as a person would.
    fn said(&self, output: &Output) -> String {
        let said = format!("{}---\n{}", text(&output.stdout), text(&output.stderr));
        said.replace(self.0.path().to_str().unwrap(), "~")
    }
}

fn fixture(tool: &str, kind: &str) -> PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import");
    PathBuf::from(format!("{root}/{tool}.{kind}"))
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

#[test]
fn each_tools_file_is_mapped_as_printed_and_no_stored_secret_is_shown() {
    for (tool, _) in TOOLS {
        let home = Home::with(tool);
        let printed = home.import(&["--print"]);
        assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
        hold(tool, &home.said(&printed));
        assert!(!home.settings().exists());
        let json = home.import(&["--print", "--json"]);
        assert!(!text(&json.stdout).contains("canary"));
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(json["settings"], text(&printed.stdout));
    }
}

#[test]
fn a_file_without_a_usual_place_is_read_when_it_is_named() {
    for (fixture_name, place, tool) in [
        ("aws-okta-processor-lines", ".aws/config", None),
        ("aws-okta-processor-lines", "config", None),
        (
            "aws-okta-processor-lines",
            ".aws/credentials",
            Some("aws-okta-processor"),
        ),
        ("aws-sts", "config.json", None),
        ("aws-sts", "theirs.json", Some("aws-sts")),
    ] {
        let home = Home::new();
        let input = fs::read_to_string(fixture(fixture_name, "input")).unwrap();
        let path = home.write(place, &input);
        let mut arguments = vec!["--print"];
        // The AWS files have a usual place, of which one is read only for this tool.
        if !place.starts_with(".aws/") {
            arguments.push(path.to_str().unwrap());
        }
        arguments.extend(tool.iter().flat_map(|tool| ["--from", tool]));
        let printed = home.import(&arguments);
        assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
        let said = home.said(&printed).replace(place, "FILE");
        hold(fixture_name, &said);
        arguments[0] = "--force";
        assert_eq!(home.import(&arguments).status.code(), Some(0));
        let check = home.ob(&["config", "check"]);
        assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    }
    let home = Home::new();
    home.write(
        ".aws/credentials",
        &fs::read_to_string(fixture("aws-okta-processor-lines", "input")).unwrap(),
    );
    assert_eq!(home.import(&["--print"]).status.code(), Some(2));
}

#[test]
fn what_import_writes_config_check_finds_good() {
    for (tool, _) in TOOLS {
        let home = Home::with(tool);
        let made = home.import(&["--url", "acme.okta.com", "--from", tool]);
        assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
        let mode = fs::metadata(home.settings()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let written = fs::read_to_string(home.settings()).unwrap();
        assert!(!written.contains("canary"), "{written}");
        let check = home.ob(&["config", "check"]);
        assert_eq!(
            check.status.code(),
            Some(0),
            "{tool}: {}\n{written}",
            text(&check.stderr)
        );
    }
}

#[test]
fn all_tools_at_once_make_one_file_that_is_good() {
    let home = Home::new();
    for (tool, place) in TOOLS {
        home.write(place, &fs::read_to_string(fixture(tool, "input")).unwrap());
    }
    let made = home.import(&["--url", "acme.okta.com"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert!(text(&made.stderr).contains("an earlier file has a profile of that name"));
    let check = home.ob(&["config", "check"]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
}

#[test]
fn settings_that_are_there_are_kept_unless_forced() {
    let home = Home::with("saml2aws");
    home.write(".config/ob/config.toml", "[org]\nurl = \"kept.okta.com\"\n");
    let kept = home.import(&[]);
    assert_eq!(kept.status.code(), Some(2));
    assert!(
        text(&kept.stderr).contains("`ob config import --force`"),
        "{}",
        text(&kept.stderr)
    );
    assert!(
        fs::read_to_string(home.settings())
            .unwrap()
            .contains("kept")
    );
    assert_eq!(home.import(&["--force"]).status.code(), Some(0));
    assert!(
        !fs::read_to_string(home.settings())
            .unwrap()
            .contains("kept")
    );
}

#[test]
fn variables_are_read_only_when_told() {
    let home = Home::new();
    let with = |arguments: &[&str]| {
        let mut command = home.command(&[&["config", "import", "--print"], arguments].concat());
        command.env("OKTA_AWSCLI_ORG_DOMAIN", "acme.okta.com");
        command.env("OKTA_AWSCLI_PRIVATE_KEY", "canary");
        run(&mut command, "")
    };
    let untold = with(&[]);
    assert_eq!(untold.status.code(), Some(2), "{}", text(&untold.stderr));
    let told = with(&["--from-env"]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    assert!(text(&told.stdout).contains("https://acme.okta.com"));
    assert!(text(&told.stderr).contains("OKTA_AWSCLI_PRIVATE_KEY left out"));
    assert!(!home.said(&told).contains("canary"));
}

#[test]
fn an_env_file_is_read_only_when_named() {
    let home = Home::new();
    home.write(
        ".env",
        &fs::read_to_string(fixture("env", "input")).unwrap(),
    );
    assert_eq!(home.import(&["--print"]).status.code(), Some(2));
    let named = home.import(&["--print", "--env-file", ".env"]);
    assert_eq!(named.status.code(), Some(0), "{}", text(&named.stderr));
    hold("env", &home.said(&named));
}

#[test]
fn check_lists_each_tools_profiles_and_says_where_a_value_is_no_good() {
    for (tool, place) in TOOLS {
        let home = Home::with(tool);
        let good = home.import(&["--check", "--from", tool, "--json"]);
        let listed: serde_json::Value = serde_json::from_slice(&good.stdout).unwrap();
        assert!(!listed["profiles"].as_array().unwrap().is_empty(), "{tool}");
        // Each knows a key for the org's address or the role, and neither takes this.
        let bad = "https://user@@:nowhere";
        let input = fs::read_to_string(fixture(tool, "input")).unwrap();
        let at = input.lines().position(|line| {
            let line = line.to_lowercase();
            let keys = ["org-domain", "okta_org", "url ", "aws_okta_organization"];
            keys.iter().any(|key| line.trim_start().starts_with(key))
        });
        let Some(at) = at else {
            // oktaws and aws-okta have their org from elsewhere.
            assert!(["oktaws", "aws-okta"].contains(&tool), "{tool}");
            continue;
        };
        let broken = |(number, line): (usize, &str)| match number == at {
            true => {
                let (key, _) = line.split_at(line.find([':', '=']).unwrap() + 1);
                format!("{key} {bad}\n")
            }
            false => format!("{line}\n"),
        };
        let text_of: String = input.lines().enumerate().map(broken).collect();
        home.write(place, &text_of);
        let wrong = home.import(&["--check", "--from", tool]);
        assert_eq!(
            wrong.status.code(),
            Some(2),
            "{tool}: {}",
            home.said(&wrong)
        );
        let named = format!("{place}:{}: ", at + 1);
        assert!(
            text(&wrong.stderr).contains(&named),
            "{tool}: {}",
            home.said(&wrong)
        );
        assert!(!home.settings().exists());
    }
}

#[test]
fn check_lists_the_profiles_and_writes_nothing() {
    let home = Home::with("saml2aws");
    let good = home.import(&["--check"]);
    assert_eq!(
        (good.status.code(), text(&good.stdout)),
        (Some(0), "default\n")
    );
    let home = Home::with("okta-aws-cli");
    let wrong = home.import(&["--check"]);
    assert_eq!(
        (wrong.status.code(), text(&wrong.stdout)),
        (Some(2), "ci\ndefault\n")
    );
    assert!(!home.settings().exists());
}

#[test]
fn hostile_values_stay_values_and_are_shown_inert() {
    let home = Home::new();
    let long = "x".repeat(10 * 1024);
    let hostile = [
        "a\"\n[aws]",
        "a\" ]\u{1b}[31m",
        "$(touch pwned)",
        "a\u{0}b",
        "\u{202e}evil",
        "'; rm -rf ~",
        long.as_str(),
    ];
    for value in hostile {
        let value = value.replace('\n', "\\n");
        home.write(
            ".saml2aws",
            &format!("[{value}]\nprovider = Okta\nurl = https://acme.okta.com\nusername = {value}\nrole_arn = {value}\n"),
        );
        let made = home.import(&["--force"]);
        let said = home.said(&made);
        assert!(!said.contains(['\u{1b}', '\u{0}', '\u{202e}']), "{said:?}");
        if made.status.success() {
            let check = home.ob(&["config", "check"]);
            assert_eq!(
                check.status.code(),
                Some(0),
                "{value:?}: {}",
                text(&check.stderr)
            );
        }
    }
    assert!(!home.0.path().join("pwned").exists());
}

#[test]
fn a_password_in_an_address_is_neither_taken_nor_shown() {
    let home = Home::new();
    let url = "https://alice:canary@acme.okta.com/home/amazon_aws/0oa1/272";
    home.write(".saml2aws", &format!("[a]\nurl = {url}\n"));
    home.write(
        ".okta_aws_login_config",
        &format!("[b]\napp_url = {url}\naws_rolename = x\n"),
    );
    let printed = home.import(&["--print"]);
    assert!(
        !home.said(&printed).contains("canary"),
        "{}",
        home.said(&printed)
    );
}

#[test]
fn what_is_not_understood_is_named_with_its_line() {
    let home = Home::new();
    for (place, content, expected) in [
        (
            ".okta/okta.yaml",
            "awscli:\n  idps: { a: b }\n",
            "line 2: not a plain `key: value`",
        ),
        (".okta/okta.yaml", "awscli:\n\tprofiles:\n", "line 2: a tab"),
        (
            ".okta/okta.yaml",
            "awscli:\n  profiles:\n    a: &x\n",
            "line 3: not a plain",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  profiles:\n    a:\n      k: 1\n     l: 2\n",
            "line 5: its indentation",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  a: 1\n  a: 2\n",
            "line 3: this key",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  a: |\n    canary\n",
            "line 2: not a plain",
        ),
        (".saml2aws", "[a]\nurl\n", "line 2: neither"),
        (".saml2aws", "[a]\n[a]\n", "line 2: this key or section"),
        (
            ".saml2aws",
            "[a]\nurl = x\n  canary\n",
            "line 3: a value over",
        ),
        (
            ".okta_aws_login_config",
            "[a]\ninherits = b\n[b]\ninherits = a\n",
            "`inherits`",
        ),
        (
            ".oktaws/acme.toml",
            "username = 'a'\nprofiles = = canary\n",
            "line 2: not TOML",
        ),
        (
            ".config/tokendito/tokendito.ini",
            "[default]\nokta_org\n",
            "line 2: neither",
        ),
        (
            ".okta/config.properties",
            "OKTA_ORG=acme.okta.com\nOKTA_USERNAME\n",
            "line 2: neither",
        ),
        (
            ".aws/config",
            "[okta]\n[okta]\n",
            "line 2: this key or section",
        ),
        (
            ".aws/config",
            "[default]\ncredential_process = aws-okta-processor 'canary\n",
            "line 2: a command line",
        ),
        (
            ".awsoktaprocessor",
            "[defaults]\naws_okta_user=a\naws_okta_user=b\n",
            "line 3: this key",
        ),
        (
            "config.json",
            "{\n \"region\": canary\n}",
            "line 2: not JSON",
        ),
    ] {
        let path = home.write(place, content);
        let mut arguments = vec!["--check"];
        // It has no usual place.
        arguments.extend(place.ends_with(".json").then_some(place));
        let answer = home.import(&arguments);
        let said = home.said(&answer);
        assert_eq!(answer.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected) && !said.contains("canary"),
            "{content:?}: {said}"
        );
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_file_that_anybody_may_write_is_refused() {
    let home = Home::with("saml2aws");
    let path = home.0.path().join(".saml2aws");
    fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    let answer = home.import(&["--check"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(text(&answer.stderr).contains(".saml2aws"));
}
