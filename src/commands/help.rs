//! `ob help`: prints the help page of a verb, as `--help` and `-h` do.

use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};

use crate::client::Context;
use crate::commands::usage_errors::similar_verbs;
use crate::report::{ErrorCode, Report};
use crate::terminal::{data, stdout_is_terminal};

/// As cargo's and uv's help pages.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// The options of every verb, by clap's ids. Only the page of `ob` itself describes them.
const OPTIONS_OF_EVERY_VERB: [&str; 7] = [
    "config", "org", "no_agent", "json", "verbose", "color", "help",
];

/// Say how a verb is used: `ob help exec`
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The verb, in one word or two (config aws); none for all verbs
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
}

/// Prints the help page of a verb; `grammar` is the whole grammar.
///
/// # Errors
/// When there is no such verb, or standard output cannot be written.
pub fn run(args: &Args, grammar: &clap::Command, context: &Context) -> Result<ExitCode, Report> {
    let mut found = grammar;
    for (at, word) in args.verb.iter().enumerate() {
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
    let in_color = context.output.is_colored() && stdout_is_terminal();
    data(&page(grammar, &args.verb, in_color))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the help page of the verb `words`, or of `ob` itself without words.
pub fn page(grammar: &clap::Command, words: &[impl AsRef<str>], in_color: bool) -> String {
    let mut grammar = grammar.clone().styles(STYLES);
    grammar.build();
    let mut found = &grammar;
    for word in words {
        found = found.find_subcommand(word.as_ref()).unwrap_or(found);
    }
    let mut command = found
        .clone()
        .mut_arg("help", |help| help.help("Print help"));
    let mut after: Vec<String> = command
        .get_after_long_help()
        .map(|text| text.ansi().to_string())
        .into_iter()
        .collect();
    if words.is_empty() {
        after.push("`ob help VERB` says how a verb is used.".to_owned());
    } else {
        for option in OPTIONS_OF_EVERY_VERB {
            command = command.mut_arg(option, |option| option.hide(true));
        }
        after.push("Options of every verb, such as --json and --org: `ob help`".to_owned());
    }
    if let Some(about) = command.get_long_about().cloned() {
        command = command.about(about);
    }
    let help = command.after_help(after.join("\n\n")).render_help();
    match in_color {
        true => help.ansi().to_string(),
        false => help.to_string(),
    }
}
