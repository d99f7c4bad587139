//! The grammar of the command line, and the dispatch to the verbs.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::client::{Context, Globals};
use crate::commands::{
    agent, args::GlobalArgs, complete, completions, config, console, credential, doctor, env,
    examples, exec, help, init, list, login, logout, man, overview, roles, security_key, shell,
    status, usage_errors, use_profile, vpn, write,
};
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::terminal::{Output, data, stdout_is_terminal};

/// One Okta login for AWS credentials, the AWS console and the VPN; secrets stay in memory
#[derive(Debug, Parser)]
#[command(
    name = "ob",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    globals: GlobalArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// The verbs, each with the arguments that its file declares.
#[derive(Debug, Subcommand)]
enum Verb {
    Login(login::Args),
    Logout(logout::Args),
    Exec(exec::Args),
    Env(env::Args),
    Shell(Box<shell::Args>),
    Use(use_profile::Args),
    Credential(credential::Args),
    Write(write::Args),
    #[command(visible_alias = "web")]
    Console(console::Args),
    Roles(roles::Args),
    List(list::Args),
    Status(status::Args),
    Vpn(vpn::Args),
    Agent(agent::Args),
    /// Make, check and show the settings
    Config(config::Args),
    Doctor(doctor::Args),
    Init(init::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
    #[command(hide = true)]
    Complete(complete::Args),
    #[command(hide = true)]
    SecurityKey(security_key::Args),
}

/// What the exit codes of a verb mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ExitCodes {
    /// Every code is `ob`'s.
    Own,
    /// Exit code 1 may be the command's: our own failures exit 125.
    Wrapper,
}

impl Verb {
    fn exit_codes(&self) -> ExitCodes {
        match self {
            Self::Exec(_) | Self::Shell(_) => ExitCodes::Wrapper,
            Self::Vpn(args) if args.is_beside_a_child() => ExitCodes::Wrapper,
            _ => ExitCodes::Own,
        }
    }

    fn run(&self, context: &Context) -> Result<ExitCode, Report> {
        match self {
            Self::Login(args) => login::run(args, context),
            Self::Logout(args) => logout::run(args, context),
            Self::Exec(args) => exec::run(args, context),
            Self::Env(args) => env::run(args, context),
            Self::Shell(args) => shell::run(args, context),
            Self::Use(args) => use_profile::run(args, context),
            Self::Credential(args) => credential::run(args, context),
            Self::Write(args) => write::run(args, context),
            Self::Console(args) => console::run(args, context),
            Self::Roles(args) => roles::run(args, context),
            Self::List(args) => list::run(args, context),
            Self::Status(args) => status::run(args, context),
            Self::Vpn(args) => vpn::run(args, context),
            Self::Agent(args) => agent::run(args, context),
            Self::Config(args) => config::run(args, context),
            Self::Doctor(args) => doctor::run(args, context),
            Self::Init(args) => init::run(args),
            Self::Completions(args) => completions::run(args, &Cli::command()),
            Self::Complete(args) => complete::run(args, context),
            Self::SecurityKey(args) => security_key::run(args, context),
            Self::Man(args) => man::run(args, grammar()),
            Self::Help(args) => help::run(args, &grammar(), context),
        }
    }
}

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    if let Some(verb) = parse_fast_path(std::env::args_os) {
        return run_verb(Some(&verb), Globals::default());
    }
    if is_version(std::env::args_os) {
        let text = concat!("ob ", env!("CARGO_PKG_VERSION"), "\n");
        return exit_code_of(&data(text));
    }
    match parse(std::env::args_os()) {
        Ok(cli) => run_verb(cli.verb.as_ref(), cli.globals.into()),
        Err(error) => print_clap_error(&sanitize_clap_error(error)),
    }
}

/// Parses what shells, SDKs and prompts run all the time without clap, whose grammar takes longer
/// to build than the rest of these commands. Returns `None` for any other words.
fn parse_fast_path<W: Iterator<Item = OsString>>(words: impl Fn() -> W) -> Option<Verb> {
    let exec = exec::Args::parse_fast_path(words()).map(Verb::Exec);
    exec.or_else(|| credential::Args::parse_fast_path(words()).map(Verb::Credential))
        .or_else(|| complete::Args::parse_fast_path(words()).map(Verb::Complete))
        .or_else(|| is_only(words(), "status").then(|| Verb::Status(status::Args::default())))
}

/// Whether `words`, after the program's name, ask for the version alone.
fn is_version<W: Iterator<Item = OsString>>(words: impl Fn() -> W) -> bool {
    is_only(words(), "--version") || is_only(words(), "-V")
}

/// Whether `word` is all of `words` after the program's name.
fn is_only(words: impl Iterator<Item = OsString>, word: &str) -> bool {
    let mut words = words.skip(1);
    words.next().is_some_and(|first| first == word) && words.next().is_none()
}

fn exit_code_of<E>(printed: &Result<(), E>) -> ExitCode {
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs the verb, or what `ob` alone does.
fn run_verb(verb: Option<&Verb>, globals: Globals) -> ExitCode {
    let exit_codes = verb.map_or(ExitCodes::Own, Verb::exit_codes);
    let mut context = Context::new(globals);
    context.has_command = exit_codes == ExitCodes::Wrapper;
    if matches!(verb, Some(Verb::Credential(_))) {
        context.fill_in_home();
    }
    let outcome = check_org(verb, &context).and_then(|()| match verb {
        Some(verb) => verb.run(&context),
        None => overview::run(&context),
    });
    outcome.unwrap_or_else(|report| {
        if context.globals.json {
            context.output.json_message(&report.as_json());
        } else {
            context.output.report(&report);
        }
        ExitCode::from(match exit_codes {
            ExitCodes::Own => report.exit.code(),
            ExitCodes::Wrapper => report.exit.wrapper_code(),
        })
    })
}

/// Checks `--org` where the verb itself may not: an org that does not exist must not be ignored.
/// Settings that cannot be read are reported by the verbs that need them.
fn check_org(verb: Option<&Verb>, context: &Context) -> Result<(), Report> {
    let needs_settings = !matches!(
        verb,
        Some(Verb::Help(_) | Verb::Man(_) | Verb::Completions(_) | Verb::Init(_))
    );
    let named = context.globals.org.as_ref().filter(|_| needs_settings);
    match named.map(|name| (name, context.settings())) {
        Some((name, Ok(settings))) => settings.check_org(name),
        _ => Ok(()),
    }
}

/// Returns the grammar with the examples.
fn grammar() -> clap::Command {
    examples::add(Cli::command())
}

fn parse(words: impl IntoIterator<Item = OsString>) -> clap::error::Result<Cli> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut matches = grammar().try_get_matches_from(&words)?;
    let mut cli =
        Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut grammar()))?;
    if let Some(Verb::Exec(args)) = &mut cli.verb {
        args.take_profile(words);
    }
    Ok(cli)
}

/// Returns the error for the same words with control characters escaped: clap repeats what was
/// typed, which may have been pasted.
fn sanitize_clap_error(error: clap::Error) -> clap::Error {
    let typed = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let typed: Vec<String> = typed.collect();
    if typed.iter().all(|word| escape(word) == *word) {
        return error;
    }
    let again = parse(typed.iter().map(|word| escape(word).into()));
    again.err().unwrap_or(error)
}

/// Prints what clap returned instead of arguments: help to standard output, or the usage error.
fn print_clap_error(error: &clap::Error) -> ExitCode {
    let typed = std::env::args_os().skip(1);
    let typed: Vec<String> = typed
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let mut grammar = grammar();
    grammar.build();
    let partial = usage_errors::parse_partially(&typed, &grammar);
    let output = Output::new(partial.color, &std::env::vars_os().collect());
    let words: Vec<&str> = partial.verb().split_whitespace().collect();
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let in_color = output.is_colored() && stdout_is_terminal();
            return exit_code_of(&data(&help::page(&grammar, &words, in_color)));
        }
        ErrorKind::DisplayVersion => {
            return exit_code_of(&data(&error.render().to_string()));
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !partial.json => {
            output.message(&help::page(&grammar, &words, false));
        }
        _ => {
            let report = usage_errors::report(error, &partial, &grammar);
            if partial.json {
                output.json_message(&report.as_json());
            } else {
                output.report(&report);
            }
        }
    }
    ExitCode::from(Exit::Usage.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_passes_clap_checks() {
        Cli::command().debug_assert();
    }

    #[test]
    fn fast_paths_agree_with_clap() {
        let words = |line: &str| -> Vec<OsString> { line.split(' ').map(OsString::from).collect() };
        for line in [
            "ob exec -- aws s3 ls",
            "ob credential -p dev",
            "ob status",
            "ob complete profiles",
            "ob complete roles",
            "ob complete orgs",
        ] {
            let fast = parse_fast_path(|| words(line).into_iter()).expect(line);
            let by_clap = parse(words(line)).unwrap().verb.unwrap();
            assert_eq!(format!("{fast:?}"), format!("{by_clap:?}"), "{line}");
        }
        for line in [
            "ob",
            "ob status -v",
            "ob complete",
            "ob complete nothing",
            "ob complete profiles -v",
            "ob --json status",
            "ob --version",
        ] {
            assert!(
                parse_fast_path(|| words(line).into_iter()).is_none(),
                "{line}"
            );
        }
        assert!(is_version(|| words("ob -V").into_iter()));
        assert!(!is_version(|| words("ob --version status").into_iter()));
        let error = parse(words("ob --version")).unwrap_err();
        assert_eq!(
            error.to_string(),
            concat!("ob ", env!("CARGO_PKG_VERSION"), "\n")
        );
    }

    #[test]
    fn help_examples_parse() {
        for example in examples::command_lines() {
            let (_, typed) = example.split_once("ob ").unwrap();
            let typed = typed.split([')', '|', '>']).next().unwrap();
            let words = ["ob"].into_iter().chain(typed.split_whitespace());
            parse(words.map(OsString::from)).unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }

    #[test]
    fn no_option_takes_a_secret() {
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
