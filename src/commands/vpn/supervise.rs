//! The hidden verbs that are the processes of a tunnel: `ob vpn supervise`, `keep` and
//! `keep-reserve`.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::report::Report;
use crate::tunnel::{self, Leftovers, Start};

/// Hold a tunnel
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// The runtime directory
    #[arg(long)]
    directory: PathBuf,
    /// For one command only
    #[arg(long)]
    private: bool,
}

/// Keep what a tunnel changes
#[derive(clap::Args, Clone, Debug)]
pub(super) struct KeepArgs {
    /// The runtime directory
    #[arg(long)]
    directory: PathBuf,
    /// The supervisor's own directory in it
    #[arg(long)]
    own: PathBuf,
    /// For one command only
    #[arg(long)]
    private: bool,
}

/// Runs the supervisor of a tunnel.
///
/// # Errors
/// When the supervisor cannot start.
pub(super) fn run(args: &Args) -> Result<ExitCode, Report> {
    tunnel::run(&Start {
        directory: args.directory.clone(),
        private: args.private,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the reaper.
///
/// # Errors
/// When the socket of the supervisor cannot be read.
pub(super) fn keep(args: &KeepArgs) -> Result<ExitCode, Report> {
    tunnel::run_reaper(&args.leftovers())?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the reserve, which replaces a killed reaper.
///
/// # Errors
/// When the socket of the supervisor cannot be read.
pub(super) fn run_reserve(args: &KeepArgs) -> Result<ExitCode, Report> {
    tunnel::run_reserve(&args.leftovers())?;
    Ok(ExitCode::SUCCESS)
}

impl KeepArgs {
    fn leftovers(&self) -> Leftovers {
        Leftovers {
            directory: self.directory.clone(),
            private_dir: self.own.clone(),
            is_private: self.private,
        }
    }
}
