//! AWS: roles, durations, endpoints, checks of STS's answers, and the environment of a command.
//!
//! The network client is in a higher layer. Nothing here reads an `AWS_*` variable of `ob`'s own
//! process, because those belong to the credentials that are about to be replaced.

mod catalogue;
mod child_env;
mod config_block;
mod console;
mod credential_check;
mod credentials_file;
mod duration;
mod endpoint;
mod export;
mod found_names;
mod iam_answer;
mod ini_edit;
mod link_block;
mod marked_block;
mod name_template;
mod names;
mod policy;
mod process_json;
mod provider_chain;
mod role_choice;
mod sts_answer;
mod sts_fault;
mod variables;

pub use catalogue::{Catalogue, CatalogueKey, KnownRole};
pub use child_env::{
    ChildContext, ChildEnv, ChildEnvError, RenewingContext, child_env, renewing_env,
};
pub use config_block::{
    AwsProfile, ConfigProfile, aws_profile, block_programs, command_line, config_profile_name,
    has_section, with_block, without_block,
};
pub use console::{Console, ConsoleError, read_signin_token};
pub use credential_check::{CredentialFault, Issued};
pub use credentials_file::{CredentialsFile, ForeignSection};
pub use duration::{DurationError, SessionDuration};
pub use endpoint::{Region, RegionError, iam_endpoint};
pub use export::{Dialect, ExportError, export_script, unset_script};
pub use found_names::{AccountHint, found_names};
pub use iam_answer::{IamAnswerError, element_texts};
pub use ini_edit::IniError;
pub use link_block::{RoleLink, with_links, without_links};
pub use name_template::{NameTemplate, TemplateError};
pub use names::{Names, is_expression};
pub use policy::{AssumableRole, AssumePermissions};
pub use process_json::process_json;
pub use provider_chain::{CredentialSource, Sdk, credential_source, named_profile};
pub use role_choice::{RoleMatch, RoleQuery, find_role, suggest_providers, suggest_roles};
pub use sts_fault::{MAX_ASSERTION_CHARS, StsFault, StsRefusal};
pub use variables::{EXPORTED_NAMES, Treatment, is_identity, names_to_unset, treatment};
