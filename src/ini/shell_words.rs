//! Splits a line into words as Python's `shlex.split` does. botocore reads profile names and
//! `credential_process` with it.

/// Returns the words of `line`, or `None` when a quote is not closed or a backslash ends the line.
pub fn shell_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some('"'), '\\') => {
                let next = letters.next()?;
                let word = word.get_or_insert_default();
                if next != '"' && next != '\\' {
                    word.push('\\');
                }
                word.push(next);
            }
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().push(letters.next()?),
            (None, ' ' | '\t' | '\r' | '\n') => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_by_shlex() {
        let split = |line: &str| shell_words(line).map(|words| words.join("|"));
        for (line, expected) in [
            (
                r#"  a "b c" 'd e'f  g\ h "i\"j" """#,
                r#"a|b c|d ef|g h|i"j|"#,
            ),
            (r#""a\b\\" '\'"#, r"a\b\|\"),
            ("profile\ta", "profile|a"),
            ("", ""),
        ] {
            assert_eq!(split(line).as_deref(), Some(expected), "{line}");
        }
        for open in ["a 'b", "a \"b", "a \\", "\"a\\"] {
            assert_eq!(split(open), None, "{open}");
        }
    }
}
