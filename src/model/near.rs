//! What somebody may have meant who typed a word that means nothing.

/// The most words that are offered.
const OFFERED: usize = 3;
/// No slip of the keys is in a longer word, in bytes; comparing two takes the product of their lengths.
const LONGEST: usize = 256;
/// From when on two words are alike; 1 is the same.
const ALIKE: f64 = 0.65;

/// What stands behind those of `known` that are like `word`, the most alike first: three at most.
///
/// Small and capital letters are the same, and who typed three letters or more of a word may have meant it, or who
/// typed on behind it.
pub fn nearest<W: AsRef<str>, T: PartialEq>(
    word: &str,
    known: impl IntoIterator<Item = (W, T)>,
) -> Vec<T> {
    let judged = known.into_iter();
    the_best(judged.map(|(known, value)| (likeness(word, known.as_ref()), value)))
}

/// Those of `known` in the order of their likeness to `word`, unlike ones too: three at most.
pub fn the_likest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for one in known {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.sort_by(|a, b| likeness(word, b).total_cmp(&likeness(word, a)));
    all.truncate(OFFERED);
    all
}

/// The three that are most alike, each with its [`likeness`] to what was typed.
pub fn the_best<T: PartialEq>(judged: impl IntoIterator<Item = (f64, T)>) -> Vec<T> {
    let mut alike: Vec<(f64, T)> = judged
        .into_iter()
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut offered = Vec::new();
    for (_, value) in alike {
        if offered.len() < OFFERED && !offered.contains(&value) {
            offered.push(value);
        }
    }
    offered
}

/// How alike two words are, from nearly the same (1) to not at all (0).
pub fn likeness(word: &str, known: &str) -> f64 {
    if word.len().max(known.len()) > LONGEST {
        return 0.0;
    }
    let (word, known) = (word.to_lowercase(), known.to_lowercase());
    let likeness = strsim::normalized_damerau_levenshtein(&word, &known);
    let is_part = word.chars().count() >= 3 && known.contains(&word);
    let begins = known.chars().count() >= 4 && word.starts_with(&known);
    match is_part || begins {
        true => likeness.max(ALIKE),
        false if likeness < ALIKE => 0.0,
        false => likeness,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Vec<&'static str> {
        let known = ["dev", "prod", "prod-eu", "production", "Stage", "prods"];
        nearest(word, known.map(|known| (known, known)))
    }

    #[test]
    fn the_most_alike_come_first_three_at_most() {
        assert_eq!(of("prud"), ["prod"]);
        assert_eq!(of("prodd"), ["prod", "prods"]);
        assert_eq!(of("prod"), ["prod", "prods", "prod-eu"]);
        assert_eq!(of("stage"), ["Stage"]);
        assert_eq!(of("duct"), ["production"]);
        assert_eq!(of("stageeuwest"), ["Stage"]);
        assert_eq!(of("xyzzy"), [""; 0]);
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn a_thing_with_several_names_is_offered_once_and_a_huge_word_is_not_compared() {
        assert_eq!(
            nearest("prud", [("prod", 1), ("prude", 1), ("pru", 2)]),
            [1, 2]
        );
        let huge = "x".repeat(100_000);
        assert_eq!(nearest(&huge, [(&huge, 1)]), [0; 0]);
    }
}
