//! What was typed and means nothing, told in our own words: with what other tools call a verb, and where a word goes.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::model::nearest;
use crate::report::{Exit, Report};
use crate::shown::shell_word;

/// Words for which nothing here looks alike, below which verb, and what is meant.
const ELSEWHERE: [(&str, &[&str], &str); 15] = [
    (
        "",
        &["list", "ls"],
        "`ob roles` lists your roles, `ob config list` the profiles",
    ),
    ("", &["whoami", "info"], "`ob status` says who is signed in"),
    ("", &["version"], "`ob --version`"),
    (
        "",
        &["run", "assume", "assume-role"],
        "`ob exec -- CMD` runs a command with a role's credentials",
    ),
    ("", &["up", "connect"], "`ob vpn up` brings up the VPN"),
    (
        "",
        &["down", "disconnect"],
        "`ob vpn down` takes the VPN down",
    ),
    (
        "",
        &["start"],
        "nothing needs to be started; `ob login` signs in, `ob vpn up` brings up the VPN",
    ),
    (
        "",
        &["stop", "kill"],
        "`ob logout` ends the session, `ob agent stop` the agent",
    ),
    (
        "",
        &["setup", "configure"],
        "`ob config init` writes the settings",
    ),
    (
        "",
        &["import", "check", "explain"],
        "it is a verb of `ob config`",
    ),
    (
        "",
        &["browser", "web", "open"],
        "`ob console` opens the AWS console",
    ),
    (
        "vpn",
        &["start", "connect", "open"],
        "`ob vpn up` brings up the VPN",
    ),
    (
        "vpn",
        &["stop", "disconnect", "close"],
        "`ob vpn down` takes the VPN down",
    ),
    (
        "agent",
        &["start", "restart"],
        "the agent is started by the first verb that needs it",
    ),
    (
        "config",
        &["show", "get", "edit", "set"],
        "`ob config list` shows the profiles, `ob config explain` every value and its file",
    ),
];

/// Verbs that are about a profile or role.
const OF_A_ROLE: [&str; 5] = ["shell", "env", "credential", "write", "console"];

/// What to say of a mistake; nothing where clap's own words are good. `typed` is what was typed behind `ob`, `grammar`
/// what could have been.
pub fn report(error: &clap::Error, typed: &[String], grammar: &clap::Command) -> Option<Report> {
    let wrong = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let word = wrong(ContextKind::InvalidSubcommand).or_else(|| wrong(ContextKind::InvalidArg));
    let word = word.unwrap_or_default();
    // What follows the mistake was not looked at.
    let understood = typed.iter().position(|typed| typed.starts_with(word));
    let understood = match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument => understood,
        _ => None,
    };
    let (verb, command) = verb(&typed[..understood.unwrap_or(typed.len())], grammar);
    let new = |name, summary| Report::new(Exit::Usage, name, summary);
    let report = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let path = ["ob", &verb, word]
                .into_iter()
                .filter(|word| !word.is_empty());
            let path: Vec<&str> = path.collect();
            let report = new("usage.no_verb", format!("there is no `{}`", path.join(" ")));
            let elsewhere = ELSEWHERE
                .iter()
                .find(|(below, words, _)| *below == verb && words.contains(&word));
            match elsewhere {
                Some((.., meant)) => report.hint(*meant),
                None => {
                    let prefix = ["ob ", &verb].concat();
                    report.did_you_mean(prefix.trim_end(), offered(error, command))
                }
            }
        }
        ErrorKind::UnknownArgument => {
            let flag = word.split('=').next().unwrap_or(word);
            let report = new(
                "usage.unexpected",
                format!("{} does not take `{word}`", spoken(&verb)),
            );
            let near = match error.get(ContextKind::SuggestedArg) {
                Some(ContextValue::String(near)) => Some(near.as_str()),
                _ => None,
            };
            match (verb.as_str(), flag) {
                ("", "-p" | "--profile" | "-r" | "--role") => {
                    report.hint(format!("behind the verb: `ob exec {flag} NAME -- CMD`"))
                }
                ("login" | "logout", "-u" | "--user" | "--username") => report.hint(WHO),
                (verb, _) if !word.starts_with('-') && OF_A_ROLE.contains(&verb) => {
                    let word = shell_word(word);
                    report.hint(format!(
                        "`ob {verb} -p {word}` takes a profile, `-r` a role"
                    ))
                }
                ("login", _) if !word.starts_with('-') => report.hint(WHO),
                ("logout", _) if !word.starts_with('-') => {
                    report.hint("`--org NAME` ends the session of one of several orgs")
                }
                _ => match near {
                    Some(near) => report.hint(format!("did you mean `{near}`?")),
                    None => report,
                },
            }
        }
        ErrorKind::MissingRequiredArgument if verb == "exec" || verb == "vpn exec" => {
            new("usage.no_command", "there is no command to run".to_owned())
                .hint(format!("`ob {verb} -- CMD` runs one"))
        }
        _ => return None,
    };
    let help = ["ob help ", &verb].concat();
    let what = match verb.as_str() {
        "" => "names the verbs",
        _ => "says how it is used",
    };
    Some(report.hint(format!("`{}` {what}", help.trim_end())))
}

const WHO: &str =
    "who signs in is `username` of the settings, or for once: `OB_ORG_USERNAME=NAME ob login`";

fn spoken(verb: &str) -> String {
    match verb {
        "" => "`ob`".to_owned(),
        verb => format!("`ob {verb}`"),
    }
}

/// The verb as far as it was understood, and its grammar.
fn verb<'a>(typed: &[String], grammar: &'a clap::Command) -> (String, &'a clap::Command) {
    let (mut words, mut command) = (Vec::new(), grammar);
    for word in typed {
        if let Some(found) = command.find_subcommand(word) {
            words.push(found.get_name());
            command = found;
        }
    }
    (words.join(" "), command)
}

/// What clap offers, without the verbs that people are not shown.
fn offered<'a>(error: &'a clap::Error, command: &clap::Command) -> Vec<&'a str> {
    let Some(ContextValue::Strings(near)) = error.get(ContextKind::SuggestedSubcommand) else {
        return Vec::new();
    };
    let is_shown = |name: &str| {
        let verb = command.find_subcommand(name);
        verb.is_some_and(|verb| !verb.is_hide_set())
    };
    near.iter()
        .map(String::as_str)
        .filter(|name| is_shown(name))
        .collect()
}

/// Which verbs right below `command` may have been meant by a word that is none.
pub(super) fn alike<'a>(command: &'a clap::Command, word: &str) -> Vec<&'a str> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    nearest(word, verbs.map(|verb| (verb.get_name(), verb.get_name())))
}
