//! The agent's protection of its memory and its file system limits, read from the kernel.

use std::fs;

use super::start_agent;
use crate::support::{TestEnv, counted, run};

fn proc_file(pid: nix::unistd::Pid, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap()
}

#[test]
fn core_limit_is_one_and_no_new_privs_is_set() {
    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    let limits = proc_file(agent, "limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["1", "1"],
        "{core}"
    );
    assert!(proc_file(agent, "status").contains("NoNewPrivs:\t1"));
    let kept: Vec<_> = proc_file(agent, "environ")
        .split_terminator('\0')
        .map(|pair| pair.split('=').next().unwrap().to_owned())
        .collect();
    assert!(
        kept.iter()
            .all(|name| ["HOME", "LANG", "TZ"].contains(&name.as_str())),
        "{kept:?}"
    );
    assert_eq!(
        fs::read_link(format!("/proc/{agent}/cwd")).unwrap(),
        std::path::Path::new("/")
    );
}

#[test]
fn child_keeps_its_hard_core_limit() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let ended = run(
        env.ob(["exec", "--", "sh", "-c", "ulimit -Sc; ulimit -Hc"]),
        "",
    );
    let mut bare = env.command("sh");
    bare.args(["-c", "ulimit -Hc"]);
    let hard = run(bare, "").stdout;
    // The shell counts in blocks: less than one block is 0.
    assert_eq!(ended.stdout, format!("0\n{hard}"));
}

#[test]
fn the_same_user_cannot_read_or_trace_the_agent() {
    let env = TestEnv::unprivileged("carol").configured();
    env.sign_in();
    let agent = env.agent().unwrap().to_string();
    let mut open = env.command("sleep");
    open.arg("60");
    let mut control = open.spawn().unwrap();
    let attempt = |program: &str, arguments: &[&str]| {
        let mut command = env.command(program);
        command.args(arguments);
        run(command, "")
    };
    for name in counted::<4, _>(["environ", "mem", "maps", "auxv"]) {
        let ended = attempt("head", &["-c1", &format!("/proc/{agent}/{name}")]);
        assert_ne!(ended.code(), Some(0), "{name} can be read");
        assert!(
            ended.stderr.contains("ermission denied"),
            "{name}: {}",
            ended.stderr
        );
    }
    let own = attempt("head", &["-c1", &format!("/proc/{}/environ", control.id())]);
    assert_eq!(
        own.code(),
        Some(0),
        "the same attempt on another process succeeds: {}",
        own.stderr
    );
    let attach = |pid: &str| {
        attempt(
            "gdb",
            &[
                "-q",
                "-batch",
                "-nx",
                "-p",
                pid,
                "-ex",
                "info registers rip",
            ],
        )
    };
    let refused = attach(&agent);
    assert!(!refused.stdout.contains("rip "), "{}", refused.stdout);
    assert!(
        format!("{}{}", refused.stdout, refused.stderr).contains("ptrace: Operation not permitted"),
        "{}{}",
        refused.stdout,
        refused.stderr
    );
    let allowed = attach(&control.id().to_string());
    assert!(
        allowed.stdout.contains("rip "),
        "{}{}",
        allowed.stdout,
        allowed.stderr
    );
    control.kill().unwrap();
    control.wait().unwrap();
    assert!(env.agent().is_some());
}

#[test]
fn status_says_how_the_agent_is_confined() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    let status = env.status();
    assert_eq!(status["agent"]["confined"], true, "{status}");
    assert_eq!(status["agent"]["seccomp"], true, "{status}");
    let short = run(env.ob(["status"]), "").stdout;
    assert_eq!(short.lines().count(), 1, "{short}");
    let long = run(env.ob(["status", "-v"]), "").stdout;
    assert!(
        long.contains("confined by the kernel (Landlock ABI"),
        "{long}"
    );
    for row in &ob::model::BARRED {
        assert!(
            long.contains(&format!("  barred      {}\n", row.what)),
            "{long}"
        );
    }
    for what in ob::model::NOT_BARRED {
        assert!(long.contains(&format!("  not barred  {what}\n")), "{long}");
    }
}

#[test]
fn security_doc_has_the_table_of_the_code() {
    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    const MARK: (&str, &str) = ("<!-- confinement -->\n", "<!-- /confinement -->");
    let text = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(MARK.0).unwrap();
    let (written, after) = rest.split_once(MARK.1).unwrap();
    let table = ob::model::confinement_table();
    if std::env::var_os("OB_BLESS").is_some() {
        let text = format!("{before}{}{table}{}{after}", MARK.0, MARK.1);
        fs::write(DOCUMENT, text).unwrap();
    } else {
        assert_eq!(written, table, "OB_BLESS=1 writes it anew");
    }
    for what in ob::model::NOT_BARRED {
        assert!(text.contains(what), "{what}");
    }
}
