//! Page faults, relocations and system calls of the client.

use std::fs;
use std::path::Path;
use std::process::Command;

use ob_sandbox::Sandbox;

use crate::counts::{page_faults, relocations};
use crate::home::Home;
use crate::program;

fn shared_libraries(program: &Path) -> Vec<String> {
    let listed = Command::new("readelf").arg("-dW").arg(program).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    let needed = text.lines().filter(|line| line.contains("(NEEDED)"));
    let name = |line: &str| line.split(['[', ']']).nth(1).unwrap().to_owned();
    needed.map(name).collect()
}

/// One test, because the page faults of all children of this process are counted.
#[test]
fn starting_the_client_stays_within_its_budget() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    home.sign_in(&sandbox);
    let of_true = page_faults(|| Command::new("/bin/true"));
    let of_exec = page_faults(|| home.ob(&["exec", "--", "/bin/true"]));
    let counts = [
        (
            "relocations",
            i64::try_from(relocations(&program("ob"))).unwrap(),
            5000,
        ),
        ("page faults before execve", of_exec - of_true, 150),
        (
            "page faults of --version",
            page_faults(|| home.ob(&["--version"])),
            130,
        ),
        (
            "page faults of status",
            page_faults(|| home.ob(&["status"])),
            160,
        ),
        (
            "page faults of credential",
            page_faults(|| home.ob(&["credential", "-p", "dev"])),
            160,
        ),
        (
            "page faults of complete",
            page_faults(|| home.ob(&["complete", "profiles"])),
            140,
        ),
    ];
    println!("page faults of true: {of_true}");
    for (name, count, limit) in counts {
        println!("{name}: {count} (limit {limit})");
    }
    for (name, count, limit) in counts {
        assert!(count <= limit, "{name}: {count}, more than {limit}");
    }
    let calls = calls_before_exec(&home);
    let opens = calls.iter().filter(|call| call.starts_with("open")).count();
    println!(
        "{} system calls, {opens} opened files before execve",
        calls.len()
    );
    assert!(calls.len() <= 90, "{}", calls.join("\n"));
    assert!(opens <= 7, "{}", calls.join("\n"));
    println!("shared libraries: {:?}", shared_libraries(&program("ob")));
    assert!(
        !shared_libraries(&program("ob"))
            .iter()
            .any(|name| name.starts_with("libm."))
    );
}

fn calls_before_exec(home: &Home) -> Vec<String> {
    let trace = home.path("trace");
    let mut strace = home.command("strace");
    strace
        .arg("-o")
        .arg(&trace)
        .arg(program("ob"))
        .args(["exec", "--", "/bin/true"]);
    assert!(strace.status().unwrap().success());
    let text = fs::read_to_string(Path::new(&trace)).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let end = lines
        .iter()
        .position(|line| line.contains("execve(\"/bin/true\""));
    // The first line is the exec of ob itself.
    lines[1..end.unwrap()].to_vec()
}
