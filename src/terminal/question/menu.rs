//! Menus.

use std::io;

use dialoguer::FuzzySelect;
use dialoguer::console::{Key, Term, measure_text_width, set_colors_enabled_stderr};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::{Echo, Question, Questions, copy, failed, io_failed, unanswered};
use crate::sanitize::escape;
use crate::terminal::error::TerminalError;
use crate::terminal::interrupt::{self, Open};

/// Maximum of lines shown at a time.
const LINES: usize = 20;

impl Questions {
    /// Lets the user choose one of `items` by typing a part of it; returns its index.
    ///
    /// # Errors
    /// Without a terminal, or when the user leaves without choosing.
    pub fn choose(
        &mut self,
        question: Question<'_>,
        items: &[String],
    ) -> Result<usize, TerminalError> {
        let in_colour = self.output.is_colored();
        self.menu(question, items, |prompt, labels, screen| {
            FuzzySelect::new()
                .with_prompt(prompt)
                .items(labels)
                .default(0)
                .max_length(LINES)
                .report(false)
                .highlight_matches(in_colour)
                .interact_on_opt(screen)
        })
    }

    /// As [`Self::choose`], for a short menu beside a secret's prompt: typed text is not shown, and
    /// letters and blanks do nothing. Arrows move, Enter takes the marked item, Escape leaves.
    ///
    /// # Errors
    /// As [`Self::choose`].
    /// As [`Self::choose`].
    pub fn pick(
        &mut self,
        question: Question<'_>,
        items: &[String],
    ) -> Result<usize, TerminalError> {
        self.menu(question, items, |prompt, labels, screen| {
            let place = by_arrows(&prompt, labels, screen);
            let _ = screen.show_cursor();
            Ok(place?)
        })
    }

    fn menu(
        &mut self,
        question: Question<'_>,
        items: &[String],
        draw: impl FnOnce(String, &[String], &Term) -> dialoguer::Result<Option<usize>>,
    ) -> Result<usize, TerminalError> {
        let labels: Vec<String> = labels(items)
            .into_iter()
            .map(|label| self.output.in_terminal_charset(label))
            .collect();
        if self.dumb {
            return self.choose_by_number(question, &labels);
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
            .map_err(|errno| dialoguer::Error::IO(errno.into()))
            .and_then(|()| {
                set_colors_enabled_stderr(self.output.is_colored());
                let prompt = self.output.in_terminal_charset(escape(question.text));
                draw(prompt, &labels, &Term::read_write_pair(keys, screen))
            });
        if let Err(dialoguer::Error::IO(error)) = &chosen
            && error.kind() == io::ErrorKind::Interrupted
        {
            interrupt::wait_for_signal();
        }
        interrupt::end(unseen);
        match chosen {
            Ok(Some(place)) => Ok(place),
            Ok(None) => Err(unanswered(question)),
            Err(dialoguer::Error::IO(error)) => Err(io_failed(&error)),
        }
    }

    /// The menu for terminals that cannot move their cursor. Enter alone takes the first item.
    fn choose_by_number(
        &mut self,
        question: Question<'_>,
        labels: &[String],
    ) -> Result<usize, TerminalError> {
        let mut text = String::new();
        for (place, label) in labels.iter().enumerate() {
            text += &format!("{:3}  {label}\n", place + 1);
        }
        text += &format!("{} (1-{}): ", escape(question.text), labels.len());
        let answer = self.ask(question, &text, Echo::On)?;
        let typed = answer.trim();
        if typed.is_empty() && !labels.is_empty() {
            return Ok(0);
        }
        typed
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|place| *place < labels.len())
            .ok_or_else(|| unanswered(question))
    }
}

/// Not dialoguer's `Select`, which reacts to `j`, `k`, `h`, `l`, `q`, Tab and the blank.
fn by_arrows(prompt: &str, labels: &[String], screen: &Term) -> io::Result<Option<usize>> {
    let mut marked = 0;
    let last = labels.len().saturating_sub(1);
    screen.hide_cursor()?;
    loop {
        let mut lines = vec![format!("{prompt}:")];
        for (place, label) in labels.iter().enumerate() {
            let mark = if place == marked { '>' } else { ' ' };
            lines.push(format!("{mark} {label}"));
        }
        screen.write_line(&lines.join("\n"))?;
        let key = loop {
            let key = screen.read_key()?;
            if [Key::ArrowUp, Key::ArrowDown, Key::Enter, Key::Escape].contains(&key) {
                break key;
            }
        };
        let width = usize::from(screen.size().1).max(1);
        let rows = |line: &String| measure_text_width(line).div_ceil(width).max(1);
        screen.clear_last_lines(lines.iter().map(rows).sum())?;
        match key {
            Key::ArrowUp => marked = marked.checked_sub(1).unwrap_or(last),
            Key::ArrowDown => marked = if marked == last { 0 } else { marked + 1 },
            Key::Enter => return Ok(Some(marked).filter(|_| !labels.is_empty())),
            _ => return Ok(None),
        }
    }
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
