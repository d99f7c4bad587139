//! Command line of `ob-sandbox`, and its ways of lending out the servers: for one command, for an
//! interactive shell, for a script, for a VPN. The only file of the crate that prints.

mod child;
mod home;
mod ob;
mod tour;
mod verbs;
mod vpn;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use ob_sandbox::{Options, Pipeline, StepUpEnd};

/// An Okta org and an AWS STS on this machine, to try `ob` without an account anywhere.
#[derive(Debug, Parser)]
#[command(name = "ob-sandbox", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Sign in through the real `ob` and run one command with a role's credentials
    Exec {
        /// Who signs in
        #[arg(long, default_value = "bob", value_name = "NAME")]
        user: String,
        /// The role, as `ob exec -r` takes it; their first one when left out
        #[arg(long, short, value_name = "ROLE")]
        role: Option<String>,
        #[command(flatten)]
        program: Program,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Open a shell in which `ob` works, and say who to sign in as
    Try {
        /// Who signs in
        #[arg(long, default_value = "alice", value_name = "NAME")]
        user: String,
        /// What the org says about its sign-in pipeline
        #[arg(long, value_enum, default_value = "v1")]
        pipeline: PipelineName,
        /// Sign in as a user who has every factor
        #[arg(long, value_enum, value_name = "WHICH")]
        factors: Option<Factors>,
        /// First show five commands and run them: login, exec, shell, console, VPN
        #[arg(long)]
        tour: bool,
        #[command(flatten)]
        program: Program,
    },
    /// Bring up the VPN through the real `ob` and a real openvpn, ping through it, take it down
    Vpn {
        /// Who signs in
        #[arg(long, default_value = "bob", value_name = "NAME")]
        user: String,
        /// We are in a network of our own already
        #[arg(long, hide = true)]
        inside: bool,
        #[command(flatten)]
        program: Program,
        /// A command to run while the VPN is up, instead of a ping
        #[arg(last = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Run the servers until a signal; one line of JSON says where they are
    Serve {
        /// What the org says about its sign-in pipeline
        #[arg(long, value_enum, default_value = "v1")]
        pipeline: PipelineName,
        /// A host name for the org, for clients that take no bare address
        #[arg(long, value_name = "NAME")]
        host: Option<String>,
        /// The org's port
        #[arg(long, value_name = "PORT", default_value_t = 443, requires = "host")]
        port: u16,
        /// AWS apps ask for a second factor again, and this ends it
        #[arg(long, value_enum, value_name = "END", num_args = 0..=1,
            default_missing_value = "link")]
        step_up: Option<StepUpName>,
    },
    /// Print the code an authenticator app with this secret shows now
    Code {
        /// Shared secret, base32
        #[arg(value_name = "SECRET")]
        secret: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Factors {
    All,
}

#[derive(Debug, clap::Args)]
struct Program {
    /// This `ob` instead of one built from this workspace
    #[arg(long, value_name = "FILE")]
    ob: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PipelineName {
    V1,
    Idx,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StepUpName {
    /// A link back to the app
    Link,
    /// A session token
    SessionToken,
    /// Neither
    Bare,
}

impl From<StepUpName> for StepUpEnd {
    fn from(name: StepUpName) -> StepUpEnd {
        match name {
            StepUpName::Link => StepUpEnd::Link,
            StepUpName::SessionToken => StepUpEnd::SessionToken,
            StepUpName::Bare => StepUpEnd::Bare,
        }
    }
}

impl From<PipelineName> for Pipeline {
    fn from(name: PipelineName) -> Pipeline {
        match name {
            PipelineName::V1 => Pipeline::V1,
            PipelineName::Idx => Pipeline::Idx,
        }
    }
}

/// Parses the arguments and does what they say.
pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Exec {
            user,
            role,
            program,
            command,
        } => verbs::exec(&user, role.as_deref(), program.ob, &command),
        Verb::Try {
            user,
            pipeline,
            factors,
            tour,
            program,
        } => {
            let user = match factors {
                Some(Factors::All) => "judy".to_owned(),
                None => user,
            };
            verbs::attempt(&user, pipeline.into(), tour, program.ob)
        }
        Verb::Vpn {
            user,
            inside,
            program,
            command,
        } if inside => vpn::inside(&user, program.ob, &command),
        Verb::Vpn {
            user,
            program,
            command,
            ..
        } => vpn::enter(&user, program.ob, &command),
        Verb::Serve {
            pipeline,
            host,
            port,
            step_up,
        } => verbs::serve(Options {
            pipeline: pipeline.into(),
            host: host.map(|host| (host, port)),
            step_up: step_up.is_some(),
            step_up_end: step_up.map(Into::into).unwrap_or_default(),
            ..Options::default()
        }),
        Verb::Code { secret } => verbs::code(&secret),
    };
    result.unwrap_or_else(|error| {
        notice(&format!("ob-sandbox: {error}"));
        ExitCode::FAILURE
    })
}

/// A line of data.
#[expect(clippy::print_stdout, reason = "the program's own output")]
fn print(line: &str) {
    println!("{line}");
}

/// A line for people.
#[expect(clippy::print_stderr, reason = "the program's own messages")]
fn notice(line: &str) {
    eprintln!("{line}");
}

/// An error that needs no more than a sentence.
fn failed(sentence: String) -> io::Error {
    io::Error::other(sentence)
}
