//! `ob config`: makes, shows and checks the settings.

mod add;
mod aws;
mod aws_profile;
mod check;
mod credential_command;
mod edit;
mod explain;
mod import;
mod init;
mod list;
mod own_file;
mod remove;
mod save;

use std::process::ExitCode;

use crate::client::Context;
use crate::report::Report;

pub use aws_profile::profile_matches;
pub use save::hint_to_save;

/// Writes the settings' profiles to `~/.aws/config`, as `ob config aws` does, without stdout.
///
/// # Errors
/// As `ob config aws`.
pub fn write_aws_profiles(context: &Context) -> Result<(), Report> {
    aws::write_profiles(context)
}

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// Ask for the org and write a first settings file
    Init(init::Args),
    Add(add::Args),
    /// Open the settings file in your editor, and check it afterwards
    Edit,
    Remove(remove::Args),
    /// Read the settings and say what is wrong with them
    Check,
    /// Show the profiles
    List,
    Aws(aws::Args),
    Import(import::Args),
    /// Show where each value came from, and whose credentials programs take in this shell
    Explain,
}

/// Runs `ob config`.
///
/// # Errors
/// When the settings cannot be used, or an answer is needed and not given.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    match &args.verb {
        Verb::Init(args) => init::run(args, context),
        Verb::Add(args) => add::run(args, context),
        Verb::Edit => edit::run(context),
        Verb::Remove(args) => remove::run(args, context),
        Verb::Check => check::run(context),
        Verb::List => list::run(context),
        Verb::Aws(args) => aws::run(args, context),
        Verb::Import(args) => import::run(args, context),
        Verb::Explain => explain::run(context),
    }
}
