//! `ob completions`: prints the completion script of a shell.
//!
//! clap generates the scripts from the grammar. Static scripts cannot know profiles, roles and
//! orgs, so their places are patched to call `ob complete`.

use std::process::ExitCode;

use clap::ValueEnum;
use clap_complete::{Generator, Shell, generate};
use clap_complete_nushell::Nushell;

use crate::report::Report;
use crate::terminal::data;

#[derive(clap::Args, Debug)]
pub struct Args {
    /// The shell to complete in
    #[arg(value_enum)]
    shell: Completing,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Completing {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "nushell")]
    Nu,
    Elvish,
    Powershell,
}

/// The options whose values `ob complete` knows: flag, value name, kind of words.
const DYNAMIC_OPTIONS: [(&str, &str, &str); 5] = [
    ("--profile", "PROFILE", "profiles"),
    ("-p", "PROFILE", "profiles"),
    ("--role", "ROLE", "roles"),
    ("-r", "ROLE", "roles"),
    ("--org", "NAME", "orgs"),
];

/// The verbs whose first word is a profile.
const PROFILE_VERBS: [&str; 7] = [
    "exec",
    "env",
    "shell",
    "use",
    "write",
    "console",
    "config remove",
];

const BASH: &str = r#"
# Words that the settings and the agent know; none of them is ever expanded.
_ob_known() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ $word == "$cur"* ]]; then
            printf -v word %q "$word"
            COMPREPLY+=("$word")
        fi
    done < <(command ob complete "$1" 2>/dev/null </dev/null)
}

# What stands behind `--`, from the word $1 on, is a command of its own: it completes as that does.
_ob_command() {
    local at=$1 word spec words
    COMPREPLY=()
    if ((COMP_CWORD == at)); then
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -c -- "$cur" | sort -u)
        # A directory gets its slash and no space. bash 3.2 cannot be told so.
        if [[ $cur == */* ]] && type compopt &>/dev/null; then
            compopt -o filenames 2>/dev/null
        fi
        return 0
    fi
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$at"
        return
    fi
    if declare -F _command_offset >/dev/null; then
        _command_offset "$at"
        return
    fi
    spec=$(complete -p "${COMP_WORDS[at]}" 2>/dev/null) || return 0
    case "$spec" in
        *' -F '*)
            spec=${spec##* -F }
            words=("${COMP_WORDS[@]:at}")
            local COMP_CWORD=$((COMP_CWORD - at)) COMP_LINE="${words[*]}"
            local COMP_WORDS=("${words[@]}") COMP_POINT=${#COMP_LINE}
            "${spec%% *}" "${words[0]}" "$cur" "$prev"
            ;;
    esac
}
"#;

/// Inserted before the verb's own words are completed.
const BASH_COMMAND: &str = r#"
    case "${cmd}" in
        ob__subcmd__exec|ob__subcmd__vpn__subcmd__exec)
            for ((i = 1; i < COMP_CWORD; i++)); do
                if [[ ${COMP_WORDS[i]} == -- ]]; then
                    _ob_command $((i + 1))
                    return 0
                fi
            done
            ;;
    esac

"#;

/// Returns what is inserted where the words of a verb of [`PROFILE_VERBS`] are completed: its first
/// word is at `index` of the command line.
fn bash_profile_word(index: usize) -> String {
    let condition = format!("${{cur}} != -* && ${{COMP_CWORD}} -eq {index}");
    [
        &format!("            if [[ {condition} ]] ; then\n"),
        "                _ob_known profiles\n",
        "                return 0\n",
        "            fi\n",
    ]
    .concat()
}

const ZSH: &str = r#"
# Words that the settings and the agent know.
(( $+functions[_ob_known] )) ||
_ob_known() {
    local -a known
    known=("${(@f)$(command ob complete $1 2>/dev/null </dev/null)}")
    shift
    compadd "$@" -a known
}
(( $+functions[_ob_profiles] )) || _ob_profiles() { _ob_known profiles "$@" }
(( $+functions[_ob_roles] )) || _ob_roles() { _ob_known roles "$@" }
(( $+functions[_ob_orgs] )) || _ob_orgs() { _ob_known orgs "$@" }
# The first word of `ob exec` may be a profile; what follows is a command line.
(( $+functions[_ob_exec] )) ||
_ob_exec() {
    if (( CURRENT == 1 )) && [[ $LBUFFER != *' -- '* ]]; then
        _ob_known profiles
    fi
    _normal
}
"#;

/// Prints the script for the grammar `command`.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(args: &Args, command: &clap::Command) -> Result<ExitCode, Report> {
    let command = visible(command);
    data(&match args.shell {
        Completing::Bash => bash(&script(Shell::Bash, command)),
        Completing::Zsh => zsh(&script(Shell::Zsh, command)),
        Completing::Fish => fish(&script(Shell::Fish, command)),
        Completing::Nu => script(Nushell, command),
        Completing::Elvish => script(Shell::Elvish, command),
        Completing::Powershell => script(Shell::PowerShell, command),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn script(shell: impl Generator, mut command: clap::Command) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command, "ob", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Returns the grammar without hidden verbs and options, which clap would complete as well.
fn visible(command: &clap::Command) -> clap::Command {
    let arguments = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set());
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let mut shown = clap::Command::new(command.get_name().to_owned())
        .args(arguments.cloned())
        .subcommands(verbs.map(visible))
        .disable_help_subcommand(true);
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    match command.get_version() {
        Some(version) => shown.version(version.to_owned()),
        None => shown,
    }
}

fn bash(script: &str) -> String {
    let mut out = BASH.trim_start().to_owned() + "\n";
    let mut asked = None;
    for line in script.lines() {
        let trimmed = line.trim();
        if line == r#"    case "${cmd}" in"# {
            out.truncate(out.trim_end().len());
            out += "\n";
            out += BASH_COMMAND;
        }
        if let Some(what) = asked.take()
            && trimmed == r#"COMPREPLY=($(compgen -f "${cur}"))"#
        {
            out += &line.replace(trimmed, what);
            out.push('\n');
            continue;
        }
        let option = trimmed.strip_suffix(')');
        asked = DYNAMIC_OPTIONS.iter().find_map(|(name, _, what)| {
            (option == Some(name)).then_some(match *what {
                "profiles" => "_ob_known profiles",
                "roles" => "_ob_known roles",
                _ => "_ob_known orgs",
            })
        });
        if option == Some("--shell") {
            asked = Some(r#"COMPREPLY=($(compgen -W "bash zsh fish nu" -- "${cur}"))"#);
        }
        out += line;
        out.push('\n');
        let verb = PROFILE_VERBS.iter().find(|verb| {
            let label = format!("ob__subcmd__{})", verb.replace(' ', "__subcmd__"));
            trimmed == label
        });
        if let Some(verb) = verb {
            out += &bash_profile_word(1 + verb.split(' ').count());
        }
    }
    out
}

fn zsh(script: &str) -> String {
    let mut script = script.replacen("\n\n", &format!("\n{ZSH}\n"), 1);
    for (_, value, what) in DYNAMIC_OPTIONS {
        script = script.replace(
            &format!(":{value}:_default'"),
            &format!(":{value}:_ob_{what}'"),
        );
    }
    let shells = ":SHELL:_default'";
    script = script.replace(shells, ":SHELL:(bash zsh fish nu)'");
    // What follows is a command line, which zsh completes itself. The first verb is `ob exec`, the
    // other one `ob vpn exec`.
    script = script.replacen(
        "'*::command -- The command and its arguments:_default'",
        "'*::command -- The command and its arguments:_ob_exec'",
        1,
    );
    script = script.replace(
        "'*::command -- The command and its arguments:_default'",
        "'*::command -- The command and its arguments:_normal'",
    );
    let lines = script.lines().map(|line| match is_profile_word(line) {
        true => line.replace(":_default'", ":_ob_profiles'") + "\n",
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// Whether the line of zsh's script is a positional argument that takes a profile.
fn is_profile_word(line: &str) -> bool {
    let name = line.trim_start_matches(['\'', '*', ':']);
    line.starts_with(['\''])
        && ["profile -- ", "name -- A profile", "names -- Profiles"]
            .iter()
            .any(|begin| name.starts_with(begin))
}

/// Returns fish's line for a verb of [`PROFILE_VERBS`]. Behind `--`, `ob exec` completes a command.
fn fish_profile_word(verb: &str) -> String {
    let condition = match verb.split_once(' ') {
        None => format!("__fish_ob_using_subcommand {verb}; and not __fish_ob_command"),
        Some((above, verb)) => {
            format!("__fish_ob_using_subcommand {above}; and __fish_seen_subcommand_from {verb}")
        }
    };
    format!(
        "complete -c ob -n \"{condition}\" -f -a \
         '(command ob complete profiles 2>/dev/null </dev/null)'\n"
    )
}

const FISH: &str = r#"
# What stands behind `--` is a command of its own: it completes as that does.
function __fish_ob_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    and contains -- exec $words[1..$at]
end

function __fish_ob_of_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -e words[1..$at]
    complete -C (string join -- ' ' (string escape -- $words) (commandline -ct))
end

complete -c ob -n __fish_ob_command -x -a '(__fish_ob_of_command)'
"#;

fn fish(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines() {
        out += line;
        let asked = DYNAMIC_OPTIONS.iter().find(|(name, ..)| {
            let long = name.strip_prefix("--");
            long.is_some_and(|long| line.contains(&format!(" -l {long} ")))
        });
        if let Some((_, _, what)) = asked
            && line.ends_with(" -r")
        {
            out += &format!(" -f -a '(command ob complete {what} 2>/dev/null </dev/null)'");
        } else if line.contains(" -l shell ") && line.ends_with(" -r") {
            out += " -f -a 'bash zsh fish nu'";
        }
        out.push('\n');
    }
    let profiles: String = PROFILE_VERBS.into_iter().map(fish_profile_word).collect();
    out + &profiles + FISH
}
