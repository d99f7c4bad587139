//! The contents of one settings file, checked key by key.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;
use super::kind::Raw;
use super::problem::{Problem, ProblemKind};
use super::settings::{KeyId, ORGS, PROFILES};
use super::source::Source;
use super::value::Value;
use super::value_error::ValueError;
use crate::aws::is_expression;
use crate::model::is_account_number;

/// The values of one file, and its problems.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) values: Vec<(KeyId, Value, Source)>,
    /// `[profiles.NAME]` and `[orgs.NAME]`, even when they are empty.
    pub(super) tables: Vec<(KeyId, Source)>,
    pub(super) problems: Vec<Problem>,
}

/// Parses the TOML `text` of the file at `path` by the table of keys. All problems are found at
/// once, each with its line.
pub(super) fn parse(text: &str, path: &Arc<Path>) -> Contents {
    let mut reader = Reader {
        line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        path,
        contents: Contents::default(),
    };
    match DeTable::parse(text) {
        Ok(table) => reader.table(&mut Vec::new(), table.get_ref()),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let kind = ProblemKind::Syntax(error.message().replace('\n', ", "));
            reader.problem(&[], reader.source(at), kind);
        }
    }
    reader.contents
}

struct Reader<'a> {
    line_ends: Vec<usize>,
    path: &'a Arc<Path>,
    contents: Contents,
}

impl Reader<'_> {
    fn table<'t>(&mut self, path: &mut Vec<&'t str>, table: &'t DeTable<'_>) {
        // `DeTable` sorts by name; labels need the order of the file.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            path.push(name.get_ref());
            self.entry(path, name.span().start, value);
            path.pop();
        }
    }

    fn entry<'t>(&mut self, path: &mut Vec<&'t str>, at: usize, value: &'t Spanned<DeValue<'_>>) {
        let source = self.source(at);
        match (value.get_ref(), keys::find(path)) {
            (DeValue::Table(table), None) if keys::is_table(path) => {
                let named = match path[..] {
                    ["profiles", name] => Some((PROFILES, name)),
                    ["orgs", name] => Some((ORGS, name)),
                    _ => None,
                };
                if let Some((table, name)) = named {
                    let id = (table, Some(name.to_owned()));
                    self.contents.tables.push((id, source));
                }
                self.table(path, table);
            }
            (other, None) => {
                let kind = if keys::is_table(path) {
                    ProblemKind::Value(ValueError::Type("a table", other.type_str()))
                } else {
                    ProblemKind::UnknownKey(keys::suggest_key(path))
                };
                self.problem(path, source, kind);
            }
            (value, Some(key)) => match raw(value).and_then(|raw| key.kind.parse(&raw)) {
                Ok(_) if key.path == "accounts.*" && !is_account_number(path[1]) => {
                    self.problem(path, source, ProblemKind::Value(ValueError::AccountNumber));
                }
                Ok(_) if key.path.starts_with("labels.") && !is_expression(path[2]) => {
                    self.problem(path, source, ProblemKind::Value(ValueError::Expression));
                }
                Ok(value) => {
                    let name = key.path.split('.').position(|part| part == "*");
                    let name = name.map(|at| path[at].to_owned());
                    self.contents.values.push(((key.path, name), value, source));
                }
                Err(error) => self.problem(path, source, ProblemKind::Value(error)),
            },
        }
    }

    fn problem(&mut self, path: &[&str], source: Source, kind: ProblemKind) {
        let problem = Problem::new(source, path.join("."), kind);
        self.contents.problems.push(problem);
    }

    fn source(&self, at: usize) -> Source {
        Source::File {
            path: Arc::clone(self.path),
            line: self.line_ends.partition_point(|end| *end < at) + 1,
        }
    }
}

fn raw<'t>(value: &'t DeValue<'_>) -> Result<Raw<'t>, ValueError> {
    Ok(match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number outside of 64 bits"), Raw::Number),
        DeValue::Boolean(yes) => Raw::Boolean(*yes),
        DeValue::Array(items) => Raw::List(
            items
                .iter()
                .map(|item| {
                    let item = item.get_ref();
                    item.as_str()
                        .ok_or(ValueError::Type("an array of strings", item.type_str()))
                })
                .collect::<Result<_, _>>()?,
        ),
        other => Raw::Other(other.type_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::KEYS;

    #[test]
    fn every_example_is_accepted() {
        for key in KEYS {
            let path = key
                .path
                .replace("accounts.*", "accounts.123456789012")
                .replace('*', "x");
            let text = format!("{path} = {}", key.example);
            let contents = parse(&text, &Path::new("t").into());
            assert_eq!(
                contents.problems.len(),
                0,
                "{text}: {:?}",
                contents.problems
            );
        }
    }
}
