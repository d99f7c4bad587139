//! Parses as much of a command line as possible when clap rejects it.

use clap::{Arg, Command, ValueEnum as _};

use crate::terminal::Color;

/// The verb, and the options that decide how an error is printed.
#[derive(Debug)]
pub struct PartialParse<'a> {
    /// The verb's words, `vpn up`; empty if the first word is no verb.
    pub(super) verb: String,
    pub(super) command: &'a Command,
    pub json: bool,
    pub color: Color,
    /// Whether the first word is followed by `--`, as in `ob dev -- CMD`.
    pub(super) is_before_separator: bool,
}

impl PartialParse<'_> {
    /// The verb's words, `vpn up`; empty if the first word is no verb.
    pub fn verb(&self) -> &str {
        &self.verb
    }
}

/// Parses `typed`, the words after `ob`, up to `--` or the first word of a command to run. After an
/// unknown word only options are recognised. `grammar` must be built, so that each verb has the
/// global options.
pub fn parse_partially<'a>(typed: &[String], grammar: &'a Command) -> PartialParse<'a> {
    let mut found = PartialParse {
        verb: String::new(),
        command: grammar,
        json: false,
        color: Color::Auto,
        is_before_separator: typed.get(1).is_some_and(|word| word == "--"),
    };
    let mut is_verb_unknown = false;
    let mut words = typed.iter().map(String::as_str).peekable();
    while let Some(word) = words.next().filter(|word| *word != "--") {
        if word.len() > 1 && word.starts_with('-') {
            let options = options(found.command, word);
            is_verb_unknown |= options.is_empty();
            for (option, value) in options {
                let takes_one = option.get_action().takes_values();
                let value = match value {
                    None if takes_one => words.next_if(|next| !next.starts_with('-')),
                    value => value,
                };
                match option.get_id().as_str() {
                    "json" => found.json = true,
                    "color" => {
                        let color = value.and_then(|word| Color::from_str(word, true).ok());
                        found.color = color.unwrap_or_default();
                    }
                    _ => {}
                }
            }
        } else if !is_verb_unknown && let Some(verb) = found.command.find_subcommand(word) {
            found.verb = [&found.verb, verb.get_name()].join(" ").trim().to_owned();
            found.command = verb;
        } else if found
            .command
            .get_positionals()
            .any(Arg::is_trailing_var_arg_set)
        {
            break;
        } else {
            is_verb_unknown |= found.command.has_subcommands();
        }
    }
    found
}

/// Parses one word, `--org=acme` or `-vp`, into its options, each with the value in the same word.
/// Returns none if one of them is unknown.
fn options<'a, 'w>(command: &'a Command, word: &'w str) -> Vec<(&'a Arg, Option<&'w str>)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let is_named = |option: &&Arg| {
            let aliases = option.get_all_aliases().unwrap_or_default();
            option.get_long() == Some(name) || aliases.contains(&name)
        };
        let option = command.get_arguments().find(is_named);
        return option.map(|option| (option, value)).into_iter().collect();
    }
    let mut set = Vec::new();
    let mut letters = word.trim_start_matches('-').chars();
    while let Some(letter) = letters.next() {
        let mut options = command.get_arguments();
        let Some(option) = options.find(|option| option.get_short() == Some(letter)) else {
            return Vec::new();
        };
        if option.get_action().takes_values() {
            let value = letters.as_str();
            let value = value.strip_prefix('=').unwrap_or(value);
            set.push((option, (!value.is_empty()).then_some(value)));
            break;
        }
        set.push((option, None));
    }
    set
}
