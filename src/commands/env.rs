//! `ob env`: prints a role's credentials as text, for `eval` and for programs that read a file.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::aws::{Dialect, EXPORTED_NAMES, export_script, unset_script};
use crate::client::{Context, credentials, resolve_for_menu};
use crate::commands::args::{MenuArgs, NamedRoleArgs, SignInArgs, parse_min_ttl};
use crate::process::{panic_point, parent_program};
use crate::prompt;
use crate::report::{ErrorCode, Report};
use crate::terminal::{data, stdout_is_terminal};

/// Print a role's credentials as variables, for `eval "$(ob env)"`
///
/// bash, zsh: eval "$(ob env)" · fish: ob env | source · nushell: ob env --shell nu | from json
/// | load-env · PowerShell: ob env --shell powershell | Out-String | Invoke-Expression. `ob
/// exec` and `ob config aws` keep the keys out of your shell altogether.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub role: NamedRoleArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// The shell to write for; else the one that runs ob, or what SHELL names
    #[arg(long, value_enum)]
    pub shell: Option<Shell>,
    /// Write for a program instead
    #[arg(long, value_enum, conflicts_with = "shell")]
    pub format: Option<Format>,
    #[arg(
        long,
        help = "Take the variables out of the shell again; asks nobody",
        conflicts_with_all = ["format", "legacy", "min_ttl", "choose"],
    )]
    pub unset: bool,
    /// Names that only old programs read, too: AWS_SECURITY_TOKEN, X_SECURITY_TOKEN_EXPIRES
    #[arg(long)]
    pub legacy: bool,
    /// Write secrets even to a terminal, where they can be seen
    #[arg(long)]
    pub reveal: bool,
    /// Only if the credentials last at least this long: 45m
    #[arg(long, value_name = "TIME")]
    pub min_ttl: Option<String>,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Nu,
    Powershell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NAME=value, as docker and .env readers take it
    Dotenv,
    /// One object
    Json,
}

/// Runs `ob env`.
///
/// # Errors
/// When standard output is a terminal, or there are no credentials.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let dialect = dialect(args, context);
    if args.unset {
        data(&unset_script(dialect, &EXPORTED_NAMES))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.reveal && stdout_is_terminal() {
        let words = args.role.words();
        return Err(Report::new(
            ErrorCode::EnvTerminal,
            "will not show secrets on a terminal",
        )
        .cause("standard output is one")
        .hint(format!(
            "`{}` sets them in this shell; `ob exec{words} -- CMD` keeps them out of it",
            eval_command(dialect, &words)
        ))
        .hint(format!("`ob env{words} --reveal` shows them")));
    }
    let min_ttl = parse_min_ttl(args.min_ttl.as_deref())?;
    let (menu, sign_in) = (args.menu.menu(), args.sign_in.options());
    let target = resolve_for_menu(context, args.role.selection(), menu, &sign_in)?;
    let credentials = credentials(context, &target, min_ttl, menu, &sign_in)?.credentials;
    let region = target.region(&credentials.role, context)?;
    let names = target.child_context(&credentials.role, region.as_ref());
    panic_point("client.export", credentials.secret_access_key.expose());
    let present = context.environment.iter().map(|(name, _)| name);
    data(&export_script(
        dialect,
        &credentials,
        &names,
        args.legacy,
        present,
    )?)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the command line by which a shell takes what `ob env` prints.
pub(super) fn eval_command(dialect: Dialect, words: &str) -> String {
    match dialect {
        Dialect::Fish => format!("ob env{words} --shell fish | source"),
        Dialect::Nu => format!("ob env{words} --shell nu | from json | load-env"),
        Dialect::PowerShell => {
            format!("ob env{words} --shell powershell | Out-String | Invoke-Expression")
        }
        Dialect::Posix | Dialect::Dotenv | Dialect::Json => format!("eval \"$(ob env{words})\""),
    }
}

fn dialect(args: &Args, context: &Context) -> Dialect {
    match (args.format, context.globals.json, args.shell) {
        (Some(Format::Dotenv), ..) => Dialect::Dotenv,
        (Some(Format::Json), ..) | (None, true, None) => Dialect::Json,
        (_, _, Some(shell)) => shell.into(),
        (None, false, None) => running_dialect(context),
    }
}

/// Returns the syntax of the shell that runs `ob`, POSIX if that is unknown.
pub(super) fn running_dialect(context: &Context) -> Dialect {
    let shell = |program: &OsStr| match program.to_str()? {
        "sh" | "dash" | "ash" | "ksh" | "mksh" | "busybox" => Some(Dialect::Posix),
        "pwsh" | "powershell" => Some(Dialect::PowerShell),
        _ => prompt::Shell::of_program(program).map(|shell| match shell {
            prompt::Shell::Bash | prompt::Shell::Zsh => Dialect::Posix,
            prompt::Shell::Fish => Dialect::Fish,
            prompt::Shell::Nu => Dialect::Nu,
        }),
    };
    let starter = parent_program();
    let named = context.environment.raw("SHELL").map(Path::new);
    let named = named.and_then(Path::file_name);
    starter
        .as_deref()
        .and_then(shell)
        .or_else(|| named.and_then(shell))
        .unwrap_or(Dialect::Posix)
}

impl From<Shell> for Dialect {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash | Shell::Zsh => Self::Posix,
            Shell::Fish => Self::Fish,
            Shell::Nu => Self::Nu,
            Shell::Powershell => Self::PowerShell,
        }
    }
}
