//! Usage errors in the form of our reports, with hints for the names that other tools use.

mod partial_parse;

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::model::suggest;
use crate::report::{ErrorCode, Report};
use crate::sanitize::shell_word;
pub use partial_parse::{PartialParse, parse_partially};

/// Verbs of other tools, after the verb of ours that they are typed with, and the hint.
const FOREIGN_VERBS: &str = "\
ls|list-profiles|profiles: `ob list` lists your profiles, `ob roles` your roles
list-roles: `ob roles` lists your roles, `ob list` the profiles
add|new: `ob config add NAME` makes a profile from a menu of your roles
remove|rm|delete: `ob config remove NAME` takes a profile out, `ob logout` ends the session
edit: `ob config edit` opens the settings
clear: `ob logout` wipes all credentials and ends the session
rotate|renew|refresh: credentials renew themselves; `ob login --again` makes a new session
sso|signin|authenticate|auth: `ob login` signs you in
exec-server|server|daemon: `ob exec --refresh -- CMD` gives CMD credentials that renew themselves
export|export-creds|print: `ob env` prints credentials for a shell
process|credential-process: `ob credential -p PROFILE` is for `credential_process`
whoami|info: `ob status` says who is signed in
version: `ob --version`
run: `ob exec -- CMD` runs a command with a role's credentials
assume|assume-role: `ob use PROFILE` switches this shell, `ob shell PROFILE` starts one, \
    `ob exec PROFILE -- CMD` runs a command
up|connect: `ob vpn up` brings up the VPN
down|disconnect: `ob vpn down` takes the VPN down
start: nothing needs to be started; `ob login` signs in, `ob vpn up` brings up the VPN
stop|kill: `ob logout` ends the session, `ob agent stop` the agent
setup|configure: `ob config init` writes the settings
browser|open: `ob console` opens the AWS console
vpn start|connect|open: `ob vpn up` brings up the VPN
vpn stop|disconnect|close: `ob vpn down` takes the VPN down
agent start|restart: the agent is started by the first verb that needs it
config show|get|edit|set: `ob list` shows the profiles, \
    `ob config explain` every value and its file
";

/// Returns the hint for `word`, typed after `verb`, if other tools have such a verb.
fn foreign_verb_hint(verb: &str, word: &str) -> Option<&'static str> {
    FOREIGN_VERBS.lines().find_map(|line| {
        let (words, hint) = line.split_once(": ")?;
        let (below, words) = words.rsplit_once(' ').unwrap_or(("", words));
        (below == verb && words.split('|').any(|known| known == word)).then_some(hint)
    })
}

/// The limit of suggestions.
const MAX_SUGGESTIONS: usize = 3;

/// The verbs that take `-p` and `-r`, but no profile as a word.
const ROLE_VERBS: [&str; 1] = ["credential"];

/// Returns the report of clap's error, with hints that depend on the part of the command line that
/// could be parsed.
pub fn report(error: &clap::Error, partial: &PartialParse<'_>, grammar: &Command) -> Report {
    let PartialParse { verb, command, .. } = partial;
    let wrong = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let word = wrong(ContextKind::InvalidSubcommand).or_else(|| wrong(ContextKind::InvalidArg));
    let word = word.unwrap_or_default();
    let new = |code, summary| Report::new(code, summary);
    let report = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let path = ["ob", verb, word]
                .into_iter()
                .filter(|word| !word.is_empty());
            let path: Vec<&str> = path.collect();
            let report = new(
                ErrorCode::UsageNoVerb,
                format!("there is no `{}`", path.join(" ")),
            );
            let qualified = qualified_verb(grammar, word).filter(|_| verb.is_empty());
            let report = match partial.is_before_separator {
                true if verb.is_empty() => report.hint(format!(
                    "`ob exec {} -- CMD` runs a command with a profile's role",
                    shell_word(word)
                )),
                _ => report,
            };
            match (foreign_verb_hint(verb, word), qualified) {
                (Some(hint), _) => report.hint(hint),
                (None, Some(meant)) => report.hint(format!("did you mean `ob {meant}`?")),
                (None, None) => {
                    let prefix = ["ob ", verb].concat();
                    report.did_you_mean(prefix.trim_end(), similar_verbs(command, word))
                }
            }
        }
        ErrorKind::UnknownArgument => {
            let flag = word.split('=').next().unwrap_or(word);
            let report = new(
                ErrorCode::UsageUnexpected,
                format!("{} does not take `{word}`", quoted_command(verb)),
            );
            match (verb.as_str(), flag) {
                ("", "-p" | "--profile" | "-r" | "--role") => {
                    report.hint(format!("behind the verb: `ob exec {flag} NAME -- CMD`"))
                }
                ("login" | "logout", "-u" | "--user" | "--username") => report.hint(USERNAME_HINT),
                (verb, _) if !word.starts_with('-') && ROLE_VERBS.contains(&verb) => {
                    let word = shell_word(word);
                    report.hint(format!(
                        "`ob {verb} -p {word}` takes a profile, `-r` a role"
                    ))
                }
                ("login", _) if !word.starts_with('-') => report.hint(USERNAME_HINT),
                ("logout", _) if !word.starts_with('-') => {
                    report.hint("`--org NAME` ends the session of one of several orgs")
                }
                _ if command.find_subcommand(word).is_some() => {
                    report.hint("without the `--` in front of it")
                }
                _ => match wrong(ContextKind::SuggestedArg) {
                    Some(near) => report.hint(format!("did you mean `{near}`?")),
                    None => report,
                },
            }
        }
        ErrorKind::MissingRequiredArgument if verb == "exec" || verb == "vpn exec" => new(
            ErrorCode::UsageNoCommand,
            "there is no command to run".to_owned(),
        )
        .hint(format!("`ob {verb} -- CMD` runs one")),
        ErrorKind::MissingRequiredArgument => {
            let missing = context_values(error, ContextKind::InvalidArg);
            let here = match missing.iter().any(|missing| missing.starts_with('-')) {
                true => " with what was typed",
                false => "",
            };
            let missing = missing.join("`, `");
            let summary = format!("{} needs `{missing}`{here}", quoted_command(verb));
            let report = new(ErrorCode::UsageMissing, summary);
            match missing.as_str() {
                "<PROFILE>" => report.hint("`ob list` shows the profiles"),
                _ => report,
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let summary = format!("{} needs a verb behind it", quoted_command(verb));
            new(ErrorCode::UsageMissing, summary)
        }
        ErrorKind::ArgumentConflict => {
            let others = context_values(error, ContextKind::PriorArg);
            let summary = match others.join("`, `") {
                other if other == word => format!("`{word}` can be given only once"),
                others => format!("`{word}` cannot be used with `{others}`"),
            };
            new(ErrorCode::UsageConflict, summary)
        }
        ErrorKind::TooManyValues => new(ErrorCode::UsageValue, format!("`{word}` takes no value")),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => value(error, word),
        _ => {
            let text = error.to_string();
            let text = text.lines().next().unwrap_or_default();
            let text = text.strip_prefix("error: ").unwrap_or(text);
            new(ErrorCode::UsageMistake, text.to_owned())
        }
    };
    let help = ["ob help ", verb].concat();
    let what = match verb.as_str() {
        "" => "names the verbs",
        _ => "says how it is used",
    };
    report.hint(format!("`{}` {what}", help.trim_end()))
}

/// Returns the report of a value that `argument` does not take, or of a missing one.
fn value(error: &clap::Error, argument: &str) -> Report {
    let one = |kind| context_values(error, kind).into_iter().next();
    let value = one(ContextKind::InvalidValue).unwrap_or_default();
    let summary = match value {
        "" => format!("`{argument}` needs a value"),
        value => format!("`{argument}` cannot be `{value}`"),
    };
    let report = Report::new(ErrorCode::UsageValue, summary);
    let valid = context_values(error, ContextKind::ValidValue);
    let near = suggest(value, valid.iter().map(|valid| (valid, *valid)));
    let report = match valid.join(", ") {
        none if none.is_empty() => report,
        valid => report.cause(format!("it can be: {valid}")),
    };
    let report = match error.source() {
        Some(source) => report.cause(source),
        None => report,
    };
    match near.first() {
        Some(near) => report.hint(format!("did you mean `{near}`?")),
        None => report,
    }
}

fn context_values(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word],
        Some(ContextValue::Strings(words)) => words.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

const USERNAME_HINT: &str =
    "who signs in is `username` of the settings, or for once: `OB_ORG_USERNAME=NAME ob login`";

fn quoted_command(verb: &str) -> String {
    match verb {
        "" => "`ob`".to_owned(),
        verb => format!("`ob {verb}`"),
    }
}

/// Returns `config import` if `import` was typed without its verb.
fn qualified_verb(grammar: &Command, word: &str) -> Option<String> {
    let is_shown = |verb: &&Command| !verb.is_hide_set();
    let mut verbs = grammar.get_subcommands().filter(is_shown);
    verbs.find_map(|verb| {
        let below = verb.find_subcommand(word).filter(is_shown)?;
        Some([verb.get_name(), below.get_name()].join(" "))
    })
}

/// Returns the verbs of `command` that resemble `word` or begin with it.
pub(super) fn similar_verbs<'a>(command: &'a Command, word: &str) -> Vec<&'a str> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let names: Vec<&str> = verbs.map(Command::get_name).collect();
    let near = suggest(word, names.iter().map(|name| (name, *name)));
    if !near.is_empty() || word.is_empty() {
        return near;
    }
    let mut begun = names;
    begun.retain(|name| name.starts_with(word));
    begun.sort_by_key(|name| name.len());
    begun.truncate(MAX_SUGGESTIONS);
    begun
}
