//! `ob agent`: shows or stops the agent.

use std::process::ExitCode;

use clap::Subcommand;

use crate::client::{Context, StopOutcome, clear_expiry_files, stop_agents};
use crate::commands::status;
use crate::report::Report;

/// Look at the agent, or stop it
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: Operation,
}

#[derive(Subcommand, Clone, Debug)]
enum Operation {
    /// End the agent; everything it holds is wiped
    Stop,
    /// What `ob status` shows
    Status,
}

/// Runs `ob agent`.
///
/// # Errors
/// When the agent cannot be asked.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    match &args.what {
        Operation::Stop => {
            let stopped = stop_agents(context)?;
            clear_expiry_files(context, None);
            let text = match stopped[..] {
                [] => "ob: no agent is running".to_owned(),
                [StopOutcome::Stopped] => "ob: the agent has stopped".to_owned(),
                [StopOutcome::Abandoned] => {
                    "ob: the agent cannot be reached, because its socket is gone; it ends by \
                     itself shortly"
                        .to_owned()
                }
                _ => format!(
                    "ob: {} agents, in different runtime directories, have stopped or end soon",
                    stopped.len()
                ),
            };
            context.output.message(&text);
            Ok(ExitCode::SUCCESS)
        }
        Operation::Status => status::run(&status::Args {}, context),
    }
}
