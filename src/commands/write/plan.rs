//! What `ob write` is to write where, and one run over the roles that were named.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::args::Args;
use super::batch::Batch;
use super::links::{self, Linker};
use super::outcome::Outcome;
use crate::aws::{ForeignSection, NameTemplate};
use crate::aws_files;
use crate::client::{
    Context, ResolvedTarget, RoleSelection, SignInOptions, credentials, resolve_for_menu,
};
use crate::config::Flags;
use crate::model::Credentials;
use crate::report::Report;
use crate::terminal::defer_signals;
use crate::wire::RoleMenu;

pub(super) struct Plan<'a> {
    pub(super) args: &'a Args,
    pub(super) context: &'a Context,
    pub(super) sign_in: SignInOptions,
    /// The names of the sections, if `--name-template` gives them.
    pub(super) template: Option<NameTemplate>,
    pub(super) path: PathBuf,
    /// The config file, if links are written.
    pub(super) config: Option<PathBuf>,
    /// The roles of the first run, by the index of what was named. `--watch` renews these, whatever
    /// else the names come to match.
    pinned: RefCell<BTreeMap<usize, PinnedRole>>,
}

#[derive(Debug)]
struct PinnedRole {
    role: String,
    /// The identity provider that granted it.
    provider: Option<String>,
}

impl<'a> Plan<'a> {
    /// Checks what can be checked before credentials are there.
    ///
    /// # Errors
    /// When the template is none, or a file cannot be written.
    pub(super) fn new(args: &'a Args, context: &'a Context, path: PathBuf) -> Result<Self, Report> {
        let template = args.name_template.as_deref().map(NameTemplate::parse);
        let template = template.transpose()?;
        aws_files::check(&path)?;
        let config = args.link.then(|| links::check_config_file(context));
        Ok(Self {
            args,
            context,
            sign_in: args.sign_in.options(),
            template,
            path,
            config: config.transpose()?,
            pinned: RefCell::default(),
        })
    }

    pub(super) fn empty_batch(&self) -> Batch {
        Batch {
            path: self.path.clone(),
            config: self.config.clone(),
            legacy: self.args.legacy,
            foreign: if self.args.replace {
                ForeignSection::Replace
            } else {
                ForeignSection::Refuse
            },
            sections: Vec::new(),
            links: Vec::new(),
            is_saved: false,
        }
    }

    /// Returns the flags that apply to every role.
    pub(super) fn common_flags(&self) -> Flags {
        Flags {
            region: self.args.region.clone(),
            duration: self.args.duration.clone(),
            read_only: self.args.limits.read_only,
            policy_arns: self.args.limits.policy_arn.clone(),
            ..Flags::default()
        }
    }

    fn selections(&self) -> Vec<RoleSelection> {
        let named = self.args.profile.iter().chain(&self.args.names);
        let profiles = named.map(|profile| Flags {
            profile: Some(profile.clone()),
            ..self.common_flags()
        });
        let roles = self.args.role.iter().map(|role| Flags {
            role: Some(role.clone()),
            ..self.common_flags()
        });
        let mut flags: Vec<Flags> = profiles.chain(roles).collect();
        if flags.is_empty() {
            flags.push(self.common_flags());
        }
        flags.into_iter().map(RoleSelection::from).collect()
    }

    /// Writes the roles that were named. With `min_ttl`, credentials that end sooner are renewed.
    ///
    /// # Errors
    /// When one of the roles has no credentials, or the file cannot be written.
    pub(super) fn run_named(&self, min_ttl: Option<Duration>) -> Result<Outcome, Report> {
        let mut batch = self.empty_batch();
        let linker = Linker {
            context: self.context,
            template: self.template.as_ref(),
            sign_in: &self.sign_in,
        };
        let menu = self.args.menu.menu();
        for (index, selection) in self.selections().into_iter().enumerate() {
            let mut target = resolve_for_menu(self.context, selection, menu, &self.sign_in)?;
            let chain = if self.args.link {
                links::take_chain(&mut target)?
            } else {
                Vec::new()
            };
            let credentials = self.credentials(index, &mut target, min_ttl)?;
            let role = &credentials.role;
            let settings = &target.settings;
            // With a chain, the profile's name is for the role at its end.
            let profile = settings.profile.as_deref().filter(|_| chain.is_empty());
            let alias = settings.accounts.get(role.account()).map(String::as_str);
            let section = links::section_name(linker.template, role, alias, profile);
            if self.args.link {
                let links = linker.links(&target, role, &section, &chain)?;
                batch.links.extend(links);
            }
            // Two linked profiles may start from the same role.
            let is_there = batch
                .sections
                .iter()
                .any(|(known, held)| *known == section && held.role == *role);
            if !(self.args.link && is_there) {
                batch.sections.push((section, credentials));
            }
        }
        let sections = batch.sections.iter().map(|(name, _)| name.as_str());
        let links = batch.links.iter().map(|link| link.name.as_str());
        links::reject_duplicates(sections.chain(links))?;
        defer_signals(|| batch.save())?;
        Ok(batch.outcome(Vec::new()))
    }

    /// Returns the credentials of `target`, and pins it to the role they are for.
    fn credentials(
        &self,
        index: usize,
        target: &mut ResolvedTarget,
        min_ttl: Option<Duration>,
    ) -> Result<Credentials, Report> {
        let mut menu = self.args.menu.menu();
        if let Some(pinned) = self.pinned.borrow().get(&index) {
            target.wire.role = Some(pinned.role.clone());
            target.wire.through.clone_from(&pinned.provider);
            menu = RoleMenu::Never;
        }
        let granted = credentials(self.context, target, min_ttl, menu, &self.sign_in)?;
        let credentials = granted.credentials;
        if let Some(chosen) = granted.chosen {
            target.pin(&chosen);
            let pinned = PinnedRole {
                role: chosen.role,
                provider: Some(chosen.provider),
            };
            self.pinned.borrow_mut().insert(index, pinned);
        } else if target.wire.chain.is_empty() {
            let mut pinned = self.pinned.borrow_mut();
            pinned.entry(index).or_insert_with(|| PinnedRole {
                role: credentials.role.to_string(),
                provider: credentials.provider.as_ref().map(ToString::to_string),
            });
        }
        Ok(credentials)
    }
}
