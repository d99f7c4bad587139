//! The agent's socket: connecting, starting the agent, the uid check of both sides, frames.
//!
//! [`AgentConnection`] is the client's end and blocks; [`server`] is the agent's end and does not. Both look at who
//! the other side is before the first byte, and an error in looking is a no.

mod client;
mod connect;
pub mod connections;
mod peer;
pub mod server;
mod start;
mod supervisor;

pub use client::{AgentConnection, LinkError, is_out_of_descriptors};
pub use peer::{is_same_user, is_same_user_or_root, peer_pid};
pub use start::{Starter, connect, connect_or_start, remove_socket, start_private};
pub use supervisor::SupervisorConnection;

/// The socket's name inside the runtime directory.
pub const SOCKET: &str = "agent.sock";
/// What an agent says that lacks descriptors; the remedy differs from that of every other failure to start.
pub const OUT_OF_DESCRIPTORS: &str = "too many open files";
/// That remedy.
pub const DESCRIPTOR_LIMIT_HINT: &str =
    "`ulimit -n 64` lets this shell's programs have enough of them";
/// Held by whoever starts the agent, so that fifty starters start one.
pub const LOCK: &str = "lock";
