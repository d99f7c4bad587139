//! Signals and job control: the command is the process that was started, so each signal reaches it
//! once.

use std::fs;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Way, both_ways};
use crate::support::{Pty, TestEnv, eventually};

both_ways! {
    one_interrupt_is_one_sigint_in_the_command,
    a_hang_up_reaches_the_command_and_spares_the_agent,
    nothing_is_ignored_or_blocked_that_was_not_before,
    what_nohup_ignores_stays_ignored,
}

/// Counts interrupts, long enough to see a second, forwarded one. No shell, because shells merge
/// signals that arrive together.
const COUNTER: &str = r#"
    $SIG{INT} = sub { $count++ }; $| = 1; print "ready\n";
    select(undef, undef, undef, 10) until $count;
    my $until = time + 2;
    select(undef, undef, undef, 0.1) while time < $until;
    print "count=$count\n";
"#;

/// A command whose output is a file that can be read while it runs.
struct Piped {
    child: Child,
    output: std::path::PathBuf,
}

impl Piped {
    fn spawn(env: &TestEnv, command: &mut Command) -> Self {
        let output = env.write("output", "");
        let file = fs::File::options().append(true).open(&output).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file).spawn().unwrap();
        Self { child, output }
    }

    fn until(&self, pattern: &str) {
        eventually(pattern, || self.shown().contains(pattern));
    }

    fn shown(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    fn send(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn count_interrupts(env: &TestEnv, way: Way, command: &mut Command) -> String {
    match way {
        Way::Terminal => {
            let mut pty = Pty::spawn(command);
            pty.until("ready\n");
            pty.send("\x03");
            pty.wait().1.replace("^C", "")
        }
        Way::Pipes => {
            let piped = Piped::spawn(env, command);
            piped.until("ready\n");
            piped.send(Signal::SIGINT);
            piped.until("count=");
            piped.shown().replace("ready\n", "")
        }
    }
}

fn one_interrupt_is_one_sigint_in_the_command(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let counted = count_interrupts(
        &env,
        way,
        &mut env.ob(["exec", "--", "perl", "-e", COUNTER]),
    );
    assert_eq!(counted, "count=1\n");
}

#[test]
fn a_wrapper_that_forwards_an_interrupt_is_found_out() {
    let env = TestEnv::new();
    // It waits before it forwards, because two pending signals are one.
    let wrapper = r#"
        my $child;
        $SIG{INT} = sub { select(undef, undef, undef, 0.3); kill INT => $child };
        $child = fork // die;
        unless ($child) { $SIG{INT} = "DEFAULT"; exec "perl", "-e", $ARGV[0] }
        waitpid $child, 0 while kill 0 => $child;
    "#;
    let mut wrapped = env.command("perl");
    wrapped.args(["-e", wrapper, COUNTER]);
    assert_eq!(
        count_interrupts(&env, Way::Terminal, &mut wrapped),
        "count=2\n"
    );
}

#[test]
fn ctrl_z_stops_the_command_and_fg_goes_on_under_bash() {
    let env = TestEnv::new();
    env.sign_in();
    let mut bash = env.command("bash");
    bash.args(["--norc", "--noprofile", "-i"]).env("PS1", "");
    let mut pty = Pty::spawn(&bash);
    pty.send(
        "ob exec -- sh -c 'echo beg''un; read line; echo line=$line $AWS_ACCESS_KEY_ID; exit 7'\n",
    );
    pty.until("begun\n");
    pty.send("\x1a");
    pty.until("Stopped");
    pty.send("fg\n");
    pty.until("ob exec -- sh");
    pty.send("hello\n");
    pty.until("line=hello ASIA");
    pty.send("echo status''=$?\n");
    pty.until("status=7\n");
    pty.send("exit\n");
    assert!(pty.wait().0.success());
}

#[test]
fn stop_and_continue_reach_the_command_without_a_terminal() {
    let env = TestEnv::new();
    env.sign_in();
    let wait = "echo ready; while test ! -e go; do sleep 0.02; done; echo went on";
    let piped = Piped::spawn(&env, &mut env.ob(["exec", "--", "sh", "-c", wait]));
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", piped.pid())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    };
    piped.until("ready\n");
    piped.send(Signal::SIGSTOP);
    eventually("it is stopped", || state() == 'T');
    env.write("home/go", "");
    piped.send(Signal::SIGCONT);
    piped.until("went on\n");
}

fn a_hang_up_reaches_the_command_and_spares_the_agent(way: Way) {
    let env = TestEnv::new();
    // Includes the sign-in: the agent is started from the terminal that is closed.
    let wait = ["sh", "-c", "echo ready; exec sleep 60"];
    let signal = match way {
        Way::Terminal => {
            let mut pty = Pty::spawn(env.ob(["exec", "--"]).args(wait));
            pty.until("Password");
            pty.send(&format!("{}\n", env.user().password));
            pty.until("'s phone");
            pty.send(&format!("{}\n", env.user().totp_now()));
            pty.until("ready\n");
            pty.hang_up();
            super::Ended::from(pty.wait()).signal()
        }
        Way::Pipes => {
            env.sign_in();
            let mut piped = Piped::spawn(&env, env.ob(["exec", "--"]).args(wait));
            piped.until("ready\n");
            piped.send(Signal::SIGHUP);
            super::Ended::from((piped.child.wait().unwrap(), String::new())).signal()
        }
    };
    assert_eq!(signal, Some(1));
    let after = Way::Pipes.run(&mut env.ob(["exec", "--", "true"]));
    assert_eq!(
        (after.code(), env.agents().len()),
        (Some(0), 1),
        "{after:?}"
    );
}

/// Returns the signals that a process ignores and blocks, as the kernel lists them.
fn dispositions(way: Way, command: &mut Command) -> Vec<u64> {
    let ended = way.run(command.args(["grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]));
    let masks = ended
        .output
        .lines()
        .map(|line| line.split_once(":\t").unwrap().1);
    masks
        .map(|mask| u64::from_str_radix(mask, 16).unwrap())
        .collect()
}

fn nothing_is_ignored_or_blocked_that_was_not_before(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let with = dispositions(way, &mut env.ob(["exec", "--"]));
    let without = dispositions(way, &mut env.command("env"));
    assert_eq!(with, without);
    let pipe = 1 << (Signal::SIGPIPE as u32 - 1);
    assert_eq!(
        with.iter().map(|mask| mask & pipe).collect::<Vec<u64>>(),
        [0, 0]
    );
}

fn what_nohup_ignores_stays_ignored(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let mut bash = env.command("bash");
    bash.args(["-c", r#"trap "" HUP; exec ob exec -- "$@""#, "-"]);
    assert_eq!(
        dispositions(way, &mut bash)
            .iter()
            .fold(0, |all, mask| all | mask)
            & 1,
        1
    );
}
