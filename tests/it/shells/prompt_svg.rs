//! The picture of the prompt, docs/prompt.svg: drawn from the output of a real bash on a pty.

use std::fmt::Write as _;

use super::{Kind, machine, type_line};
use crate::support::Pty;

/// The text behind each prompt, and its remaining seconds.
const PROMPTS: [(&str, &str, i64); 5] = [
    (
        "dev",
        "# credentials for an hour, renewed by themselves",
        3570,
    ),
    ("prod", "# prod is red", 42 * 60 + 30),
    ("prod", "# signed out meanwhile: a warning", 12 * 60 + 30),
    ("prod", "# an alarm", 4 * 60 + 30),
    (
        "prod",
        "# `ob login`, and the next prompt has new ones",
        -60,
    ),
];

#[test]
fn the_picture_in_the_documentation_is_what_bash_shows() {
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&settings.replace("acme-prod", "acme"));
    env.sign_in();
    let mut lines = Vec::new();
    for (profile, comment, seconds) in PROMPTS {
        Kind::Bash.furnish(&env, "PS1='~/infra $ '");
        let mut command = env.ob(["shell", "-p", profile, "--shell", "bash"]);
        command.env("NO_COLOR", "").env("TERM", "xterm-256color");
        let mut pty = Pty::spawn(&command);
        pty.until("~/infra $ ");
        // The credentials in the picture are not renewed.
        type_line(
            Kind::Bash,
            &mut pty,
            &format!("unset OB_TARGET; {}", Kind::Bash.expire_in(seconds)),
        );
        pty.until("\x1b[?2004l\r");
        let prompt = pty.until("~/infra $ ");
        pty.send(comment);
        lines.push(prompt + &pty.until(comment));
    }
    let drawn = draw(&lines);
    let path = format!("{}/docs/prompt.svg", env!("CARGO_MANIFEST_DIR"));
    let new = format!("{}/target/prompt.svg", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(&new, &drawn).unwrap();
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == drawn,
        "the prompt looks different now: look at target/prompt.svg, then `cp target/prompt.svg \
         docs/prompt.svg`"
    );
}

/// Draws terminal lines with the few attributes that the segment uses.
fn draw(lines: &[String]) -> String {
    let height = 24 * lines.len() + 24;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{height}\" role=\"img\" \
         aria-label=\"The prompt of ob shell\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#1e1e1e\"/>\n\
         <g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\" \
         xml:space=\"preserve\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        write!(svg, "<text x=\"16\" y=\"{}\">", 24 * row + 29).unwrap();
        let mut style = "fill=\"#d4d4d4\"";
        for (at, part) in line.split('\x1b').enumerate() {
            let text = match (at, part.split_once(['m', 'h', 'l'])) {
                (0, _) => part,
                (_, Some((code, text))) => {
                    style = match code {
                        "[31" => "fill=\"#f14c4c\"",
                        "[1;31" => "fill=\"#f14c4c\" font-weight=\"bold\"",
                        "[32" => "fill=\"#23d18b\"",
                        "[33" => "fill=\"#e5c07b\"",
                        "[2" => "fill=\"#808080\"",
                        "[0" => "fill=\"#d4d4d4\"",
                        _ => style,
                    };
                    text
                }
                (_, None) => "",
            };
            if !text.is_empty() {
                let text = text.replace('&', "&amp;").replace('<', "&lt;");
                write!(svg, "<tspan {style}>{text}</tspan>").unwrap();
            }
        }
        svg += "</text>\n";
    }
    svg + "</g>\n</svg>\n"
}
