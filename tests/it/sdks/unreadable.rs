//! AWS files that the aws CLI and boto3 cannot read: each command names the file and the line.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::tools::{dev, failure, installed, json, ok, printed, tool};
use crate::support::{TestEnv, run};

/// Each reported file, and the line at which the aws CLI stops.
const FILES: [(&str, usize); 3] = [("bom", 1), ("duplicate", 4), ("no-equals", 3)];

fn fixture(name: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/aws-config");
    fs::read(format!("{root}/{name}.ini")).unwrap()
}

fn with_file(name: &str, content: &[u8]) -> (TestEnv, PathBuf) {
    let env = dev();
    let path = env.path("home/.aws").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    (env, path)
}

/// Returns the messages of `ob` with these words, whatever its exit code.
fn said(env: &TestEnv, words: &[&str]) -> String {
    let answer = run(&mut env.ob(words), "");
    answer.stdout.to_owned() + &answer.stderr
}

#[test]
fn doctor_names_the_line_of_an_unreadable_config() {
    for (name, line) in FILES {
        let (env, path) = with_file("config", &fixture(name));
        let list: Vec<Value> = serde_json::from_str(&said(&env, &["doctor", "--json"])).unwrap();
        let found = list.iter().find(|one| one["name"] == "aws.unreadable");
        let found = found.unwrap_or_else(|| panic!("{name}: {list:#?}"));
        assert_eq!(found["state"], "wrong");
        let place = format!("{}:{line}: ", path.display());
        assert!(found["what"].as_str().unwrap().contains(&place), "{found}");
    }
}

#[test]
fn config_aws_names_the_line_and_writes_nothing() {
    for (name, line) in FILES {
        let before = fixture(name);
        let (env, path) = with_file("config", &before);
        for words in [&["config", "aws"][..], &["config", "aws", "--print"]] {
            let (code, report) = failure(env.ob(words).arg("--json"));
            assert_eq!((code, &report["error"]), (2, &"aws.file.unreadable".into()));
            let summary = report["summary"].as_str().unwrap();
            assert!(summary.ends_with(&format!("at line {line}")), "{summary}");
            let place = format!("{}:{line}: ", path.display());
            assert!(report["causes"].to_string().contains(&place), "{report}");
        }
        assert!(!said(&env, &["config", "aws"]).contains("next:"));
        assert_eq!(fs::read(&path).unwrap(), before);
        // Removing does not depend on the file.
        ok(&run(&mut env.ob(["config", "aws", "--remove"]), ""));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn refresh_and_use_name_the_line_that_aws_tools_stop_at() {
    for (name, line) in FILES {
        let (env, path) = with_file("config", &fixture(name));
        env.sign_in();
        for words in [
            &["exec", "--refresh", "-p", "dev", "--", "true"][..],
            &["use", "dev", "--shell", "bash"],
        ] {
            let answer = said(&env, words);
            let place = format!("{}:{line}: ", path.display());
            assert!(answer.contains(&place), "{words:?}: {answer}");
            assert!(!answer.contains("config aws"), "{words:?}: {answer}");
        }
    }
}

#[test]
fn an_unreadable_credentials_file_is_named_as_well() {
    let (env, path) = with_file("credentials", b"[old]\nx = 1\n\n[old]\nx = 2\n");
    env.sign_in();
    let place = format!("{}:4: ", path.display());
    for words in [
        &["doctor"][..],
        &["config", "aws"],
        &["exec", "--refresh", "-p", "dev", "--", "true"],
        &["write", "-p", "dev"],
    ] {
        let answer = said(&env, words);
        assert!(answer.contains(&place), "{words:?}: {answer}");
        assert!(!answer.contains("next:"), "{words:?}: {answer}");
    }
    for words in [
        &["config", "aws", "--json"][..],
        &["write", "-p", "dev", "--json"],
    ] {
        let answer = json(&mut env.ob(words));
        let causes = answer["warning"]["causes"].to_string();
        assert!(causes.contains(&place), "{words:?}: {answer}");
    }
    // Other programs can read it, so it is written.
    assert!(fs::read_to_string(&path).unwrap().contains("[dev]\n"));
}

#[test]
fn the_line_that_explain_names_is_where_boto3_stops() {
    for (name, line) in FILES {
        let (env, _) = with_file("config", &fixture(name));
        let answer = json(&mut env.ob(["config", "explain", "--json"]));
        let expected = format!("none: it cannot parse line {line} of the config file");
        assert_eq!(answer["programs"][0]["credentials"], expected);
        let mut boto3 = tool(&env, installed("venv/bin/python"));
        boto3.args(["-c", "import boto3; boto3.Session().get_credentials()"]);
        let answer = run(&mut boto3, "");
        let stops = &answer.stderr;
        assert!(stops.contains("ConfigParseError"), "{stops}");
    }
}

#[test]
fn latin_1_is_named_and_kept_byte_for_byte() {
    let mine = b"# f\xfcr alle\n[default]\nregion = us-east-1\n\n";
    let (env, path) = with_file("config", mine);
    let config = format!("{}:1: it is not UTF-8 text", path.display());
    for words in [&["config", "aws"][..], &["doctor"]] {
        let answer = said(&env, words);
        assert!(answer.contains(&config), "{answer}");
        assert!(!answer.contains("cannot write"), "{answer}");
    }
    assert_eq!(fs::read(&path).unwrap(), mine);
    // Inserting and removing leaves the other bytes unchanged.
    env.sign_in();
    let credentials = env.path("home/.aws/credentials");
    fs::write(&credentials, mine).unwrap();
    let answer = said(&env, &["write", "-p", "dev"]);
    assert!(
        answer.contains("credentials:1: it is not UTF-8"),
        "{answer}"
    );
    let written = fs::read(&credentials).unwrap();
    assert!(written.starts_with(mine) && written.len() > mine.len() + 100);
    printed(&mut env.ob(["write", "--clean"]));
    assert_eq!(fs::read(&credentials).unwrap(), mine);
}

#[test]
fn utf_16_is_named_as_what_it_is() {
    let (env, path) = with_file("config", b"\xff\xfe[\0a\0]\0");
    let answer = said(&env, &["config", "aws"]);
    let expected = format!("cannot read {}\n  cause: it is UTF-16 text", path.display());
    assert!(answer.contains(&expected), "{answer}");
}

#[test]
fn a_linked_config_file_can_be_read() {
    let (env, path) = with_file("real", b"[default]\nregion = us-east-1\n");
    std::os::unix::fs::symlink(&path, env.path("home/.aws/config")).unwrap();
    json(&mut env.ob(["config", "explain", "--json"]));
    let answer = said(&env, &["config", "aws"]);
    assert!(answer.contains("it is a symbolic link"), "{answer}");
}

#[test]
fn logout_names_the_written_keys_that_stay() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["write", "-p", "dev"]));
    printed(&mut env.ob(["write", "-p", "dev", "--name-template", "admin"]));
    let path = env.path("home/.aws/credentials").display().to_string();
    let answer = said(&env, &["logout"]);
    let line = answer.lines().find(|line| line.contains(&path)).unwrap();
    for part in ["[dev] until ", "[admin] until ", "`ob write --clean`"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let reply = json(&mut env.ob(["logout", "--json"]));
    assert_eq!(reply["written"][1]["section"], "admin", "{reply}");
    assert_eq!(reply["written"][0]["file"], path, "{reply}");
    printed(&mut env.ob(["write", "--clean"]));
    assert!(!said(&env, &["logout"]).contains("ob write"));
    assert_eq!(json(&mut env.ob(["logout", "--json"])).get("written"), None);
}
