//! Saves a role as a profile: what `ob config add` and `ob config init` do.

use super::own_file::OwnFile;
use crate::client::Context;
use crate::config::{NewProfile, add_profile};
use crate::model::RoleArn;
use crate::report::Report;
use crate::sanitize::{escape, shell_word};
use crate::terminal::{Question, Questions};

/// How often a name may be refused.
const MAX_TRIES: usize = 3;

/// Adds the profile to the settings file. The first one becomes the default. Returns what the user
/// is shown.
///
/// # Errors
/// When there is such a profile, or the file cannot be written.
pub(super) fn save(context: &Context, file: &OwnFile, new: &NewProfile) -> Result<String, Report> {
    let is_default = becomes_default(context)?;
    file.replace(&add_profile(file.text(), new, is_default)?, context)?;
    let default = if is_default { ", the default one," } else { "" };
    Ok(format!(
        "ob: added the profile {}{default} to {}\n  {}",
        escape(&new.name),
        file.path().display(),
        escape(&new.role),
    ))
}

/// Whether the next profile becomes the default one: there is none yet.
pub(super) fn becomes_default(context: &Context) -> Result<bool, Report> {
    let settings = context.settings()?;
    Ok(settings.default_profile().is_none() && settings.profiles().next().is_none())
}

/// Asks for a name for the role and saves it; returns the name. Enter alone takes `suggested`. A
/// name that is refused is asked for again.
///
/// # Errors
/// Without a terminal, and when the file cannot be written.
pub(super) fn ask_name_and_save(
    context: &Context,
    mut new: NewProfile,
    text: &str,
    suggested: &str,
) -> Result<String, Report> {
    let mut questions = Questions::new(context.output, &context.environment, || {});
    let mut attempt = 1;
    loop {
        let typed = questions.ask_line(Question {
            text,
            instead: "`ob config add NAME -r ROLE`",
        })?;
        new.name = match typed.trim() {
            "" => suggested.to_owned(),
            typed => typed.to_owned(),
        };
        match save(context, &OwnFile::read(context)?, &new) {
            Ok(message) => {
                context.output.message(&message);
                return Ok(new.name);
            }
            Err(report) if attempt == MAX_TRIES => return Err(report),
            Err(report) => context.output.report(&report),
        }
        attempt += 1;
    }
}

/// Names the command that saves a role as a profile, after the role was chosen in a menu and where
/// no profile has it. It does not ask: what was typed ahead is for the command that the role is
/// for.
pub fn hint_to_save(context: &Context, role: &RoleArn) {
    let Ok(settings) = context.settings() else {
        return;
    };
    let has_profile = settings.profiles().any(|profile| {
        settings
            .profile_value(profile, "role")
            .is_some_and(|known| known == role.as_str())
    });
    if !has_profile {
        let role = shell_word(role.as_str());
        context.output.message(&format!(
            "ob: `ob config add NAME -r {role}` saves this role as a profile"
        ));
    }
}
