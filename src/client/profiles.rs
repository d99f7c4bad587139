//! The user's profiles with the credentials that the agent holds for them, and the menu of them.

use crate::aws::{Names, RoleMatch, RoleQuery, find_role};
use crate::client::context::Context;
use crate::client::running_agent::ask_running_agent;
use crate::client::selection::RoleSelection;
use crate::client::shell_target::ShellTarget;
use crate::clock::Clock;
use crate::config::Settings;
use crate::model::SamlRole;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::{Question, Questions, has_tty, table};
use crate::wire::{HeldRole, Reply, Request, RoleMenu};

/// A profile, its role as the settings name it, and the credentials that the agent holds.
#[derive(Debug)]
pub struct ProfileEntry {
    pub name: String,
    pub is_default: bool,
    pub role: Option<String>,
    pub region: Option<String>,
    pub held: Option<HeldRole>,
}

impl ProfileEntry {
    /// Returns the cells of a table: name, role, region, and until when there are credentials.
    pub fn cells(&self, context: &Context) -> Vec<String> {
        let mark = if self.is_default { '*' } else { ' ' };
        let credentials = match &self.held {
            None => "none yet".to_owned(),
            Some(held) => {
                let end = Clock::system().now().plus(held.seconds_left);
                format!("until {}", context.format_time(end))
            }
        };
        vec![
            format!("{mark} {}", escape(&self.name)),
            escape(self.role.as_deref().unwrap_or("(asks which)")),
            escape(self.region.as_deref().unwrap_or_default()),
            credentials,
        ]
    }
}

/// Returns the profiles in the order of their names.
///
/// # Errors
/// When the settings cannot be used, or a running agent cannot be asked.
pub fn list_profiles(context: &Context) -> Result<Vec<ProfileEntry>, Report> {
    let settings = context.settings()?;
    let status = match ask_running_agent(context, Request::Status)? {
        Some(Reply::Status(status)) => Some(status),
        _ => None,
    };
    let held = status.as_ref().map_or(&[][..], |status| &status.roles);
    let entry = |name: &str| {
        let role = settings.profile_value(name, "role");
        ProfileEntry {
            name: name.to_owned(),
            is_default: settings.default_profile() == Some(name),
            region: settings.profile_value(name, "region"),
            held: role
                .as_deref()
                .and_then(|role| find_held(name, role, settings, held))
                .cloned(),
            role,
        }
    };
    Ok(settings.profiles().map(entry).collect())
}

/// Returns the credentials of the one role that `profile` means, with its limits.
fn find_held<'a>(
    profile: &str,
    role: &str,
    settings: &Settings,
    held: &'a [HeldRole],
) -> Option<&'a HeldRole> {
    let policy = settings.policy_of(profile)?;
    let held: Vec<&HeldRole> = held
        .iter()
        .filter(|held| held.seconds_left > 0 && held.policy == policy)
        .collect();
    let (accounts, labels) = (settings.accounts(), settings.labels());
    let names = Names::new(&accounts, &labels);
    // A held role is not listed with its provider, which the search needs and does not use here.
    let pairs = held.iter().map(|held| {
        let account = held.role.split(':').nth(4).unwrap_or_default();
        let provider = format!("arn:aws:iam::{account}:saml-provider/any");
        SamlRole::parse(&format!("{},{provider}", held.role)).ok()
    });
    let mut pairs: Vec<SamlRole> = pairs.flatten().collect();
    // A role is held several times if it was asked for in several ways.
    pairs.sort();
    pairs.dedup();
    let query = RoleQuery {
        role: Some(role),
        provider: None,
    };
    let RoleMatch::One(found) = find_role(&pairs, &query, &names) else {
        return None;
    };
    held.into_iter()
        .filter(|held| held.role == found.role.as_str())
        .max_by_key(|held| held.seconds_left)
}

/// The last item of a menu of profiles that leads to the menu of roles.
const ANOTHER_ROLE: &str = "another role";

/// Lets the user choose a profile: those with credentials come first. With `or_role`, there is one
/// more item, for which `None` is returned.
///
/// # Errors
/// When there are no profiles, and without a terminal or a choice.
pub fn pick_profile(context: &Context, or_role: bool) -> Result<Option<String>, Report> {
    let mut entries = list_profiles(context)?;
    if entries.is_empty() {
        return Err(Report::new(
            ErrorCode::ConfigNoProfiles,
            "there are no profiles to choose from",
        )
        .hint("`ob config add NAME` makes one from a menu of your roles"));
    }
    let seconds = |entry: &ProfileEntry| entry.held.as_ref().map_or(0, |held| held.seconds_left);
    entries.sort_by_key(|entry| std::cmp::Reverse((seconds(entry), entry.is_default)));
    let rows: Vec<Vec<String>> = entries.iter().map(|entry| entry.cells(context)).collect();
    let mut items: Vec<String> = table(None, &rows, false)
        .lines()
        .map(str::to_owned)
        .collect();
    if or_role {
        items.push(format!("  {ANOTHER_ROLE}"));
    }
    let mut questions = Questions::new(context.output, &context.environment, || {});
    let question = Question {
        text: "Profile",
        instead: "name one: `-p PROFILE`",
    };
    let index = questions.choose(question, &items)?;
    Ok(entries.into_iter().nth(index).map(|entry| entry.name))
}

/// Adds the profile that the user chooses in a menu, where a terminal is there and nothing says
/// which role is meant: no flag, no shell of `ob`, no default profile or role.
///
/// # Errors
/// As [`pick_profile`], and when the settings cannot be used.
pub fn with_picked_profile(
    context: &Context,
    mut selection: RoleSelection,
    menu: RoleMenu,
) -> Result<RoleSelection, Report> {
    let settings = context.settings()?;
    let is_open = !selection.names_role()
        && menu != RoleMenu::Again
        && ShellTarget::of_environment(context).is_none()
        && settings.profiles().next().is_some()
        && has_tty();
    if !is_open {
        return Ok(selection);
    }
    let default = settings.resolve(&context.flags(), &context.environment)?;
    if default.profile.is_none() && default.role.is_none() {
        selection.flags.profile = pick_profile(context, true)?;
    }
    Ok(selection)
}
