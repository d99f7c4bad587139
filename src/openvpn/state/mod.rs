//! The state of a tunnel as a machine without effects: a state and an input make the next state
//! and a list of actions.

mod connect_timeout;
mod end_reason;
mod io;
mod machine;
mod phase;
#[cfg(test)]
mod tests;

pub use end_reason::EndReason;
pub use io::{Action, AuthAnswer, AuthPrompt, CredentialReason, Input, VpnCredentials};
pub use machine::TunnelState;
pub use phase::Phase;
