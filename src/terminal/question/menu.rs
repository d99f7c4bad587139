//! Menus.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use console::{Term, measure_text_width};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::list::{List, Look, Outcome};
use super::{Echo, Question, Questions, copy, failed, io_failed, unanswered};
use crate::sanitize::escape;
use crate::terminal::error::TerminalError;
use crate::terminal::interrupt::{self, Open};

/// How often a number may be wrong.
const MAX_TRIES: usize = 3;

impl Questions {
    /// Lets the user choose one of `items`, of which the first is marked, by arrows or by typing a
    /// part of it; returns its index.
    ///
    /// # Errors
    /// Without a terminal, or when the user leaves without choosing.
    pub fn choose(
        &mut self,
        question: Question<'_>,
        items: &[String],
    ) -> Result<usize, TerminalError> {
        self.menu(question, items, 0, true)
    }

    /// As [`Self::choose`], for a short menu beside a secret's prompt: typed text is not shown, and
    /// letters and blanks do nothing. At first the item `marked` is marked.
    ///
    /// # Errors
    /// As [`Self::choose`].
    pub fn pick(
        &mut self,
        question: Question<'_>,
        items: &[String],
        marked: usize,
    ) -> Result<usize, TerminalError> {
        self.menu(question, items, marked, false)
    }

    fn menu(
        &mut self,
        question: Question<'_>,
        items: &[String],
        marked: usize,
        can_filter: bool,
    ) -> Result<usize, TerminalError> {
        let labels: Vec<String> = labels(items)
            .into_iter()
            .map(|label| self.output.in_terminal_charset(label))
            .collect();
        if self.dumb {
            return self.choose_by_number(question, &labels, marked);
        }
        let unseen = self.unseen;
        let (tty, _) = self.tty(question)?;
        let (keys, screen) = (copy(tty)?, copy(tty)?);
        let before = tcgetattr(tty).map_err(failed)?;
        // The mode stays the same between two keys: if Ctrl-C were a signal there, its handler
        // would restore the terminal while the next key makes it raw again.
        let mut during = before.clone();
        during.local_flags &= !(LocalFlags::ECHO
            | LocalFlags::ECHONL
            | LocalFlags::ICANON
            | LocalFlags::IEXTEN
            | LocalFlags::ISIG);
        interrupt::begin(Open::new(copy(tty)?, before, "")).map_err(|error| io_failed(&error))?;
        // Discards what was typed before the menu was visible.
        let chosen = tcsetattr(tty, SetArg::TCSAFLUSH, &during)
            .map_err(io::Error::from)
            .and_then(|()| {
                let prompt = self.output.in_terminal_charset(escape(question.text));
                let mut list = List::new(&prompt, &labels, marked);
                list.can_filter = can_filter;
                let screen = Term::read_write_pair(keys, screen);
                screen.hide_cursor()?;
                let chosen = self.show_list(&mut list, &screen);
                let _ = screen.show_cursor();
                chosen
            });
        if let Err(error) = &chosen
            && error.kind() == io::ErrorKind::Interrupted
        {
            interrupt::wait_for_signal();
        }
        interrupt::end(unseen);
        match chosen {
            Ok(Some(place)) => Ok(place),
            Ok(None) => Err(unanswered(question)),
            Err(error) => Err(io_failed(&error)),
        }
    }

    /// Shows `list` until an item is chosen, and removes it. Returns `None` if the user leaves.
    fn show_list(&self, list: &mut List<'_>, mut screen: &Term) -> io::Result<Option<usize>> {
        let look = || {
            let (rows, columns) = screen.size();
            Look {
                columns: usize::from(columns),
                rows: usize::from(rows),
                in_color: self.output.is_colored(),
                shows_unicode: self.output.shows_unicode(),
            }
        };
        loop {
            let lines = list.lines(look());
            screen.write_all(format!("{}\n", lines.join("\n")).as_bytes())?;
            screen.flush()?;
            let outcome = list.press(&screen.read_key()?);
            // The terminal may have become narrower, so that lines wrap.
            let columns = look().columns.max(1);
            let rows = |line: &String| measure_text_width(line).div_ceil(columns).max(1);
            screen.clear_last_lines(lines.iter().map(rows).sum())?;
            match outcome {
                Outcome::Open => {}
                Outcome::Chosen(item) => return Ok(Some(item)),
                Outcome::Left => return Ok(None),
            }
        }
    }

    /// The menu for terminals that cannot move their cursor, and for screen readers. Enter alone
    /// takes the item `marked`; a part of a label that only one has takes that one.
    fn choose_by_number(
        &mut self,
        question: Question<'_>,
        labels: &[String],
        marked: usize,
    ) -> Result<usize, TerminalError> {
        let last = labels.len();
        let mut text = String::new();
        for (place, label) in labels.iter().enumerate() {
            let _ = writeln!(text, "{:3}  {label}", place + 1);
        }
        for _ in 0..MAX_TRIES {
            let prompt = escape(question.text);
            let _ = write!(text, "{prompt} (1-{last}, Enter for {}): ", marked + 1);
            let answer = self.ask(question, &text, Echo::On)?;
            let typed = answer.trim();
            if typed.is_empty() && marked < last {
                return Ok(marked);
            }
            if let Some(place) = by_number(typed, labels) {
                return Ok(place);
            }
            text = format!(
                "not one of them: {}; type a number from 1 to {last}\n",
                escape(typed)
            );
        }
        Err(unanswered(question))
    }
}

/// Returns the index of the item with the number `typed`, or of the only one that contains it.
fn by_number(typed: &str, labels: &[String]) -> Option<usize> {
    if let Ok(number) = typed.parse::<usize>() {
        return number.checked_sub(1).filter(|place| *place < labels.len());
    }
    let typed = typed.to_lowercase();
    let mut found = labels.iter().enumerate();
    let mut found = found
        .by_ref()
        .filter(|(_, label)| label.to_lowercase().contains(&typed));
    let (place, _) = found.next()?;
    found.next().is_none().then_some(place)
}

/// Returns the items escaped, with numbers added to equal ones.
fn labels(items: &[String]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let plain = escape(item);
        let same = items
            .iter()
            .take(labels.len())
            .filter(|other| escape(other) == plain)
            .count();
        labels.push(match same {
            0 => plain,
            _ => format!("{plain} ({})", same + 1),
        });
    }
    labels
}
