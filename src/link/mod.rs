//! The agent's socket: connecting, starting the agent, checking the peer's uid, and frames.
//!
//! [`AgentConnection`] is the client's end and blocks. [`server`] is the agent's end and does not
//! block. Both check the peer's user before the first byte; an error in the check means no.

mod client;
mod connect;
pub mod connections;
mod error;
mod peer;
pub mod server;
mod start;
mod supervisor;

pub use client::AgentConnection;
pub use error::{DESCRIPTOR_LIMIT_HINT, LinkError, OUT_OF_DESCRIPTORS, is_out_of_descriptors};
pub use peer::{is_same_user, is_same_user_or_root, peer_pid};
pub use start::{
    LOCK, OTHER_BUILD, READY, SOCKET, Starter, connect, connect_or_start, remove_socket,
    start_private,
};
pub use supervisor::SupervisorConnection;
