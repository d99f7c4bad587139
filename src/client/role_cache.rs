//! The roles as they were last seen, kept in a file of the user's cache: what makes `ob roles` and the menu of
//! roles instant. Written where a person looks at roles or chooses one, never on the way to a command whose
//! role is known. Names alone; `aws.catalogue = false` keeps nothing.

use crate::aws::{AccountHint, Catalogue, CatalogueKey, KnownRole, Names, found_names};
use crate::client::context::Context;
use crate::clock::Clock;
use crate::model::{ProviderArn, RoleArn, SamlRole};
use crate::paths::{RuntimeDir, cache_dir, existing_cache_dir};
use crate::wire::{RoleEntry, Target, UsedRole};

/// More than [`Catalogue`] ever writes.
const MAX_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// Where the roles of one user are kept.
#[derive(Clone, Debug)]
pub struct RoleCache<'a> {
    context: &'a Context,
    key: CatalogueKey,
    name: String,
}

impl<'a> RoleCache<'a> {
    /// The one for `target`; none where nothing may be kept, or what is asked for is not all roles.
    pub fn of(context: &'a Context, target: &Target) -> Option<Self> {
        if !context.settings().ok()?.is_catalogue_enabled() || target.account.machine.is_some() {
            return None;
        }
        let key = CatalogueKey {
            org: target.account.org.clone(),
            username: target.account.username.as_deref().map(str::to_lowercase),
            app: target.app.clone(),
        };
        let text = serde_json::to_string(&key).ok()?;
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let hex: String = digest.as_ref()[..12]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(Self {
            context,
            key,
            name: format!("roles-{hex}.json"),
        })
    }

    /// What is kept, the last used first.
    pub fn load(&self) -> Option<Catalogue> {
        let text = self.directory()?.text(&self.name, MAX_CACHE_BYTES)?;
        let mut known = Catalogue::from_json(&text, &self.key, Clock::system().now())?;
        known.sort();
        Some(known)
    }

    fn directory(&self) -> Option<RuntimeDir> {
        existing_cache_dir(&self.context.environment)
    }

    /// Keeps `entries`, all there are, with what is known of them from before. A disk that refuses is no reason to
    /// tell anybody: nothing is lost.
    pub fn store(&self, entries: &[RoleEntry]) -> Option<Catalogue> {
        let role = |entry: &RoleEntry| {
            Some(KnownRole {
                pair: SamlRole {
                    role: RoleArn::parse(&entry.role).ok()?,
                    provider: ProviderArn::parse(&entry.provider).ok()?,
                },
                app: entry.app.clone(),
                alias: entry.alias.clone(),
                used: entry.used,
            })
        };
        let mut new = Catalogue {
            as_of: Clock::system().now(),
            roles: entries.iter().map(role).collect::<Option<_>>()?,
        };
        if let Some(old) = self.load() {
            new.inherit(&old);
        }
        new.sort();
        self.save(&new);
        Some(new)
    }

    pub fn save(&self, catalogue: &Catalogue) {
        if let Some(text) = catalogue.to_json(&self.key)
            && let Some(directory) = cache_dir(&self.context.environment)
        {
            let _ = directory.put(&self.name, &text);
        }
    }

    /// Takes it away: it has named a role that is not granted any more.
    pub fn forget(&self) {
        if let Some(directory) = self.directory() {
            directory.remove(&self.name);
        }
    }

    /// Notes what an agent has handed out since; says whether that was news.
    pub fn note(&self, catalogue: &mut Catalogue, used: &[UsedRole]) -> bool {
        let mut news = false;
        for one in used {
            let named = self.key.username.as_ref();
            if one.org == self.key.org && named.is_none_or(|name| *name == one.username) {
                news |= catalogue.record_use(&one.role, one.at);
            }
        }
        catalogue.sort();
        news
    }

    /// As lines of a list: with the names that the accounts have by the settings of now.
    pub fn entries(&self, catalogue: &Catalogue, target: &Target) -> Vec<RoleEntry> {
        let traces = catalogue.roles.iter().map(|known| AccountHint {
            account: known.pair.role.account(),
            // An app that the settings name has no label of its own here.
            app: match target.app {
                Some(_) => "",
                None => &known.app,
            },
            alias: known.alias.as_deref(),
        });
        let found = found_names(traces);
        let names = Names::new(&target.names.accounts, &target.names.labels).with_found(&found);
        let pairs: Vec<SamlRole> = catalogue
            .roles
            .iter()
            .map(|known| known.pair.clone())
            .collect();
        let labels = names.list_labels(&pairs);
        let entry = |(known, label): (&KnownRole, Option<String>)| RoleEntry {
            role: known.pair.role.to_string(),
            provider: known.pair.provider.to_string(),
            account_name: names.account(&known.pair).map(str::to_owned),
            label,
            app: known.app.clone(),
            alias: known.alias.clone(),
            used: known.used,
        };
        catalogue.roles.iter().zip(labels).map(entry).collect()
    }
}
