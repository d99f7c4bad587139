//! What the fuzzer would look for, on stable and in every run: a hundred thousand soups of each topic's words, and the
//! corpus cut and stirred. `OB_CASES=1000000 cargo test --test it properties` looks longer.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use crate::topics::{self, Topic};

pub(crate) const CASES: u32 = 100_000;

/// How many pieces a soup has at the most; each is a word or a byte.
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

fn corpus(topic: &Topic) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files = fs::read_dir(root.join(topic.name)).unwrap();
    let corpus: Vec<_> = files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!corpus.is_empty(), "{} has no corpus", topic.name);
    corpus
}

/// A number is a word of the topic, or else a byte.
fn stir(topic: &Topic, soup: &mut Vec<u8>, piece: u16) {
    match topic
        .words
        .get(usize::from(piece) % (topic.words.len() + 8))
    {
        Some(word) => soup.extend_from_slice(word.as_bytes()),
        None => soup.push(piece.to_le_bytes()[0]),
    }
}

fn hold(topic: &Topic) {
    let corpus = corpus(topic);
    for entry in &corpus {
        (topic.target)(entry);
    }
    let soups = vec(any::<u16>(), 0..PIECES);
    // A tenth of the cases begins with something from the corpus, of which a part is replaced.
    let from_corpus = (0..corpus.len() * 10, any::<u16>(), 0_usize..64);
    // As often the soup is a sip, between a sound beginning and end.
    let shapes = 0..topic.around.len() * 2;
    let outcome = runner().run(
        &(soups, from_corpus, shapes),
        |(mut pieces, corpus_cut, shape)| {
            let (entry, at, gone) = corpus_cut;
            let mut soup = Vec::new();
            let around = topic.around.get(shape);
            if let Some((begin, _)) = around {
                pieces.truncate(1 + usize::from(at) % 3);
                soup.extend_from_slice(begin.as_bytes());
            }
            for piece in pieces {
                stir(topic, &mut soup, piece);
            }
            if let Some((_, end)) = around {
                soup.extend_from_slice(end.as_bytes());
            } else if let Some(entry) = corpus.get(entry) {
                let at = usize::from(at) % (entry.len() + 1);
                let tail = &entry[(at + gone).min(entry.len())..];
                soup.truncate(200);
                soup = [&entry[..at], &soup, tail].concat();
            }
            (topic.target)(&soup);
            TestCaseResult::Ok(())
        },
    );
    if let Err(error) = outcome {
        panic!("{}: {error}", topic.name);
    }
}

macro_rules! topics {
    ($($name:ident),*) => {
        $(#[test] fn $name() { hold(&topics::$name::TOPIC); })*

        #[test]
        fn every_topic_is_held() {
            let held = [$(stringify!($name)),*];
            assert_eq!(topics::ALL.map(|topic| topic.name), held);
        }
    };
}
topics!(
    frame, ini, page, profile, redirect, saml, set_cookie, settings, shown, sts, sts_xml
);
