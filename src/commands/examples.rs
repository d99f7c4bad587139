//! The examples and the exit status of each verb, for `-h`, `--help` and the manual.

use std::fmt::Write as _;

use clap_mangen::roff::{Roff, bold, roman};

use crate::report::Exit;

/// The examples: each verb in brackets, then its command lines with what they do.
const EXAMPLES: &str = r#"
[]
ob config init  # once: asks for your org
ob login  # sign in; `ob exec` does it too where it must
ob exec -- terraform plan  # run a command with your role's credentials
[login]
ob login  # asks for what is missing
ob login --factor push  # takes this factor, whatever the settings say
ob login --again  # a new session, though one is live
[exec]
ob exec dev -- terraform plan  # with the role of the profile dev
ob exec -- terraform plan  # the default profile, else a menu of your roles
ob exec -p prod --min-ttl 45m -- ./release.sh  # 45 minutes at least
ob exec -r 123456789012/Deploy -- aws s3 ls  # a role without a profile
ob exec --choose -- aws s3 ls  # the menu once more, for another role
ob exec --read-only -p prod -- aws s3 ls  # that cannot change anything
[env]
eval "$(ob env dev)"  # into this bash or zsh
eval "$(ob env --unset)"  # takes them out again
[shell]
ob shell prod  # your own shell; `exit` returns
ob shell -r 123456789012/Deploy --shell zsh  # another one
[credential]
credential_process = ob credential -p dev  # in a profile of ~/.aws/config
ob config aws  # writes such profiles
[write]
ob write dev --watch  # written anew before they expire, until Ctrl-C
ob write --clean  # takes out what ob has written
[console]
ob console dev --service s3  # opens your browser there
ob console dev --print  # prints the address instead
[list]
ob list  # profiles, their roles, and how long each lasts
[config add]
ob config add dev  # from a menu of your roles
ob config add prod -r 123456789012/Deploy --confirm  # asks before each use
[roles]
ob roles  # as they were last read
ob roles --refresh  # read from Okta again
[vpn]
ob vpn up  # until Ctrl-C
ob vpn exec -- psql -h db  # one command inside the tunnel, without root
ob vpn status  # what the tunnel did to this machine
[vpn up]
ob vpn up -d  # in the background; `ob vpn down` ends it
ob vpn up --route 10.0.0.0/8  # this network only
[vpn exec]
ob vpn exec -- psql -h db  # no other program sees the tunnel
ob vpn exec -- curl https://intranet.acme.com/  # ends with its command
"#;

/// Returns each verb with its examples: the command line, and what it does.
fn examples() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    EXAMPLES.split("\n[").skip(1).filter_map(|section| {
        let (verb, lines) = section.split_once("]\n")?;
        let examples = lines.lines().filter_map(|line| line.split_once("  # "));
        Some((verb, examples.collect()))
    })
}

/// The verbs that return the exit status of a command.
const WRAPPERS: [&str; 3] = ["exec", "shell", "vpn exec"];

/// Adds examples and exit status to the end of `-h` and `--help`.
pub fn add(grammar: clap::Command) -> clap::Command {
    examples().fold(grammar, |grammar, (verb, examples)| {
        let words: Vec<&str> = verb.split_whitespace().collect();
        below(grammar, &words, &|command| {
            let short = as_text(&examples);
            let long = format!("{short}\n\n{}\n  {}", heading("Exit status"), status(verb));
            command.after_help(short).after_long_help(long)
        })
    })
}

fn below(
    command: clap::Command,
    words: &[&str],
    change: &dyn Fn(clap::Command) -> clap::Command,
) -> clap::Command {
    match words.split_first() {
        None => change(command),
        Some((word, words)) => command.mut_subcommand(*word, |verb| below(verb, words, change)),
    }
}

/// The width of common terminals. Where an example and what it does are wider, they have a line
/// each.
const MAX_COLUMNS: usize = 80;

fn as_text(examples: &[(&str, &str)]) -> String {
    let width = examples.iter().map(|(line, _)| line.len()).max();
    let width = width.unwrap_or(0);
    let is_narrow = |(_, what): &(&str, &str)| width + what.len() + "    ".len() <= MAX_COLUMNS;
    let are_narrow = examples.iter().all(is_narrow);
    let mut text = heading("Examples");
    for (command_line, what) in examples {
        let _ = match are_narrow {
            true => write!(text, "\n  {command_line:width$}  {what}"),
            false => write!(text, "\n  # {what}\n  {command_line}"),
        };
    }
    text
}

/// Returns a heading in the colour of clap's own headings, which it leaves out where it writes
/// without colour.
fn heading(text: &str) -> String {
    format!("\x1b[1m\x1b[32m{text}:\x1b[0m")
}

fn status(verb: &str) -> String {
    let describe = |exit: Exit, code: u8| format!("{code} {}", exit.meaning());
    if WRAPPERS.contains(&verb) {
        let codes = Exit::ALL.map(|exit| describe(exit, exit.wrapper_code()));
        return format!(
            "the command's own, 128+n when a signal ended it; of ob itself: {}",
            codes.join(", ")
        );
    }
    let codes = Exit::ALL
        .iter()
        .filter(|exit| !matches!(exit, Exit::NotExecutable | Exit::NotFound))
        .map(|exit| describe(*exit, exit.code()));
    format!("0 ok, {}", codes.collect::<Vec<_>>().join(", "))
}

/// Returns the sections of the manual page of `verb`, in roff.
pub(super) fn sections(verb: &str) -> String {
    let mut page = Roff::new();
    if let Some((_, examples)) = examples().find(|(known, _)| *known == verb) {
        page.control("SH", ["EXAMPLES"]);
        for (command_line, what) in examples {
            page.control("TP", []);
            page.text([bold(command_line)]);
            page.text([roman(what)]);
        }
    }
    page.control("SH", ["EXIT STATUS"]);
    page.text([roman(status(verb))]);
    page.to_roff()
}

/// Returns the command line of every example.
#[cfg(test)]
pub(crate) fn command_lines() -> impl Iterator<Item = &'static str> {
    examples().flat_map(|(_, examples)| examples.into_iter().map(|(command_line, _)| command_line))
}
