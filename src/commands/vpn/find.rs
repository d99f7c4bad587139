//! Finds the supervisors of this user's tunnels.

use std::path::PathBuf;

use crate::client::Context;
use crate::link::{LinkError, SupervisorConnection};
use crate::paths;
use crate::report::{ErrorCode, Report};
use crate::tunnel::{self, control_socket, up_marker};

/// Connects to the supervisor of `ob vpn up`, even one that was started with another
/// `XDG_RUNTIME_DIR`.
pub(super) fn find_supervisor(context: &Context) -> Result<Option<SupervisorConnection>, Report> {
    let preferred = paths::existing_runtime_dir(&context.environment);
    if let Ok(Some(directory)) = &preferred
        && let Some(link) = SupervisorConnection::connect(&control_socket(directory.path()))?
    {
        return Ok(Some(link));
    }
    for directory in paths::other_runtime_dirs(&context.environment) {
        match SupervisorConnection::connect(&control_socket(directory.path())) {
            Ok(None) | Err(LinkError::ForeignAgent) => {}
            other => return Ok(other?),
        }
    }
    preferred.map(|_| None)
}

/// Returns the directories in which supervisors of this user listen. More than one is a mistake.
pub(in crate::commands) fn tunnel_directories(context: &Context) -> Vec<PathBuf> {
    let directories = paths::existing_runtime_dirs(&context.environment);
    let directories = directories
        .iter()
        .map(|directory| directory.path().to_owned());
    directories
        .filter(|directory| {
            matches!(
                SupervisorConnection::connect(&control_socket(directory)),
                Ok(Some(_))
            )
        })
        .collect()
}

/// Removes the files of supervisors that are gone.
pub(super) fn clean_up(context: &Context) {
    for directory in paths::existing_runtime_dirs(&context.environment) {
        tunnel::clean_up(directory.path());
    }
}

/// Cleans up only where a marker claims that a tunnel is up: prompts believe it.
pub(super) fn clean_up_markers(context: &Context) {
    for directory in paths::existing_runtime_dirs(&context.environment) {
        if up_marker(directory.path()).is_symlink() {
            tunnel::clean_up(directory.path());
        }
    }
}

/// Reports that the supervisor was killed; openvpn ends with it.
pub(super) fn supervisor_gone() -> Report {
    Report::new(
        ErrorCode::VpnSupervisorLost,
        "the tunnel's supervisor is gone",
    )
    .cause("it ended unexpectedly, and openvpn with it")
    .hint("`ob vpn up` brings the tunnel up again")
}
