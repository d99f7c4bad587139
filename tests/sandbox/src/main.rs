//! The program: the servers of the library, and around them what a person or a script needs to run
//! the real `ob` against them without touching anything of their own.

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::run()
}
