//! The progress bar: one line with the number of finished parts and the elapsed time.
//!
//! It is drawn here because indicatif computes rates with libm, which the loader would map at each
//! start of `ob` (docs/performance.md).

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use console::Term;

use crate::terminal::output::Output;

/// Minimum of columns for a bar and its text.
const NARROW: usize = 40;
/// The elapsed time advances between parts too.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);

/// A bar on standard error. Does nothing if that is no terminal or cannot redraw a line.
///
/// ASCII without colour, so that it looks the same on every terminal. Clones share the line.
#[derive(Clone, Debug)]
pub struct Bar(Arc<Mutex<Option<Drawing>>>);

/// The thread that draws. It ends, and removes the line, when the sender is dropped.
#[derive(Debug)]
struct Drawing {
    steps: Sender<()>,
    thread: JoinHandle<()>,
}

impl Bar {
    /// Shows a bar at 0 of `total`; `what` is ASCII.
    pub fn new(output: Output, what: &'static str, total: usize) -> Self {
        let drawing = output.can_redraw().then(|| {
            let (steps, received) = channel();
            let thread = std::thread::spawn(move || {
                let (start, mut done) = (Instant::now(), 0);
                let mut next = start;
                loop {
                    let left = next.saturating_duration_since(Instant::now());
                    match received.recv_timeout(left) {
                        Ok(()) => done += 1,
                        Err(RecvTimeoutError::Timeout) => {
                            let columns = usize::from(Term::stderr().size().1);
                            output.progress(&line(what, done, total, start.elapsed(), columns));
                            next = Instant::now() + REDRAW_INTERVAL;
                        }
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
                output.progress("");
            });
            Drawing { steps, thread }
        });
        Self(Arc::new(Mutex::new(drawing)))
    }

    /// Counts one finished part.
    pub fn step(&self) {
        let drawing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(drawing) = &*drawing {
            let _ = drawing.steps.send(());
        }
    }

    /// Removes the bar, for all clones.
    pub fn clear(&self) {
        let drawing = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Drawing { steps, thread }) = drawing {
            drop(steps);
            let _ = thread.join();
        }
    }
}

/// Returns the line for a terminal of so many columns. The last column stays empty: some terminals
/// wrap after it.
fn line(what: &str, done: usize, total: usize, elapsed: Duration, columns: usize) -> String {
    let seconds = elapsed.as_secs();
    let time = format!("{}:{:02}", seconds / 60, seconds % 60);
    let counted = format!("ob: {done}/{total}");
    if columns < NARROW {
        return format!("{counted} {time}");
    }
    let start = format!("{counted} {what} [");
    let width = (columns - 1).saturating_sub(start.len() + time.len() + "] ".len());
    let filled = (width * done.min(total))
        .checked_div(total)
        .unwrap_or(width);
    let head = if filled < width { ">" } else { "" };
    let bar = format!("{}{head}", "=".repeat(filled));
    format!("{start}{bar:width$}] {time}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_the_line_but_one_column() {
        let at = |done, columns| line("roles", done, 500, Duration::from_secs(64), columns);
        assert_eq!(
            at(0, 48),
            format!("ob: 0/500 roles [>{}] 1:04", " ".repeat(23))
        );
        let half = format!("{}>{}", "=".repeat(11), " ".repeat(10));
        assert_eq!(at(250, 48), format!("ob: 250/500 roles [{half}] 1:04"));
        assert_eq!(
            at(500, 48),
            format!("ob: 500/500 roles [{}] 1:04", "=".repeat(22))
        );
        for columns in [40, 80, 200] {
            assert_eq!(at(7, columns).len(), columns - 1);
        }
        assert_eq!(at(7, 39), "ob: 7/500 1:04");
        // An agent that sends more parts than it announced.
        assert!(line("roles", 3, 0, Duration::ZERO, 80).contains('='));
    }
}
