//! Suggestions for a mistyped name: the known names that are most similar to it.

/// Most names that are suggested at once.
const MAX_SUGGESTIONS: usize = 3;
/// A longer word is no typing error. Comparing two words takes the product of their lengths.
const MAX_WORD_BYTES: usize = 256;
/// The similarity from which a name is suggested; 1 is the same.
const MIN_SIMILARITY: f64 = 0.65;

/// Returns the values of the `known` names that are similar to `word`, the most similar first.
///
/// Case is ignored. A name is also similar when it contains `word` (of three letters or more), or
/// when `word` begins with it (of four letters or more). At most three are returned.
pub fn suggest<W: AsRef<str>, T: PartialEq>(
    word: &str,
    known: impl IntoIterator<Item = (W, T)>,
) -> Vec<T> {
    let scored = known.into_iter();
    best_matches(scored.map(|(known, value)| (similarity(word, known.as_ref()), value)))
}

/// Returns the three most similar names of `known`, even where none is similar.
pub fn by_similarity<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct: Vec<&str> = Vec::new();
    for name in known {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct.sort_by(|a, b| similarity(word, b).total_cmp(&similarity(word, a)));
    distinct.truncate(MAX_SUGGESTIONS);
    distinct
}

/// Returns the three values with the highest [`similarity`], each once, without those below the
/// minimum.
pub fn best_matches<T: PartialEq>(scored: impl IntoIterator<Item = (f64, T)>) -> Vec<T> {
    let mut similar: Vec<(f64, T)> = scored
        .into_iter()
        .filter(|(score, _)| *score >= MIN_SIMILARITY)
        .collect();
    similar.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut matches = Vec::new();
    for (_, value) in similar {
        if matches.len() < MAX_SUGGESTIONS && !matches.contains(&value) {
            matches.push(value);
        }
    }
    matches
}

/// Returns the one of `known` that is closest to `word`, case-sensitively and as a whole, if it is
/// close enough.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(word, known), known));
    scored
        .filter(|(score, _)| *score >= MIN_SIMILARITY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Returns how similar two words are, from 1 (the same but for case) to 0.
pub fn similarity(word: &str, known: &str) -> f64 {
    if word.len().max(known.len()) > MAX_WORD_BYTES {
        return 0.0;
    }
    let (word, known) = (word.to_lowercase(), known.to_lowercase());
    let score = strsim::normalized_damerau_levenshtein(&word, &known);
    let is_contained = word.chars().count() >= 3 && known.contains(&word);
    let is_prefix = known.chars().count() >= 4 && word.starts_with(&known);
    match is_contained || is_prefix {
        true => score.max(MIN_SIMILARITY),
        false if score < MIN_SIMILARITY => 0.0,
        false => score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestions(word: &str) -> Vec<&'static str> {
        let known = ["dev", "prod", "prod-eu", "production", "Stage", "prods"];
        suggest(word, known.map(|known| (known, known)))
    }

    #[test]
    fn most_similar_names_come_first_and_are_three_at_most() {
        assert_eq!(suggestions("prud"), ["prod"]);
        assert_eq!(suggestions("prodd"), ["prod", "prods"]);
        assert_eq!(suggestions("prod"), ["prod", "prods", "prod-eu"]);
        assert_eq!(suggestions("stage"), ["Stage"]);
        assert_eq!(suggestions("duct"), ["production"]);
        assert_eq!(suggestions("stageeuwest"), ["Stage"]);
        assert_eq!(suggestions("xyzzy"), [""; 0]);
        assert_eq!(suggestions(""), [""; 0]);
    }

    #[test]
    fn value_with_several_names_is_suggested_once() {
        let known = [("prod", 1), ("prude", 1), ("pru", 2)];
        assert_eq!(suggest("prud", known), [1, 2]);
    }

    #[test]
    fn huge_word_is_not_compared() {
        let huge = "x".repeat(100_000);
        assert_eq!(suggest(&huge, [(&huge, 1)]), [0; 0]);
    }
}
