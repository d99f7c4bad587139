//! The program `ob-sandbox`: starts the servers, and runs the real `ob` with a home of its own.

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::run()
}
