//! The INI parser compared with botocore: for generated files both read the same, or `ob` names the
//! line at which botocore stops. `OB_CASES=100000` runs more cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use ob::ini::{self, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};

use super::tools::installed;
use crate::support::run;

/// Files per Python process.
const BATCH: usize = 500;
const CASES: usize = 4_000;

/// For each file of a directory, prints what botocore reads or the line at which it stops (null if
/// it does not tell).
const SCRIPT: &str = r#"
import json, os, sys
from botocore.configloader import raw_config_parse, build_profile_map
from botocore.exceptions import ConfigParseError
answers = []
for name in sorted(os.listdir(sys.argv[1])):
    try:
        sections = raw_config_parse(os.path.join(sys.argv[1], name))
        answers.append({"sections": sections, "profiles": build_profile_map(sections)["profiles"]})
    except ConfigParseError as stop:
        error = stop.kwargs["error"]
        line = error.errors[0][0] if getattr(error, "errors", None) else getattr(error, "lineno", None)
        answers.append({"line": line})
json.dump(answers, sys.stdout)
"#;

/// Parts of files; most of them make a line.
const PIECES: &[&str] = &[
    "[default]\n",
    "[profile a]\n",
    "[profile \"a\"]\n",
    "[profile  b c]\n",
    "[profile 'x]\n",
    "[profiles]\n",
    "  [profile a]\n",
    "[ default ]\n",
    "[a] # note\n",
    "[a]]\n",
    "[]\n",
    "[DEFAULT]\n",
    "region = eu-west-1\n",
    "Region: us-east-1 ; note\n",
    "  region=x\n",
    "\toutput = json # note\n",
    "output\n",
    "  output\n",
    "= x\n",
    ": y\n",
    "s3 =\n",
    "    max = 5\n",
    "    no sign\n",
    "  deeper = 1\n",
    "# note\n",
    "  ; note\n",
    "\n",
    "  \n",
    "\r\n",
    "\r",
    "\u{feff}",
    "\u{a0}x = 1\n",
    "x\u{1f} = \u{85}y\n",
    "k = \u{b}a\u{2028}b\n",
    "    a = 1\u{c}b\n",
    "É = é\n",
    "İ = 1\n",
    "%(x)s = %\n",
    "a",
    "=",
    " ",
    "[",
    "]",
    "\"",
    "\\",
];

fn files(count: usize, seed: u8) -> Vec<Vec<u8>> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let piece = prop_oneof![
        20 => (0..PIECES.len()).prop_map(|at| PIECES[at].as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    let pieces = proptest::collection::vec(piece, 0..9);
    // Half of the files begin with a valid line; otherwise nearly all would stop at their first
    // line.
    let file = (any::<bool>(), pieces).prop_map(|(begun, pieces)| {
        let begin: &[u8] = if begun { b"[default]\n" } else { b"" };
        [begin, &pieces.concat()].concat()
    });
    let mut made = || file.new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| made()).collect()
}

fn python() -> Command {
    let mut python = Command::new(installed("venv/bin/python"));
    python.env("PYTHONUTF8", "1");
    python
}

/// Returns botocore's result for each of `files`.
fn botocore(files: &[Vec<u8>]) -> Vec<Json> {
    let directory = tempfile::tempdir().unwrap();
    for (at, file) in files.iter().enumerate() {
        fs::write(directory.path().join(format!("{at:06}")), file).unwrap();
    }
    let answer = run(python().args(["-c", SCRIPT]).arg(directory.path()), "");
    assert!(answer.status.success(), "{}", &answer.stderr);
    serde_json::from_str(&answer.stdout).unwrap()
}

fn as_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Nested(pairs) => json!(pairs),
    }
}

/// Checks that both read the same, or that `ob` names the line.
fn hold(file: &[u8], theirs: &Json) {
    let shown = String::from_utf8_lossy(file);
    let Ok(text) = ini::decode(file) else {
        assert!(theirs.get("line").is_some(), "{shown:?}: {theirs}");
        return;
    };
    let ours = ini::read(&text);
    let Some(sections) = theirs.get("sections") else {
        let named: Vec<usize> = ours.faults.iter().map(|fault| fault.line).collect();
        assert!(!named.is_empty(), "{shown:?}: {theirs}");
        if let Some(line) = theirs["line"].as_u64() {
            let line = usize::try_from(line).unwrap();
            assert!(named.contains(&line), "{shown:?}: {theirs}: {named:?}");
        }
        return;
    };
    assert_eq!(ours.faults, [], "{shown:?}: {theirs}");
    let values: BTreeMap<_, _> = ours
        .values()
        .into_iter()
        .map(|(name, keys)| {
            let keys = keys
                .iter()
                .map(|(key, value)| (key.clone(), as_json(value)));
            (name, keys.collect::<BTreeMap<_, _>>())
        })
        .collect();
    assert_eq!(&json!(values), sections, "{shown:?}");
    for (name, keys) in theirs["profiles"].as_object().unwrap() {
        let section = ours
            .profile(name)
            .unwrap_or_else(|| panic!("{shown:?}: no {name}"));
        assert_eq!(&sections[&section.name], keys, "{shown:?}: {name}");
    }
    let profiles = theirs["profiles"].as_object().unwrap().len();
    let ours = ours.sections.iter().filter(|section| {
        theirs["profiles"].as_object().unwrap().keys().any(|name| {
            ours.profile(name)
                .is_some_and(|found| found.line == section.line)
        })
    });
    assert_eq!(ours.count(), profiles, "{shown:?}");
}

#[test]
fn generated_files_are_read_as_botocore_reads_them() {
    let cases = std::env::var("OB_CASES").ok();
    let cases = cases.map_or(CASES, |count| count.parse().unwrap());
    let mut readable = 0;
    for (batch, seed) in (0..cases.div_ceil(BATCH)).zip((0..=u8::MAX).cycle()) {
        let count = BATCH.min(cases - batch * BATCH);
        let files = files(count, seed);
        let theirs = botocore(&files);
        assert_eq!(theirs.len(), files.len());
        for (file, theirs) in files.iter().zip(&theirs) {
            hold(file, theirs);
            readable += usize::from(theirs.get("sections").is_some());
        }
    }
    // Neither all nor none, so both halves of the rule were tested.
    assert!(readable > cases / 10 && readable < cases, "{readable}");
}

#[test]
fn reported_files_are_read_as_botocore_reads_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files = Vec::new();
    for folder in ["aws-config", "import"] {
        for entry in fs::read_dir(fixtures.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "ini") {
                files.push(fs::read(path).unwrap());
            }
        }
    }
    for (file, theirs) in files.iter().zip(botocore(&files)) {
        hold(file, &theirs);
    }
}
