//! Collects the findings of all files to a draft, and completes it.

use super::draft::{Draft, Origin, Taken, Values};
use super::sources::Source;
use crate::importers::{Destination, Profile};

impl Draft {
    /// Adds the findings of one source. `url` is the org's address where the source has none.
    pub(super) fn add(&mut self, source: &Source, url: Option<&str>) {
        let Source {
            tool,
            name: file,
            findings,
        } = source;
        for (line, why) in &findings.notes {
            let note = (Origin::new(file, *line, ""), why.clone());
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        for left_out in &findings.left_out {
            self.has_lost_line |= left_out.is_invalid;
            let from = Origin::new(file, left_out.line, &left_out.key);
            self.leave_out(from, &left_out.why, left_out.is_invalid);
        }
        // Profiles without an org may be of an org that another profile names.
        let names_org = |profile: &&Profile| {
            let mut destinations = profile.settings.iter().map(|setting| setting.destination);
            destinations.any(|destination| destination == Destination::Org("url"))
        };
        let (first, others): (Vec<_>, Vec<_>) = findings.profiles.iter().partition(names_org);
        for profile in first.into_iter().chain(others) {
            self.add_profile(*tool, file, profile, url);
        }
        for label in &findings.labels {
            self.add_label(file, label);
        }
        for account in &findings.accounts {
            self.add_account(file, account);
        }
    }

    /// Completes the draft when all sources are added.
    pub(super) fn finish(&mut self, url: Option<&str>) {
        self.drop_unaddressed();
        if let (true, Some(url), false) = (self.orgs.is_empty(), url, self.has_lost_all()) {
            self.orgs.push([("url", url.to_owned())].into());
        }
        self.choose_default();
    }

    /// Whether nothing was imported, or there were profiles and all of them were dropped.
    pub(super) fn has_lost_all(&self) -> bool {
        let is_empty = self.orgs.is_empty()
            && self.accounts.is_empty()
            && self.role_labels.is_empty()
            && self.provider_labels.is_empty();
        self.profiles.is_empty() && (is_empty || !self.dropped.is_empty())
    }

    /// Whether every org has its address, without which no sign-in is possible.
    pub(super) fn has_address(&self) -> bool {
        !self.orgs.is_empty() && self.orgs.iter().all(has_url)
    }

    /// Chooses the default profile: the only one, or `default`.
    ///
    /// Not one that got its name because another was dropped: it may allow more.
    fn choose_default(&mut self) {
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

    /// Drops the profiles of orgs without an address, where another org has one.
    fn drop_unaddressed(&mut self) {
        if self.orgs.len() < 2 || !self.orgs.iter().any(has_url) {
            return;
        }
        let profiles = self.profiles.iter();
        let lost = profiles.filter(|(_, new)| !new.org.is_some_and(|at| has_url(&self.orgs[at])));
        let lost: Vec<String> = lost.map(|(name, _)| name.clone()).collect();
        for name in lost {
            self.profiles.remove(&name);
            if let Some(from) = self.origins.remove(&name) {
                let own = format!("{}.", from.key);
                self.taken.retain(|taken| {
                    taken.from.file != from.file || !taken.from.key.starts_with(&own)
                });
                let why = "its org's address is not in the file: `--url`";
                self.leave_out(from, why, true);
            }
            self.dropped.insert(name);
        }
        let indexes = (0..self.orgs.len()).filter(|at| has_url(&self.orgs[*at]));
        let kept: Vec<usize> = indexes.collect();
        for profile in self.profiles.values_mut() {
            let new_index = |org: usize| kept.iter().position(|at| *at == org);
            profile.org = profile.org.and_then(new_index);
        }
        self.orgs.retain(has_url);
    }
}

fn has_url(org: &Values) -> bool {
    org.contains_key("url")
}
