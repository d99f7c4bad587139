//! What `ob` gives to shells: their scripts (`shell/`), the class of an environment, and
//! assignments in each shell's syntax. Pure; it has no credentials.

mod assignment;
mod class;
mod shell;

pub use assignment::{Assignment, assignments};
pub use class::Class;
pub use shell::{DIRENV, START_BASHRC, START_ZSHENV, START_ZSHRC, Shell};
