//! What a prompt shows and how a shell is told, as pure values.
//!
//! The shells' own files (`shell/`) draw the segment; this room has what goes into them: which class a role is
//! of, and assignments in each shell's own syntax, in which every value is text whatever it holds. It knows
//! nothing of credentials.

mod assignment;
mod class;
mod shell;

pub use assignment::{Assignment, assignments};
pub use class::Class;
pub use shell::{DIRENV, START_BASHRC, START_ZSHENV, START_ZSHRC, Shell};
