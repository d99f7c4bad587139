//! One settings file: opened only if nobody else could have written it, read whole, checked key by key.
//!
//! Everything wrong in a file is found in one go, each with its line. The checks are made on the open
//! descriptor, so what was judged is what is read; a link to a good file is as good as the file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use nix::libc::O_NONBLOCK;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::error::{FileError, Problem, Wrong};
use super::keys;
use super::value::{Raw, Value, ValueError};
use super::{Id, Source};
use crate::aws::is_expression;
use crate::model::Environment;
use crate::ownership::{check_directories, is_own_or_root, is_writable_by_others};

/// More than any settings file has; the rest would only be somebody's mistake or malice.
const LARGEST: u64 = 1 << 20;

/// The text of the file at `path`; `None` if there is none.
pub(super) fn read(path: &Path, environment: &Environment) -> Result<Option<String>, FileError> {
    let bytes = read_bytes(path, environment)?.map(|mut bytes| std::mem::take(&mut *bytes));
    let text = bytes.map(String::from_utf8).transpose();
    text.map_err(|_| FileError::NotUtf8)
}

/// The bytes of the file at `path`; `None` if there is none.
pub(super) fn read_bytes(
    path: &Path,
    environment: &Environment,
) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let Some((file, size)) = open(path, environment)? else {
        return Ok(None);
    };
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(FileError::TooLarge);
    }
    Ok(Some(Zeroizing::new(bytes)))
}

fn open(path: &Path, environment: &Environment) -> Result<Option<(File, u64)>, FileError> {
    let (file, found) = match open_trusted(path, environment) {
        Ok(opened) => opened,
        Err(FileError::Io(error)) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if found.len() > LARGEST {
        return Err(FileError::TooLarge);
    }
    Ok(Some((file, found.len())))
}

/// Opens a file that only the user and root can have written or put there: the file is judged by its
/// descriptor, and so is every directory and link on the way to it.
pub(super) fn open_trusted(
    path: &Path,
    environment: &Environment,
) -> Result<(File, Metadata), FileError> {
    let (file, found) = open_regular(path)?;
    if !is_own_or_root(found.uid()) {
        return Err(FileError::Owner(found.uid()));
    }
    if is_writable_by_others(path, found.mode(), found.gid()) {
        return Err(FileError::Writable(found.mode() & 0o7777));
    }
    let home = environment.raw("HOME").map(Path::new);
    check_directories(path, home.filter(|home| home.is_absolute()))?;
    Ok((file, found))
}

/// Opens a file to read; a named pipe in its place must not make us wait for its writer.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata), FileError> {
    // As it is, it would be a path below the current directory.
    if path.starts_with("~") {
        return Err(FileError::NoHome);
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(O_NONBLOCK)
        .open(path)?;
    let found = file.metadata()?;
    if found.is_file() {
        Ok((file, found))
    } else {
        Err(FileError::NotAFile)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) values: Vec<(Id, Value, Source)>,
    /// `[profiles.NAME]` and `[orgs.NAME]`, even when empty: their names are known.
    pub(super) tables: Vec<(Id, Source)>,
    pub(super) problems: Vec<Problem>,
}

/// Reads TOML `text` against the table of keys.
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
            let place = reader.place(at);
            let what = Wrong::Syntax(error.message().replace('\n', ", "));
            reader.contents.problems.push(Problem::new(place, "", what));
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
        // The table is sorted by name; a person's order is the file's.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            path.push(name.get_ref());
            self.entry(path, name.span().start, value);
            path.pop();
        }
    }

    fn entry<'t>(&mut self, path: &mut Vec<&'t str>, at: usize, value: &'t Spanned<DeValue<'_>>) {
        let place = self.place(at);
        match (value.get_ref(), keys::find(path)) {
            (DeValue::Table(table), None) if keys::is_table(path) => {
                if let ["profiles" | "orgs", name] = path[..] {
                    let id = (path_of(path[0]), Some(name.to_owned()));
                    self.contents.tables.push((id, place));
                }
                self.table(path, table);
            }
            (other, None) => {
                let what = if keys::is_table(path) {
                    Wrong::Value(ValueError::Type("a table", other.type_str()))
                } else {
                    Wrong::Unknown(keys::nearest(path))
                };
                self.wrong(path, place, what);
            }
            (value, Some(key)) => match raw(value).and_then(|raw| key.kind.read(&raw)) {
                Ok(_) if key.path == "accounts.*" && !is_account(path[1]) => {
                    self.wrong(path, place, Wrong::Value(ValueError::AccountNumber));
                }
                Ok(_) if key.path.starts_with("labels.") && !is_expression(path[2]) => {
                    self.wrong(path, place, Wrong::Value(ValueError::Expression));
                }
                Ok(value) => {
                    let name = key.path.split('.').position(|part| part == "*");
                    let name = name.map(|at| path[at].to_owned());
                    self.contents.values.push(((key.path, name), value, place));
                }
                Err(error) => self.wrong(path, place, Wrong::Value(error)),
            },
        }
    }

    fn wrong(&mut self, path: &[&str], place: Source, what: Wrong) {
        let key = path.join(".");
        self.contents.problems.push(Problem::new(place, key, what));
    }

    fn place(&self, at: usize) -> Source {
        Source::File {
            path: Arc::clone(self.path),
            line: self.line_ends.partition_point(|end| *end < at) + 1,
        }
    }
}

fn path_of(table: &str) -> &'static str {
    if table == "orgs" {
        "orgs.*"
    } else {
        "profiles.*"
    }
}

fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit())
}

fn raw<'t>(value: &'t DeValue<'_>) -> Result<Raw<'t>, ValueError> {
    Ok(match value {
        DeValue::String(text) => Raw::Text(text),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a huge number"), Raw::Number),
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
