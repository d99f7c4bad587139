//! `ob config aws`: profiles for every tool that reads `~/.aws/config`, with no secret in them.

use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::aws::{ConfigProfile, config_profile_name, with_block, without_block};
use crate::aws_files::{Kind, edit, read};
use crate::client::Context;
use crate::client::{as_warning, refuse_unreadable, unreadable};
use crate::config::Flags;
use crate::paths;
use crate::report::{ErrorCode, Report};
use crate::terminal::{data, in_one_piece};

/// Write a profile for each of yours to ~/.aws/config, or take them out again
///
/// For each profile NAME of the settings, ~/.aws/config gets a profile ob/NAME whose
/// `credential_process` is `ob credential -p NAME`. There is no secret in it. Everything else in
/// the file stays as it is.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Take ob's profiles out again
    #[arg(long)]
    pub(super) remove: bool,
    /// Print what the file would be, write nothing
    #[arg(long)]
    pub(super) print: bool,
    /// Written on another verb's behalf, whose standard output is not ours.
    #[arg(skip)]
    pub(super) offered: bool,
}

/// # Errors
/// When the settings have no profile, or the file cannot be edited; then it is as it was.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let path = Kind::Config.path(&context.environment)?;
    let Block { profiles, asking } = if args.remove {
        Block::default()
    } else {
        block(context)?
    };
    let make = |text: &str| -> Result<String, Report> {
        let new = if args.remove {
            without_block(text)
        } else {
            with_block(text, &profiles)
        };
        new.map_err(|error| Report::from(error).during(format!("cannot write {}", path.display())))
    };
    let mut no_use = None;
    if !args.remove {
        // What is wrong with ob's own part comes first: it says more.
        make(&read(&path)?)?;
        refuse_unreadable(&path)?;
        no_use = unreadable(&Kind::Credentials.path(&context.environment)?)?;
    }
    if args.print {
        data(&make(&read(&path)?)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    // Nothing is to be removed from a file that is not there, and none is made for that.
    let changed =
        (!args.remove || path.exists()) && in_one_piece(|| edit(&path, Kind::Config, make))?;
    let names: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.name.as_str())
        .collect();
    if context.globals.json && !args.offered {
        let mut answer = json!({ "file": path, "changed": changed, "profiles": names });
        if let Some(report) = &no_use {
            answer["warning"] = as_warning(report);
        }
        context.voice.data_json(answer)?;
    } else {
        let asks = |name: &str| asking.iter().any(|(asking, _)| asking == name);
        let mut first = names.iter().copied().find(|name| !asks(name));
        first = first.filter(|_| no_use.is_none());
        context
            .voice
            .say(&words(args, &path, changed, &names, first));
    }
    if let Some(report) = no_use.filter(|_| !context.globals.json) {
        context.voice.report(&report);
    }
    for (name, profile) in asking {
        context.voice.say(&format!(
            "ob: {name} serves no AWS tool, since {profile} has `confirm = true`: `ob exec -p {profile} -- CMD` asks"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn words(args: &Args, path: &Path, changed: bool, names: &[&str], first: Option<&str>) -> String {
    let path = path.display();
    match (args.remove, changed) {
        (true, true) => format!("ob: took ob's profiles out of {path}"),
        (true, false) => format!("ob: there was nothing of ob's in {path}"),
        (false, true) => {
            let next = first
                .map(|name| format!("\nnext: `AWS_PROFILE={name} aws sts get-caller-identity`"));
            let names = names.join(", ");
            format!("ob: wrote {names} to {path}{}", next.unwrap_or_default())
        }
        (false, false) => format!("ob: {path} is up to date: {}", names.join(", ")),
    }
}

/// What `ob` is called with for `profile`, under the settings that are in force here.
pub(super) fn words_for(context: &Context, profile: &str) -> Result<Vec<String>, Report> {
    let mut words = vec!["credential".into(), "-p".into(), profile.to_owned()];
    if let Some(file) = &context.globals.config {
        let is_winding = file.components().any(|part| part == Component::ParentDir);
        let plain = match is_winding {
            true => file.canonicalize(),
            // A link is somebody's way to put another file there.
            false => std::path::absolute(file),
        };
        words.extend([
            "--config".into(),
            text(&plain.unwrap_or_else(|_| file.clone()))?,
        ]);
    }
    if let Some(org) = &context.globals.org {
        let alone = Flags {
            profile: Some(profile.to_owned()),
            ..Flags::default()
        };
        let own = context
            .settings()?
            .resolve_org(&alone, &context.environment);
        let is_its_own = own.is_ok_and(|own| own.name.as_ref() == Some(org));
        if !is_its_own {
            words.extend(["--org".into(), org.clone()]);
        }
    }
    Ok(words)
}

/// The same with the program in front.
pub(super) fn command_for(context: &Context, profile: &str) -> Result<Vec<String>, Report> {
    let mut command = vec![text(&program(context)?)?];
    command.extend(words_for(context, profile)?);
    Ok(command)
}

#[derive(Debug, Default)]
struct Block {
    profiles: Vec<ConfigProfile>,
    /// Of these the names of those that ask a person first, each with what the settings call it.
    asking: Vec<(String, String)>,
}

fn block(context: &Context) -> Result<Block, Report> {
    let settings = context.settings()?;
    let Block {
        mut profiles,
        mut asking,
    } = Block::default();
    for profile in settings.profiles() {
        let Some(name) = config_profile_name(profile) else {
            context.voice.say(&format!("ob: {profile:?} is left out: AWS profiles are named with letters, digits and _.@/%:+-"));
            continue;
        };
        let flags = Flags {
            profile: Some(profile.to_owned()),
            ..context.flags()
        };
        let target = settings.resolve(&flags, &context.environment)?;
        let command = command_for(context, profile)?;
        let region = target.configured_region()?;
        asking.extend(target.confirm.then(|| (name.clone(), profile.to_owned())));
        profiles.push(ConfigProfile {
            name,
            command,
            region,
        });
    }
    if profiles.is_empty() {
        return Err(
            Report::new(ErrorCode::ConfigNoProfiles, "there is no profile to write")
                .cause("the settings have none that AWS tools can name")
                .hint("add `[profiles.dev]` with a `role` to the settings; `ob roles` shows yours"),
        );
    }
    Ok(Block { profiles, asking })
}

/// Where `ob` will be found again: by the name it has on PATH, which outlives an update, else where
/// it runs from.
fn program(context: &Context) -> Result<PathBuf, Report> {
    let running = std::env::current_exe().map_err(|error| {
        Report::new(
            ErrorCode::ConfigProgram,
            "cannot tell where ob is installed",
        )
        .cause(error)
        .hint("`command -v ob` shows it; is /proc mounted?")
    })?;
    let same = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path == running);
    let on_path = paths::on_search_path(&context.environment, "ob");
    Ok(on_path.filter(same).unwrap_or(running))
}

fn text(path: &Path) -> Result<String, Report> {
    path.to_str().map(ToOwned::to_owned).ok_or_else(|| {
        Report::new(
            ErrorCode::ConfigProgram,
            "cannot write this path to the AWS file",
        )
        .cause(format!("{} is not UTF-8", path.display()))
        .hint("install ob where the path is plain text")
    })
}
