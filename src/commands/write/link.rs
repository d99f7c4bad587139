//! `ob write --link`: the role that is signed in to gets its section, the roles it hands on to get profiles in
//! `~/.aws/config` that start from it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::round::Plan;
use crate::aws::{NameTemplate, RoleLink, TemplateError, with_links, without_links};
use crate::aws_files::{self, Kind};
use crate::client::Context;
use crate::client::{ResolvedTarget, ask_agent, unexpected_reply};
use crate::model::{RoleArn, SessionPolicy};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::in_one_piece;
use crate::wire::{DiscoverRequest, Reply, Request, RoleMenu};

/// Takes the chain out of `target`, so that it is about its first role, and answers with it.
///
/// # Errors
/// When the target is limited, which no AWS file can say.
pub(super) fn take_chain(target: &mut ResolvedTarget) -> Result<Vec<RoleArn>, Report> {
    if target.settings.policy != SessionPolicy::Whole {
        return Err(Report::new(
            ErrorCode::WriteLinkPolicy,
            "cannot link a role that is limited",
        )
        .cause("an AWS config file has no word for session policies: the tools would assume the whole role")
        .hint("`ob write -p PROFILE` without `--link` writes the limited role itself"));
    }
    target.wire.chain.clear();
    Ok(std::mem::take(&mut target.settings.chain))
}

impl Plan<'_> {
    /// The links from the section `base` of `role`: along `chain`, else to the roles that its policies name.
    ///
    /// # Errors
    /// When these cannot be read, or a name is no good.
    pub(super) fn links(
        &self,
        target: &ResolvedTarget,
        role: &RoleArn,
        base: &str,
        chain: &[RoleArn],
    ) -> Result<Vec<RoleLink>, Report> {
        let region = target.settings.region_for(Some(role))?;
        let link = |name: String, role: &RoleArn, source: &str| RoleLink {
            name,
            role: role.clone(),
            source: source.to_owned(),
            region: region.clone(),
        };
        let accounts = &target.settings.accounts;
        let default_template = NameTemplate::default_template();
        let Some((last, way)) = chain.split_last() else {
            let onward = self.onward(target, role)?;
            let template = self.template.unwrap_or(&default_template);
            let names = template.names(&onward, accounts)?;
            let links = onward.iter().zip(names);
            return Ok(links.map(|(role, name)| link(name, role, base)).collect());
        };
        let profile = target.settings.profile.as_deref();
        let alias = accounts.get(last.account()).map(String::as_str);
        let name = match (self.template, profile) {
            (Some(template), profile) => template.fill(last, alias, profile),
            (None, Some(profile)) => profile.to_owned(),
            (None, None) => default_template.fill(last, alias, None),
        };
        let mut links: Vec<RoleLink> = Vec::new();
        let mut source = base.to_owned();
        for (at, role) in way.iter().enumerate() {
            let step = format!("{name}.{}", at + 1);
            links.push(link(step.clone(), role, &source));
            source = step;
        }
        links.push(link(name, last, &source));
        Ok(links)
    }

    fn onward(&self, target: &ResolvedTarget, role: &RoleArn) -> Result<Vec<RoleArn>, Report> {
        let endpoint = self.context.settings()?.iam_endpoint();
        let request = || {
            Request::Discover(Box::new(DiscoverRequest {
                target: target.wire.clone(),
                menu: RoleMenu::Remembered,
                confirm: target.confirmation(),
                reader: None,
                confirm_reader: None,
                iam_endpoint: endpoint.map(ToOwned::to_owned),
            }))
        };
        let org = &target.settings.org;
        let reply = ask_agent(self.context, request, org, &self.args.sign_in.options());
        let reply = reply.map_err(|report| match report.code {
            ErrorCode::IamRefused => report.during("cannot tell which roles to link").hint(
                "`chain = [\"ROLE\"]` in the profile links that role without reading policies",
            ),
            _ => report,
        })?;
        let Reply::Discovered(found) = reply else {
            return Err(unexpected_reply());
        };
        let voice = self.context.voice;
        let mut roles: Vec<RoleArn> = Vec::new();
        for onward in found {
            match RoleArn::parse(&onward.role) {
                Ok(role) if !roles.contains(&role) => roles.push(role),
                Ok(_) => {}
                Err(_) => voice.say(&format!(
                    "ob: {} is a pattern, not a role: it is left out",
                    escape(&onward.role)
                )),
            }
        }
        if roles.is_empty() {
            voice.say(&format!("ob: the policies of {role} name no role to link"));
        }
        Ok(roles)
    }
}

/// Refuses two profiles or sections of one name.
pub(super) fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Report> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(TemplateError::Twice(name.to_owned()).into());
        }
    }
    Ok(())
}

/// The config file, as far as it can be told before the names are known that links can be put into it.
///
/// # Errors
/// Why none can.
pub(super) fn ready(context: &Context) -> Result<PathBuf, Report> {
    let path = Kind::Config.path(&context.environment)?;
    aws_files::check(&path)?;
    linked(&path, &aws_files::read(&path)?, &[])?;
    Ok(path)
}

/// The config file's text with `links` in it.
///
/// # Errors
/// When it cannot be edited.
pub(super) fn linked(config: &Path, text: &str, links: &[RoleLink]) -> Result<String, Report> {
    with_links(text, links)
        .map_err(|error| Report::from(error).during(format!("cannot write {}", config.display())))
}

/// Takes all links out of the config file and answers with their names; what was left beside it comes to `leftovers`.
///
/// # Errors
/// When it cannot be edited; then it is as it was.
pub(super) fn clean(
    context: &Context,
    leftovers: &mut Vec<PathBuf>,
) -> Result<Vec<String>, Report> {
    let path = Kind::Config.path(&context.environment)?;
    leftovers.extend(aws_files::remove_leftovers(&path)?);
    if path.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let (_, names) = without_links(&aws_files::read(&path)?)?;
    if !names.is_empty() {
        in_one_piece(|| aws_files::edit(&path, Kind::Config, |text| Ok(without_links(text)?.0)))?;
    }
    Ok(names)
}
