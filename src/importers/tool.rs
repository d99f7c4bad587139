//! The tools whose settings are imported, and where each keeps them.

use std::path::{Path, PathBuf};

/// A tool whose settings can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    OktaAwsCli,
    /// Variables of okta-aws-cli, in a `.env` file or an environment.
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
    /// The tools that a file can be of.
    pub const ALL: [Self; 9] = [
        Self::OktaAwsCli,
        Self::GimmeAwsCreds,
        Self::Saml2Aws,
        Self::Tokendito,
        Self::Oktaws,
        Self::AwsOkta,
        Self::OktaJava,
        Self::AwsOktaProcessor,
        Self::AwsSts,
    ];
    /// The files that each tool reads by default, below the home directory.
    const DEFAULT_PATHS: [(Self, &'static str); 9] = [
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
    /// A file in which aws-okta-processor's documentation has its lines put as well. It holds keys,
    /// so it is read only when the tool or the file is named.
    pub const CREDENTIALS_PATH: &'static str = ".aws/credentials";
    /// The directory, below the home directory, in which oktaws has a file for each org.
    pub const OKTAWS_DIRECTORY: &'static str = ".oktaws";

    /// Returns the default files below `home`, each with its tool.
    pub fn default_paths(home: &Path) -> impl Iterator<Item = (Self, PathBuf)> {
        let paths = Self::DEFAULT_PATHS.into_iter();
        paths.map(|(tool, path)| (tool, home.join(path)))
    }

    /// Returns the tool's name, as `--from` takes it and as part of a profile's name.
    pub const fn name(self) -> &'static str {
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

    /// Returns the tool whose name is `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Returns the tool whose file has the name of `path`, if the name is one of a tool's.
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
}
