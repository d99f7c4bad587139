//! How far work in many parts is: one line that draws itself anew, and says how long it has taken.

use std::time::Duration;

use dialoguer::console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::Environment;

/// Columns that a bar and its words need.
const NARROW: u16 = 40;

/// A bar on standard error; nothing where nobody looks on, or where a line cannot be drawn again.
///
/// ASCII and without colour, so that every terminal shows it alike.
#[derive(Clone, Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// Stands at 0 of `total` pieces of `what`, a few plain letters.
    pub fn new(environment: &Environment, what: &'static str, total: usize) -> Self {
        let draws = environment.raw("TERM").is_some_and(|term| term != "dumb");
        let target = match draws {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let length = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), target);
        // What is longer than the line would scroll.
        let style = match Term::stderr().size().1 {
            0..NARROW => "ob: {pos}/{len} {elapsed}",
            _ => "ob: {pos}/{len} {msg} [{wide_bar}] {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        if !bar.is_hidden() {
            // The seconds go on where the pieces do not.
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self(bar)
    }

    /// One more is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Takes it off the screen.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}
