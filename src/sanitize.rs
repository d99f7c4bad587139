//! Escapes foreign text for a terminal.
//!
//! Text from a server, a file or the environment passes through [`escape`] before it is shown:
//! control characters (C0, C1, DEL), invisible and bidirectional formatting, private-use and
//! unassigned separators become `\u{…}`, and long text is cut. Newlines are escaped as well, so
//! that a message stays on one line.

use std::fmt::Write as _;

/// Maximum of characters of a foreign text in one message.
const MAX_FOREIGN_CHARS: usize = 400;

/// Escapes what could move a cursor, hide text or reorder it, and cuts long text.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_FOREIGN_CHARS));
    for (count, c) in text.chars().enumerate() {
        if count == MAX_FOREIGN_CHARS {
            out.push('…');
            break;
        }
        if is_printable(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// Quotes `text` as one word of a shell, for hints that can be pasted.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// As [`escape`], for `ob`'s own text that keeps its line breaks.
pub fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Escapes in finished JSON what could act on a terminal, as `\u` escapes: a parser gets the same
/// value. (JSON requires that only below U+0020.)
pub fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // A line break between values; inside of strings they are escaped already.
        if c == '\n' || is_printable(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Escapes `text` for a terminal that is not UTF-8, where the bytes of a letter can be controls:
/// the second byte of `Û` is 0x9b, which begins a control sequence.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => out.push_str("..."),
            '›' => out.push('>'),
            '–' => out.push('-'),
            c if c.is_ascii() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

/// Whether a terminal shows `c` in its place and does nothing else.
///
/// False for Cc; Cf (soft hyphen, zero width, bidirectional marks and isolates, tags, shaping
/// controls); line and paragraph separators; variation selectors and invisible fillers; private
/// use; noncharacters.
fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}'
                | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || (c as u32) & 0xfffe == 0xfffe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_in_any_script_is_left_alone() {
        assert_eq!(escape("Zoë's app (生产) – ёлка"), "Zoë's app (生产) – ёлка");
    }

    #[test]
    fn control_sequences_become_visible() {
        assert_eq!(
            escape("a\x1b]52;c;eA==\x07b\rc\nd"),
            "a\\u{1b}]52;c;eA==\\u{7}b\\u{d}c\\u{a}d"
        );
        assert_eq!(
            escape("\u{9b}2J\u{202e}x\u{200b}"),
            "\\u{9b}2J\\u{202e}x\\u{200b}"
        );
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(
            escape(&"x".repeat(10_240)).chars().count(),
            MAX_FOREIGN_CHARS + 1
        );
    }

    #[test]
    fn where_utf8_is_not_read_only_ascii_is_written() {
        assert_eq!(ascii("Settings › a – b…\n"), "Settings > a - b...\n");
        assert_eq!(ascii("Û[2J"), "\\u{db}[2J");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = serde_json::json!({ "a": "\u{9b}31m\u{202e}\u{7f}\u{e0041}\r\n ё" });
        for written in [format!("{value}"), format!("{value:#}")] {
            let shown = escape_json(&written);
            assert!(
                shown.chars().all(|c| c == '\n' || is_printable(c)),
                "{shown:?}"
            );
            assert!(shown.contains("\\u009b31m\\u202e\\u007f\\udb40\\udc41\\r\\n ё"));
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
                value
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_acts_on_comes_out(text in "\\PC*|[\\x00-\\u{ffff}]*") {
            let out = escape(&text);
            prop_assert!(out.chars().all(is_printable));
            prop_assert!(!out.chars().any(char::is_control));
        }
    }
}
