//! What every verb needs between the command line and the agent: the settings in force, the role
//! that is meant, the conversation with the agent, and the questions to the user.
//!
//! A verb in `commands` parses its arguments, makes one call into this module and prints the
//! result.

mod account;
mod agent_client;
mod answerer;
mod aws_file_checks;
mod browser;
mod console_browser;
mod context;
mod credentials;
mod device_page;
mod discover;
mod environments;
mod expiry_files;
mod network;
mod profiles;
mod progress;
mod prompts;
mod qr_code;
mod role_cache;
mod role_list;
mod role_menu;
mod running_agent;
mod security_key;
mod selection;
mod shell_target;
mod stdin_answers;
mod target;

pub use account::account;
pub use agent_client::{AgentHooks, ask_agent, ask_agent_with};
pub use aws_file_checks::{
    as_warning, refuse_shadowed, refuse_unreadable, refuse_unreadable_files, unreadable,
};
pub use browser::default_browser;
pub use console_browser::console_browser;
pub use context::{Context, Globals};
pub use credentials::{
    Granted, child_environment, credentials, credentials_with, parse_credentials, unexpected_reply,
};
pub use discover::discover_roles;
pub use expiry_files::{clear_expiry_files, create_expiry_file, update_expiry_files};
pub use network::{
    ca_certificates, changed_network, environment_route, foreign_ca_variables, route,
    unusable_route,
};
pub use profiles::{ProfileEntry, list_profiles, pick_profile, with_picked_profile};
pub use qr_code::show_qr_code;
pub use role_cache::RoleCache;
pub use role_list::{ReadRoles, RoleList, count_cached_roles, list_roles, pick_role};
pub use running_agent::{
    RunningAgent, StopOutcome, ask_all_running_agents, ask_running_agent, ask_running_agent_for,
    check_network, find_agent, find_all_agents, look_in_runtime_dirs, stop_agents,
};
pub use selection::RoleSelection;
pub use shell_target::ShellTarget;
pub use stdin_answers::SignInOptions;
pub use target::{ResolvedTarget, resolve, resolve_for_menu};
