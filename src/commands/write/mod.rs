//! `ob write`: writes credentials to `~/.aws/credentials`, for programs that read nothing else. It
//! is the only verb that writes keys to a file.

mod args;
mod batch;
mod clean;
mod every_role;
mod links;
mod outcome;
mod plan;
mod watch;

use std::process::ExitCode;

use crate::aws_files::Kind;
use crate::client::{Context, unreadable};
use crate::report::Report;

pub use args::Args;

/// Runs `ob write`.
///
/// # Errors
/// When there are no credentials, or the file cannot be written. It is unchanged then.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let path = match &args.file {
        Some(file) => file.clone(),
        None => Kind::Credentials.path(&context.environment)?,
    };
    if args.clean {
        return clean::run(&path, context);
    }
    let plan = plan::Plan::new(args, context, path)?;
    for path in [Some(&plan.path), plan.config.as_ref()]
        .into_iter()
        .flatten()
    {
        // Other programs skip such lines, so this is no error. JSON has it in the answer.
        if let Some(report) = unreadable(path)?.filter(|_| !context.globals.json) {
            context.output.report(&report);
        }
    }
    if args.watch {
        return watch::run(&plan);
    }
    let outcome = every_role::run_once(&plan, None)?;
    outcome.print(context, &plan.path, None)?;
    outcome.refusal().map_or(Ok(ExitCode::SUCCESS), Err)
}
