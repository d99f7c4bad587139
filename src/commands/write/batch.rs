//! The credentials and links of one run, and the one edit of the AWS files that writes them.

use std::path::PathBuf;

use super::links;
use super::outcome::{Outcome, Written};
use crate::aws::{CredentialsFile, ForeignSection, IniError, RoleLink};
use crate::aws_files::{self, Edit, Kind};
use crate::model::Credentials;
use crate::report::Report;

pub(super) struct Batch {
    pub(super) path: PathBuf,
    /// The config file, which takes the links.
    pub(super) config: Option<PathBuf>,
    /// Whether `aws_security_token` is written, too.
    pub(super) legacy: bool,
    /// What happens to sections of these names that `ob` has not written.
    pub(super) foreign: ForeignSection,
    pub(super) sections: Vec<(String, Credentials)>,
    pub(super) links: Vec<RoleLink>,
    pub(super) is_saved: bool,
}

impl Batch {
    /// Writes everything in one edit. Returns `false` if that was done before.
    ///
    /// # Errors
    /// When a file cannot be edited.
    pub(super) fn save(&mut self) -> Result<bool, Report> {
        if self.is_saved {
            return Ok(false);
        }
        // Results come in any order; the file has the same one every time.
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
                let links = |text: &str| links::add(config, text, &self.links);
                let links = Edit {
                    path: config,
                    kind: Kind::Config,
                    make: &links,
                };
                // If the machine stops in between, links without keys do less harm than the
                // reverse.
                aws_files::edit_together(&[links, keys])?
            }
        };
        self.is_saved = true;
        Ok(true)
    }

    fn with_keys(&self, text: &str) -> Result<String, Report> {
        let mut file = CredentialsFile::parse(text);
        let in_file = |error: IniError| {
            Report::from(error).context(format!("cannot write {}", self.path.display()))
        };
        for link in &self.links {
            // The tools would take keys of the same name instead of the link.
            file.remove_section(&link.name, self.foreign)
                .map_err(in_file)?;
        }
        for (section, credentials) in &self.sections {
            file.put(section, credentials, self.legacy, self.foreign)
                .map_err(in_file)?;
        }
        Ok(file.to_string())
    }

    pub(super) fn outcome(&self, refused: Vec<(String, Report)>) -> Outcome {
        let written = self.sections.iter().map(|(section, credentials)| Written {
            section: section.clone(),
            role: credentials.role.clone(),
            expires_at: credentials.expires_at,
        });
        Outcome {
            written: written.collect(),
            links: self.links.clone(),
            refused,
        }
    }
}
