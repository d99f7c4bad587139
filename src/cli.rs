//! What can be typed, and which verb each word means. Types and dispatch only.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};
use serde_json::json;

use crate::commands::{
    Context, Globals, agent, completions, config, exec, login, logout, roles, status, vpn,
};
use crate::report::{Exit, Report};
use crate::terminal::{Voice, data};

/// One Okta login for AWS credentials, the AWS console and the VPN; no secret ever on disk
#[derive(Debug, Parser)]
#[command(
    name = "ob",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    verb: Verb,
}

/// One variant a verb; each holds the arguments its own file declares.
#[derive(Debug, Subcommand)]
enum Verb {
    Login(login::Args),
    Logout(logout::Args),
    Exec(exec::Args),
    Roles(roles::Args),
    Status(status::Args),
    Vpn(vpn::Args),
    Agent(agent::Args),
    /// Make, check and show the settings
    Config(config::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
}

impl Verb {
    fn run(&self, context: &Context) -> Result<ExitCode, Report> {
        match self {
            Self::Login(args) => login::run(args, context),
            Self::Logout(args) => logout::run(args, context),
            Self::Exec(args) => exec::run(args, context),
            Self::Roles(args) => roles::run(args, context),
            Self::Status(args) => status::run(args, context),
            Self::Vpn(args) => vpn::run(args, context),
            Self::Agent(args) => agent::run(args, context),
            Self::Config(args) => config::run(args, context),
            Self::Completions(args) => completions::run(args, Cli::command()),
        }
    }
}

/// From the process's arguments to its exit code.
pub fn run() -> ExitCode {
    if let Some(args) = exec::Args::recognise(std::env::args_os()) {
        let context = Context::new(Globals::default());
        return finish(exec::run(&args, &context), &context, Beside::AChild);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let beside = match &cli.verb {
        Verb::Exec(_) => Beside::AChild,
        Verb::Vpn(args) if args.is_beside_a_child() => Beside::AChild,
        _ => Beside::Nothing,
    };
    let context = Context::new(cli.globals);
    finish(cli.verb.run(&context), &context, beside)
}

/// Whose exit code 1 would be.
#[derive(Clone, Copy)]
enum Beside {
    AChild,
    Nothing,
}

fn finish(outcome: Result<ExitCode, Report>, context: &Context, beside: Beside) -> ExitCode {
    outcome.unwrap_or_else(|report| {
        if context.globals.json {
            context.voice.say_json(&as_json(&report));
        } else {
            context.voice.report(&report);
        }
        ExitCode::from(match beside {
            Beside::AChild => report.exit.code_beside_a_child(),
            Beside::Nothing => report.exit.code(),
        })
    })
}

/// A failure for a script: on standard error like every failure, since standard output is for answers.
fn as_json(report: &Report) -> serde_json::Value {
    json!({
        "error": report.name,
        "exit": report.exit.code(),
        "summary": report.summary,
        "causes": report.causes,
        "hints": report.hints,
    })
}

/// Help that was asked for is an answer; all else that clap says is about a mistake in what was typed.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match data(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Voice::default().say(&text);
            ExitCode::from(Exit::Usage.code())
        }
        _ => {
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            Voice::default().say(&format!("ob: {text}"));
            ExitCode::from(Exit::Usage.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_secret() {
        fn look(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or_default();
                let takes_a_value = argument.get_action().takes_values();
                let secret = ["password", "passcode", "secret", "token"];
                assert!(
                    !takes_a_value || !secret.iter().any(|word| name.contains(word)),
                    "--{name}"
                );
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }
}
