//! `ob man`: prints the manual, one page for each verb.

use std::process::ExitCode;

use clap::{Arg, ArgAction};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

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
    // The examples are a section of their own.
    let plain = page.clone().after_help(None).after_long_help(None);
    let plain = plain.mut_arg("help", |help| {
        help.help("Print help").long_help("Print help")
    });
    let man = Man::new(plain).title(name).source(source).manual("ob");
    let mut roff = Vec::new();
    render(&man, page, &mut roff).map_err(|error| {
        Report::new(ErrorCode::ManRender, "cannot write the page")
            .cause(error)
            .hint("`ob help` says the same")
    })?;
    let words = args.verb.join(" ");
    data(&(String::from_utf8_lossy(&roff).into_owned() + &sections(&words)))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page up to its examples.
fn render(man: &Man, command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    page.extend(synopsis(command).as_bytes());
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(page)?;
    }
    Ok(())
}

/// Returns the synopsis in roff: each option with its value, which clap_mangen's own lacks. The
/// options of every verb are in the section of options only.
fn synopsis(command: &clap::Command) -> String {
    let mut text = vec![bold(command.get_bin_name().unwrap_or("ob"))];
    let is_own = |option: &&Arg| !option.is_hide_set() && !option.is_global_set();
    let is_option = |option: &&Arg| !option.is_positional() && option.get_id() != "help";
    for option in command
        .get_arguments()
        .filter(|option| is_own(option) && is_option(option))
    {
        text.push(roman(" ["));
        match (option.get_short(), option.get_long()) {
            (Some(short), _) => text.push(bold(format!("-{short}"))),
            (None, long) => text.push(bold(format!("--{}", long.unwrap_or_default()))),
        }
        let takes_values = option.get_action().takes_values();
        let values = option.get_value_names().filter(|_| takes_values);
        for value in values.unwrap_or_default() {
            text.extend([roman(" "), italic(value.as_str())]);
        }
        text.push(roman("]"));
        if matches!(option.get_action(), ArgAction::Append) {
            text.push(roman("..."));
        }
    }
    for word in command.get_positionals().filter(is_own) {
        let names = word.get_value_names().unwrap_or_default();
        let name = names
            .iter()
            .map(clap::builder::Str::as_str)
            .collect::<Vec<_>>()
            .join(" ");
        let separator = if word.is_trailing_var_arg_set() || word.is_last_set() {
            " -- "
        } else {
            " "
        };
        let (open, close) = if word.is_required_set() {
            ("", "")
        } else {
            ("[", "]")
        };
        text.extend([roman(format!("{separator}{open}")), italic(name)]);
        let repeats = word
            .get_num_args()
            .is_some_and(|count| count.max_values() > 1);
        text.push(roman(format!(
            "{}{close}",
            if repeats { "..." } else { "" }
        )));
    }
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        text.extend([roman(" "), italic("VERB")]);
    }
    let mut page = Roff::new();
    page.control("SH", ["SYNOPSIS"]).text(text);
    page.to_roff()
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
