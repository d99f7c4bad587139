//! The settings of other tools that sign in to Okta for AWS, read into what they mean here.
//!
//! It owns the formats and the table of twins; it opens no file and decides on no setting's value, which the settings'
//! own reader judges afterwards. The readers are small and strict on purpose: what they do not know is an error with
//! its line, never a guess. A value is held wiped, since some of these files have passwords in them; one that is left
//! out is known by its key and line alone.

mod aws_sts;
mod entry;
mod error;
mod lines;
mod meaning;
mod okta_yaml;
mod processor;
mod profiles;
mod yaml;

use std::path::{Path, PathBuf};

pub use entry::{Findings, FoundLabel, LeftOut, Place, Profile, Setting};
pub use error::PeerError;

/// A tool whose settings are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
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

impl Peer {
    /// Where each keeps its settings, below the home directory.
    pub const PLACES: [(Self, &'static str); 8] = [
        (Self::OktaAwsCli, ".okta/okta.yaml"),
        (Self::GimmeAwsCreds, ".okta_aws_login_config"),
        (Self::Saml2Aws, ".saml2aws"),
        (Self::Tokendito, ".config/tokendito/tokendito.ini"),
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
            "tokendito.ini" => Some(Self::Tokendito),
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
    pub fn read(self, path: &Path, text: &str) -> Result<Findings, PeerError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::OktaAwsCli => okta_yaml::read(text),
            Self::OktaAwsCliVariables => profiles::variables(lines::flat(text)?),
            Self::OktaJava => profiles::java(lines::flat(text)?),
            Self::GimmeAwsCreds => profiles::gimme(lines::ini(text, lines::Indented::Refuse)?),
            Self::Saml2Aws | Self::Tokendito => {
                profiles::sections(self, lines::ini(text, lines::Indented::Refuse)?)
            }
            Self::AwsOkta => profiles::aws_okta(lines::ini(text, lines::Indented::Skip)?),
            Self::Oktaws => profiles::oktaws(path, text),
            Self::AwsSts => aws_sts::read(text),
            Self::AwsOktaProcessor => {
                let sections = lines::ini(text, lines::Indented::Skip)?;
                match path
                    .file_name()
                    .is_some_and(|name| name == ".awsoktaprocessor")
                {
                    true => processor::dotfile(&sections),
                    false => processor::aws_file(&sections),
                }
            }
        }
    }
}

/// The variables of okta-aws-cli among `variables`, as a file's findings; `None` when there are none.
///
/// # Errors
/// As [`Peer::read`].
pub fn from_variables<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Findings>, PeerError> {
    let entries = variables
        .filter(|(name, _)| profiles::is_variable(name))
        .map(|(name, value)| entry::Entry::new(name, value, 0));
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return Ok(None);
    }
    profiles::variables(entries).map(Some)
}

/// The usual places below `home`, each with whose it is.
pub fn usual_places(home: &Path) -> impl Iterator<Item = (Peer, PathBuf)> {
    Peer::PLACES
        .into_iter()
        .map(move |(peer, place)| (peer, home.join(place)))
}
