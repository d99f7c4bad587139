//! The `credential_process` command of a profile.

use std::path::{Component, Path, PathBuf};

use crate::client::Context;
use crate::config::Flags;
use crate::paths;
use crate::report::{ErrorCode, Report};

/// Returns the program and arguments of `ob credential` for `profile`.
pub(super) fn credential_command(context: &Context, profile: &str) -> Result<Vec<String>, Report> {
    let mut command = vec![utf8(&program(context)?)?];
    command.extend(credential_arguments(context, profile)?);
    Ok(command)
}

/// Returns the arguments of `ob credential` for `profile`, with the settings file and the org of
/// this command.
pub(super) fn credential_arguments(
    context: &Context,
    profile: &str,
) -> Result<Vec<String>, Report> {
    let mut arguments = vec!["credential".into(), "-p".into(), profile.to_owned()];
    if let Some(file) = &context.globals.config {
        let has_parent = file.components().any(|part| part == Component::ParentDir);
        let absolute = match has_parent {
            true => file.canonicalize(),
            // A link stays, so that its target can be changed.
            false => std::path::absolute(file),
        };
        let absolute = absolute.unwrap_or_else(|_| file.clone());
        arguments.extend(["--config".into(), utf8(&absolute)?]);
    }
    if let Some(org) = &context.globals.org {
        let settings = context.settings()?;
        let own = settings.resolve_org(&Flags::for_profile(profile), &context.environment);
        if !own.is_ok_and(|own| own.name.as_ref() == Some(org)) {
            arguments.extend(["--org".into(), org.clone()]);
        }
    }
    Ok(arguments)
}

/// Returns the path of `ob` on PATH, which an update keeps, else that of the running program.
fn program(context: &Context) -> Result<PathBuf, Report> {
    let running = std::env::current_exe().map_err(|error| {
        let summary = "cannot tell where ob is installed";
        Report::new(ErrorCode::ConfigProgram, summary)
            .cause(error)
            .hint("`command -v ob` shows it; is /proc mounted?")
    })?;
    let is_running = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path == running);
    let on_path = paths::on_search_path(&context.environment, "ob");
    Ok(on_path.filter(is_running).unwrap_or(running))
}

fn utf8(path: &Path) -> Result<String, Report> {
    path.to_str().map(ToOwned::to_owned).ok_or_else(|| {
        let summary = "cannot write this path to the AWS file";
        Report::new(ErrorCode::ConfigProgram, summary)
            .cause(format!("{} is not UTF-8", path.display()))
            .hint("install ob where the path is plain text")
    })
}
