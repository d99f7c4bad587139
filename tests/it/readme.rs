//! Checks the README's generated tables and its headings. `OB_BLESS=1` rewrites the tables.

use std::fmt::Write as _;
use std::process::Command;

use ob::config::KEYS;
use ob::report::{ErrorCode, Exit};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");

/// Compares the block between a mark and its end with the expected text.
fn check_block(file: &str, mark: &str, expected: &str) {
    let readme = std::fs::read_to_string(file).unwrap();
    let (start, end) = (
        format!("<!-- {mark} -->\n"),
        format!("<!-- /{} -->", mark.split(':').next().unwrap()),
    );
    let (before, rest) = readme.split_once(&start).unwrap();
    let (table, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("OB_BLESS").is_some() {
        std::fs::write(file, format!("{before}{start}{expected}{end}{after}")).unwrap();
    } else {
        assert_eq!(
            table, expected,
            "{mark}: run `OB_BLESS=1 cargo test --test it readme::`"
        );
    }
}

/// A single test: two of the blocks are in one file, and blessing writes it.
#[test]
fn generated_tables_are_current() {
    let mut settings =
        String::from("| key | variable | what it decides | for example |\n|---|---|---|---|\n");
    for key in KEYS {
        let variable = key
            .variable
            .map(|name| format!("`{name}`"))
            .unwrap_or_default();
        writeln!(
            settings,
            "| `{}` | {variable} | {} | `{}` |",
            key.path, key.meaning, key.example
        )
        .unwrap();
    }
    check_block(SETTINGS, "settings", &settings);

    let mut codes = String::from("| code | meaning |\n|---|---|\n| 0 | ok |\n");
    for exit in Exit::ALL {
        writeln!(codes, "| {} | {} |", exit.code(), exit.meaning()).unwrap();
    }
    check_block(README, "exit codes", &codes);

    let help = Command::new(env!("CARGO_BIN_EXE_ob"))
        .arg("--help")
        .env_clear()
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, verbs) = help.split_once("Commands:\n").unwrap();
    let (verbs, _) = verbs.split_once("\n\n").unwrap();
    check_block(
        README,
        "verbs: ob --help",
        &format!("```text\n{verbs}\n```\n"),
    );
}

#[test]
fn introduction_comes_before_the_reference() {
    let readme = std::fs::read_to_string(README).unwrap();
    assert!(readme.lines().count() <= 150, "longer than a first reading");
    let headings = readme.lines().filter_map(|line| line.strip_prefix("## "));
    let headings: Vec<&str> = headings.collect();
    assert_eq!(
        headings,
        [
            "Try it, with nothing but Rust and a C compiler",
            "Install",
            "The first login",
            "What it protects, and what it does not",
            "Every day",
            "The VPN",
            "Reference",
            "How it is built",
            "Licence",
        ]
    );
    let (_, reference) = readme.split_once("## Reference").unwrap();
    for part in ["The verbs", "Exit codes", "Signing in", "Settings"] {
        assert!(reference.contains(&format!("\n### {part}\n")), "{part}");
    }
}

#[test]
fn readme_names_the_minimum_rust_version() {
    let readme = std::fs::read_to_string(README).unwrap();
    let sentence = format!("needs Rust {} or later", env!("CARGO_PKG_RUST_VERSION"));
    assert!(readme.contains(&sentence), "{sentence}");
}

/// The first column of the tables in docs/troubleshooting.md.
#[test]
fn documented_errors_exist() {
    const TROUBLESHOOTING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");
    let text = std::fs::read_to_string(TROUBLESHOOTING).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let columns = rows.filter_map(|row| row.split(" | ").next());
    let names = columns.flat_map(|column| column.split("`, `"));
    let names: Vec<&str> = names.map(|name| name.trim_end_matches('`')).collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let code: ErrorCode = serde_json::from_value(name.into()).unwrap();
        assert!(
            !matches!(code, ErrorCode::Other(_)),
            "there is no error {name}"
        );
    }
}
