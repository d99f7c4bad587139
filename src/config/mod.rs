//! The settings: the user's and the system's file, variables and flags, merged and checked.
//!
//! A flag takes precedence over a variable, a variable over the user's file, that over the
//! system's. Nothing is read from the current directory, no key holds a secret, and an unknown key
//! is an error. Every value keeps its source. The agent reads no settings: it is sent what
//! [`Settings::resolve`] returns.

mod ca_bundle;
mod contents;
mod contradictions;
mod duration;
mod file_error;
mod flags;
mod keys;
mod kind;
mod load;
mod locks;
mod names;
mod new_file;
mod org;
mod private_key;
mod problem;
mod profile_edit;
mod proxy;
mod session_policy;
mod settings;
mod source;
mod target;
mod trusted_file;
mod value;
mod value_error;
mod vpn;

pub use ca_bundle::{ca_bundle_version, read_ca_bundle, read_vpn_ca_bundle};
pub use duration::parse_duration_flag;
pub use flags::{Flags, parse_answer, parse_flag};
pub use keys::{CONSOLE_BROWSERS, KEYS, Key, MARKERS};
pub use kind::FACTORS;
pub use load::{Files, check_locks, check_text, load, read_foreign_file, unknown_variables};
pub use new_file::{Existing, NewSettings, check_new_file, write_new};
pub use org::{MachineTarget, OrgTarget, SessionLifetime};
pub use private_key::{check_private_key, read_private_key};
pub use profile_edit::{NewProfile, add_profile, remove_profile};
pub use proxy::Proxy;
pub use settings::Settings;
pub use source::Source;
pub use target::Target;
pub use value::{SignIn, Value};
pub use vpn::Vpn;

#[cfg(test)]
mod tests;
