//! `ob config aws`: profiles in `~/.aws/config` for every tool that reads it, without a secret.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::credential_command::credential_command;
use crate::aws::{ConfigProfile, config_profile_name, with_block, without_block};
use crate::aws_files::{Kind, edit, read};
use crate::client::{Context, as_warning, refuse_unreadable, unreadable};
use crate::report::{ErrorCode, Report};
use crate::terminal::{data, defer_signals};

/// Write a profile for each of yours to ~/.aws/config, or take them out again
///
/// For each profile NAME of the settings, ~/.aws/config gets a profile ob/NAME whose
/// `credential_process` is `ob credential -p NAME`. There is no secret in it. Everything else in
/// the file stays as it is.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Take ob's profiles out again
    #[arg(long)]
    remove: bool,
    /// Print what the file would be, write nothing
    #[arg(long)]
    print: bool,
}

/// Runs `ob config aws`.
///
/// # Errors
/// When the settings have no profile, or the file cannot be edited; it is unchanged then.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    write(args, context.globals.json, context)
}

/// Writes the settings' profiles to `~/.aws/config`, without output to stdout.
///
/// # Errors
/// As [`run`].
pub(super) fn write_profiles(context: &Context) -> Result<(), Report> {
    write(&Args::default(), false, context).map(drop)
}

fn write(args: &Args, prints_json: bool, context: &Context) -> Result<ExitCode, Report> {
    let path = Kind::Config.path(&context.environment)?;
    let Profiles { blocks, confirmed } = match args.remove {
        true => Profiles::default(),
        false => profiles(context)?,
    };
    let names: Vec<&str> = blocks.iter().map(|block| block.name.as_str()).collect();
    let make = |text: &str| -> Result<String, Report> {
        let new = match args.remove {
            true => without_block(text),
            false => with_block(text, &blocks),
        };
        new.map_err(|error| Report::from(error).context(format!("cannot write {}", path.display())))
    };
    let mut warning = None;
    if !args.remove {
        // A fault in ob's own block is reported first, as its message says more.
        make(&read(&path)?)?;
        refuse_unreadable(&path)?;
        warning = unreadable(&Kind::Credentials.path(&context.environment)?)?;
    }
    if args.print {
        data(&make(&read(&path)?)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    // `--remove` makes no file where there is none.
    let changed =
        (!args.remove || path.exists()) && defer_signals(|| edit(&path, Kind::Config, make))?;
    if prints_json {
        let mut answer = json!({ "file": path, "changed": changed, "profiles": names });
        if let Some(report) = &warning {
            answer["warning"] = as_warning(report);
        }
        context.output.data_json(answer)?;
    } else {
        let is_usable = |name: &&&str| confirmed.iter().all(|(known, _)| known != **name);
        let usable = names.iter().find(is_usable);
        let usable = usable.filter(|_| warning.is_none()).copied();
        let message = message(args.remove, &path, changed, &names, usable);
        context.output.message(&message);
    }
    if let Some(report) = warning.filter(|_| !context.globals.json) {
        context.output.report(&report);
    }
    for (name, profile) in confirmed {
        context.output.message(&format!(
            "ob: AWS tools cannot use {name}, because {profile} has `confirm = true`: \
             `ob exec -p {profile} -- CMD` asks"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns what was done; `usable` is a profile to try.
fn message(
    remove: bool,
    path: &Path,
    changed: bool,
    names: &[&str],
    usable: Option<&str>,
) -> String {
    let path = path.display();
    let names = names.join(", ");
    match (remove, changed) {
        (true, true) => format!("ob: took ob's profiles out of {path}"),
        (true, false) => format!("ob: there was nothing of ob's in {path}"),
        (false, true) => {
            let next = usable
                .map(|name| format!("\nnext: `AWS_PROFILE={name} aws sts get-caller-identity`"));
            format!("ob: wrote {names} to {path}{}", next.unwrap_or_default())
        }
        (false, false) => format!("ob: {path} is up to date: {names}"),
    }
}

/// The profiles to write.
#[derive(Default)]
struct Profiles {
    blocks: Vec<ConfigProfile>,
    /// The names of those whose use must be confirmed, in the file and in the settings.
    confirmed: Vec<(String, String)>,
}

fn profiles(context: &Context) -> Result<Profiles, Report> {
    let settings = context.settings()?;
    let mut profiles = Profiles::default();
    for profile in settings.profiles() {
        let Some(name) = config_profile_name(profile) else {
            context.output.message(&format!(
                "ob: {profile:?} is left out: \
                 AWS profiles are named with letters, digits and _.@/%:+-"
            ));
            continue;
        };
        let flags = context.profile_flags(profile);
        let target = settings.resolve(&flags, &context.environment)?;
        if target.confirm {
            let names = (name.clone(), profile.to_owned());
            profiles.confirmed.push(names);
        }
        profiles.blocks.push(ConfigProfile {
            name,
            command: credential_command(context, profile)?,
            region: target.configured_region()?,
        });
    }
    if profiles.blocks.is_empty() {
        let summary = "there is no profile to write";
        return Err(Report::new(ErrorCode::ConfigNoProfiles, summary)
            .cause("the settings have none that AWS tools can name")
            .hint("`ob config add NAME` makes one from a menu of your roles"));
    }
    Ok(profiles)
}
