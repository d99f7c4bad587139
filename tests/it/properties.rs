//! Property tests with the fuzzers' harnesses: a hundred thousand random inputs of each dictionary,
//! and mutations of the corpus. `OB_CASES=1000000 cargo test --test it properties` runs more.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use crate::harnesses::{self, Harness};

pub(crate) const CASES: u32 = 100_000;

/// Maximum of pieces in an input; each is a word or a byte.
const PIECES: usize = 16;

fn runner() -> TestRunner {
    let cases = std::env::var("OB_CASES").ok();
    TestRunner::new(Config {
        cases: cases.map_or(CASES, |count| count.parse().unwrap()),
        failure_persistence: None,
        max_shrink_iters: 4096,
        ..Config::default()
    })
}

fn corpus(harness: &Harness) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(root.join(harness.name)).unwrap();
    let corpus: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!corpus.is_empty(), "{} has no corpus", harness.name);
    corpus
}

/// A number is a word of the dictionary, or else a byte.
fn stir(harness: &Harness, soup: &mut Vec<u8>, piece: u16) {
    match harness
        .dictionary
        .get(usize::from(piece) % (harness.dictionary.len() + 8))
    {
        Some(word) => soup.extend_from_slice(word.as_bytes()),
        None => soup.push(piece.to_le_bytes()[0]),
    }
}

fn hold(harness: &Harness) {
    let corpus = corpus(harness);
    for entry in &corpus {
        (harness.target)(entry);
    }
    let soups = vec(any::<u16>(), 0..PIECES);
    // A tenth of the cases begins with a corpus file, of which a part is replaced.
    let from_corpus = (0..corpus.len() * 10, any::<u16>(), 0_usize..64);
    // As often the input is short, between the start and the end of a template.
    let shapes = 0..harness.templates.len() * 2;
    let outcome = runner().run(
        &(soups, from_corpus, shapes),
        |(mut pieces, corpus_cut, shape)| {
            let (entry, at, gone) = corpus_cut;
            let mut soup = Vec::new();
            let around = harness.templates.get(shape);
            if let Some((begin, _)) = around {
                pieces.truncate(1 + usize::from(at) % 3);
                soup.extend_from_slice(begin.as_bytes());
            }
            for piece in pieces {
                stir(harness, &mut soup, piece);
            }
            if let Some((_, end)) = around {
                soup.extend_from_slice(end.as_bytes());
            } else if let Some(entry) = corpus.get(entry) {
                let at = usize::from(at) % (entry.len() + 1);
                let tail = &entry[(at + gone).min(entry.len())..];
                soup.truncate(200);
                soup = [&entry[..at], &soup, tail].concat();
            }
            (harness.target)(&soup);
            TestCaseResult::Ok(())
        },
    );
    if let Err(error) = outcome {
        panic!("{}: {error}", harness.name);
    }
}

macro_rules! harnesses {
    ($($name:ident),*) => {
        $(#[test] fn $name() { hold(&harnesses::$name::HARNESS); })*

        #[test]
        fn every_harness_has_a_test() {
            let held = [$(stringify!($name)),*];
            assert_eq!(harnesses::ALL.map(|harness| harness.name), held);
        }
    };
}
harnesses!(
    frame, ini, page, profile, redirect, saml, set_cookie, settings, shown, sts, sts_xml
);
