//! Processes: the only module that executes, forks, or changes kernel settings of this process.
//!
//! Commands replace `ob` ([`replace`]), so that it cannot lose their exit code or signals. That is
//! std's `exec`, not `execvp`, because std restores SIGPIPE and the signal mask.

mod agent_program;
mod browser;
mod browser_variable;
mod detach;
mod foreground_child;
mod harden;
mod open_page;
mod orphans;
mod panic_point;
mod parent;
mod program;
mod replace;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod seccomp;
mod supervisor_confinement;

pub use agent_program::{AgentProgramError, agent_program};
pub use browser::open_browser;
pub use browser_variable::browser_of_variable;
#[cfg(feature = "fido2")]
pub use detach::end_with_starter;
pub use detach::{
    close_inherited_fds, current_program, detach, exec_self, nothing, silence, spawn_agent,
    spawn_self,
};
pub use foreground_child::{ForegroundChild, exit_code, on_end_signals};
pub use harden::{
    confine, harden, harden_agent, has_descriptors, max_descriptors, raise_descriptors,
};
pub use open_page::open_page;
pub use orphans::Orphans;
pub use panic_point::panic_point;
pub use parent::parent_program;
pub use program::{
    ProgramError, TrustedProgram, is_root_of_the_machine, is_writable_by_root_only, run,
    run_on_terminal, start, start_as_is, start_with_input,
};
pub use replace::{exists_in_path, replace};
pub use supervisor_confinement::confine_supervisor;
