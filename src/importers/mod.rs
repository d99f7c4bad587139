//! Importers: read the settings of other tools that sign in to Okta for AWS.
//!
//! They parse the formats and map the keys; they open no file and check no value, which the parser
//! of the settings does afterwards. [`crate::ini`] parses INI files: invalid lines are named and
//! the rest is taken, and likewise of YAML, of which `yaml` reads a subset. A TOML or JSON file
//! that cannot be parsed is an error with its line. A key without a counterpart is left out. A
//! value may be a password, so it is wiped from memory, and a value that is left out is reported
//! by its key and line.

mod aws_okta;
mod aws_sts;
mod entry;
mod error;
mod findings;
mod gimme;
mod lines;
mod meaning;
mod okta_app;
mod okta_yaml;
mod oktaws;
mod processor;
mod profile;
mod sections;
mod tool;
mod variables;
mod yaml;

use std::path::Path;

pub use error::ImportError;
pub use findings::{Destination, Findings, FoundAccount, FoundLabel, LeftOut, Profile, Setting};
use lines::Dialect;
pub use tool::Tool;
pub use variables::from_variables;

use crate::ini::is_undecoded;

impl Tool {
    /// Reads `text`, the file at `path`, as this tool's settings.
    ///
    /// # Errors
    /// Names the line that cannot be read. [`ImportError::Nothing`] for a file of another tool.
    pub fn read(self, path: &Path, text: &str) -> Result<Findings, ImportError> {
        let mut findings = Findings::default();
        let found = &mut findings;
        let plain = text.strip_prefix('\u{feff}').unwrap_or(text);
        let is_ini = !matches!(self, Self::OktaAwsCli | Self::Oktaws | Self::AwsSts);
        let undecoded = text.lines().position(|line| line.chars().any(is_undecoded));
        if let Some(at) = undecoded.filter(|_| !is_ini) {
            return Err(ImportError::NotUtf8(at + 1));
        }
        match self {
            Self::OktaAwsCli => okta_yaml::read(plain, found),
            Self::Oktaws => oktaws::read(path, plain, found),
            Self::AwsSts => aws_sts::read(plain, found),
            Self::OktaAwsCliVariables => {
                let entries = lines::flat(text, found);
                variables::okta_aws_cli(entries, found)
            }
            Self::OktaJava => {
                let entries = lines::flat(text, found);
                variables::okta_java(&entries, found)
            }
            Self::GimmeAwsCreds => {
                gimme::read(&lines::sections(text, Dialect::Python, found), found)
            }
            Self::Saml2Aws => {
                sections::read(self, &lines::sections(text, Dialect::Go, found), found)
            }
            Self::Tokendito => {
                sections::read(self, &lines::sections(text, Dialect::Python, found), found)
            }
            Self::AwsOkta => aws_okta::read(&lines::sections(text, Dialect::Aws, found), found),
            Self::AwsOktaProcessor => {
                let sections = lines::sections(text, Dialect::Aws, found);
                match path
                    .file_name()
                    .is_some_and(|name| name == ".awsoktaprocessor")
                {
                    true => processor::dotfile(&sections, found),
                    false => processor::aws_file(&sections, found),
                }
            }
        }?;
        Ok(findings)
    }
}
