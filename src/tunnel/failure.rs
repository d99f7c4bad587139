//! Reports of a supervisor that cannot work.

use crate::report::{ErrorCode, Report};

/// Returns a report that the supervisor cannot do `what` (an infinitive), with the hint to try
/// again.
pub(super) fn cannot(what: &str, error: &dyn std::fmt::Display) -> Report {
    without_hint(what, error).hint("`ob vpn up` tries again")
}

pub(super) fn without_hint(what: &str, error: &dyn std::fmt::Display) -> Report {
    Report::new(
        ErrorCode::VpnSupervisor,
        format!("the tunnel's supervisor cannot {what}"),
    )
    .cause(error)
}
