//! The merged settings, each value with its source.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::keys::KEYS;
use super::source::Source;
use super::value::Value;
use crate::model::{Environment, Label, Labels};

/// A key of the table, and the user's name that stands for its `*`.
pub(super) type KeyId = (&'static str, Option<String>);

/// The tables that the user names.
pub(super) const PROFILES: &str = "profiles.*";
pub(super) const ORGS: &str = "orgs.*";

const ROLE_LABELS: &str = "labels.roles.*";
const PROVIDER_LABELS: &str = "labels.providers.*";

/// All settings, merged.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(super) values: BTreeMap<KeyId, (Value, Source)>,
    pub(super) profiles: BTreeMap<String, Source>,
    pub(super) orgs: BTreeMap<String, Source>,
    pub(super) files: Vec<(PathBuf, bool)>,
    /// The keys of `[labels]`: the user's file before the system's, each in its order.
    pub(super) label_order: Vec<KeyId>,
}

impl Settings {
    /// Returns the files that were looked for, lowest precedence first, and whether each exists.
    pub fn files(&self) -> &[(PathBuf, bool)] {
        &self.files
    }

    /// Returns the names of the profiles, sorted.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Returns the names of `[orgs]`, sorted.
    pub fn org_names(&self) -> impl Iterator<Item = &str> {
        self.orgs.keys().map(String::as_str)
    }

    /// Returns every setting that has a value: its key as written in a file, the value, its source,
    /// and the line that locks it.
    pub fn iter(&self) -> impl Iterator<Item = (String, &Value, &Source, Option<&Source>)> {
        let values = self.values.iter();
        values.map(|(id, (value, source))| (format_key(id), value, source, self.lock_of(id.0)))
    }

    /// Returns the IAM endpoint that replaces AWS's.
    pub fn iam_endpoint(&self) -> Option<&str> {
        self.text("aws.iam_endpoint", None)
    }

    /// Returns the endpoint that replaces the AWS console's sign-in.
    pub fn signin_endpoint(&self) -> Option<&str> {
        self.text("aws.signin_endpoint", None)
    }

    /// Returns the value of `key` in the profile itself, as text.
    pub fn profile_value(&self, profile: &str, key: &str) -> Option<String> {
        let path = format!("{PROFILES}.{key}");
        let key = KEYS.iter().find(|known| known.path == path)?;
        self.string(key.path, Some(profile))
    }

    /// Returns the prompt's settings that have a value, as the variables that a shell reads.
    pub fn shell_variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let keys = KEYS.iter().filter(|key| key.path.starts_with("shell."));
        keys.filter_map(|key| Some((key.variable?, self.string(key.path, None)?)))
    }

    /// Returns the browser for consoles, by its name.
    pub fn console_browser(&self) -> Option<&str> {
        self.text("console.browser", None)
    }

    /// Returns the program that opens a page and its arguments, where the user chose one.
    pub fn browser_command(&self) -> Option<&[String]> {
        match self.value("browser_command", None) {
            Some(Value::Command(words)) => Some(words),
            _ => None,
        }
    }

    /// Whether names of roles may be cached in a file.
    pub fn is_catalogue_enabled(&self) -> bool {
        self.value("aws.catalogue", None) != Some(&Value::Boolean(false))
    }

    /// Returns the user's names of accounts, by account number.
    pub fn accounts(&self) -> BTreeMap<String, String> {
        let accounts = self
            .values
            .iter()
            .filter(|((path, _), _)| *path == "accounts.*");
        accounts
            .filter_map(|((_, number), (value, _))| Some((number.clone()?, value.to_string())))
            .collect()
    }

    /// Returns the labels of roles and identity providers.
    pub fn labels(&self) -> Labels {
        let of = |table: &str| {
            let ids = self.label_order.iter().filter(|(path, _)| *path == table);
            ids.filter_map(|id| {
                Some(Label {
                    pattern: id.1.clone()?,
                    text: self.values.get(id)?.0.to_string(),
                })
            })
            .collect()
        };
        Labels {
            roles: of(ROLE_LABELS),
            providers: of(PROVIDER_LABELS),
        }
    }

    /// Returns the profile that is used when none is named.
    pub fn default_profile(&self) -> Option<&str> {
        self.text("default_profile", None)
    }

    pub(super) fn get(&self, path: &'static str, name: Option<&str>) -> Option<&(Value, Source)> {
        self.values.get(&(path, name.map(ToOwned::to_owned)))
    }

    pub(super) fn value(&self, path: &'static str, name: Option<&str>) -> Option<&Value> {
        self.get(path, name).map(|(value, _)| value)
    }

    pub(super) fn text(&self, path: &'static str, name: Option<&str>) -> Option<&str> {
        match self.value(path, name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns a value of any type as text.
    pub(super) fn string(&self, path: &'static str, name: Option<&str>) -> Option<String> {
        self.value(path, name).map(ToString::to_string)
    }

    pub(super) fn is_true(&self, path: &'static str, name: Option<&str>) -> bool {
        self.value(path, name) == Some(&Value::Boolean(true))
    }

    pub(super) fn duration(&self, path: &'static str) -> Option<Duration> {
        match self.value(path, None) {
            Some(Value::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    /// Returns a path, in which `~` stands for the home directory where that is known.
    pub(super) fn path(
        &self,
        path: &'static str,
        name: Option<&str>,
        environment: &Environment,
    ) -> Option<PathBuf> {
        let Some(Value::Path(path)) = self.value(path, name) else {
            return None;
        };
        Some(match (path.strip_prefix("~"), environment.raw("HOME")) {
            (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => path.clone(),
        })
    }

    /// Adds what a file holds; it takes precedence over the files before it.
    pub(super) fn add(
        &mut self,
        values: Vec<(KeyId, Value, Source)>,
        tables: Vec<(KeyId, Source)>,
    ) {
        let is_label = |(path, _): &&KeyId| [ROLE_LABELS, PROVIDER_LABELS].contains(path);
        let ids = values.iter().map(|(id, ..)| id);
        let mut labels: Vec<KeyId> = ids.filter(is_label).cloned().collect();
        self.label_order.retain(|id| !labels.contains(id));
        labels.append(&mut self.label_order);
        self.label_order = labels;
        for (id, value, source) in values {
            self.values.insert(id, (value, source));
        }
        for ((table, name), source) in tables {
            let names = match table {
                ORGS => &mut self.orgs,
                _ => &mut self.profiles,
            };
            names.insert(name.unwrap_or_default(), source);
        }
    }
}

/// Formats a key as it is written in a file.
pub(super) fn format_key((path, name): &KeyId) -> String {
    let Some(name) = name else {
        return (*path).to_owned();
    };
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => path.replacen('*', name, 1),
        false => path.replacen('*', &toml::Value::from(name.as_str()).to_string(), 1),
    }
}
