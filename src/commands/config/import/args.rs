//! Arguments of `ob config import`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::importers::Tool;

/// Make the settings from those of okta-aws-cli, gimme-aws-creds, saml2aws and their like
///
/// Reads the files named, else those in the usual places of your home, and writes what has a twin
/// here to your settings. What is left out is named with its line and the reason; a stored password
/// or key is never taken and never printed.
#[derive(clap::Args, Debug, Default)]
pub(in super::super) struct Args {
    /// Files of other tools, instead of those in the usual places
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Whose files they are; told by their names when left out
    #[arg(long, value_parser = tool_parser(), value_name = "TOOL")]
    pub(super) from: Option<Tool>,
    /// Read okta-aws-cli's OKTA_AWSCLI_* variables of this shell
    #[arg(long)]
    pub(super) from_env: bool,
    /// Read okta-aws-cli's variables from this .env file; none is read unless named
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Option<PathBuf>,
    /// Address of your Okta org, where no file has it
    #[arg(long)]
    pub(super) url: Option<String>,
    /// Only say what the files have; exit 2 when a value is invalid
    #[arg(long, conflicts_with_all = ["print", "force"])]
    pub(super) check: bool,
    /// Print the settings instead of writing them
    #[arg(long, visible_alias = "dry-run", conflicts_with = "force")]
    pub(super) print: bool,
    /// Replace the settings file that is there
    #[arg(long)]
    pub(super) force: bool,
}

fn tool_parser() -> impl TypedValueParser<Value = Tool> {
    PossibleValuesParser::new(Tool::ALL.map(Tool::name))
        .try_map(|name| Tool::from_name(&name).ok_or("no such tool"))
}
