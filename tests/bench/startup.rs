//! What starting the client costs, counted: size, relocations, page faults, system calls.

use std::fs;
use std::io::Read as _;
use std::process::Command;

use ob_sandbox::Sandbox;

use crate::counts::{page_faults, relocations};
use crate::home::{Home, program};

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
    let of_true = page_faults(|| Command::new("/bin/true"));
    println!("page faults, of which true itself has {of_true}:");
    for (name, arguments) in [
        ("ob --version", &["--version"][..]),
        ("ob status", &["status"]),
        ("ob credential -p dev", &["credential", "-p", "dev"]),
    ] {
        println!("  {name:22} {}", page_faults(|| home.ob(arguments)));
    }
    let of_exec = page_faults(|| home.ob(&["exec", "--", "/bin/true"]));
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
