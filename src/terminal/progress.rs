//! The progress bar: one line with the number of finished parts and the elapsed time.

use std::time::Duration;

use dialoguer::console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::Environment;

/// Minimum of columns for a bar and its text.
const NARROW: u16 = 40;

/// A bar on standard error. Does nothing if that is no terminal or cannot redraw a line.
///
/// ASCII without colour, so that it looks the same on every terminal.
#[derive(Clone, Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Shows a bar at 0 of `total`; `what` is ASCII.
    pub fn new(environment: &Environment, what: &'static str, total: usize) -> Self {
        let draws = environment.raw("TERM").is_some_and(|term| term != "dumb");
        let target = match draws {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let length = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), target);
        // A line longer than the terminal would scroll.
        let style = match Term::stderr().size().1 {
            0..NARROW => "ob: {pos}/{len} {elapsed}",
            _ => "ob: {pos}/{len} {msg} [{wide_bar}] {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        if !bar.is_hidden() {
            // The elapsed time advances between parts too.
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self(bar)
    }

    /// Counts one finished part.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
