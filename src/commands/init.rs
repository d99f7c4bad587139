//! `ob init`: prints what a shell sources for the prompt's segment and `ob use`.

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

Without eval, and without starting ob in each shell: write the text to a file once, and after an \
update of ob,
  mkdir -p ~/.local/share/ob && ob init bash >~/.local/share/ob/ob.bash
and source that: `. ~/.local/share/ob/ob.bash`. The same with zsh, fish and nu.";

/// Print what a shell sources: the prompt's segment and `ob use`
#[derive(clap::Args, Clone, Debug)]
#[command(after_long_help = LINES, after_help = LINES)]
pub struct Args {
    /// The shell, or direnv
    #[arg(value_enum)]
    shell: ScriptTarget,
}

/// The program that sources it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScriptTarget {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "nushell")]
    Nu,
    Direnv,
}

/// Runs `ob init`.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Report> {
    data(match args.shell {
        ScriptTarget::Bash => Shell::Bash.script(),
        ScriptTarget::Zsh => Shell::Zsh.script(),
        ScriptTarget::Fish => Shell::Fish.script(),
        ScriptTarget::Nu => Shell::Nu.script(),
        ScriptTarget::Direnv => DIRENV,
    })?;
    Ok(ExitCode::SUCCESS)
}
