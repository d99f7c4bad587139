//! The structure of the crate: layers, circles, sizes and names. The layers are listed in
//! `src/lib.rs`.

mod graph;
mod source;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graph::Graph;
use source::rust_files;

type Layers = BTreeMap<String, u32>;

const MAX_LINES: usize = 400;
const MAX_MEAN_LINES: usize = 170;
const MAX_COLUMNS: usize = 100;
const MAX_TEST_NAME: usize = 60;

#[test]
fn modules_use_only_lower_layers() {
    let layers = layers();
    assert!(layers.len() >= 10, "no list in lib.rs: {layers:?}");
    let violations = violations(&layers, &Graph::of_crate(&src()));
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn use_of_a_higher_layer_is_found() {
    let layers = layers();
    let files = [
        ("saml", "pub struct Response;"),
        ("agent", "pub struct Vault;"),
        ("config", "pub fn load() {}"),
        ("paths", "pub fn home() {}"),
        ("model", "pub struct Org; pub struct Timestamp;"),
        ("cli", "pub fn run() {}"),
        ("commands", "pub struct Context;"),
        ("okta::authn", ""),
        ("report", "pub struct Report;"),
    ];
    let judge = |file: &str, text: &str| {
        let mut files: BTreeMap<&str, &str> = files.into();
        files.insert(file, text);
        violations(&layers, &graph(files))
    };
    for (file, text) in [
        ("okta::authn", "use crate::agent::Vault;"),
        ("okta::authn", "use crate::saml::Response;"),
        ("clock", "use crate::{model::Timestamp, paths::home};"),
        (
            "clock",
            "use crate::{\n    model::{Org, Timestamp},\n    config,\n};",
        ),
        ("clock", "fn x() { let x = crate::cli::run(); }"),
        ("clock", "fn x() { println!(\"{}\", crate::cli::run()); }"),
        ("clock", "use super::commands::Context;"),
        (
            "commands::config::init",
            "use super::super::super::cli::run;",
        ),
        ("attic::old", ""),
    ] {
        assert_ne!(judge(file, text), [""; 0], "{file}: {text}");
    }
    for (file, text) in [
        (
            "okta::authn",
            "use crate::model::Org;\nuse crate::okta::idx;",
        ),
        ("report", "use crate::secret::Secret;"),
        ("clock", "//! See [`crate::cli`].\n// crate::cli"),
        ("clock", "#[cfg(test)]\nmod tests { use crate::cli::run; }"),
        ("cli", "use crate::commands::{Context, config};"),
    ] {
        assert_eq!(judge(file, text), [""; 0], "{file}: {text}");
    }
}

/// Modules that only `ob-agent` contains, and modules that only `ob` contains.
const AGENT_ONLY: [&str; 4] = ["agent", "flow", "http", "saml"];
const CLIENT_ONLY: [&str; 6] = ["cli", "commands", "client", "terminal", "config", "tunnel"];

#[test]
fn the_two_programs_share_neither_network_nor_terminal() {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    for module in AGENT_ONLY.iter().chain(&CLIENT_ONLY) {
        assert!(text.contains(&format!("`{module}`")), "{module}");
    }
    let found = mixed(&Graph::of_crate(&src()));
    assert!(found.is_empty(), "{found:#?}");
    for (module, text) in [
        ("commands", "use crate::flow::sign_in;"),
        ("process", "use crate::http::Client;"),
        ("flow", "use crate::config::load;"),
    ] {
        let files = [
            ("flow", "pub fn sign_in() {}"),
            ("http", "pub struct Client;"),
            ("config", "pub fn load() {}"),
        ];
        let files = files.into_iter().filter(|(name, _)| *name != module);
        assert_eq!(
            mixed(&graph(files.chain([(module, text)]))).len(),
            1,
            "{module}"
        );
    }
}

/// Returns uses of the agent's modules by modules of the client, and the reverse.
fn mixed(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for module in graph.modules() {
        let Some(top) = module.first().map(String::as_str) else {
            continue;
        };
        let barred: &[&str] = match AGENT_ONLY.contains(&top) {
            true => &CLIENT_ONLY,
            false => &AGENT_ONLY,
        };
        for used in graph.uses(module).iter().filter_map(|used| used.first()) {
            if barred.contains(&used.as_str()) {
                found.push(format!("{} uses `{used}`", module.join("::")));
            }
        }
    }
    found
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = Graph::of_crate(&src()).circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_found_behind_a_reexport() {
    let circle = |parent: &str, first: &str, second: &str| {
        graph([("flow", parent), ("flow::a", first), ("flow::b", second)]).circles()
    };
    let declared = "mod a; mod b;";
    let shown = "mod a; mod b; pub use a::A; pub use b::{self, B as C};";
    for (parent, first, second, length) in [
        (
            declared,
            "pub struct A; use super::b::B;",
            "pub struct B; use super::a;",
            2,
        ),
        (
            shown,
            "pub struct A; use super::C;",
            "pub struct B; use crate::flow::A;",
            2,
        ),
        (
            "mod a; mod b; use a::A; struct P;",
            "pub struct A; use super::P;",
            "",
            2,
        ),
        (
            "mod a; mod b; fn p() { a::f() }",
            "use super::p; pub fn f() {}",
            "",
            2,
        ),
    ] {
        let found = circle(parent, first, second);
        assert_eq!(found.len(), 1, "{parent} {first} {second}: {found:?}");
        assert_eq!(found[0].len(), length);
    }
    for (parent, first, second) in [
        (declared, "pub struct A;", "pub struct B; use super::a::A;"),
        (shown, "pub struct A; use super::C;", "pub struct B;"),
        (
            shown,
            "use super::C; pub struct A;",
            "#[cfg(test)] mod tests { use crate::flow::A; }",
        ),
    ] {
        assert_eq!(
            circle(parent, first, second),
            [[""; 0]; 0],
            "{parent} {first} {second}"
        );
    }
}

#[test]
fn files_and_lines_are_short() {
    let mut too_long = Vec::new();
    for path in all_rust_files() {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > MAX_LINES {
            too_long.push(format!("{} has {lines} lines", path.display()));
        }
        // Programs and outputs that tests quote keep their lines.
        let quoted = source::lines_of_long_literals(&text);
        let is_test = path.starts_with(root().join("tests"));
        for (at, line) in text.lines().enumerate() {
            let is_quoted = is_test && quoted.contains(&(at + 1));
            if line.chars().count() > MAX_COLUMNS && !is_quoted {
                too_long.push(format!("{}:{} is too wide", path.display(), at + 1));
            }
        }
    }
    assert!(too_long.is_empty(), "{too_long:#?}");
}

#[test]
fn files_of_src_are_short_on_average() {
    let files = rust_files(&src());
    let lines = |path| fs::read_to_string(path).unwrap().lines().count();
    let all: usize = files.iter().map(lines).sum();
    assert!(
        all / files.len() <= MAX_MEAN_LINES,
        "{all} lines in {} files",
        files.len()
    );
}

#[test]
fn files_are_named_for_what_they_hold() {
    let vague = ["util", "helper", "manager", "common", "misc"];
    for module in Graph::of_crate(&src()).modules() {
        let name = module.join("::");
        assert!(
            !vague.iter().any(|word| name.contains(word)),
            "{name} is vague"
        );
    }
}

#[test]
fn retired_words_are_not_used() {
    let mut found = Vec::new();
    for path in all_rust_files().filter(|path| !path.ends_with("layering/words.rs")) {
        for (line, word) in words::retired(&fs::read_to_string(&path).unwrap()) {
            found.push(format!("{}:{line}: {word}", path.display()));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn test_names_have_at_most_60_characters() {
    let mut too_long = Vec::new();
    for path in all_rust_files() {
        let text = fs::read_to_string(&path).unwrap();
        for after in text.split("test]\n").skip(1) {
            let name = after.split("fn ").nth(1).unwrap_or_default();
            let name = name.split('(').next().unwrap_or_default();
            if name.len() > MAX_TEST_NAME {
                too_long.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(too_long.is_empty(), "{too_long:#?}");
}

/// What `graph` has against `layers`: modules that are not listed, and uses of a layer that is not
/// lower.
fn violations(layers: &Layers, graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for module in graph.modules() {
        let (name, Some(top)) = (module.join("::"), module.first()) else {
            continue;
        };
        let Some(own) = layers.get(top) else {
            found.push(format!("`{top}` is not in the list of layers in lib.rs"));
            continue;
        };
        for used in graph.uses(module).iter().filter_map(|used| used.first()) {
            let Some(layer) = layers.get(used) else {
                continue;
            };
            // The values of layer 0 are made of each other.
            if used != top && layer >= own && *layer > 0 {
                found.push(format!(
                    "{name} (layer {own}) uses `{used}` (layer {layer})"
                ));
            }
        }
    }
    found
}

fn graph<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Graph {
    Graph::new(files.into_iter().map(|(module, text)| {
        let module = module.split("::").map(ToOwned::to_owned).collect();
        (module, text.to_owned())
    }))
}

/// Reads lines like ``//! - 2 `http` `terminal`: one effect each``.
fn layers() -> Layers {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    let mut layers = Layers::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! - ")) {
        let Some((number, modules)) = line.split_once(' ') else {
            continue;
        };
        let modules = modules.split(':').next().unwrap_or_default();
        for module in modules
            .split('`')
            .map(str::trim)
            .filter(|module| !module.is_empty())
        {
            layers.insert(module.to_owned(), number.parse().unwrap());
        }
    }
    layers
}

fn all_rust_files() -> impl Iterator<Item = PathBuf> {
    let tests = rust_files(&root().join("tests"));
    rust_files(&src()).into_iter().chain(tests)
}

fn src() -> PathBuf {
    root().join("src")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The user has typed a command and perhaps a code or a password: the hint must say which to
/// repeat.
#[test]
fn no_hint_of_a_sign_in_says_to_try_again_without_saying_what() {
    let modules = [
        "agent", "commands", "flow", "http", "link", "okta", "saml", "terminal",
    ];
    let vague = ["try again", "type it again", "run it again"];
    let files = rust_files(&src());
    let files = files.iter().filter(|path| {
        modules
            .iter()
            .any(|module| path.starts_with(src().join(module)))
    });
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

/// A program that inherited would have the private keys and the credentials of `ob`'s own
/// environment.
#[test]
fn every_program_starts_with_an_environment_of_its_own() {
    let mut started = 0;
    let process = src().join("process");
    for path in rust_files(&src())
        .iter()
        .filter(|path| path.starts_with(&process))
    {
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
