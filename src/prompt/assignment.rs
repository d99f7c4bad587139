//! Assignments of variables in each shell's syntax. Every value is quoted.

use serde_json::{Map, Value, json};

use super::Shell;

/// A change of one variable. The name must be valid in a shell (`is_variable_name`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignment<'a> {
    Set(&'a str, &'a str),
    /// Programs started by this shell no longer get the variable.
    Unset(&'a str),
    /// Removes this shell's own value. In fish, the universal variable of that name is visible
    /// again.
    Leave(&'a str),
}

/// Formats `changes` for `eval`, or for nushell as JSON for `load-env`. The shell function checks
/// the first line, because it must not evaluate other output, such as `--help`.
///
/// bash and zsh stop with a failure at the first change that is refused, as for a readonly
/// variable: a command after `&&` must not run with the old identity.
pub fn assignments(shell: Shell, changes: &[Assignment<'_>]) -> String {
    let line = |change: &Assignment<'_>| match (shell, change) {
        (Shell::Fish, Assignment::Set(name, value)) => {
            format!("set -gx {name} {}\n", fish_quoted(value))
        }
        (Shell::Fish, Assignment::Unset(name)) => fish_unset(name),
        (Shell::Fish, Assignment::Leave(name)) => format!("set -eg {name}\n"),
        (_, Assignment::Set(name, value)) => format!("export {name}={} &&\n", quoted(value)),
        (_, Assignment::Unset(name) | Assignment::Leave(name)) => format!("unset {name} &&\n"),
    };
    if shell == Shell::Nu {
        return as_json(changes);
    }
    let lines: String = changes.iter().map(line).collect();
    // `true` ends the chain of `&&`. In fish, `set -e` of an unset variable leaves status 4.
    format!("# ob\n{lines}true\n")
}

/// Quotes for bash and zsh: between single quotes only the quote is special (POSIX 2.2.2).
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Quotes for fish, which also reads `\\` and `\'` between single quotes (fish(1), Quotes).
fn fish_quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// Returns the commands that erase a variable in fish. An exported universal variable would still
/// reach programs, so it is erased too, with a message.
fn fish_unset(name: &str) -> String {
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
    fn values_are_quoted_in_each_syntax() {
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
