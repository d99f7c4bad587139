//! The floors: a room uses rooms below its own, never beside or above. The list is the crate's own documentation.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

type Floors = BTreeMap<String, u32>;

const LONGEST_FILE: usize = 400;

#[test]
fn no_arrow_climbs() {
    let floors = floors();
    assert!(
        floors.len() >= 10,
        "the list in lib.rs was not read: {floors:?}"
    );
    let complaints: Vec<String> = sources()
        .iter()
        .filter(|path| !matches!(name(path), "lib.rs" | "main.rs") || path.parent() != Some(&src()))
        .flat_map(|path| climbs(&floors, &modules(path), &fs::read_to_string(path).unwrap()))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn an_arrow_that_climbs_is_found() {
    let floors = floors();
    let climbs = |file: &str, text: &str| climbs(&floors, &modules(&src().join(file)), text);
    for (file, text) in [
        ("okta/authn.rs", "use crate::agent::Vault;"),
        ("okta/authn.rs", "use crate::saml::Response;"),
        ("clock.rs", "use crate::{model::Timestamp, paths::home};"),
        (
            "clock.rs",
            "use crate::{\n    model::{Org, Timestamp},\n    config,\n};",
        ),
        ("clock.rs", "    let x = crate::cli::run();"),
        ("clock.rs", "use super::commands::Context;"),
        (
            "commands/config/init.rs",
            "use super::super::super::cli::Cli;",
        ),
        ("model/arn.rs", "pub(in crate::config) fn x() {}"),
        ("attic/old.rs", ""),
    ] {
        assert_ne!(climbs(file, text), [""; 0], "{file}: {text}");
    }
    for (file, text) in [
        (
            "okta/authn.rs",
            "use crate::model::Org;\nuse crate::okta::Factor;",
        ),
        ("report.rs", "use crate::sanitize::escape;"),
        ("clock.rs", "//! See [`crate::cli`].\n// crate::cli"),
        (
            "commands/config/init.rs",
            "use super::super::Context;\nuse crate::config::Files;",
        ),
        ("cli.rs", "use crate::commands::{Context, config};"),
    ] {
        assert_eq!(climbs(file, text), [""; 0], "{file}: {text}");
    }
}

#[test]
fn files_are_short_those_of_the_tests_too() {
    let tests = under(&root().join("tests"));
    assert!(
        tests
            .iter()
            .any(|path| path.ends_with("tests/it/floors.rs"))
    );
    assert!(
        tests
            .iter()
            .any(|path| path.ends_with("tests/sandbox/src/lib.rs"))
    );
    for path in sources().into_iter().chain(tests) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let path = path.display();
        assert!(lines <= LONGEST_FILE, "{path} has {lines} lines");
    }
}

#[test]
fn files_are_named_for_what_they_hold() {
    for path in sources() {
        for module in modules(&path) {
            let vague = ["util", "helper", "manager", "common", "misc"];
            assert!(
                !vague.iter().any(|word| module.contains(word)),
                "{} says nothing about what it holds",
                path.display()
            );
        }
    }
}

/// What is wrong with `text`, the file whose module path is `modules`.
fn climbs(floors: &Floors, modules: &[String], text: &str) -> Vec<String> {
    let room = &modules[0];
    let Some(own) = floors.get(room) else {
        return vec![format!("`{room}` is on no floor of the list in lib.rs")];
    };
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    used(&code, modules.len())
        .filter_map(|other| Some((floors.get(&other)?, other)))
        // The values of the ground floor are made of each other.
        .filter(|(floor, other)| other != room && *floor >= own && **floor > 0)
        .map(|(floor, other)| {
            format!(
                "{} (floor {own}) uses `{other}` (floor {floor})",
                modules.join("::")
            )
        })
        .collect()
}

/// The rooms that `code` names, from a file `depth` modules below the crate.
fn used(code: &str, depth: usize) -> impl Iterator<Item = String> {
    let absolute = code
        .match_indices("crate::")
        .flat_map(|(at, path)| heads(&code[at + path.len()..]));
    let up = "super::".repeat(depth);
    let relative = code
        .match_indices(&up)
        .flat_map(|(at, path)| heads(&code[at + path.len()..]));
    absolute.chain(relative).collect::<Vec<_>>().into_iter()
}

/// The first names of a path, or of each path in a group.
fn heads(path: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut heads = vec![word(group)];
    let mut open = 1;
    for (at, c) in group.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            ',' if open == 1 => heads.push(word(&group[at + 1..])),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    heads
}

/// Lines like ``//! - 2 `http` `terminal`: one effect each``.
fn floors() -> Floors {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    let mut floors = Floors::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! - ")) {
        let Some((number, rooms)) = line.split_once(' ') else {
            continue;
        };
        let rooms = rooms.split(':').next().unwrap_or_default();
        for room in rooms
            .split('`')
            .map(str::trim)
            .filter(|room| !room.is_empty())
        {
            floors.insert(room.to_owned(), number.parse().unwrap());
        }
    }
    floors
}

fn modules(path: &Path) -> Vec<String> {
    let relative = path.strip_prefix(src()).unwrap().with_extension("");
    let mut modules: Vec<String> = relative
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if modules.last().is_some_and(|last| last == "mod") {
        modules.pop();
    }
    modules
}

fn sources() -> Vec<PathBuf> {
    under(&src())
}

/// The Rust files below `top`. A package of its own, as for fuzzing, may have been built there.
fn under(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.extend((name(&path) != "target").then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

fn src() -> PathBuf {
    root().join("src")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// A person who reads it has typed a command, perhaps a code or a password: which of them is meant is said.
#[test]
fn no_hint_of_a_sign_in_says_to_try_again_without_saying_what() {
    let rooms = [
        "agent", "commands", "flow", "http", "link", "okta", "saml", "terminal",
    ];
    let vague = ["try again", "type it again", "run it again"];
    let files = sources();
    let files = files
        .iter()
        .filter(|path| rooms.iter().any(|room| path.starts_with(src().join(room))));
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        let said = text.lines().filter(|line| {
            let line = line.trim_start();
            !line.starts_with("//")
                && line.contains('"')
                && vague.iter().any(|one| line.contains(one))
        });
        found.extend(said.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A program that inherited would have the private keys and the credentials of `ob`'s own environment.
#[test]
fn every_program_starts_with_an_environment_of_its_own() {
    let mut started = 0;
    let process = src().join("process");
    for path in sources().iter().filter(|path| path.starts_with(&process)) {
        let text = fs::read_to_string(path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let starts = text.matches("Command::new(").count();
        assert_eq!(
            starts,
            text.matches(".env_clear()").count(),
            "{}: a program inherits",
            path.display()
        );
        started += starts;
    }
    assert!(started >= 7, "{started} places were found");
}
