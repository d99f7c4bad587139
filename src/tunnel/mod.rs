//! The supervisor of one openvpn, a process of its own that owns openvpn's management socket.
//!
//! It is started by a verb and stays until the tunnel ends. It has no terminal, reads no settings
//! and opens no network connection. It asks the client that started it for the user's answers, and
//! the agent for what the Okta session can give. openvpn ends when its management connection
//! closes, so that losing the supervisor takes the tunnel down. Profile and tokens are in memory
//! for as long as they are needed.
//!
//! `state` decides: an event goes in, actions come out. `supervisor` carries them out.

mod actions;
mod agent_client;
mod auth;
mod connections;
mod deadlines;
mod dns_status;
mod events;
mod failure;
mod log;
mod management;
mod name_servers;
mod private_dir;
mod process_handle;
mod reaper;
mod runtime_files;
mod start;
mod state;
mod stdin;
mod supervisor;

pub use reaper::{run_reaper, run_reserve};
pub use runtime_files::{Leftovers, already_up, clean_up, control_socket, up_marker};
pub use start::run;
pub use supervisor::Start;
