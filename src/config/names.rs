//! Selects a profile or an org by name; suggests similar names where there is none.

use super::flags::Flags;
use super::settings::Settings;
use crate::model::suggest;
use crate::report::{ErrorCode, Report};

impl Settings {
    pub(super) fn similar_profiles(&self, name: &str) -> Vec<&str> {
        suggest(name, self.profiles().map(|known| (known, known)))
    }

    pub(super) fn similar_orgs(&self, name: &str) -> Vec<&str> {
        suggest(name, self.org_names().map(|known| (known, known)))
    }

    /// Returns the profile that `flags` select, which is the default one without `-p` and `-r`.
    pub(super) fn select_profile(&self, flags: &Flags) -> Result<Option<String>, Report> {
        let Some(name) = &flags.profile else {
            let default = self.default_profile().map(ToOwned::to_owned);
            return Ok(default.filter(|_| flags.role.is_none()));
        };
        if self.profiles.contains_key(name) {
            return Ok(Some(name.clone()));
        }
        let report = no_such_profile(name);
        let similar = self.similar_profiles(name);
        Err(match similar.is_empty() {
            true => report.hint("`-r ROLE` takes a role without a profile"),
            false => report.did_you_mean("-p", similar),
        }
        .hint("`ob list` shows the profiles"))
    }

    /// Checks that the profile `name` exists, which was typed behind `command` (`ob use`).
    ///
    /// # Errors
    /// When there is no such profile.
    pub fn check_profile(&self, name: &str, command: &str) -> Result<(), Report> {
        if self.profiles.contains_key(name) {
            return Ok(());
        }
        Err(no_such_profile(name)
            .did_you_mean(command, self.similar_profiles(name))
            .hint("`ob list` shows the profiles"))
    }

    /// Checks that `name` is one of `[orgs]`.
    ///
    /// # Errors
    /// When there is no such org.
    pub fn check_org(&self, name: &str) -> Result<(), Report> {
        match self.orgs.contains_key(name) {
            true => Ok(()),
            false => Err(self.no_such_org(name)),
        }
    }

    pub(super) fn no_such_org(&self, name: &str) -> Report {
        let summary = format!("there is no org {name}");
        let report = Report::new(ErrorCode::ConfigNoOrg, summary);
        let similar = self.similar_orgs(name);
        match (similar.is_empty(), self.orgs.len()) {
            (false, _) => report.did_you_mean("--org", similar),
            (true, 0) => report
                .hint("the settings have one org without a name: leave `--org` out")
                .hint("several have names: `[orgs.NAME]` with its `url`"),
            (true, _) => report.hint(format!("take one of `--org {}`", self.org_choices())),
        }
    }

    pub(super) fn org_choices(&self) -> String {
        self.org_names().collect::<Vec<_>>().join("|")
    }
}

fn no_such_profile(name: &str) -> Report {
    let summary = format!("there is no profile {name}");
    Report::new(ErrorCode::ConfigNoProfile, summary)
}
