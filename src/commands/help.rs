//! `ob help`: prints the `--help` of a verb.

use std::process::ExitCode;

use crate::commands::usage_errors::similar_verbs;
use crate::report::{ErrorCode, Report};
use crate::terminal::data;

/// Say how a verb is used: `ob help exec`
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The verb, in one word or two (config aws); none for all verbs
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
}

/// Prints what `--help` prints; `command` is the whole grammar.
///
/// # Errors
/// When there is no such verb, or standard output cannot be written.
pub fn run(args: &Args, mut command: clap::Command) -> Result<ExitCode, Report> {
    let mut found = &command;
    for (at, word) in args.verb.iter().enumerate() {
        // Looked up first: after `exec`, clap takes any word and a `--help` as the command's.
        found = found.find_subcommand(word).ok_or_else(|| {
            Report::new(
                ErrorCode::HelpNoVerb,
                format!("there is no verb {}", args.verb.join(" ")),
            )
            .did_you_mean(
                ["ob help", &args.verb[..at].join(" ")].join(" ").trim_end(),
                similar_verbs(found, word),
            )
            .hint("`ob help` names the verbs")
        })?;
    }
    let words = ["ob"].into_iter();
    let words = words.chain(args.verb.iter().map(String::as_str));
    if let Err(help) = command.try_get_matches_from_mut(words.chain(["--help"])) {
        data(&help.render().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
