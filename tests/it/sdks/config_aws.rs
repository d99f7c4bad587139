//! `ob config aws`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::tools::{dev, failure, json, ok, printed};
use crate::support::{TestEnv, run};

const MINE: &str = "# mine\n\n[default]\nregion = us-east-1\n\n[profile  work ]\n\toutput=json ; \
    odd\nregion = eu-west-1";

fn file(env: &TestEnv) -> String {
    fs::read_to_string(env.path("home/.aws/config")).unwrap()
}

#[test]
fn the_profiles_go_in_and_out_and_everything_else_stays() {
    let env = dev();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let mine = format!("{MINE}\n");
    env.write("home/.aws/config", &mine);
    let answer = json(&mut env.ob(["config", "aws", "--json"]));
    assert_eq!(
        (&answer["changed"], &answer["profiles"][0]),
        (&true.into(), &"ob/dev".into())
    );
    let with = file(&env);
    let block = with.strip_prefix(&mine).unwrap();
    let ob = env.path("bin/ob").display().to_string();
    assert!(
        block.contains(&format!(
            "[profile ob/dev]\ncredential_process = {ob} credential -p dev\nregion = eu-west-1\n"
        )),
        "{block}"
    );
    assert_eq!(printed(&mut env.ob(["config", "aws", "--print"])), with);
    assert!(
        run(&mut env.ob(["config", "aws"]), "")
            .stderr
            .contains("up to date")
    );
    ok(&run(&mut env.ob(["config", "aws", "--remove"]), ""));
    assert_eq!(file(&env), mine);
    let again = run(&mut env.ob(["config", "aws", "--remove"]), "");
    assert!(again.stderr.contains("nothing of ob's"));
}

#[test]
fn removing_makes_no_file() {
    let env = dev();
    ok(&run(&mut env.ob(["config", "aws", "--remove"]), ""));
    assert!(!env.path("home/.aws").exists());
}

#[test]
fn file_that_cannot_be_edited_is_named_and_unchanged() {
    let env = dev();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let path = env.write("home/.aws/config", MINE);
    let refused = |expected: &str| {
        let (code, report) = failure(&mut env.ob(["config", "aws", "--json"]));
        assert_eq!((code, &report["error"]), (1, &expected.into()));
        assert!(report["hints"][0].as_str().unwrap().contains('`'));
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    refused("aws.file.read_only");
    assert_eq!(file(&env), MINE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for (text, expected) in [
        (
            "[profile ob/dev]\n[profile ob/dev]\n",
            "aws.file.duplicate_section",
        ),
        ("[profile ob/dev]\nregion=x\n", "aws.file.foreign_section"),
        ("# >>> ob\n", "aws.file.markers"),
    ] {
        fs::write(&path, text).unwrap();
        refused(expected);
        assert_eq!(file(&env), text);
    }
    let real = env.path("home/.aws/real");
    fs::rename(&path, &real).unwrap();
    fs::write(&real, MINE).unwrap();
    symlink(&real, &path).unwrap();
    refused("aws.file.link");
    assert_eq!(fs::read_to_string(&real).unwrap(), MINE);
    assert_eq!(fs::read_dir(env.path("home/.aws")).unwrap().count(), 2);
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let env = dev();
    fs::create_dir(env.path("home/.aws")).unwrap();
    // Two pages: one for the existing file, one for the directory's; none is left for a new file.
    let script = "mount -t tmpfs -o size=8k none \"$HOME/.aws\" && cd \"$HOME/.aws\" && printf \
        '[default]\\n' > config \
        && head -c 4096 /dev/zero > filler && ob --json config aws; code=$?; cat config; ls -A; \
        exit $code";
    let mut full = env.command("unshare");
    full.args(["-Urm", "sh", "-c", script]);
    let answer = run(&mut full, "");
    assert!(
        answer.stderr.contains("\"aws.file.disk_full\""),
        "{}",
        answer.stderr.as_str()
    );
    assert_eq!(
        (answer.status.code(), answer.stdout.as_str()),
        (Some(1), "[default]\nconfig\nfiller\n")
    );
}
