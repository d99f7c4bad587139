//! The roles as they were last listed, in a file of the user's cache directory.
//!
//! They make `ob roles` and the role menu instant. The file is written when the user looks at roles
//! or chooses one, never on the way to a command whose role is named. It holds names alone, and
//! `aws.catalogue = false` turns it off. A failure to read or write it is ignored: the list is read
//! from Okta again.

use crate::aws::{AccountHint, Catalogue, CatalogueKey, KnownRole, Names, found_names};
use crate::client::context::Context;
use crate::clock::Clock;
use crate::model::{ProviderArn, RoleArn, SamlRole};
use crate::paths::{RuntimeDir, cache_dir, existing_cache_dir};
use crate::wire::{RoleEntry, Target, UsedRole};

/// More than [`Catalogue`] ever writes.
const MAX_CACHE_BYTES: u64 = 4 * 1024 * 1024;

/// The cache file of one org, user and configured app.
#[derive(Clone, Debug)]
pub struct RoleCache<'a> {
    context: &'a Context,
    key: CatalogueKey,
    file_name: String,
}

impl<'a> RoleCache<'a> {
    /// Returns the cache for `target`, or `None` if the settings turn it off or the user is a
    /// machine.
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
            file_name: format!("roles-{hex}.json"),
        })
    }

    /// Returns the cached roles, the last used first.
    pub fn load(&self) -> Option<Catalogue> {
        let text = self.directory()?.text(&self.file_name, MAX_CACHE_BYTES)?;
        let mut known = Catalogue::from_json(&text, &self.key, Clock::system().now())?;
        known.sort();
        Some(known)
    }

    fn directory(&self) -> Option<RuntimeDir> {
        existing_cache_dir(&self.context.environment)
    }

    /// Replaces the cached roles by `entries`, keeping the uses and aliases that are known of them.
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
            let _ = directory.put(&self.file_name, &text);
        }
    }

    /// Deletes the file, after a role from it was not granted.
    pub fn clear(&self) {
        if let Some(directory) = self.directory() {
            directory.remove(&self.file_name);
        }
    }

    /// Records the roles of this org and user that the agent issued credentials for, and sorts the
    /// catalogue. Returns whether a use is new.
    pub fn record_uses(&self, catalogue: &mut Catalogue, used: &[UsedRole]) -> bool {
        let mut is_changed = false;
        for role in used {
            let username = self.key.username.as_ref();
            if role.org == self.key.org && username.is_none_or(|name| *name == role.username) {
                is_changed |= catalogue.record_use(&role.role, role.at);
            }
        }
        catalogue.sort();
        is_changed
    }

    /// Returns the entries of a list, with the names that the current settings give the accounts.
    pub fn entries(&self, catalogue: &Catalogue, target: &Target) -> Vec<RoleEntry> {
        let traces = catalogue.roles.iter().map(|known| AccountHint {
            account: known.pair.role.account(),
            // An app named in the settings has no label.
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
