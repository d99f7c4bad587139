//! What is decided once every file is read, and the names of accounts, roles and providers.

use super::draft::{Draft, Taken, Values, read};
use crate::aws::is_expression;
use crate::importers::FoundLabel;
use crate::model::ProviderArn;

impl Draft {
    pub(super) fn name_account(&mut self, number: &str, name: &str) -> Result<(), String> {
        let is_taken = |other: &String| other.to_lowercase() == name.to_lowercase();
        read("accounts.*", name)?;
        if self.accounts.contains_key(number) {
            Err("the account has a name already".to_owned())
        } else if self.accounts.values().any(is_taken) {
            Err("another account has this name".to_owned())
        } else {
            self.accounts.insert(number.to_owned(), name.to_owned());
            Ok(())
        }
    }

    /// The label of one provider is its account's name, as far as that is free; every other stays a label.
    pub(super) fn label(&mut self, file: &str, label: &FoundLabel) {
        let FoundLabel { pattern, text, .. } = label;
        let account = ProviderArn::parse(pattern)
            .ok()
            .filter(|_| label.is_provider);
        if let Some(account) = account.map(|provider| provider.account().to_owned())
            && self.name_account(&account, text).is_ok()
        {
            let to = format!("accounts.{account}");
            return self.take(file, label.line, &label.key, to, text.clone());
        }
        let (table, path) = match label.is_provider {
            true => (1, "labels.providers.*"),
            false => (0, "labels.roles.*"),
        };
        if !is_expression(pattern) {
            let why = "neither an ARN nor an expression that can be used";
            self.leave(file, label.line, &label.key, why, true);
        } else if let Err(why) = read(path, text) {
            self.leave(file, label.line, &label.key, &why, true);
        } else if self.labels[table].iter().any(|(known, _)| known == pattern) {
            let why = "an earlier file has a label for it";
            self.leave(file, label.line, &label.key, why, false);
        } else {
            self.labels[table].push((pattern.clone(), text.clone()));
            let to = format!("{}.{pattern}", path.trim_end_matches(".*"));
            self.take(file, label.line, &label.key, to, text.clone());
        }
    }

    /// Once every file is read: the profile that is taken where none is named, the only one or `default`.
    ///
    /// Never one that has moved up because another was no good, which may have allowed less.
    pub(super) fn choose_default(&mut self) {
        let chosen = match self.profiles.len() {
            _ if self.has_lost_file => None,
            1 if self.dropped.is_empty() && !self.has_lost_line => self.profiles.keys().next(),
            _ => self.profiles.keys().find(|name| *name == "default"),
        };
        let chosen = chosen.filter(|name| !self.dropped.contains(*name)).cloned();
        if let Some(name) = chosen
            && let Some(from) = self.origins.get(&name).cloned()
        {
            let (to, value) = ("default_profile".to_owned(), name.clone());
            self.taken.push(Taken { from, to, value });
            self.default = Some(name);
        }
    }

    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Leaves out the profiles of orgs without an address, where another org has one.
    pub(super) fn drop_unaddressed(&mut self) {
        let has_url = |org: &Values| org.contains_key("url");
        if self.orgs.len() < 2 || !self.orgs.iter().any(has_url) {
            return;
        }
        let lost: Vec<String> = (self.profiles.iter())
            .filter(|(_, kept)| !kept.org.is_some_and(|at| has_url(&self.orgs[at])))
            .map(|(name, _)| name.clone())
            .collect();
        for name in lost {
            self.profiles.remove(&name);
            if let Some(from) = self.origins.remove(&name) {
                let own = format!("{}.", from.key);
                let is_own = |taken: &Taken| {
                    taken.from.file == from.file && taken.from.key.starts_with(&own)
                };
                self.taken.retain(|taken| !is_own(taken));
                let why = "its org's address is not in the file: `--url`";
                self.leave(&from.file, 0, &from.key, why, true);
            }
            self.dropped.insert(name);
        }
        let kept: Vec<usize> = (0..self.orgs.len())
            .filter(|at| has_url(&self.orgs[*at]))
            .collect();
        for profile in self.profiles.values_mut() {
            let at = |org: usize| kept.iter().position(|at| *at == org);
            profile.org = profile.org.and_then(at);
        }
        self.orgs.retain(has_url);
    }

    /// Whether nothing came of anything, or there were profiles and all of them were no good.
    pub(super) fn lost_all(&self) -> bool {
        let nothing = self.orgs.is_empty() && self.accounts.is_empty();
        let nothing = nothing && self.labels.iter().all(Vec::is_empty);
        self.profiles.is_empty() && (nothing || !self.dropped.is_empty())
    }

    /// Whether every org has its address; without one nothing can sign in.
    pub(super) fn has_address(&self) -> bool {
        !self.orgs.is_empty() && self.orgs.iter().all(|org| org.contains_key("url"))
    }
}
