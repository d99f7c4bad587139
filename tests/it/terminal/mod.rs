//! Foreign text on a terminal: every place that shows some, with everything that a terminal might
//! act on. A fake agent sends the texts, because the real one filters them: what reaches the
//! terminal must be escaped in any case.

mod fake_agent;
mod output_sanitizing;
mod prompts;

use crate::harnesses::shown::acts;
use crate::support::{Pty, TestEnv, run};

use fake_agent::FakeAgent;
use output_sanitizing::{OUTPUTS, Place};

/// Hostile texts, by what they try.
pub(crate) const ATTACKS: [(&str, &str); 8] = [
    ("CSI", "\u{1b}[31;5m\u{1b}[2J\u{1b}[H\u{1b}[1;1H"),
    ("OSC 52", "\u{1b}]52;c;Y2FuYXJ5\u{7}\u{1b}]0;title\u{1b}\\"),
    (
        "OSC 8",
        "\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    ),
    ("C1", "\u{9b}31m\u{9d}0;title\u{9c}\u{90}q\u{85}\u{8d}"),
    ("bidi", "\u{202e}desrever\u{202c}\u{2066}x\u{2069}\u{61c}"),
    (
        "zero width",
        "\u{200b}\u{200d}\u{feff}\u{ad}\u{2060}\u{e0041}\u{180e}",
    ),
    (
        "overwriting",
        "over\rwritten\nob: fake line\u{8}\u{7f}\t\u{b}\u{0}",
    ),
    ("10 KiB", "AAAAAAAAAAAAAAAA"),
];

/// Number of combinations.
pub(crate) const CELLS: usize = ATTACKS.len() * OUTPUTS.len();

/// Printed around each attack, to see that the text was shown.
const BEFORE: &str = "(((";

fn hostile(attack: &str) -> String {
    let (name, text) = ATTACKS.iter().find(|(name, _)| *name == attack).unwrap();
    let times = if *name == "10 KiB" { 640 } else { 1 };
    format!("{BEFORE}{})))", text.repeat(times))
}

/// Removes the cursor movements of a menu from `output`; no attack moves the cursor up or down.
fn without_picker(output: &str) -> String {
    let steps = (1..60).flat_map(|lines| [format!("\u{1b}[{lines}A"), format!("\u{1b}[{lines}B")]);
    // A line break of `ob`, to which the terminal adds a second CR.
    let own = [
        "\r\u{1b}[2K",
        "\r\u{1b}[K",
        "\u{1b}[?25l",
        "\u{1b}[?25h",
        "\u{1b}[0m",
        // The QR code's own colours.
        "\u{1b}[97;40m",
    ]
    .map(str::to_owned);
    steps
        .chain(own)
        .fold(output.replace("\r\n", "\n"), |text, own| {
            text.replace(&own, "")
        })
}

fn judge(cell: &str, output: &str, shows: bool) {
    assert!(
        !shows || output.contains(BEFORE),
        "{cell}: the text was not shown at all: {output:?}"
    );
    let rest = without_picker(output);
    let acting = rest.find(|c| c != '\n' && acts(c));
    assert_eq!(
        acting.map(|at| rest[at..].chars().take(12).collect::<String>()),
        None,
        "{cell}: {output:?}"
    );
    let fake = output.lines().any(|line| line.starts_with("ob: fake"));
    assert!(!fake, "{cell}: a line of ours was faked: {output:?}");
    // JSON is not cut.
    let cut = !output.contains(&"A".repeat(401));
    assert!(
        cut || output.starts_with('{') || output.starts_with('['),
        "{cell}: it was not cut"
    );
}

fn on_a_terminal(env: &TestEnv, place: &Place, attack: &str) -> String {
    let agent = FakeAgent::new(env, (place.says)(&hostile(attack)));
    let mut pty = Pty::spawn(&(place.command)(env, &hostile(attack)));
    let mut seen = String::new();
    if let Some(keys) = place.answer {
        seen += &pty.until(BEFORE);
        pty.send(keys);
    }
    seen += &pty.wait().1;
    drop(agent);
    seen
}

fn in_pipes(env: &TestEnv, place: &Place, attack: &str) -> String {
    let agent = FakeAgent::new(env, (place.says)(&hostile(attack)));
    let ended = run(&mut (place.command)(env, &hostile(attack)), "");
    drop(agent);
    format!("{}{}", &ended.stdout, &ended.stderr)
}

#[test]
fn every_text_of_a_server_is_inert_on_a_terminal() {
    let env = TestEnv::new();
    let mut cells = 0;
    for place in &OUTPUTS {
        for (attack, _) in ATTACKS {
            let cell = format!("{} × {attack}", place.name);
            judge(&cell, &on_a_terminal(&env, place, attack), true);
            cells += 1;
        }
    }
    println!(
        "terminal: {} places × {} attacks = {cells} cells, all inert",
        OUTPUTS.len(),
        ATTACKS.len()
    );
    assert_eq!(cells, CELLS);
}

#[test]
fn every_text_of_a_server_is_inert_in_a_pipe() {
    let env = TestEnv::new();
    for place in OUTPUTS.iter().filter(|place| place.answer.is_none()) {
        for (attack, _) in ATTACKS {
            let cell = format!("{} × {attack}, in pipes", place.name);
            judge(&cell, &in_pipes(&env, place, attack), true);
        }
    }
}

#[test]
fn json_says_what_the_server_said() {
    let env = TestEnv::new();
    for place in OUTPUTS
        .iter()
        .filter(|place| place.name.ends_with("--json"))
    {
        for (attack, _) in ATTACKS {
            let output = in_pipes(&env, place, attack);
            let value: serde_json::Value = serde_json::from_str(&output).unwrap();
            let found = strings(&value);
            assert!(found.contains(&hostile(attack)), "{}: {output}", place.name);
        }
    }
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn twenty_columns_change_nothing() {
    let env = TestEnv::new();
    for place in &OUTPUTS {
        for attack in ["CSI", "overwriting", "10 KiB"] {
            let agent = FakeAgent::new(&env, (place.says)(&hostile(attack)));
            let plain = (place.command)(&env, &hostile(attack));
            let mut command = env.command("sh");
            command.args(["-c", "stty cols 20 rows 10; exec \"$@\"", "sh"]);
            command.args(plain.get_args());
            command.envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
            let mut pty = Pty::spawn(&command);
            let mut seen = String::new();
            if let Some(keys) = place.answer {
                seen += &pty.until("(");
                pty.send(keys);
            }
            seen += &pty.wait().1;
            drop(agent);
            judge(
                &format!("{} × {attack}, 20 columns", place.name),
                &seen,
                false,
            );
        }
    }
}

#[test]
fn a_terminal_that_does_not_read_utf8_gets_ascii() {
    let env = TestEnv::new();
    for place in &OUTPUTS {
        for locale in ["C", "de_DE.ISO-8859-1"] {
            // In UTF-8 the second byte of the first letter is 0x9b, which such a terminal treats as
            // CSI.
            let agent = FakeAgent::new(&env, (place.says)("(((Û[31m Àé‚)))"));
            let mut command = (place.command)(&env, "(((Û[31m Àé‚)))");
            command.env("LANG", locale);
            let mut pty = Pty::spawn(&command);
            let mut seen = String::new();
            if let Some(keys) = place.answer {
                seen += &pty.until(BEFORE);
                pty.send(keys);
            }
            seen += &pty.wait().1;
            drop(agent);
            assert!(seen.is_ascii(), "{} in {locale}: {seen:?}", place.name);
        }
    }
}

#[test]
fn colour_is_ours_alone() {
    let env = TestEnv::new();
    let error = OUTPUTS.iter().find(|place| place.name == "error").unwrap();
    for (attack, _) in ATTACKS {
        let agent = FakeAgent::new(&env, (error.says)(&hostile(attack)));
        let mut command = (error.command)(&env, "");
        command.args(["--color", "always"]);
        let (_, seen) = Pty::spawn(&command).wait();
        drop(agent);
        assert!(seen.contains("\u{1b}[1;31mob:\u{1b}[0m "), "{seen:?}");
        let plain = ["\u{1b}[1;31m", "\u{1b}[1;36m", "\u{1b}[0m"]
            .iter()
            .fold(seen, |text, own| text.replace(own, ""));
        judge(&format!("error × {attack}, in colour"), &plain, true);
    }
}

#[test]
fn the_matrix_would_notice_a_text_that_acts() {
    for (attack, raw) in ATTACKS.iter().filter(|(attack, _)| *attack != "10 KiB") {
        let noticed = std::panic::catch_unwind(|| judge(attack, &format!("{BEFORE}{raw}"), true));
        assert!(noticed.is_err(), "{attack} passed as inert");
    }
    let long = std::panic::catch_unwind(|| judge("10 KiB", &hostile("10 KiB"), true));
    assert!(long.is_err());
}
