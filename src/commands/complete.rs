//! `ob complete`: the words that completion scripts take from the settings and the agent. It starts
//! no agent, asks no question and uses no network.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::aws::Names;
use crate::client::Context;
use crate::client::{RoleCache, RoleSelection, SignInOptions, ask_running_agent, resolve};
use crate::model::RoleArn;
use crate::report::Report;
use crate::terminal::data;
use crate::wire::{Reply, Request};

/// Print what may stand in a place, one word a line
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[arg(value_enum)]
    what: Completion,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Completion {
    Profiles,
    Roles,
    Orgs,
}

impl Args {
    /// Parses `ob complete WHAT`, the words of the completion scripts, without clap. Returns `None`
    /// for any other words.
    pub fn parse_fast_path(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut words = words.into_iter().skip(1);
        let (verb, what) = (words.next()?, words.next()?);
        if verb != "complete" || words.next().is_some() {
            return None;
        }
        let what = Completion::from_str(what.to_str()?, false).ok()?;
        Some(Self { what })
    }
}

/// Runs `ob complete`.
///
/// # Errors
/// When the settings cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let words: BTreeSet<String> = match args.what {
        Completion::Profiles => settings.profiles().map(ToOwned::to_owned).collect(),
        Completion::Orgs => settings.org_names().map(ToOwned::to_owned).collect(),
        Completion::Roles => {
            let (accounts, labels) = (settings.accounts(), settings.labels());
            let names = Names::new(&accounts, &labels);
            let spelled = |role: &str| match RoleArn::parse(role) {
                Ok(arn) => {
                    let account = names.account_number(arn.account());
                    let account = account.unwrap_or(arn.account());
                    let words = names.role(&arn).into_iter().chain([arn.name()]);
                    words.map(|word| format!("{account}/{word}")).collect()
                }
                Err(_) => vec![role.to_owned()],
            };
            let own = settings
                .profiles()
                .filter_map(|profile| settings.profile_value(profile, "role"));
            let mut roles: BTreeSet<String> = own.flat_map(|role| spelled(&role)).collect();
            let any = resolve(context, RoleSelection::default(), &SignInOptions::default());
            let cache = any.ok().and_then(|any| RoleCache::of(context, &any.wire));
            if let Some(known) = cache.and_then(|cache| cache.load()) {
                let known = known.roles.iter();
                roles.extend(known.flat_map(|known| spelled(known.pair.role.as_str())));
            }
            if let Ok(Some(Reply::Status(status))) = ask_running_agent(context, Request::Status) {
                roles.extend(status.roles.iter().flat_map(|held| spelled(&held.role)));
            }
            roles
        }
    };
    // The scripts read one word a line.
    let words = words
        .iter()
        .filter(|word| !word.chars().any(char::is_control));
    data(&words.map(|word| format!("{word}\n")).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}
