//! What starting the client costs, counted: size, relocations, page faults, system calls.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use ob_sandbox::Sandbox;

use crate::home::{Home, program};

/// A page may be in memory by chance, so each count is the smallest of several runs.
const RUNS: usize = 20;

pub(crate) fn measure() {
    for name in ["ob", "ob-agent"] {
        let path = program().with_file_name(name);
        let bytes = fs::metadata(&path).unwrap().len();
        let mebibytes = bytes as f64 / f64::from(1 << 20);
        println!(
            "{name}: {mebibytes:.2} MiB, {} relocations",
            relocations(&path)
        );
    }
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    home.sign_in(&sandbox);
    let of_true = faults(|| Command::new("/bin/true"));
    println!("page faults, of which true itself has {of_true}:");
    for (name, arguments) in [
        ("ob --version", &["--version"][..]),
        ("ob status", &["status"]),
        ("ob credential -p dev", &["credential", "-p", "dev"]),
    ] {
        println!("  {name:22} {}", faults(|| home.ob(arguments)));
    }
    let of_exec = faults(|| home.ob(&["exec", "--", "/bin/true"]));
    println!(
        "  {:22} {}, {} before execve",
        "ob exec -- true",
        of_exec,
        of_exec - of_true
    );
}

/// Keeps a home with a session until standard input ends.
pub(crate) fn hold() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    home.sign_in(&sandbox);
    let command = home.ob(&[]);
    for (name, value) in command.get_envs() {
        println!(
            "export {}={}",
            name.display(),
            value.unwrap_or_default().display()
        );
    }
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Returns the page faults of a command without those of starting any command.
fn faults(command: impl Fn() -> Command) -> i64 {
    let counts = (0..RUNS).map(|_| {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let before = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        assert!(command.status().unwrap().success());
        let after = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        after.minor_page_faults() - before.minor_page_faults()
    });
    counts.min().unwrap_or_default()
}

/// Returns how many addresses the loader writes when the program starts.
fn relocations(path: &Path) -> usize {
    let listed = Command::new("readelf").args(["-rW"]).arg(path).output();
    let listed = listed.unwrap().stdout;
    let text = String::from_utf8_lossy(&listed).into_owned();
    text.lines()
        .filter(|line| line.contains("R_X86_64_") || line.contains("R_AARCH64_"))
        .count()
}
