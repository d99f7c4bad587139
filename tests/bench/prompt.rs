//! The cost of the prompt: the segment's function in a loop of 1000 calls, nine times, beside an
//! empty loop, in real shells; and the time to complete a profile. Prints figures: `cargo bench
//! --bench prompt`.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark starts programs, prints figures and ends where something is not so"
)]

use std::process::Command;
use std::time::Instant;

const CALLS: u32 = 1000;
const ROUNDS: usize = 9;

struct Shell {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Sources the file named by `$OB`.
    setup: &'static str,
    call: &'static str,
    /// Prints the microseconds that `CALLS` runs of `@` take.
    timing: &'static str,
    goal: f64,
}

const SHELLS: [Shell; 3] = [
    Shell {
        program: "bash",
        arguments: &["--norc", "-c"],
        setup: "source $OB.bash; PS1='$ '",
        call: "_ob_prompt",
        timing: "s=${EPOCHREALTIME/./}; for ((i = 0; i < 1000; i++)); do @; done; echo \
            $((${EPOCHREALTIME/./} - s))",
        goal: 15.0,
    },
    Shell {
        program: "zsh",
        arguments: &["-f", "-c"],
        setup: "source $OB.zsh; PROMPT='$ '",
        call: "_ob_precmd",
        timing: "s=$EPOCHREALTIME; for ((i = 0; i < 1000; i++)); do @; done; printf '%.0f\\n' \
            $(((EPOCHREALTIME - s) * 1000000))",
        goal: 15.0,
    },
    Shell {
        program: "fish",
        arguments: &["--no-config", "-c"],
        setup: "source $OB.fish; _ob_anchor",
        call: "_ob_look",
        timing: "set s (date +%s%N); for i in (seq 1000); @; end; math -s0 \\((date +%s%N) - \
            $s\\) / 1000",
        goal: 100.0,
    },
];

fn main() {
    println!("a prompt in dev, {CALLS} times (microseconds each, median of {ROUNDS})");
    for shell in &SHELLS {
        let timed = |body: &str| median(&times(shell, body)) / f64::from(CALLS);
        let (empty, full) = (timed(":"), timed(shell.call));
        println!(
            "  {:5} {:6.1}  (an empty loop {empty:.1}; goal {})",
            shell.program,
            full - empty,
            shell.goal
        );
    }
    let ob = env!("CARGO_BIN_EXE_ob");
    let complete = || {
        let start = Instant::now();
        Command::new(ob)
            .args(["complete", "profiles"])
            .env_clear()
            .output()
            .unwrap();
        start.elapsed().as_secs_f64() * 1000.0
    };
    let all: Vec<f64> = (0..ROUNDS * 5).map(|_| complete()).collect();
    println!("completing a profile: {:.1} ms (goal 20)", median(&all));
}

/// Times by the shell's own clock, one figure a round, without its start.
fn times(shell: &Shell, body: &str) -> Vec<f64> {
    let timing = shell.timing.replace('@', body);
    let rounds = match shell.program {
        "fish" => format!("for round in (seq {ROUNDS}); {timing}; end"),
        _ => format!("for round in {{1..{ROUNDS}}}; do {timing}; done"),
    };
    let script = format!("{}\n{rounds}", shell.setup);
    let output = Command::new(shell.program)
        .args(shell.arguments)
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("OB", concat!(env!("CARGO_MANIFEST_DIR"), "/shell/ob"))
        .env("HOME", "/nonexistent")
        .env("TERM", "xterm")
        .env("OB_PROFILE", "dev")
        .env("OB_ROLE", "Admin")
        .env("OB_ACCOUNT", "labs")
        .env("OB_COLOR", "green")
        .env("OB_EXPIRES", "9999999999")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let times: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(
        times.len(),
        ROUNDS,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    times
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
