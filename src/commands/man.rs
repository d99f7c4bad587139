//! `ob man`: prints the manual, one page for each verb.

use std::process::ExitCode;

use clap_mangen::Man;

use crate::commands::examples::sections;
use crate::commands::usage_errors::similar_verbs;
use crate::report::{ErrorCode, Report};
use crate::terminal::data;

/// Print a page of the manual: `ob man exec | man -l -`
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The verb, in one word or two (config aws); none for the page of ob itself
    #[arg(value_name = "VERB")]
    verb: Vec<String>,
    /// Print the names of all pages instead
    #[arg(long, conflicts_with = "verb")]
    list: bool,
}

/// Prints one page, or the list; `command` is the whole grammar.
///
/// # Errors
/// When there is no such verb, or standard output cannot be written.
pub fn run(args: &Args, mut command: clap::Command) -> Result<ExitCode, Report> {
    command.build();
    if args.list {
        let mut names = Vec::new();
        list(&command, &mut Vec::new(), &mut names);
        data(&format!("{}\n", names.join("\n")))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = &command;
    for (at, word) in args.verb.iter().enumerate() {
        page = page.find_subcommand(word).ok_or_else(|| {
            Report::new(ErrorCode::ManNoPage, format!("there is no verb {word}"))
                .did_you_mean(
                    ["ob man", &args.verb[..at].join(" ")].join(" ").trim_end(),
                    similar_verbs(page, word),
                )
                .hint("`ob man --list` names the pages")
        })?;
    }
    let name = page.get_display_name().unwrap_or("ob").to_uppercase();
    let source = format!("ob {}", command.get_version().unwrap_or_default());
    let mut roff = Vec::new();
    // The examples are a section of their own.
    let plain = page.clone().after_help(None).after_long_help(None);
    Man::new(plain)
        .title(name)
        .source(source)
        .manual("ob")
        .render(&mut roff)
        .map_err(|error| {
            Report::new(ErrorCode::ManRender, "cannot write the page")
                .cause(error)
                .hint("`ob help` says the same")
        })?;
    let words = args.verb.join(" ");
    data(&(String::from_utf8_lossy(&roff).into_owned() + &sections(&words)))?;
    Ok(ExitCode::SUCCESS)
}

/// Appends the words of every verb that is not hidden.
fn list(command: &clap::Command, words: &mut Vec<String>, names: &mut Vec<String>) {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        words.push(verb.get_name().to_owned());
        names.push(words.join(" "));
        list(verb, words, names);
        words.pop();
    }
}
