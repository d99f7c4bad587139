//! `ob config remove`: takes a profile out of the settings file.

use std::process::ExitCode;

use super::own_file::OwnFile;
use crate::client::Context;
use crate::config::remove_profile;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;

/// Take a profile out of the settings
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// A profile of the settings
    #[arg(value_name = "PROFILE")]
    name: String,
}

/// Runs `ob config remove`.
///
/// # Errors
/// When there is no such profile in the user's own file, or the file cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let file = OwnFile::read(context)?;
    let name = escape(&args.name);
    let Some(text) = remove_profile(file.text(), &args.name)? else {
        context
            .settings()?
            .check_profile(&args.name, "ob config remove")?;
        return Err(Report::new(
            ErrorCode::ConfigForeignProfile,
            format!("the profile {name} is not in your settings file"),
        )
        .cause(format!("your file is {}", file.path().display()))
        .hint("`ob config explain` shows which file it is in"));
    };
    file.replace(&text, context)?;
    context.output.message(&format!(
        "ob: took the profile {name} out of {}",
        file.path().display()
    ));
    Ok(ExitCode::SUCCESS)
}
