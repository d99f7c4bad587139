//! `ob completions`: what a shell needs to complete `ob`'s own words.

use std::process::ExitCode;

use clap_complete::{Shell, generate};

use crate::report::Report;
use crate::terminal::data;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// The shell to complete in
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script; `command` is the whole grammar, which is known above this floor.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Args, mut command: clap::Command) -> Result<ExitCode, Report> {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "ob", &mut script);
    data(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
