//! One round of `ob write`: credentials of all that is wanted, then one edit of the file. What has come by the
//! time of a Ctrl-C is written before it ends the process.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Args, link, some_refused};
use crate::aws::{CredentialsFile, ForeignSection, IniError, NameTemplate, Names, RoleLink};
use crate::aws_files::{self, Edit, Kind};
use crate::client::{
    AgentHooks, Context, ResolvedTarget, RoleCache, RoleSelection, ask_agent_with, credentials,
    parse_credentials, resolve, resolve_for_menu, unexpected_reply,
};
use crate::config::Flags;
use crate::model::{Credentials, RoleArn, SamlRole, Timestamp};
use crate::report::Report;
use crate::terminal::{Bar, finish_first, in_one_piece};
use crate::wire::{ChosenRole, Part, Reply, Request, RoleEntry, RoleMenu, Target};

/// What is to be written where.
pub(super) struct Plan<'a> {
    pub(super) args: &'a Args,
    pub(super) context: &'a Context,
    pub(super) template: Option<&'a NameTemplate>,
    pub(super) path: &'a Path,
    /// Where links go, when there are to be some.
    pub(super) config: Option<&'a Path>,
    pub(super) theirs: ForeignSection,
    /// The roles of the first round, by the place of what is written: `--watch` renews these and asks no more.
    pub(super) chosen: RefCell<BTreeMap<usize, Pinned>>,
}

/// A role that is renewed whatever else its name comes to match.
#[derive(Debug)]
pub(super) struct Pinned {
    role: String,
    /// The provider that opened it, where there are several.
    provider: Option<String>,
}

impl Pinned {
    fn of(credentials: &Credentials) -> Self {
        Self {
            role: credentials.role.to_string(),
            provider: credentials.provider.as_ref().map(ToString::to_string),
        }
    }
}

impl From<ChosenRole> for Pinned {
    fn from(choice: ChosenRole) -> Self {
        Self {
            role: choice.role,
            provider: Some(choice.provider),
        }
    }
}

/// What a round came to.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) written: Vec<Written>,
    pub(super) links: Vec<RoleLink>,
    pub(super) refused: Vec<(String, Report)>,
}

#[derive(Debug)]
pub(super) struct Written {
    pub(super) section: String,
    pub(super) role: RoleArn,
    pub(super) expires_at: Timestamp,
}

impl Round {
    pub(super) fn first_expiry(&self) -> Option<Timestamp> {
        self.written.iter().map(|written| written.expires_at).min()
    }

    /// Why not everything was written, if it was not.
    pub(super) fn refusal(&self) -> Option<Report> {
        some_refused(&self.refused, self.written.len())
    }
}

impl Plan<'_> {
    /// Gathers and writes; `min_ttl` asks for credentials that last longer than those there are.
    ///
    /// # Errors
    /// When nothing could be gathered, or the file not be written.
    pub(super) fn run(&self, min_ttl: Option<Duration>) -> Result<Round, Report> {
        if self.args.all {
            return self.every_role();
        }
        let mut sheaf = self.sheaf();
        let (menu, sign_in) = (self.args.menu.menu(), self.args.sign_in.options());
        for (place, flags) in self.wanted().into_iter().enumerate() {
            let selection = RoleSelection::from(flags);
            let mut target = resolve_for_menu(self.context, selection, menu, &sign_in)?;
            let chain = match self.args.link {
                true => link::take_chain(&mut target)?,
                false => Vec::new(),
            };
            let credentials = self.credentials(place, &mut target, min_ttl)?;
            let profile = target.settings.profile.as_deref();
            // The profile's name is that of the role at the end.
            let profile = profile.filter(|_| chain.is_empty());
            let alias = target
                .settings
                .accounts
                .get(credentials.role.account())
                .map(String::as_str);
            let section = match (self.template, profile) {
                (Some(template), profile) => template.fill(&credentials.role, alias, profile),
                (None, Some(profile)) => profile.to_owned(),
                (None, None) => {
                    NameTemplate::default_template().fill(&credentials.role, alias, None)
                }
            };
            if self.args.link {
                let new = self.links(&target, &credentials.role, &section, &chain)?;
                sheaf.links.extend(new);
            }
            // Two profiles may start from the same role.
            let same = |(known, held): &(String, Credentials)| {
                *known == section && held.role == credentials.role
            };
            if !(self.args.link && sheaf.sections.iter().any(same)) {
                sheaf.sections.push((section, credentials));
            }
        }
        let sections = sheaf.sections.iter().map(|(name, _)| name.as_str());
        let links = sheaf.links.iter().map(|link| link.name.as_str());
        link::distinct(sections.chain(links))?;
        in_one_piece(|| sheaf.save())?;
        Ok(sheaf.round(Vec::new()))
    }

    /// The credentials of `target`, which is made to mean the role that is chosen for it.
    fn credentials(
        &self,
        place: usize,
        target: &mut ResolvedTarget,
        min_ttl: Option<Duration>,
    ) -> Result<Credentials, Report> {
        let mut menu = self.args.menu.menu();
        if let Some(chosen) = self.chosen.borrow().get(&place) {
            target.wire.role = Some(chosen.role.clone());
            target.wire.through.clone_from(&chosen.provider);
            menu = RoleMenu::Never;
        }
        let granted = credentials(
            self.context,
            target,
            min_ttl,
            menu,
            &self.args.sign_in.options(),
        )?;
        if let Some(chosen) = granted.chosen {
            target.pin(&chosen);
            self.chosen.borrow_mut().insert(place, chosen.into());
        } else if target.wire.chain.is_empty() {
            // A role that is there alone stays the one to renew, also when there are others by then.
            let pinned = Pinned::of(&granted.credentials);
            self.chosen.borrow_mut().entry(place).or_insert(pinned);
        }
        Ok(granted.credentials)
    }

    fn flags(&self) -> Flags {
        Flags {
            region: self.args.region.clone(),
            duration: self.args.duration.clone(),
            read_only: self.args.limits.read_only,
            policy_arns: self.args.limits.policy_arn.clone(),
            ..Flags::default()
        }
    }

    fn wanted(&self) -> Vec<Flags> {
        let profiles = self.args.profile.iter().map(|profile| Flags {
            profile: Some(profile.clone()),
            ..self.flags()
        });
        let roles = self.args.role.iter().map(|role| Flags {
            role: Some(role.clone()),
            ..self.flags()
        });
        let mut wanted: Vec<Flags> = profiles.chain(roles).collect();
        if wanted.is_empty() {
            wanted.push(self.flags());
        }
        wanted
    }

    fn every_role(&self) -> Result<Round, Report> {
        // A role is named only so that no profile's chain and role come in.
        let selection = RoleSelection::from(Flags {
            role: Some("*".into()),
            ..self.flags()
        });
        let sign_in = self.args.sign_in.options();
        let target = resolve(self.context, selection, &sign_in)?;
        let mut entries: Vec<RoleEntry> = Vec::new();
        let mut names: Option<Result<BTreeMap<String, String>, Report>> = None;
        let mut refused = Vec::new();
        let mut odd = None;
        let sheaf = Arc::new(Mutex::new(self.sheaf()));
        let mut bar: Option<Bar> = None;
        let voice = self.context.voice;
        let mut take = |part: Part| match part {
            Part::Roles(mut some) => entries.append(&mut some),
            Part::Refused { role, report } => {
                refused.push((role, report));
                self.bar(&mut bar, &entries).step();
            }
            Part::Issued(issued) => {
                let bar = self.bar(&mut bar, &entries);
                let names = names.get_or_insert_with(|| {
                    let (last_words, bar) = (Arc::clone(&sheaf), bar.clone());
                    let total = entries.len();
                    // Without it a signal loses this round, no more.
                    let _ = finish_first(move || {
                        bar.clear();
                        let mut sheaf = last_words.lock().unwrap_or_else(PoisonError::into_inner);
                        let count = sheaf.sections.len();
                        match sheaf.save() {
                            Ok(true) => voice.say(&format!("ob: interrupted; wrote the {count} of {total} roles that were there")),
                            Ok(false) => {}
                            Err(report) => voice.report(&report),
                        }
                    });
                    self.section_names(&entries, &target.wire)
                });
                let section = names
                    .as_ref()
                    .ok()
                    .and_then(|names| names.get(&issued.role));
                match (section.cloned(), parse_credentials(issued)) {
                    (Some(section), Ok(credentials)) => {
                        let mut sheaf = sheaf.lock().unwrap_or_else(PoisonError::into_inner);
                        sheaf.sections.push((section, credentials));
                    }
                    (_, Err(report)) => odd = Some(report),
                    (None, Ok(_)) => {}
                }
                bar.step();
            }
        };
        let request = || Request::EveryRole(target.wire.clone());
        let hooks = AgentHooks {
            on_part: Some(&mut take),
            ..AgentHooks::default()
        };
        let reply = ask_agent_with(self.context, request, &target.settings.org, &sign_in, hooks);
        if let Some(bar) = bar {
            bar.clear();
        }
        if let (Ok(_), Some(cache)) = (&reply, RoleCache::of(self.context, &target.wire)) {
            cache.store(&entries);
        }
        if let Some(Err(report)) = names {
            return Err(report);
        }
        let gathered = || sheaf.lock().unwrap_or_else(PoisonError::into_inner);
        // What has come is worth having whatever happened then.
        let saved = in_one_piece(|| {
            let mut sheaf = gathered();
            match sheaf.sections.is_empty() {
                true => Ok(false),
                false => sheaf.save(),
            }
        });
        let sheaf = gathered();
        match reply? {
            Reply::AllRoles => {}
            _ => return Err(unexpected_reply()),
        }
        saved?;
        if let Some(report) = odd {
            return Err(report);
        }
        if sheaf.sections.is_empty() && !refused.is_empty() {
            return Err(refused.swap_remove(0).1);
        }
        Ok(sheaf.round(refused))
    }

    fn bar<'b>(&self, bar: &'b mut Option<Bar>, entries: &[RoleEntry]) -> &'b Bar {
        bar.get_or_insert_with(|| Bar::new(&self.context.environment, "roles", entries.len()))
    }

    /// By the words of the settings alone: a file must not change its sections because a tile is renamed.
    fn section_names(
        &self,
        entries: &[RoleEntry],
        target: &Target,
    ) -> Result<BTreeMap<String, String>, Report> {
        let words = Names::new(&target.names.accounts, &target.names.labels);
        let (mut roles, mut aliases) = (Vec::new(), BTreeMap::new());
        for entry in entries {
            let pair = format!("{},{}", entry.role, entry.provider);
            let Ok(pair) = SamlRole::parse(&pair) else {
                continue;
            };
            let alias = words.account(&pair).map(str::to_owned);
            aliases.extend(alias.map(|alias| (pair.role.account().to_owned(), alias)));
            roles.push(pair.role);
        }
        let names = self
            .template
            .unwrap_or(&NameTemplate::default_template())
            .names(&roles, &aliases)?;
        Ok(roles.iter().map(ToString::to_string).zip(names).collect())
    }

    fn sheaf(&self) -> Sheaf {
        Sheaf {
            path: self.path.to_owned(),
            config: self.config.map(ToOwned::to_owned),
            legacy: self.args.legacy,
            theirs: self.theirs,
            sections: Vec::new(),
            links: Vec::new(),
            saved: false,
        }
    }
}

/// What has been gathered, and where it goes.
struct Sheaf {
    path: PathBuf,
    config: Option<PathBuf>,
    legacy: bool,
    theirs: ForeignSection,
    sections: Vec<(String, Credentials)>,
    links: Vec<RoleLink>,
    saved: bool,
}

impl Sheaf {
    /// Writes everything at once, one time; `false` when that has been done.
    fn save(&mut self) -> Result<bool, Report> {
        if self.saved {
            return Ok(false);
        }
        // Their order in the file is not the order of their coming.
        self.sections.sort_by(|(a, _), (b, _)| a.cmp(b));
        let keys = |text: &str| self.with_keys(text);
        let keys = Edit {
            path: &self.path,
            kind: Kind::Credentials,
            make: &keys,
        };
        match self.config.as_deref().filter(|_| !self.links.is_empty()) {
            None => aws_files::edit_together(&[keys])?,
            Some(config) => {
                let links = |text: &str| link::linked(config, text, &self.links);
                let links = Edit {
                    path: config,
                    kind: Kind::Config,
                    make: &links,
                };
                // Should the machine stop between the two, keys are the worse half to have.
                aws_files::edit_together(&[links, keys])?
            }
        };
        self.saved = true;
        Ok(true)
    }

    fn with_keys(&self, text: &str) -> Result<String, Report> {
        let mut file = CredentialsFile::parse(text);
        let within = |error: IniError| {
            Report::from(error).during(format!("cannot write {}", self.path.display()))
        };
        for link in &self.links {
            // Keys under its name would be taken instead.
            file.remove_section(&link.name, self.theirs)
                .map_err(within)?;
        }
        for (section, credentials) in &self.sections {
            file.put(section, credentials, self.legacy, self.theirs)
                .map_err(within)?;
        }
        Ok(file.to_string())
    }

    fn round(&self, refused: Vec<(String, Report)>) -> Round {
        let written = self.sections.iter().map(|(section, credentials)| Written {
            section: section.clone(),
            role: credentials.role.clone(),
            expires_at: credentials.expires_at,
        });
        Round {
            written: written.collect(),
            links: self.links.clone(),
            refused,
        }
    }
}
