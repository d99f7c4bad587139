//! The findings of `ob doctor`, read from its source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Returns the name of each finding in the source, with each state that it can have.
pub(super) fn in_the_sources() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/doctor");
    let mut found = BTreeSet::new();
    let files = fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    // That file defines the constructors.
    for file in files.filter(|file| !file.ends_with("finding.rs")) {
        let source = fs::read_to_string(file).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let bodies = source.replace("-> Finding {", "");
        assert!(!bodies.contains("Finding {"), "made by its constructors");
        for made in source.split("Finding::").skip(1) {
            let (how, rest) = made.split_once('(').unwrap();
            let states: &[&str] = match how {
                "good" => &["good"],
                "note" => &["note"],
                "wrong" | "of" => &["wrong"],
                "needed" => &["note", "wrong"],
                other => panic!("no row can be asked for Finding::{other}"),
            };
            let name = rest.trim_start().strip_prefix('"');
            let name = name.and_then(|rest| rest.split_once('"'));
            let (name, _) = name.unwrap_or_else(|| panic!("a name that is spelled out: {made}"));
            found.extend(
                states
                    .iter()
                    .map(|state| (name.to_owned(), (*state).to_owned())),
            );
        }
    }
    found
}
