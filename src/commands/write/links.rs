//! `ob write --link`: profiles in `~/.aws/config` that assume further roles, starting from the
//! section of the role that was signed in to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::aws::{NameTemplate, RoleLink, TemplateError, with_links, without_links};
use crate::aws_files::{self, Kind};
use crate::client::{Context, ResolvedTarget, SignInOptions, discover_roles};
use crate::model::{RoleArn, SessionPolicy};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::defer_signals;
use crate::wire::RoleMenu;

/// Removes the chain from `target`, which is about its first role then, and returns it.
///
/// # Errors
/// When the target has a session policy, which an AWS config file cannot express.
pub(super) fn take_chain(target: &mut ResolvedTarget) -> Result<Vec<RoleArn>, Report> {
    if target.settings.policy != SessionPolicy::Whole {
        return Err(Report::new(
            ErrorCode::WriteLinkPolicy,
            "cannot link a role that is limited",
        )
        .cause(
            "AWS config files cannot express session policies: the tools would assume the whole \
             role",
        )
        .hint("`ob write -p PROFILE` without `--link` writes the limited role itself"));
    }
    target.wire.chain.clear();
    Ok(std::mem::take(&mut target.settings.chain))
}

/// Returns the name of a role's section: by the template, else the profile's, else the default.
pub(super) fn section_name(
    template: Option<&NameTemplate>,
    role: &RoleArn,
    alias: Option<&str>,
    profile: Option<&str>,
) -> String {
    match (template, profile) {
        (Some(template), profile) => template.fill(role, alias, profile),
        (None, Some(profile)) => profile.to_owned(),
        (None, None) => NameTemplate::default_template().fill(role, alias, None),
    }
}

/// Finds the roles to link.
pub(super) struct Linker<'a> {
    pub(super) context: &'a Context,
    pub(super) template: Option<&'a NameTemplate>,
    pub(super) sign_in: &'a SignInOptions,
}

impl Linker<'_> {
    /// Returns the links that start from `role`'s section `base`: along `chain`, or if that is
    /// empty, to the roles that the role's policies name.
    ///
    /// # Errors
    /// When the policies cannot be read, or a name is not valid.
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
        let Some((last, steps)) = chain.split_last() else {
            let roles = self.discover(target, role)?;
            let default = NameTemplate::default_template();
            let template = self.template.unwrap_or(&default);
            let names = template.names(&roles, accounts)?;
            let links = roles.iter().zip(names);
            return Ok(links.map(|(role, name)| link(name, role, base)).collect());
        };
        let alias = accounts.get(last.account()).map(String::as_str);
        let profile = target.settings.profile.as_deref();
        let name = section_name(self.template, last, alias, profile);
        let mut links: Vec<RoleLink> = Vec::new();
        let mut source = base.to_owned();
        for (index, role) in steps.iter().enumerate() {
            let step = format!("{name}.{}", index + 1);
            links.push(link(step.clone(), role, &source));
            source = step;
        }
        links.push(link(name, last, &source));
        Ok(links)
    }

    fn discover(&self, target: &ResolvedTarget, role: &RoleArn) -> Result<Vec<RoleArn>, Report> {
        let found = discover_roles(
            self.context,
            target,
            None,
            RoleMenu::Remembered,
            self.sign_in,
        );
        let found = found.map_err(|report| match report.code {
            ErrorCode::IamRefused => report.context("cannot tell which roles to link").hint(
                "`chain = [\"ROLE\"]` in the profile links that role without reading policies",
            ),
            _ => report,
        })?;
        let output = self.context.output;
        let mut roles: Vec<RoleArn> = Vec::new();
        for next in found {
            match RoleArn::parse(&next.role) {
                Ok(role) if !roles.contains(&role) => roles.push(role),
                Ok(_) => {}
                Err(_) => output.message(&format!(
                    "ob: {} is a pattern, not a role: it is left out",
                    escape(&next.role)
                )),
            }
        }
        if roles.is_empty() {
            output.message(&format!("ob: the policies of {role} name no role to link"));
        }
        Ok(roles)
    }
}

/// Rejects two profiles or sections of the same name.
pub(super) fn reject_duplicates<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Report> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(TemplateError::Twice(name.to_owned()).into());
        }
    }
    Ok(())
}

/// Returns the path of the config file.
///
/// # Errors
/// When it can be seen before the names are known that no link can be written to it.
pub(super) fn check_config_file(context: &Context) -> Result<PathBuf, Report> {
    let path = Kind::Config.path(&context.environment)?;
    aws_files::check(&path)?;
    add(&path, &aws_files::read(&path)?, &[])?;
    Ok(path)
}

/// Returns the config file's text with `links` added.
///
/// # Errors
/// When it cannot be edited.
pub(super) fn add(config: &Path, text: &str, links: &[RoleLink]) -> Result<String, Report> {
    with_links(text, links)
        .map_err(|error| Report::from(error).context(format!("cannot write {}", config.display())))
}

/// Removes all links from the config file and returns their names. The temporary files that an
/// interrupted edit left beside it are removed, too, and appended to `leftovers`.
///
/// # Errors
/// When it cannot be edited. It is unchanged then.
pub(super) fn remove_all(
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
        defer_signals(|| aws_files::edit(&path, Kind::Config, |text| Ok(without_links(text)?.0)))?;
    }
    Ok(names)
}
