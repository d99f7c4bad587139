//! The host name in paths: machines may share homes, but not sockets.

use nix::unistd::gethostname;

/// Returns the host name as one path segment: other characters than ASCII letters, digits, `-` and
/// `_` become `_`. Returns `localhost` if there is no name.
pub(super) fn host() -> String {
    let name = gethostname().unwrap_or_default();
    let name = name.to_string_lossy();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let segment: String = name
        .chars()
        .map(|c| if is_allowed(c) { c } else { '_' })
        .collect();
    if segment.is_empty() {
        "localhost".to_owned()
    } else {
        segment
    }
}
