//! The arguments of `ob write`.

use std::path::PathBuf;

use crate::commands::args::{LimitArgs, MenuArgs, SignInArgs};

/// Write credentials to ~/.aws/credentials, for programs that read nothing else
///
/// This is the one command that puts secrets in a file. Only its own sections change; `--clean`
/// takes them out. `ob config aws` does the same without any secret on disk, wherever a program
/// knows `credential_process`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    /// Profiles of the settings
    #[arg(value_name = "PROFILE", conflicts_with_all = ["profile", "role", "all"])]
    pub names: Vec<String>,
    /// A profile of the settings; may be given again
    #[arg(short, long, value_name = "PROFILE", conflicts_with_all = ["role", "all"])]
    pub profile: Vec<String>,
    /// A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one; may be given again
    #[arg(short, long, value_name = "ROLE", conflicts_with = "all")]
    pub role: Vec<String>,
    /// Every role of every app
    #[arg(long, conflicts_with = "choose")]
    pub all: bool,
    /// AWS region for STS
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// How long the credentials should last, 15m to 12h
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    #[command(flatten)]
    pub limits: LimitArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// The file, instead of AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How sections are called, made of {alias} {account} {role} {path} {profile}; else the
    /// profile, or {alias}-{role}
    #[arg(long, value_name = "TEMPLATE")]
    pub name_template: Option<String>,
    /// Replace sections of these names that ob has not written
    #[arg(long)]
    pub replace: bool,
    /// aws_security_token, too, for old programs
    #[arg(long)]
    pub legacy: bool,
    /// Also write the roles it hands on to, as role_arn and source_profile in ~/.aws/config: those
    /// of `chain`, else those its policies name
    #[arg(long, conflicts_with = "all")]
    pub link: bool,
    /// Stay, and renew 10 minutes before they expire
    #[arg(long)]
    pub watch: bool,
    /// Take out everything that ob has written
    #[arg(
        long,
        conflicts_with_all = [
            "names", "profile", "role", "all", "region", "duration", "read_only", "policy_arn",
            "name_template", "replace", "legacy", "link", "watch", "choose",
        ],
    )]
    pub clean: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}
