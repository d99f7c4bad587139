//! The state of a menu, and the lines that show it.

use std::ops::Range;

use console::{Key, measure_text_width};

/// Maximum of items shown at a time.
const MAX_SHOWN: usize = 15;
/// Lines beside the items: the prompt, the count, the keys, and one that stays empty.
const OTHER_LINES: usize = 4;

/// The items, what was typed to filter them, and the marked one.
pub(super) struct List<'a> {
    pub(super) prompt: &'a str,
    pub(super) labels: &'a [String],
    /// Whether typing filters. Beside a secret's prompt typed text must not be shown.
    pub(super) can_filter: bool,
    filter: String,
    /// Index into the matching items.
    marked: usize,
}

/// What a key does to a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Chosen(usize),
    Left,
}

/// How the lines may look.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) in_color: bool,
    /// Whether the terminal shows more than ASCII.
    pub(super) shows_unicode: bool,
}

impl<'a> List<'a> {
    /// Returns a menu with the item `marked` marked.
    pub(super) fn new(prompt: &'a str, labels: &'a [String], marked: usize) -> Self {
        Self {
            prompt,
            labels,
            can_filter: true,
            filter: String::new(),
            marked: marked.min(labels.len().saturating_sub(1)),
        }
    }

    /// Handles a key. Keys that mean nothing here are ignored.
    pub(super) fn press(&mut self, key: &Key) -> Outcome {
        let matches = self.matches();
        let last = matches.len().saturating_sub(1);
        match key {
            Key::Enter => {
                return matches
                    .get(self.marked)
                    .copied()
                    .map_or(Outcome::Open, Outcome::Chosen);
            }
            Key::Escape => return Outcome::Left,
            Key::ArrowUp => self.marked = self.marked.checked_sub(1).unwrap_or(last),
            Key::ArrowDown if self.marked == last => self.marked = 0,
            Key::ArrowDown => self.marked += 1,
            Key::PageUp if self.can_filter => self.marked = self.marked.saturating_sub(MAX_SHOWN),
            Key::PageDown if self.can_filter => self.marked = last.min(self.marked + MAX_SHOWN),
            Key::Backspace if self.can_filter => {
                self.filter.pop();
                self.marked = 0;
            }
            Key::Char(typed) if self.can_filter && !typed.is_control() => {
                self.filter.push(*typed);
                self.marked = 0;
            }
            _ => {}
        }
        Outcome::Open
    }

    /// Returns the indices of the items that match what was typed: first those that contain each
    /// typed word, then those that contain its letters in this order. Case does not matter.
    fn matches(&self) -> Vec<usize> {
        let filter = self.filter.to_lowercase();
        let lower: Vec<String> = self
            .labels
            .iter()
            .map(|label| label.to_lowercase())
            .collect();
        let has_words = |label: &str| filter.split_whitespace().all(|word| label.contains(word));
        let has_letters = |label: &str| {
            let mut letters = label.chars();
            let mut typed = filter.chars().filter(|letter| !letter.is_whitespace());
            typed.all(|wanted| letters.any(|letter| letter == wanted))
        };
        let all = || lower.iter().enumerate();
        let exact = all().filter(|(_, label)| has_words(label));
        let near = all().filter(|(_, label)| !has_words(label) && has_letters(label));
        exact.chain(near).map(|(at, _)| at).collect()
    }

    /// Returns the lines that show the menu.
    pub(super) fn lines(&self, look: Look) -> Vec<String> {
        // Some terminals wrap after the last column.
        let columns = look.columns.saturating_sub(1).max(1);
        let bold = |text: &str| match look.in_color {
            true => format!("\x1b[1;36m{text}\x1b[0m"),
            false => text.to_owned(),
        };
        let matches = self.matches();
        // The question is never cut: it may wrap.
        let mut lines = vec![format!("{}: {}", self.prompt, self.filter)];
        let shown = self.window(matches.len(), look.rows);
        for (at, item) in matches.iter().enumerate().take(shown.end).skip(shown.start) {
            let label = cut(&self.labels[*item], columns.saturating_sub(2));
            lines.push(match at == self.marked {
                true => bold(&format!("> {label}")),
                false => format!("  {label}"),
            });
        }
        if matches.is_empty() {
            lines.push("  no match".to_owned());
        } else if shown.len() < self.labels.len() {
            let all = self.labels.len();
            lines.push(match self.filter.is_empty() {
                true => format!("  {} of {all}", self.marked + 1),
                false => format!("  {} of {all} match", matches.len()),
            });
        }
        lines.push(cut(self.keys(look.shows_unicode, columns), columns));
        lines
    }

    /// Returns which matching items are shown: the marked one is among them.
    fn window(&self, matches: usize, rows: usize) -> Range<usize> {
        let height = rows.saturating_sub(OTHER_LINES).clamp(1, MAX_SHOWN);
        let start = (self.marked + 1).saturating_sub(height);
        start..(start + height).min(matches)
    }

    /// Returns the line that names the keys, a shorter one where the terminal is narrow.
    fn keys(&self, shows_unicode: bool, columns: usize) -> &'static str {
        let lines = match (self.can_filter, shows_unicode) {
            (true, true) => [
                "↑↓ move · enter choose · type to filter · esc cancel",
                "↑↓ · enter · type to filter · esc",
            ],
            (true, false) => [
                "arrows move, enter choose, type to filter, esc cancel",
                "arrows, enter, type to filter, esc",
            ],
            (false, true) => ["↑↓ move · enter choose · esc cancel", "↑↓ · enter · esc"],
            (false, false) => [
                "arrows move, enter choose, esc cancel",
                "arrows, enter, esc",
            ],
        };
        match measure_text_width(lines[0]) <= columns {
            true => lines[0],
            false => lines[1],
        }
    }
}

/// Shortens `text` to so many columns. The middle is left out: an ARN differs at its end.
fn cut(text: &str, columns: usize) -> String {
    if measure_text_width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub("...".len());
    let start = fitting(text.chars(), room / 3);
    let end: Vec<char> = fitting(text.chars().rev(), room - room / 3)
        .chars()
        .collect();
    format!("{start}...{}", end.iter().rev().collect::<String>())
}

/// Returns as many of `letters` as fit into so many columns.
fn fitting(letters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut text = String::new();
    for letter in letters {
        text.push(letter);
        if measure_text_width(&text) > columns {
            text.pop();
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look {
        columns: 60,
        rows: 24,
        in_color: false,
        shows_unicode: true,
    };

    fn labels(of: &[&str]) -> Vec<String> {
        of.iter().map(|label| (*label).to_owned()).collect()
    }

    fn shown(list: &List<'_>, look: Look) -> String {
        list.lines(look).join("\n")
    }

    #[test]
    fn typing_filters_and_says_when_nothing_matches() {
        let labels = labels(&["Deploy prod", "Engineer", "Admin dev"]);
        let mut list = List::new("Role", &labels, 1);
        insta::assert_snapshot!(shown(&list, LOOK), @r"
        Role: 
          Deploy prod
        > Engineer
          Admin dev
        ↑↓ move · enter choose · type to filter · esc cancel
        ");
        for letter in "d e".chars() {
            assert_eq!(list.press(&Key::Char(letter)), Outcome::Open);
        }
        insta::assert_snapshot!(shown(&list, LOOK), @r"
        Role: d e
        > Deploy prod
          Admin dev
          2 of 3 match
        ↑↓ move · enter choose · type to filter · esc cancel
        ");
        list.press(&Key::ArrowDown);
        assert_eq!(list.press(&Key::Enter), Outcome::Chosen(2));
        list.press(&Key::Char('x'));
        insta::assert_snapshot!(shown(&list, LOOK), @r"
        Role: d ex
          no match
        ↑↓ move · enter choose · type to filter · esc cancel
        ");
        assert_eq!(list.press(&Key::Enter), Outcome::Open);
        list.press(&Key::Backspace);
        assert_eq!(list.press(&Key::Enter), Outcome::Chosen(0));
        assert_eq!(list.press(&Key::Escape), Outcome::Left);
    }

    #[test]
    fn letters_in_order_match_after_whole_words() {
        let labels = labels(&["a-b-c", "ABC", "cab"]);
        let mut list = List::new("Role", &labels, 0);
        for letter in "abc".chars() {
            list.press(&Key::Char(letter));
        }
        assert_eq!(list.matches(), [1, 0]);
    }

    #[test]
    fn long_lists_scroll_and_long_labels_lose_their_middle() {
        let labels: Vec<String> = (1..=40)
            .map(|at| format!("arn:aws:iam::123456789012:role/a/long/path/Role{at}"))
            .collect();
        let mut list = List::new("Role", &labels, 0);
        list.press(&Key::ArrowUp);
        let look = Look {
            columns: 40,
            rows: 8,
            shows_unicode: false,
            ..LOOK
        };
        insta::assert_snapshot!(shown(&list, look), @r"
        Role: 
          arn:aws:iam...role/a/long/path/Role37
          arn:aws:iam...role/a/long/path/Role38
          arn:aws:iam...role/a/long/path/Role39
        > arn:aws:iam...role/a/long/path/Role40
          40 of 40
        arrows, enter, type to filter, esc
        ");
        list.press(&Key::ArrowDown);
        assert!(
            shown(&list, look).contains("> arn"),
            "{}",
            shown(&list, look)
        );
        for line in list.lines(look) {
            assert!(measure_text_width(&line) < 40, "{line}");
        }
    }

    #[test]
    fn without_a_filter_letters_do_nothing() {
        let labels = labels(&["one", "two"]);
        let mut list = List::new("Instead", &labels, 5);
        list.can_filter = false;
        for key in [Key::Char('o'), Key::Backspace, Key::Tab, Key::PageUp] {
            assert_eq!(list.press(&key), Outcome::Open);
        }
        assert!(!shown(&list, LOOK).contains("Instead: o"));
        assert_eq!(list.press(&Key::Enter), Outcome::Chosen(1));
    }
}
