//! The dependencies: one HTTP stack, one TLS, no banned crate, and no build script that
//! `docs/dependencies.md` does not explain.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;
use toml::{Table, Value};

/// Second TLS stacks, unsound or abandoned crates; `deny.toml` has the same list with the reasons.
const BANNED: [&str; 10] = [
    "openssl-sys",
    "native-tls",
    "rsa",
    "aws-lc-rs",
    "aws-lc-sys",
    "h2",
    "daemonize",
    "atty",
    "serde_yaml",
    "users",
];

/// Maximum of crates in a build, over all platforms.
const MAX_CRATES: usize = 260;
/// With every optional feature.
const MAX_CRATES_WITH_FEATURES: usize = 300;

/// Maximum of build scripts, with that of `ob`. They run with the rights of the user who builds.
const MAX_BUILD_SCRIPTS: usize = 21;

type Key = (String, String);

#[test]
fn nothing_banned_and_one_of_each_stack() {
    let lock = lock();
    for banned in BANNED {
        assert!(
            !lock.keys().any(|(name, _)| name == banned),
            "{banned} is in Cargo.lock"
        );
        assert!(
            read("deny.toml")
                .to_string()
                .contains(&format!("\"{banned}\"")),
            "{banned} is not in deny.toml"
        );
    }
    for single in ["hyper", "rustls", "ring", "tokio", "reqwest"] {
        let versions: Vec<&Key> = lock.keys().filter(|(name, _)| name == single).collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
    }
}

#[test]
fn the_program_stays_small() {
    for (optional, max) in [(false, MAX_CRATES), (true, MAX_CRATES_WITH_FEATURES)] {
        let crates = crates(optional);
        println!("{crates} crates without dev-dependencies, optional ones: {optional}");
        assert!(crates > 100, "the lock file was not followed: {crates}");
        assert!(crates <= max, "{crates} crates, {max} allowed");
    }
}

#[test]
fn no_feature_is_on_by_default() {
    let manifest = read("Cargo.toml");
    let features = manifest["features"].as_table().unwrap();
    assert!(!features.contains_key("default"), "{features:?}");
}

#[test]
fn build_scripts_are_those_of_the_document() {
    let scripts = build_scripts();
    assert_eq!(documented_build_scripts(), scripts, "docs/dependencies.md");
    assert!(scripts.len() <= MAX_BUILD_SCRIPTS, "{scripts:?}");
}

/// Returns the number of crates that the program depends on.
fn crates(with_optional: bool) -> usize {
    let lock = lock();
    let manifest = read("Cargo.toml");
    let mut direct: BTreeSet<String> = wanted(&manifest["dependencies"], with_optional);
    for target in manifest["target"]
        .as_table()
        .into_iter()
        .flat_map(|targets| targets.values())
    {
        direct.extend(wanted(&target["dependencies"], with_optional));
    }
    let mut found: BTreeSet<&Key> = BTreeSet::new();
    let mut open: Vec<&Key> = lock
        .keys()
        .filter(|(name, _)| direct.contains(name))
        .collect();
    while let Some(key) = open.pop() {
        if found.insert(key) {
            open.extend(
                lock[key]
                    .iter()
                    .filter_map(|dependency| lookup(&lock, dependency)),
            );
        }
    }
    found.len()
}

/// Returns every package of the lock file with its dependencies.
fn lock() -> BTreeMap<Key, Vec<String>> {
    let lock = read("Cargo.lock");
    let packages = lock["package"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap().to_owned();
            let needs = package.get("dependencies").and_then(Value::as_array);
            let needs = needs
                .into_iter()
                .flatten()
                .map(|need| need.as_str().unwrap().to_owned());
            ((text("name"), text("version")), needs.collect())
        })
        .collect()
}

/// A dependency is written `name`, or `name version` if there are several versions.
fn lookup<'a>(lock: &'a BTreeMap<Key, Vec<String>>, dependency: &str) -> Option<&'a Key> {
    let mut words = dependency.split(' ');
    let (name, version) = (words.next()?, words.next());
    lock.keys()
        .find(|(known, at)| known == name && version.is_none_or(|version| version == at))
}

/// Returns the names in a table of dependencies, without optional ones unless they are wanted.
fn wanted(table: &Value, with_optional: bool) -> BTreeSet<String> {
    let all = table.as_table().unwrap().iter();
    let optional = |needs: &Value| needs.get("optional").and_then(Value::as_bool) == Some(true);
    all.filter(|(_, needs)| with_optional || !optional(needs))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Returns the sorted names of the crates that have a build script: `ob` and what a build of it on
/// Linux needs. A crate with two versions is listed twice.
fn build_scripts() -> Vec<String> {
    let metadata = metadata();
    let packages = by_id(&metadata["packages"]);
    let nodes = by_id(&metadata["resolve"]["nodes"]);
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let needs = nodes[id]["deps"].as_array().unwrap().iter();
            let needs = needs.filter(|need| is_needed_to_build(need));
            open.extend(needs.map(|need| need["pkg"].as_str().unwrap()));
        }
    }
    let found = found.into_iter().map(|id| packages[id]);
    let mut names: Vec<String> = found
        .filter(|package| has_build_script(package))
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Returns the sorted first column of the table of build scripts.
fn documented_build_scripts() -> Vec<String> {
    let text = read_text("docs/dependencies.md");
    let (_, section) = text.split_once("\n## Build scripts\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut names: Vec<String> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

/// Returns what cargo knows of the packages for one platform. It builds and downloads nothing.
fn metadata() -> Json {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version=1"])
        .args([
            "--filter-platform=x86_64-unknown-linux-gnu",
            "--manifest-path",
        ])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "run `cargo fetch` once on other systems than Linux: {errors}"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn by_id(list: &Json) -> BTreeMap<&str, &Json> {
    let objects = list.as_array().unwrap().iter();
    objects
        .map(|object| (object["id"].as_str().unwrap(), object))
        .collect()
}

/// Whether a dependency of a node is a normal one (of kind null) or one of a build script.
fn is_needed_to_build(need: &Json) -> bool {
    let kinds = need["dep_kinds"].as_array().unwrap();
    kinds
        .iter()
        .any(|kind| kind["kind"].is_null() || kind["kind"] == "build")
}

fn has_build_script(package: &Json) -> bool {
    let targets = package["targets"].as_array().unwrap();
    targets
        .iter()
        .any(|target| target["kind"][0] == "custom-build")
}

fn read(file: &str) -> Table {
    read_text(file).parse().unwrap()
}

fn read_text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).unwrap()
}
