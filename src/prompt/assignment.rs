//! Variables set and unset in a shell's own syntax, each value literal.

use serde_json::{Map, Value, json};

use super::Shell;

/// What becomes of one variable. Names are valid in a shell (`is_variable_name`), values may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment<'a> {
    Set(&'a str, &'a str),
    /// It reaches no program from this shell any more.
    Unset(&'a str),
    /// This shell's own value is taken away; in fish one that all of the user's shells have comes back.
    Leave(&'a str),
}

/// `changes` as text for `eval` (nushell: JSON for `load-env`). Its first line says that it is meant for that:
/// what a verb prints for people (`--help`) does not begin so.
///
/// bash and zsh stop at the first change that the shell refuses, which it does for a readonly variable, and the
/// status says so: a command behind `&&` must not run with the identity that stayed.
pub fn assignments(shell: Shell, changes: &[Assignment<'_>]) -> String {
    let line = |change: &Assignment<'_>| match (shell, change) {
        (Shell::Fish, Assignment::Set(name, value)) => {
            format!("set -gx {name} {}\n", fish_quoted(value))
        }
        (Shell::Fish, Assignment::Unset(name)) => fish_erased(name),
        (Shell::Fish, Assignment::Leave(name)) => format!("set -eg {name}\n"),
        (_, Assignment::Set(name, value)) => format!("export {name}={} &&\n", quoted(value)),
        (_, Assignment::Unset(name) | Assignment::Leave(name)) => format!("unset {name} &&\n"),
    };
    if shell == Shell::Nu {
        return as_json(changes);
    }
    let lines: String = changes.iter().map(line).collect();
    // The end of the chain; and fish's `set -e` leaves a status of 4 where there was nothing to erase.
    format!("# ob\n{lines}true\n")
}

/// Everything but a quote is itself between single quotes in bash and zsh (POSIX, 2.2.2).
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// fish reads `\\` and `\'` between single quotes as well (fish(1), Quotes).
fn fish_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// fish exports a universal variable although a global one of the same name is not exported, and an empty one would
/// count: so that is erased as well, and said.
fn fish_erased(name: &str) -> String {
    format!(
        "set -eg {name}; set -qUx {name}; and set -eU {name}; \
         and echo 'ob: erased the universal variable {name}: it names other credentials' >&2\n"
    )
}

fn as_json(changes: &[Assignment<'_>]) -> String {
    let mut set = Map::new();
    let mut unset = Vec::new();
    for change in changes {
        match change {
            Assignment::Set(name, value) => {
                set.insert((*name).to_owned(), Value::from(*value));
            }
            Assignment::Unset(name) | Assignment::Leave(name) => unset.push(Value::from(*name)),
        }
    }
    format!("{}\n", json!({ "ob": 1, "set": set, "unset": unset }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_literal_in_each_syntax() {
        let hostile = "it's $(id) `id` \\ \"x\"\n";
        let changes = [Assignment::Set("A", hostile), Assignment::Leave("B")];
        assert_eq!(
            assignments(Shell::Bash, &changes),
            "# ob\nexport A='it'\\''s $(id) `id` \\ \"x\"\n' &&\nunset B &&\ntrue\n"
        );
        assert_eq!(
            assignments(Shell::Fish, &changes),
            "# ob\nset -gx A 'it\\'s $(id) `id` \\\\ \"x\"\n'\nset -eg B\ntrue\n"
        );
        assert_eq!(
            assignments(Shell::Nu, &changes),
            "{\"ob\":1,\"set\":{\"A\":\"it's $(id) `id` \\\\ \\\"x\\\"\\n\"},\"unset\":[\"B\"]}\n"
        );
    }
}
