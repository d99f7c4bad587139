//! The README's first command in a fresh clone: `cargo run -p ob-sandbox -- …`, in a home without
//! anything of `ob`. The program is the one that `cargo test --workspace` has built.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Pty, run};

/// A new user's home and temporary directory.
struct Newcomer(tempfile::TempDir);

impl Newcomer {
    fn new() -> Self {
        let newcomer = Self(tempfile::tempdir().unwrap());
        for name in ["home", "tmp"] {
            fs::create_dir(newcomer.0.path().join(name)).unwrap();
        }
        newcomer
    }

    fn sandbox(&self, verb: &str) -> Command {
        let ob = Path::new(env!("CARGO_BIN_EXE_ob"));
        let program = ob.with_file_name("ob-sandbox");
        assert!(
            program.exists(),
            "ob-sandbox is not built: `cargo test --workspace`, or `cargo build -p ob-sandbox`"
        );
        let mut command = Command::new("setsid");
        command
            .arg(program)
            .arg(verb)
            .arg("--ob")
            .arg(ob)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path().join("home"))
            .env("TMPDIR", self.0.path().join("tmp"))
            .env("SHELL", "/bin/bash")
            .env("TERM", "dumb");
        command
    }

    fn assert_nothing_is_left(&self) {
        for name in ["home", "tmp"] {
            let left: Vec<_> = fs::read_dir(self.0.path().join(name)).unwrap().collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

const COMMAND: [&str; 4] = [
    "--",
    "sh",
    "-c",
    "echo $AWS_ACCESS_KEY_ID in $AWS_ACCOUNT_ID",
];

fn assert_is_key_and_account(line: &str) {
    let (key, account) = line.trim_end().rsplit_once(" in ").unwrap();
    assert!(key.starts_with("ASIA") && key.len() == 20, "{line}");
    assert_eq!(account, "123456789012");
}

#[test]
fn one_command_prints_a_key_and_an_account() {
    let newcomer = Newcomer::new();
    let ended = run(newcomer.sandbox("exec").args(COMMAND), "");
    assert!(ended.status.success(), "{}", &ended.stderr);
    assert_is_key_and_account(&ended.stdout);
    newcomer.assert_nothing_is_left();
}

#[test]
fn one_command_prints_a_key_and_an_account_on_a_terminal() {
    let newcomer = Newcomer::new();
    let (status, shown) = Pty::spawn(newcomer.sandbox("exec").args(COMMAND)).wait();
    assert!(status.success(), "{shown}");
    assert_is_key_and_account(shown.trim_end().rsplit('\n').next().unwrap());
    newcomer.assert_nothing_is_left();
}

#[test]
fn the_shell_to_try_it_in_shows_what_to_type_and_works() {
    let newcomer = Newcomer::new();
    let mut pty = Pty::spawn(newcomer.sandbox("try").args(["--user", "bob"]));
    let mut word_after = |label: &str| {
        pty.until(label);
        let line = pty.until("\n");
        line.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(word_after("user "), "bob@acme.com");
    let (password, code) = (word_after("password "), word_after("code "));
    pty.until("ob vpn up");
    pty.until("(ob sandbox)");
    pty.send("ob exec -- sh -c 'echo ke''y $AWS_ACCESS_KEY_ID in $AWS_ACCOUNT_ID'\n");
    pty.until("Password for bob@acme.com");
    pty.send(&format!("{password}\n"));
    pty.until("Bob's phone");
    pty.send(&format!("{code}\n"));
    pty.until("key ");
    assert_is_key_and_account(&pty.until("\n"));
    pty.until("(ob sandbox)");
    // Missing programs are named above; the rest works, without a request to real servers.
    pty.send("ob console --print; ob vpn profile --explain | head -1; echo that was \"$?\"\n");
    pty.until("https://127.0.0.1:");
    let shown = pty.until("that was 0");
    assert!(
        shown.matches("ob: ").count() == 1
            && shown.contains("ob: whoever opens this address is signed in as")
            && shown.contains("dropped"),
        "{shown}"
    );
    pty.send("exit\n");
    assert!(pty.wait().0.success());
    newcomer.assert_nothing_is_left();
}

#[test]
fn the_tour_shows_five_commands_and_runs_them() {
    let newcomer = Newcomer::new();
    let mut pty = Pty::spawn(newcomer.sandbox("try").args(["--user", "bob", "--tour"]));
    pty.until("password  ");
    let password = pty.until("\n").trim().to_owned();
    pty.until("code      ");
    let code = pty.until(" ").trim().to_owned();
    pty.until("Step 1 of 5. ");
    pty.until("  $ ob login");
    pty.until("Enter runs it, s skips it, q ends the tour.");
    pty.send("\n");
    pty.until("Password for bob@acme.com");
    pty.send(&format!("{password}\n"));
    pty.until("Bob's phone");
    pty.send(&format!("{code}\n"));
    pty.until("signed in to ");
    pty.until("Step 2 of 5. ");
    pty.until("  $ ob exec dev -- ");
    pty.send("\n");
    pty.until("AWS_ACCESS_KEY_ID=ASIA");
    pty.until("Step 3 of 5. ");
    pty.send("s\n");
    pty.until("Step 4 of 5. ");
    pty.send("\n");
    pty.until("https://127.0.0.1:");
    pty.until("Step 5 of 5. ");
    pty.send("\n");
    pty.until("dropped");
    pty.until("The tour is over.");
    pty.until("(ob sandbox)");
    pty.send("exit\n");
    assert!(pty.wait().0.success());
    newcomer.assert_nothing_is_left();
}
