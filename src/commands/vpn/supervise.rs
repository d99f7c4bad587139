//! `ob vpn supervise`: the process that holds a tunnel, and the one that keeps its name servers.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::report::Report;
use crate::tunnel::{self, Start};

/// Hold a tunnel
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The runtime directory
    #[arg(long, required_unless_present = "keep_name_servers")]
    directory: Option<PathBuf>,
    /// For one command only
    #[arg(long)]
    private: bool,
    /// Keep the name servers for the supervisor at standard input
    #[arg(long)]
    keep_name_servers: bool,
}

/// # Errors
/// When it cannot start.
pub(super) fn run(args: &Args) -> Result<ExitCode, Report> {
    if args.keep_name_servers {
        tunnel::keep_name_servers()?;
    } else {
        tunnel::run(&Start {
            directory: args.directory.clone().unwrap_or_default(),
            private: args.private,
        })?;
    }
    Ok(ExitCode::SUCCESS)
}
