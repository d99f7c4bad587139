//! The settings of other tools that sign in to Okta for AWS, read into what they mean here.
//!
//! It owns the formats and the table of twins; it opens no file and decides on no setting's value, which the settings'
//! own reader judges afterwards. INI files are read by [`crate::ini`]: what can be read is taken, and every other line is
//! named. The readers of the other formats are small and strict: what they do not know is an error with its line, never a
//! guess. A value is held wiped, since some of these files have passwords in them; one that is left
//! out is known by its key and line alone.

mod aws_okta;
mod aws_sts;
mod entry;
mod error;
mod gimme;
mod lines;
mod meaning;
mod okta_yaml;
mod oktaws;
mod processor;
mod profiles;
mod yaml;

use std::path::{Path, PathBuf};

pub use entry::{Findings, FoundLabel, LeftOut, Place, Profile, Setting};
pub use error::ImportError;
use lines::Dialect;

use crate::ini::is_undecoded;

/// A tool whose settings are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    OktaAwsCli,
    /// Variables of okta-aws-cli, as a `.env` or an environment has them.
    OktaAwsCliVariables,
    GimmeAwsCreds,
    Saml2Aws,
    Tokendito,
    Oktaws,
    AwsOkta,
    OktaJava,
    AwsOktaProcessor,
    AwsSts,
}

impl Tool {
    /// Where each keeps its settings, below the home directory.
    pub const PLACES: [(Self, &'static str); 9] = [
        (Self::OktaAwsCli, ".okta/okta.yaml"),
        (Self::GimmeAwsCreds, ".okta_aws_login_config"),
        (Self::Saml2Aws, ".saml2aws"),
        (Self::Tokendito, ".config/tokendito/tokendito.ini"),
        (Self::Tokendito, ".aws/okta_auth"),
        (Self::AwsOkta, ".aws/config"),
        (Self::OktaJava, ".okta/config.properties"),
        (Self::AwsOktaProcessor, ".awsoktaprocessor"),
        (Self::AwsOktaProcessor, ".aws/config"),
    ];
    /// Where aws-okta-processor's description has its lines put as well. Keys stand there, so it is read only when
    /// the tool or the file is named.
    pub const WITH_KEYS: &'static str = ".aws/credentials";
    /// oktaws has a file for each org here, below the home directory.
    pub const OKTAWS_DIRECTORY: &'static str = ".oktaws";

    /// How the tool is called, as a word of a profile's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OktaAwsCli | Self::OktaAwsCliVariables => "okta-aws-cli",
            Self::GimmeAwsCreds => "gimme-aws-creds",
            Self::Saml2Aws => "saml2aws",
            Self::Tokendito => "tokendito",
            Self::Oktaws => "oktaws",
            Self::AwsOkta => "aws-okta",
            Self::OktaJava => "okta-java",
            Self::AwsOktaProcessor => "aws-okta-processor",
            Self::AwsSts => "aws-sts",
        }
    }

    /// Whose settings a file of that name has, if the name tells.
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        match name {
            "okta.yaml" | "okta.yml" => Some(Self::OktaAwsCli),
            ".okta_aws_login_config" => Some(Self::GimmeAwsCreds),
            ".saml2aws" => Some(Self::Saml2Aws),
            "tokendito.ini" | "okta_auth" => Some(Self::Tokendito),
            "config.properties" => Some(Self::OktaJava),
            "config" => Some(Self::AwsOkta),
            ".awsoktaprocessor" | "credentials" => Some(Self::AwsOktaProcessor),
            "config.json" => Some(Self::AwsSts),
            _ if name.ends_with(".toml") => Some(Self::Oktaws),
            _ => None,
        }
    }

    /// What `text`, the file at `path`, says.
    ///
    /// # Errors
    /// Names the line that is not understood; a text that is not of this tool at all.
    pub fn read(self, path: &Path, text: &str) -> Result<Findings, ImportError> {
        let mut found = Findings::default();
        let ini = |dialect, found: &mut Findings| lines::sections(text, dialect, found);
        let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_ini = !matches!(self, Self::OktaAwsCli | Self::Oktaws | Self::AwsSts);
        let odd = text.lines().position(|line| line.chars().any(is_undecoded));
        if let Some(at) = odd.filter(|_| !is_ini) {
            return Err(ImportError::NotUtf8(at + 1));
        }
        match self {
            Self::OktaAwsCli => okta_yaml::read(plain),
            Self::OktaAwsCliVariables => {
                let entries = lines::flat(text, &mut found);
                profiles::variables(entries, found)
            }
            Self::OktaJava => {
                let entries = lines::flat(text, &mut found);
                profiles::java(&entries, found)
            }
            Self::GimmeAwsCreds => {
                let sections = ini(Dialect::Python, &mut found);
                gimme::read(&sections, found)
            }
            Self::Saml2Aws => {
                let sections = ini(Dialect::Go, &mut found);
                profiles::sections(self, &sections, found)
            }
            Self::Tokendito => {
                let sections = ini(Dialect::Python, &mut found);
                profiles::sections(self, &sections, found)
            }
            Self::AwsOkta => {
                let sections = ini(Dialect::Aws, &mut found);
                aws_okta::read(&sections, found)
            }
            Self::Oktaws => oktaws::read(path, plain),
            Self::AwsSts => aws_sts::read(plain),
            Self::AwsOktaProcessor => {
                let is_own = path
                    .file_name()
                    .is_some_and(|name| name == ".awsoktaprocessor");
                let sections = ini(Dialect::Aws, &mut found);
                match is_own {
                    true => processor::dotfile(&sections, found),
                    false => processor::aws_file(&sections, found),
                }
            }
        }
    }
}

/// The variables of okta-aws-cli among `variables`, as a file's findings; `None` when there are none.
///
/// # Errors
/// As [`Tool::read`].
pub fn from_variables<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Findings>, ImportError> {
    let entries = variables
        .filter(|(name, _)| profiles::is_variable(name))
        .map(|(name, value)| entry::Entry::new(name, value, 0));
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return Ok(None);
    }
    profiles::variables(entries, Findings::default()).map(Some)
}

/// The usual places below `home`, each with whose it is.
pub fn default_paths(home: &Path) -> impl Iterator<Item = (Tool, PathBuf)> {
    Tool::PLACES
        .into_iter()
        .map(move |(tool, place)| (tool, home.join(place)))
}
