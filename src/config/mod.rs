//! The settings: what the user, the fleet and the environment say, merged and checked.
//!
//! A flag comes before a variable, a variable before the user's file, that before the system's. Nothing is
//! taken from the current directory, no key holds a secret, and a key nobody reads is an error rather than
//! a silence. Every value remembers where it came from. The agent never reads settings: it is sent what
//! [`Settings::resolve`] makes of them.

mod ca_bundle;
mod check;
mod error;
mod file;
mod flags;
mod keys;
mod labels;
mod named;
mod new_file;
mod private_key;
mod proxy;
mod session_policy;
mod target;
mod value;
mod vpn;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use ca_bundle::{ca_bundle_version, read_ca_bundle, read_vpn_ca_bundle};
pub use flags::{parse_answer, parse_flag};
pub use keys::{KEYS, Key, MARKERS};
pub use new_file::{Existing, NewSettings, check_new_file, write_new};
pub use private_key::{check_private_key, read_private_key};
pub use proxy::Proxy;
pub use target::{Flags, MachineTarget, OrgTarget, SessionLifetime, Target};
pub use value::{FACTORS, SignIn, Value};
pub use vpn::Vpn;

use zeroize::Zeroizing;

use error::{FileError, Problem, Problems, Wrong};
use value::{Raw, ValueError};

use crate::ini::decode;
use crate::model::Environment;
use crate::report::{Exit, Report};

/// Which files to read.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The user's own; none when no home is known.
    pub user: Option<PathBuf>,
    /// Whether the user's file was named on the command line, so that it must exist.
    pub named: bool,
    /// The fleet's defaults.
    pub system: Option<PathBuf>,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag(&'static str),
    Variable(&'static str),
    /// With the line, counted from 1.
    File {
        path: Arc<Path>,
        line: usize,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// A key of the table, and the name that stands for its `*`.
type Id = (&'static str, Option<String>);

/// All settings, merged.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: BTreeMap<Id, (Value, Source)>,
    profiles: BTreeMap<String, Source>,
    orgs: BTreeMap<String, Source>,
    files: Vec<(PathBuf, bool)>,
    /// The keys of `[labels]` as they are looked through.
    label_order: Vec<Id>,
}

/// Reads `files` and the variables of `environment`.
///
/// # Errors
/// Names the file that cannot be trusted or read, or everything that is wrong in the files, each with its line.
pub fn load(files: &Files, environment: &Environment) -> Result<Settings, Report> {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    let places = [(&files.system, false), (&files.user, files.named)];
    for (path, must_exist) in places {
        let Some(path) = path else { continue };
        let text =
            file::read(path, environment).map_err(|error| error.at("the settings file", path))?;
        if text.is_none() && must_exist {
            return Err(FileError::Missing.at("the settings file", path));
        }
        settings.files.push((path.clone(), text.is_some()));
        if let Some(text) = text {
            let contents = file::parse(&text, &Arc::from(path.as_path()));
            problems.extend(contents.problems);
            settings.add(contents.values, contents.tables);
        }
    }
    settings.add_variables(environment, &mut problems);
    problems.extend(check::contradictions(&settings));
    if problems.is_empty() {
        Ok(settings)
    } else {
        Err(Problems(problems).into())
    }
}

/// Checks `text` as the user's settings file at `path`, alone and with every profile.
///
/// # Errors
/// As [`load`] and [`Settings::resolve`].
pub fn check_text(text: &str, path: &Path) -> Result<(), Report> {
    let mut settings = Settings::default();
    let contents = file::parse(text, &Arc::from(path));
    let mut problems = contents.problems;
    settings.add(contents.values, contents.tables);
    problems.extend(check::contradictions(&settings));
    if !problems.is_empty() {
        return Err(Problems(problems).into());
    }
    for profile in settings.profiles() {
        let flags = Flags {
            profile: Some(profile.to_owned()),
            ..Flags::default()
        };
        settings.resolve(&flags, &Environment::default())?;
    }
    Ok(())
}

/// The text of another tool's settings file, trusted only as far as our own would be; `None` when there is none. A byte
/// that is not UTF-8 is in it as [`crate::ini::decode`] has it.
///
/// # Errors
/// When it is no file, somebody else could have written it, or it cannot be read as text.
pub fn read_foreign_file(
    path: &Path,
    environment: &Environment,
) -> Result<Option<Zeroizing<String>>, Report> {
    let bytes = file::read_bytes(path, environment)
        .map_err(|error| error.at("the other tool's file", path))?;
    let text = bytes.map(|bytes| decode(&bytes)).transpose();
    text.map_err(|error| {
        Report::new(
            Exit::Usage,
            "config.not-text",
            format!("cannot read {}", path.display()),
        )
        .cause(error)
        .hint(format!("look at it with `file {}`", path.display()))
    })
}

/// Variables that look like settings and are none, each with the one it resembles.
pub fn unknown_variables(environment: &Environment) -> Vec<(String, Option<&'static str>)> {
    environment
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| name.starts_with("OB_") && !MARKERS.contains(name))
        .filter(|name| KEYS.iter().all(|key| key.variable != Some(*name)))
        .map(|name| (name.to_owned(), keys::nearest_variable(name)))
        .collect()
}

impl Settings {
    /// The files that were looked for, lowest rank first, and whether each was there.
    pub fn files(&self) -> &[(PathBuf, bool)] {
        &self.files
    }

    /// The names of the profiles, sorted.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The names of `[orgs]`, sorted.
    pub fn org_names(&self) -> impl Iterator<Item = &str> {
        self.orgs.keys().map(String::as_str)
    }

    /// Every setting that has a value: its key as written in a file, the value, and where it came from.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Value, &Source)> {
        self.values
            .iter()
            .map(|(id, (value, source))| (spelled(id), value, source))
    }

    /// An IAM of the user's own.
    pub fn iam_endpoint(&self) -> Option<&str> {
        self.text("aws.iam_endpoint", None)
    }

    /// A federation endpoint of the user's own for the AWS console.
    pub fn signin_endpoint(&self) -> Option<&str> {
        self.text("aws.signin_endpoint", None)
    }

    /// A profile's own setting, as text.
    pub fn profile_value(&self, profile: &str, key: &str) -> Option<String> {
        let path = format!("profiles.*.{key}");
        self.values
            .iter()
            .find(|((known, name), _)| *known == path && name.as_deref() == Some(profile))
            .map(|(_, (value, _))| value.to_string())
    }

    fn at(&self, path: &'static str, name: Option<&str>) -> Option<&(Value, Source)> {
        self.values.get(&(path, name.map(ToOwned::to_owned)))
    }

    fn text(&self, path: &'static str, name: Option<&str>) -> Option<&str> {
        match self.at(path, name) {
            Some((Value::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    fn add(&mut self, values: Vec<(Id, Value, Source)>, tables: Vec<(Id, Source)>) {
        self.order_labels(values.iter().map(|(id, ..)| id));
        for (id, value, source) in values {
            self.values.insert(id, (value, source));
        }
        for ((table, name), source) in tables {
            let names = match table {
                "orgs.*" => &mut self.orgs,
                _ => &mut self.profiles,
            };
            names.insert(name.unwrap_or_default(), source);
        }
    }

    fn add_variables(&mut self, environment: &Environment, problems: &mut Vec<Problem>) {
        for key in KEYS {
            let Some(variable) = key.variable else {
                continue;
            };
            let Some(text) = environment.raw(variable) else {
                continue;
            };
            let source = Source::Variable(variable);
            let text = text.to_str().ok_or(ValueError::NotUtf8);
            match text.and_then(|text| key.kind.read(&Raw::Text(text))) {
                Ok(value) => {
                    self.values.insert((key.path, None), (value, source));
                }
                Err(error) => problems.push(Problem::new(source, key.path, Wrong::Value(error))),
            }
        }
    }
}

/// A key as it is written in a file.
fn spelled((path, name): &Id) -> String {
    let Some(name) = name else {
        return (*path).to_owned();
    };
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) {
        path.replacen('*', name, 1)
    } else {
        path.replacen('*', &toml::Value::from(name.as_str()).to_string(), 1)
    }
}

#[cfg(test)]
mod tests;

/// A length of time as it is typed for `flag`: `45m`, `1h30m`, `3600s`; in seconds.
///
/// # Errors
/// When it is none, or a number without a unit.
pub fn seconds(flag: &str, text: &str) -> Result<u32, Report> {
    value::duration(text).map_err(|error| {
        let report = Report::new(
            Exit::Usage,
            "config.duration",
            format!("cannot use {flag} {text}"),
        );
        let report = report.cause(&error);
        match error {
            ValueError::NoUnit(number) => {
                report.hint(format!("write `{flag} {number}m` or `{flag} {number}s`"))
            }
            _ => report.hint(format!("write `{flag} 45m` or `{flag} 1h30m`")),
        }
    })
}
