//! The width of text, and lines that end at words where a terminal would break within one.

use console::measure_text_width;

/// Returns the number of terminal columns of `text`.
pub fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// Labels whose text continues behind them: of errors, and of `ob doctor`.
const LABELS: [&str; 5] = ["  cause: ", "  hint: ", "ok     ", "note   ", "wrong  "];

/// Breaks the lines of `text` between words so that each fits into `columns`. What stands in
/// backquotes stays whole, so that it can be copied, and so does a word that is longer than a line.
pub(super) fn wrap(text: &str, columns: usize) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| wrap_line(line, columns))
        .collect();
    lines.join("\n")
}

fn wrap_line(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let label = LABELS.iter().find(|label| line.starts_with(**label));
    let own = line.len() - line.trim_start().len();
    let indent = " ".repeat(label.map_or(own + 2, |label| label.len()));
    let mut lines = vec![String::new()];
    for (at, word) in words(&line[own..]).into_iter().enumerate() {
        let Some(current) = lines.last_mut() else {
            continue;
        };
        let needed = width(current) + 1 + width(&word);
        if at == 0 {
            *current = format!("{}{word}", " ".repeat(own));
        } else if needed <= columns {
            *current += &format!(" {word}");
        } else {
            lines.push(format!("{indent}{word}"));
        }
    }
    lines.join("\n")
}

/// Splits at spaces outside of backquotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        is_quoted ^= letter == '`';
        match (letter, words.last_mut()) {
            (' ', _) if !is_quoted => words.push(String::new()),
            (_, Some(word)) => word.push(letter),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_commands_whole() {
        let text = "ob: could not assume arn:aws:iam::123456789012:role/Engineer\n  cause: AWS STS \
                    denied the request: not authorized to perform it\n  hint: run `ob exec -r \
                    123456789012/Deploy --duration 1h -- true` and look at it\nshort";
        insta::assert_snapshot!(wrap(text, 40), @r"
        ob: could not assume
          arn:aws:iam::123456789012:role/Engineer
          cause: AWS STS denied the request: not
                 authorized to perform it
          hint: run
                `ob exec -r 123456789012/Deploy --duration 1h -- true`
                and look at it
        short
        ");
        for columns in [60, 80, 200] {
            let wrapped = wrap(text, columns);
            let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(joined(&wrapped), joined(text));
        }
        assert_eq!(wrap(text, 200), text);
    }
}
