//! The only room that executes, forks or changes what the kernel thinks of this process.
//!
//! Commands run by replacement: after [`replace`] there is no `ob` left that could lose an exit code or
//! a signal. It is std's `exec`, never `execvp` itself, because std puts SIGPIPE and the signal mask back.

mod attend;
mod browser;
mod browser_variable;
mod detach;
mod open_page;
mod orphans;
mod panic_point;
mod program;
mod replace;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod seccomp;
mod shield;
mod starter;
mod supervisor_confinement;

pub use attend::{Attendant, exit_code, on_end_signals};
pub use browser::open_browser;
pub use browser_variable::browser_of_variable;
#[cfg(feature = "fido2")]
pub use detach::end_with_starter;
pub use detach::{
    become_own, close_strays, detach, nothing, own_path, silence, spawn_agent, spawn_own,
};
pub use open_page::open_page;
pub use orphans::Orphans;
pub use panic_point::panic_point;
pub use program::{
    Program, ProgramError, is_root_of_the_machine, is_roots_alone, run, run_on_terminal, start,
    start_as_is, start_with_input,
};
pub use replace::{is_there, replace};
pub use shield::{
    confine, has_descriptors, max_descriptors, raise_descriptors, shield, shield_agent,
};
pub use starter::starter_program;
pub use supervisor_confinement::confine_supervisor;
