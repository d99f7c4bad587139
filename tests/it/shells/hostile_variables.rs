//! 200 hostile variables in the environment, through every format of `ob env` and through `ob use`:
//! nothing in a name or a value is run, and nothing that a shell can hold is lost.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::Command;

use super::{ALL, Kind, machine};
use crate::support::{TestEnv, run};

/// Suffixes of names that a shell would run, or fail on, if it evaluated them.
const NAME_ENDS: [&str; 20] = [
    "X;touch pwned;#",
    "X\ntouch pwned\n#",
    "X$(touch pwned)",
    "X`touch pwned`",
    "X&touch pwned&",
    "X|touch pwned|",
    "X (touch pwned)",
    "X{touch,pwned}",
    "X>pwned",
    "X>>pwned #",
    "X;touch\tpwned",
    "X\r\ntouch pwned\r\n",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "X[$(touch pwned)]",
    "X\u{2019}; touch pwned; \u{2018}",
    "X\u{1b}]0;pwned\u{7}",
    "-X",
    " ",
    "\u{e9}",
];

/// Values that a shell would run if it evaluated them.
const VALUES: [&str; 10] = [
    "plain",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "$(touch pwned)`touch pwned`",
    "a\ntouch pwned\n",
    "\\'; touch pwned; \\'",
    "%PATH% !x! ^ & touch pwned",
    "]=[ {role} ${HOME} $HOME",
    "\u{2019}; touch pwned; \u{2018}",
    "\u{fc}\u{202e}\u{1b}[2J",
];

/// Prefixes of the names. Identities are removed by name, other variables are passed on.
const STARTS: [&str; 5] = [
    "AWS_SSO_",
    "AWS_BEARER_TOKEN_",
    "AWS_CONTAINER_",
    "OB_",
    "KEEP_",
];

/// 100 hostile names, and 100 valid ones with hostile values.
fn variables() -> Vec<(OsString, OsString)> {
    let mut all = Vec::new();
    for start in STARTS {
        for (at, end) in NAME_ENDS.iter().enumerate() {
            let value = VALUES[at % VALUES.len()];
            all.push((format!("{start}{end}").into(), value.into()));
            let valid = match start {
                // A setting's variable must exist.
                "OB_" => format!("KEEP_OB_{at}"),
                _ => format!("{start}{at}_x"),
            };
            all.push((valid.into(), value.into()));
        }
    }
    assert!(all.len() >= 200);
    all
}

/// Returns what `env -0` wrote to the file `seen`.
fn seen(env: &TestEnv) -> BTreeMap<OsString, OsString> {
    let bytes = std::fs::read(env.path("home/seen")).unwrap();
    std::fs::remove_file(env.path("home/seen")).unwrap();
    let entries = bytes.split(|byte| *byte == 0);
    let pairs = entries.filter_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let pair = (&entry[..at], &entry[at + 1..]);
        Some((
            OsStr::from_bytes(pair.0).into(),
            OsStr::from_bytes(pair.1).into(),
        ))
    });
    pairs.collect()
}

/// Checks that nothing ran, that the valid variables are unchanged, and that no identity is left.
fn check(env: &TestEnv, what: &str, ours: &[(&str, &str)]) {
    let pwned = std::fs::read_dir(env.path("home")).unwrap();
    let pwned = pwned.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("pwned")
    });
    assert_eq!(pwned.count(), 0, "{what}: something ran");
    let seen = seen(env);
    for (name, value) in variables() {
        let Some(name) = name.to_str().filter(|name| name.ends_with("_x")) else {
            continue;
        };
        let left = seen.get(OsStr::new(name));
        match name.starts_with("KEEP_") {
            true => assert_eq!(left, Some(&value), "{what}: {name}"),
            false => assert_eq!(left, None, "{what}: {name}"),
        }
    }
    let bytes = OsStr::from_bytes(b"a\xff'");
    let kept = seen.get(OsStr::new("KEEP_BYTES"));
    if what != "nu" {
        assert_eq!(kept.map(OsString::as_os_str), Some(bytes), "{what}");
    }
    for (name, value) in ours {
        let is = seen.get(OsStr::new(name)).map(OsString::as_os_str);
        assert_eq!(is, Some(OsStr::new(value)), "{what}: {name}");
    }
}

/// A machine whose profile `prod` belongs to an account with a hostile name.
fn hostile_machine() -> (TestEnv, &'static str) {
    let name = "it's $(touch pwned) `touch pwned` \\ \\\\ \"%\" {role} ; & | \u{1f600}";
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&settings.replace("\"acme-prod\"", &format!("'''{name}'''")));
    env.sign_in();
    assert!(run(&mut env.ob(["config", "aws"]), "").status.success());
    (env, name)
}

/// Variables that are not UTF-8, with which nushell does not start.
fn no_text() -> [(OsString, OsString); 2] {
    let name = b"AWS_SSO_\xff;touch pwned".to_vec();
    let value = b"a\xff'".to_vec();
    [
        (OsString::from_vec(name), "x".into()),
        ("KEEP_BYTES".into(), OsString::from_vec(value)),
    ]
}

fn ran(command: &mut Command, what: &str) {
    if what != "nu" {
        command.envs(no_text());
    }
    let ended = run(command.envs(variables()), "");
    assert!(ended.status.success(), "{what}: {}", &ended.stderr);
}

#[test]
fn ob_env_runs_nothing_and_loses_nothing_in_any_shell() {
    let (env, account) = hostile_machine();
    let ours = [("OB_ACCOUNT", account), ("OB_PROFILE", "prod")];
    let eval = "eval \"$(ob env -p prod --shell bash)\" && env -0 >seen";
    for (shell, flags) in [
        ("dash", &["-c"][..]),
        ("bash", &["--norc", "-c"]),
        ("zsh", &["-fc"]),
    ] {
        let mut command = env.command(shell);
        ran(command.args(flags).arg(eval), shell);
        check(&env, shell, &ours);
    }
    let mut fish = env.command("fish");
    let line = "ob env -p prod --shell fish | source; and env -0 >seen";
    ran(fish.args(["-N", "-c", line]), "fish");
    check(&env, "fish", &ours);
    let mut nu = env.command(Kind::Nu.program());
    let line = "^ob env -p prod --shell nu | from json | load-env; ^env -0 | save -f --raw seen";
    ran(nu.args(["-n", "-c", line]), "nu");
    check(&env, "nu", &ours);
}

#[test]
fn formats_for_programs_hold_our_names_alone() {
    let (env, _) = hostile_machine();
    let printed = |arguments: &[&str]| {
        let mut command = env.ob(["env", "-p", "prod"].iter().chain(arguments));
        let ended = run(command.envs(variables()), "");
        assert!(ended.status.success(), "{}", &ended.stderr);
        ended.stdout.to_owned()
    };
    for (format, has_unset) in [("json", false), ("nu", true)] {
        let flag = if format == "nu" {
            "--shell"
        } else {
            "--format"
        };
        let object: serde_json::Value = serde_json::from_str(&printed(&[flag, format])).unwrap();
        for (name, value) in object.as_object().unwrap() {
            assert!(is_valid(name), "{format}: {name}");
            assert!(
                value.is_string() || (value.is_null() && has_unset),
                "{name}"
            );
        }
        assert_eq!(object.get("AWS_SSO_0_x").is_some(), has_unset);
    }
    for line in printed(&["--format", "dotenv"]).lines() {
        let (name, value) = line.split_once('=').unwrap();
        assert!(
            is_valid(name) && !value.contains(['\'', '"', '$', '`', ' ']),
            "{line}"
        );
    }
    // In PowerShell's form each line is a statement that names one variable.
    let power_shell = printed(&["--shell", "powershell"]);
    let mut unset = 0;
    for line in power_shell.lines() {
        let removed = line.strip_prefix("Remove-Item -ErrorAction SilentlyContinue Env:");
        unset += usize::from(removed.is_some());
        let name = removed.or_else(|| Some(line.strip_prefix("$env:")?.split_once(" = '")?.0));
        assert!(name.is_some_and(is_valid), "{line}");
    }
    assert!(unset >= 60, "{unset} of the valid identities are removed");
}

fn is_valid(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() && name.chars().all(is_word)
}

#[test]
fn ob_use_runs_nothing_and_loses_nothing_in_any_shell() {
    let (env, account) = hostile_machine();
    let ours = [("OB_ACCOUNT", account), ("AWS_PROFILE", "ob/prod")];
    for kind in ALL {
        let file = run(&mut env.ob(["init", kind.name()]), "").stdout;
        let file = env.write(&format!("home/ob.{}", kind.name()), file);
        let (flags, save): (&[&str], _) = match kind {
            Kind::Bash => (&["--norc", "-c"], "env -0 >seen"),
            Kind::Zsh => (&["-fc"], "env -0 >seen"),
            Kind::Fish => (&["-N", "-c"], "env -0 >seen"),
            Kind::Nu => (&["-n", "-c"], "^env -0 | save -f --raw seen"),
        };
        let line = format!("source {}\nob use prod\n{save}", file.display());
        let mut command = env.command(kind.program());
        ran(command.args(flags).arg(line), kind.name());
        check(&env, kind.name(), &ours);
    }
}
