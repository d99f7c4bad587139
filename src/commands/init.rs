//! `ob init`: what a shell sources to show the prompt's segment and to know `ob use`.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::prompt::{DIRENV, Shell};
use crate::report::Report;
use crate::terminal::data;

const LINES: &str = "\
One line each, at the end of the shell's own file:
  bash     ~/.bashrc                   eval \"$(ob init bash)\"
  zsh      ~/.zshrc                    eval \"$(ob init zsh)\"
  fish     ~/.config/fish/config.fish  ob init fish | source
  nushell  config.nu                   source ~/.local/share/ob/ob.nu
  direnv                               ob init direnv >~/.config/direnv/lib/ob.sh

Without eval, and without starting ob in each shell: write the text to a file once, and after an update of ob,
  mkdir -p ~/.local/share/ob && ob init bash >~/.local/share/ob/ob.bash
and source that: `. ~/.local/share/ob/ob.bash`. The same with zsh, fish and nu.";

/// Print what a shell sources: the prompt's segment and `ob use`
#[derive(clap::Args, Clone, Debug)]
#[command(after_long_help = LINES, after_help = LINES)]
pub struct Args {
    /// The shell, or direnv
    #[arg(value_enum)]
    shell: Sourcing,
}

/// Who sources it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sourcing {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "nushell")]
    Nu,
    Direnv,
}

/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Report> {
    data(match args.shell {
        Sourcing::Bash => Shell::Bash.script(),
        Sourcing::Zsh => Shell::Zsh.script(),
        Sourcing::Fish => Shell::Fish.script(),
        Sourcing::Nu => Shell::Nu.script(),
        Sourcing::Direnv => DIRENV,
    })?;
    Ok(ExitCode::SUCCESS)
}
