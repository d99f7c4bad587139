//! The directory in which `aws login` (AWS CLI 2.32 and later) keeps its sessions' keys,
//! unencrypted.

use std::path::PathBuf;

use crate::model::Environment;

/// Returns the directory that holds the keys of `aws login`: `AWS_LOGIN_CACHE_DIRECTORY`, else
/// `~/.aws/login/cache` (botocore's `get_login_token_cache_directory`).
pub fn login_cache_directory(environment: &Environment) -> Option<PathBuf> {
    let home = environment.raw("HOME").map(PathBuf::from);
    let Some(named) = environment.raw("AWS_LOGIN_CACHE_DIRECTORY") else {
        return home.map(|home| home.join(".aws/login/cache"));
    };
    let named = PathBuf::from(named);
    match (named.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Some(home.join(rest)),
        _ => Some(named),
    }
}

/// Returns that directory and the number of sessions with keys in it; `None` without any.
pub fn login_sessions(environment: &Environment) -> Option<(PathBuf, usize)> {
    let directory = login_cache_directory(environment)?;
    let entries = std::fs::read_dir(&directory).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let sessions = names.filter(|name| name.ends_with(".json")).count();
    (sessions > 0).then_some((directory, sessions))
}
