//! Loads the settings from files and variables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::contents;
use super::contradictions::contradictions;
use super::file_error::FileError;
use super::flags::Flags;
use super::keys::{KEYS, MARKERS, suggest_variable};
use super::kind::Raw;
use super::problem::{Problem, ProblemKind, check_none};
use super::settings::Settings;
use super::source::Source;
use super::trusted_file::{read_bytes, read_text};
use super::value_error::ValueError;
use crate::ini::decode;
use crate::model::Environment;
use crate::report::{ErrorCode, Report};

/// Which files to read.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The user's file; none when no home directory is known.
    pub user: Option<PathBuf>,
    /// Whether the user's file was named on the command line, so that it must exist.
    pub named: bool,
    /// The file of the machine's administrator.
    pub system: Option<PathBuf>,
}

/// Loads `files` and the variables of `environment`.
///
/// # Errors
/// Names the file that cannot be trusted or read, or all problems in the files, each with its line.
pub fn load(files: &Files, environment: &Environment) -> Result<Settings, Report> {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    for (path, must_exist) in [(&files.system, false), (&files.user, files.named)] {
        let Some(path) = path else { continue };
        let failed = |error: FileError| error.at("the settings file", path);
        let text = read_text(path, environment).map_err(failed)?;
        if text.is_none() && must_exist {
            return Err(failed(FileError::Missing));
        }
        settings.files.push((path.clone(), text.is_some()));
        if let Some(text) = text {
            let is_administrators = files.system.as_ref() == Some(path);
            add_file(&text, path, is_administrators, &mut settings, &mut problems);
        }
    }
    problems.extend(settings.unknown_locks());
    add_variables(environment, &mut settings, &mut problems);
    problems.extend(contradictions(&settings));
    check_none(&problems)?;
    Ok(settings)
}

/// Checks `text` as the user's settings file at `path`, alone and with every profile.
///
/// # Errors
/// As [`load`] and [`Settings::resolve`].
pub fn check_text(text: &str, path: &Path) -> Result<(), Report> {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    add_text(text, path, &mut settings, &mut problems);
    problems.extend(contradictions(&settings));
    check_none(&problems)?;
    for profile in settings.profiles() {
        settings.resolve(&Flags::for_profile(profile), &Environment::default())?;
    }
    Ok(())
}

/// Returns the text of another tool's settings file, or `None` if there is none. The file is
/// trusted on the same conditions as `ob`'s own. Bytes that are not UTF-8 are replaced as in
/// [`crate::ini::decode`].
///
/// # Errors
/// When it is no file, another user could have written it, or it cannot be read as text.
pub fn read_foreign_file(
    path: &Path,
    environment: &Environment,
) -> Result<Option<Zeroizing<String>>, Report> {
    let bytes =
        read_bytes(path, environment).map_err(|error| error.at("the other tool's file", path))?;
    let text = bytes.map(|bytes| decode(&bytes)).transpose();
    text.map_err(|error| {
        let summary = format!("cannot read {}", path.display());
        Report::new(ErrorCode::ConfigNotText, summary)
            .cause(error)
            .hint(format!("look at it with `file {}`", path.display()))
    })
}

/// Returns the variables that look like settings and are none, each with the most similar one.
pub fn unknown_variables(environment: &Environment) -> Vec<(String, Option<&'static str>)> {
    environment
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| name.starts_with("OB_") && !MARKERS.contains(name))
        .filter(|name| KEYS.iter().all(|key| key.variable != Some(*name)))
        .map(|name| (name.to_owned(), suggest_variable(name)))
        .collect()
}

/// Checks that `text`, which is to become the user's file at `path`, changes no locked key.
///
/// # Errors
/// Names the locked keys.
pub fn check_locks(
    text: &str,
    path: &Path,
    files: &Files,
    environment: &Environment,
) -> Result<(), Report> {
    let Some(system) = &files.system else {
        return Ok(());
    };
    // What is wrong with it is reported by the verbs that load it.
    let mut settings = Settings::default();
    if let Ok(Some(text)) = read_text(system, environment) {
        add_text(&text, system, &mut settings, &mut Vec::new());
    }
    let contents = contents::parse(text, &Arc::from(path));
    check_none(&settings.locked_changes(&contents.values))
}

fn add_file(
    text: &str,
    path: &Path,
    is_administrators: bool,
    settings: &mut Settings,
    problems: &mut Vec<Problem>,
) {
    if is_administrators {
        return add_text(text, path, settings, problems);
    }
    let contents = contents::parse(text, &Arc::from(path));
    problems.extend(contents.problems);
    problems.extend(settings.locked_changes(&contents.values));
    settings.add(contents.values, contents.tables);
}

fn add_text(text: &str, path: &Path, settings: &mut Settings, problems: &mut Vec<Problem>) {
    let contents = contents::parse(text, &Arc::from(path));
    problems.extend(contents.problems);
    settings.add(contents.values, contents.tables);
}

fn add_variables(environment: &Environment, settings: &mut Settings, problems: &mut Vec<Problem>) {
    for key in KEYS {
        let Some(variable) = key.variable else {
            continue;
        };
        let Some(text) = environment.raw(variable) else {
            continue;
        };
        let source = Source::Variable(variable);
        let text = text.to_str().ok_or(ValueError::NotUtf8);
        match text.and_then(|text| key.kind.parse(&Raw::Text(text))) {
            Ok(value) => {
                let id = (key.path, None);
                match settings.lock_of(key.path) {
                    Some(lock) => problems.extend(settings.changed(&id, &value, &source, lock)),
                    None => drop(settings.values.insert(id, (value, source))),
                }
            }
            Err(error) => {
                problems.push(Problem::new(source, key.path, ProblemKind::Value(error)));
            }
        }
    }
}
