//! The profile or org that somebody names, and what they may have meant where there is none.

use super::{Flags, Settings};
use crate::model::suggest;
use crate::report::{Exit, Report};

impl Settings {
    pub(super) fn nearest_profile(&self, name: &str) -> Option<String> {
        self.near_profiles(name)
            .first()
            .map(|name| (*name).to_owned())
    }

    pub(super) fn nearest_org(&self, name: &str) -> Option<String> {
        self.near_orgs(name).first().map(|name| (*name).to_owned())
    }

    fn near_profiles(&self, name: &str) -> Vec<&str> {
        suggest(name, self.profiles().map(|known| (known, known)))
    }

    fn near_orgs(&self, name: &str) -> Vec<&str> {
        suggest(name, self.orgs.keys().map(|known| (known, known.as_str())))
    }

    pub(super) fn profile(&self, flags: &Flags) -> Result<Option<String>, Report> {
        let Some(name) = &flags.profile else {
            let default = self.default_profile().map(ToOwned::to_owned);
            return Ok(default.filter(|_| flags.role.is_none()));
        };
        if self.profiles.contains_key(name) {
            return Ok(Some(name.clone()));
        }
        let report = Self::no_such_profile(name);
        Err(match self.near_profiles(name) {
            none if none.is_empty() => report.hint("`-r ROLE` takes a role without a profile"),
            near => report.did_you_mean("-p", near),
        }
        .hint("`ob config list` shows the profiles"))
    }

    /// Refuses a profile that does not exist, where its name alone is typed: the names that resemble it are offered
    /// behind `typed` (`ob use`).
    ///
    /// # Errors
    /// When there is no profile `name`.
    pub fn check_profile(&self, name: &str, typed: &str) -> Result<(), Report> {
        if self.profiles.contains_key(name) {
            return Ok(());
        }
        Err(Self::no_such_profile(name)
            .did_you_mean(typed, self.near_profiles(name))
            .hint("`ob config list` shows the profiles"))
    }

    fn no_such_profile(name: &str) -> Report {
        Report::new(
            Exit::Usage,
            "config.no-profile",
            format!("there is no profile {name}"),
        )
    }

    pub(super) fn no_such_org(&self, name: &str) -> Report {
        let report = Report::new(
            Exit::Usage,
            "config.no-org",
            format!("there is no org {name}"),
        );
        let near = self.near_orgs(name);
        match (near.is_empty(), self.orgs.len()) {
            (false, _) => report.did_you_mean("--org", near),
            (true, 0) => report.hint("name it in the settings, `[orgs.NAME]` with its `url`"),
            (true, _) => report.hint(format!("take one of `--org {}`", self.org_choices())),
        }
    }
}
