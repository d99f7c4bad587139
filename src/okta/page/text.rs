//! Visible text of a page.

/// Limit of a text that is kept, in characters.
const MAX_TEXT_CHARS: usize = 300;

/// Appends the words of `text` with single spaces, up to the limit.
pub(super) fn append_words(to: &mut String, text: &str) {
    for word in text.split_whitespace() {
        if to.chars().count() + word.chars().count() >= MAX_TEXT_CHARS {
            return;
        }
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(word);
    }
}
