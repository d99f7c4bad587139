//! The dependencies: one HTTP stack, one TLS, no banned crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

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

fn read(file: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).unwrap().parse().unwrap()
}
