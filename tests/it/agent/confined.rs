//! What keeps the agent's memory to itself and its hands off the disk, asked of the kernel.

use std::fs;
use std::process::{Command, Stdio};

use ob::process::confine;

use super::started;
use crate::scene::{Scene, counted, run};

/// In this test binary's own child: which probe to run.
const PROBE: &str = "TEST_CONFINED_PROBE";

fn proc(pid: nix::unistd::Pid, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap()
}

#[test]
fn core_limit_is_one_and_no_new_privileges_come() {
    let scene = Scene::of("carol");
    let agent = started(&scene);
    let limits = proc(agent, "limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["1", "1"],
        "{core}"
    );
    assert!(proc(agent, "status").contains("NoNewPrivs:\t1"));
    let kept: Vec<_> = proc(agent, "environ")
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
fn a_child_gets_soft_core_limit_one_and_its_hard_limit_as_it_was() {
    let scene = Scene::of("carol");
    scene.sign_in();
    let ended = run(
        scene.ob(["exec", "--", "sh", "-c", "ulimit -Sc; ulimit -Hc"]),
        "",
    );
    let mut bare = scene.command("sh");
    bare.args(["-c", "ulimit -Hc"]);
    let hard = run(bare, "").stdout;
    // The shell counts in blocks: less than one is none.
    assert_eq!(ended.stdout, format!("0\n{hard}"));
}

#[test]
fn the_same_user_cannot_read_or_trace_the_agent() {
    let scene = Scene::unprivileged("carol");
    scene.sign_in();
    let agent = scene.agent().unwrap().to_string();
    let mut open = scene.command("sleep");
    open.arg("60");
    let mut control = open.spawn().unwrap();
    let attempt = |program: &str, arguments: &[&str]| {
        let mut command = scene.command(program);
        command.args(arguments);
        run(command, "")
    };
    for name in counted::<4, _>(["environ", "mem", "maps", "auxv"]) {
        let ended = attempt("head", &["-c1", &format!("/proc/{agent}/{name}")]);
        assert_ne!(ended.code, Some(0), "{name} can be read");
        assert!(
            ended.stderr.contains("ermission denied"),
            "{name}: {}",
            ended.stderr
        );
    }
    let own = attempt("head", &["-c1", &format!("/proc/{}/environ", control.id())]);
    assert_eq!(
        own.code,
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
    assert!(scene.agent().is_some());
}

#[test]
fn status_says_how_the_agent_is_confined() {
    let scene = Scene::of("carol");
    started(&scene);
    let status = scene.status();
    assert_eq!(status["agent"]["confined"], true, "{status}");
    let words = run(scene.ob(["status"]), "").stdout;
    assert!(
        words.contains(
            "the kernel bars the agent from writing files, starting programs and binding ports"
        ),
        "{words}"
    );
}

/// Not a test of its own: what the next one runs in a process that it may spoil.
#[test]
fn probe() {
    let Ok(place) = std::env::var(PROBE) else {
        return;
    };
    let place = std::path::Path::new(&place);
    let tries = || {
        let fails = |failed: bool| if failed { "barred" } else { "done" };
        println!(
            "append {}",
            fails(
                fs::OpenOptions::new()
                    .append(true)
                    .open(place.join("old"))
                    .is_err()
            )
        );
        println!(
            "truncate {}",
            fails(
                fs::OpenOptions::new()
                    .write(true)
                    .truncate(true)
                    .open(place.join("old"))
                    .is_err()
            )
        );
        println!(
            "create {}",
            fails(fs::write(place.join("new"), "x").is_err())
        );
        println!(
            "mkdir {}",
            fails(fs::create_dir(place.join("dir")).is_err())
        );
        println!(
            "symlink {}",
            fails(std::os::unix::fs::symlink("x", place.join("link")).is_err())
        );
        println!(
            "rename {}",
            fails(fs::rename(place.join("old"), place.join("older")).is_err())
        );
        println!(
            "fifo {}",
            fails(std::os::unix::net::UnixListener::bind(place.join("sock")).is_err())
        );
        println!(
            "bind {}",
            fails(std::net::TcpListener::bind("127.0.0.1:0").is_err())
        );
        println!(
            "run {}",
            fails(
                Command::new("/bin/true")
                    .stdin(Stdio::null())
                    .status()
                    .is_err()
            )
        );
        println!(
            "remove {}",
            fails(fs::remove_file(place.join("old")).is_err())
        );
    };
    if std::env::var_os("TEST_CONFINED").is_some() {
        let confinement = confine(None);
        println!("complete {}", confinement.complete);
        tries();
        // A thread begun later is barred like the rest.
        std::thread::scope(|scope| scope.spawn(tries).join().unwrap());
    } else {
        tries();
    }
}

#[test]
fn the_confinement_bars_what_it_says_and_without_it_all_of_that_works() {
    let outcome = |confined: bool| {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("old"), "x").unwrap();
        let mut probe = Command::new(std::env::current_exe().unwrap());
        probe
            .args([
                "--exact",
                "agent::confined::probe",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(PROBE, place.path());
        if confined {
            probe.env("TEST_CONFINED", "1");
        }
        String::from_utf8(probe.output().unwrap().stdout).unwrap()
    };
    let free = outcome(false);
    assert_eq!(
        (
            free.matches(" done").count(),
            free.matches(" barred").count()
        ),
        (9, 1),
        "{free}"
    );
    let confined = outcome(true);
    assert!(confined.contains("complete true"), "{confined}");
    assert_eq!(
        (
            confined.matches(" done").count(),
            confined.matches(" barred").count()
        ),
        (0, 20),
        "{confined}"
    );
}
