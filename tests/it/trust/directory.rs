//! The current directory, with files that other tools would read: a trace of system calls shows
//! that `ob` does not even look for them.

use std::fs;
use std::path::Path;

use ob_sandbox::Server;

use crate::support::{Finished, TestEnv, run};

/// Files that other tools read from the current directory, and `ob`'s own files in the wrong place.
pub(super) const BAITS: [&str; 16] = [
    ".env",
    ".envrc",
    "ob.toml",
    ".ob.toml",
    ".ob",
    "config.toml",
    "ob/config.toml",
    ".config/ob/config.toml",
    ".netrc",
    ".aws/config",
    ".aws/credentials",
    ".okta/okta.yaml",
    ".okta_aws_login_config",
    ".saml2aws",
    "ca.pem",
    "openssl.cnf",
];

#[test]
fn nothing_is_opened_in_the_current_directory() {
    let env = TestEnv::new();
    let top = env.path("work");
    let place = top.join("deep");
    fs::create_dir_all(&place).unwrap();
    for directory in [&top, &place, &env.path("home")] {
        bait(
            directory,
            &format!("[org]\nurl = \"{}\"\n", env.sandbox.other_url()),
        );
    }
    for way in ["an agent is started", "an agent is there", "no agent"] {
        env.sandbox.forget_used_codes();
        let mut words = vec!["ob", "exec"];
        match way {
            "an agent is there" => env.sign_in(),
            "no agent" => words.insert(1, "--no-agent"),
            _ => {}
        }
        words.extend(env.answer_flags());
        // This command ends the agent, because the trace waits for its end.
        words.extend(["--", "ob", "agent", "stop"]);
        let (ended, trace) = traced(&env, &place, &words, env.answers());
        assert!(ended.status.success(), "{way}: {}", &ended.stderr);
        // The trace shows files that are read.
        assert!(trace.contains("/config/ob/config.toml\""), "{way}: {trace}");
        let looked = looks(&trace, &top);
        assert!(looked.is_empty(), "{way}: {looked:#?}");
        // In the home, only `ob`'s settings are read, which are elsewhere here. Looking for an
        // agent that was started without XDG_RUNTIME_DIR opens directories by name and reads
        // nothing.
        let home = env.path("home");
        let mut looked = looks(&trace, &home);
        looked.retain(|line| !line.contains("O_PATH"));
        assert!(looked.is_empty(), "{way}, at home: {looked:#?}");
    }
    assert_eq!(env.sandbox.connections(Server::Other), 0);
}

#[test]
fn the_trace_would_notice_a_look_around() {
    let env = TestEnv::new();
    let place = env.path("work");
    fs::create_dir(&place).unwrap();
    bait(&place, "x");
    let absolute = place.join(".env");
    for words in [
        vec!["cat", ".env"],
        vec!["cat", absolute.to_str().unwrap()],
        vec!["ls"],
    ] {
        let (_, trace) = traced(&env, &place, &words, String::new());
        assert!(
            !looks(&trace, &place).is_empty(),
            "{words:?} was not noticed"
        );
    }
}

fn bait(directory: &Path, content: &str) {
    for name in BAITS {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// Returns the lines of a trace that look below the current directory, `place`.
fn looks<'a>(trace: &'a str, place: &Path) -> Vec<&'a str> {
    let place = place.to_str().unwrap();
    trace
        .lines()
        .filter(|line| {
            let below =
                line.contains(&format!("\"{place}/")) || line.contains(&format!("\"{place}\""));
            // A relative path is relative to the current directory.
            let relative = line.split_once('"').is_some_and(|(before, path)| {
                !path.starts_with('/')
                    && (before.ends_with("AT_FDCWD, ")
                        || before.ends_with("AT_FDCWD>, ")
                        || !before.contains(", "))
            });
            below || (relative && !line.contains("+++") && !line.contains("---"))
        })
        .collect()
}

fn traced(env: &TestEnv, place: &Path, command: &[&str], input: String) -> (Finished, String) {
    let out = env.path("tmp/trace");
    let mut strace = env.command("strace");
    strace
        .args(["-f", "-s", "4096", "-e", "trace=%file", "-o"])
        .arg(&out)
        .args(command);
    let ended = run(strace.current_dir(place), input);
    (ended, fs::read_to_string(out).unwrap())
}
