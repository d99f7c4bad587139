//! The files in which the prompts of `ob use` read until when a profile's credentials are valid.
//!
//! A file holds the expiry in seconds since 1970, ten digits; an empty line means none are held.

use crate::client::context::Context;
use crate::model::Timestamp;
use crate::paths::{existing_runtime_dirs, expiry_file, runtime_dir};
use crate::report::Report;

fn line(expires_at: Option<Timestamp>) -> String {
    expires_at.map_or("\n".to_owned(), |expiry| format!("{:010}\n", expiry.0))
}

/// Creates the file of `profile` and returns its path, if that is UTF-8.
///
/// # Errors
/// When it cannot be written.
pub fn create_expiry_file(
    context: &Context,
    profile: &str,
    expires_at: Option<Timestamp>,
) -> Result<Option<String>, Report> {
    let directory = runtime_dir(&context.environment)?;
    let path = directory.put(&expiry_file(profile), &line(expires_at))?;
    Ok(path.to_str().map(ToOwned::to_owned))
}

/// Updates the file of `profile` where a shell uses it. A failure is ignored: the prompt is stale.
pub fn update_expiry_files(context: &Context, profile: &str, expires_at: Timestamp) {
    for directory in existing_runtime_dirs(&context.environment) {
        directory.replace(&expiry_file(profile), &line(Some(expires_at)));
    }
}

/// Marks the profiles of `org`, or of every org, as having no credentials.
pub fn clear_expiry_files(context: &Context, org: Option<&str>) {
    let directories = existing_runtime_dirs(&context.environment);
    let Ok(settings) = context.settings() else {
        return;
    };
    for profile in settings.profiles() {
        let flags = context.profile_flags(profile);
        let is_affected = org.is_none_or(|org| {
            let target = settings.resolve_org(&flags, &context.environment);
            target.is_ok_and(|target| target.org.origin() == org)
        });
        if is_affected {
            for directory in &directories {
                directory.put_again(&expiry_file(profile), &line(None));
            }
        }
    }
}
